# SPDX-License-Identifier: Apache-2.0
"""Is a helper sound after it was maltreated: it answers, nothing leaked, its memory is bounded, no defect is logged."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.wire.helper_process import HelperProcess

#: Threads of the worker pools come with load and stay; a leak grows with the number of requests, which are hundreds.
THREADS = 40
GROWTH_KIB = 64 * 1024
#: A check asks a tool that may take its time; nobody waits for it any more, it ends within its limit.
PATIENCE_S = 90.0


@dataclass(frozen=True)
class Holdings:
    """What a process holds of the machine."""

    descriptors: int
    threads: int
    children: int
    resident_kib: int


def holdings(pid: int) -> Holdings:
    """Of the process ``pid``, now."""
    proc = Path(f"/proc/{pid}")
    status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines() if ":" in line)
    children = [child for task in (proc / "task").iterdir() for child in (task / "children").read_text().split()]
    return Holdings(
        len(os.listdir(proc / "fd")), int(status["Threads"]), len(children), int(status["VmRSS"].split()[0])
    )


class Watched:
    """``helper`` from its first answer on."""

    def __init__(self, helper: HelperProcess) -> None:
        self.helper = helper
        self._hello()
        self._before = holdings(helper.process.pid)

    def check(self) -> None:
        """Fails when it did not survive whole; the helper ends here, as its page would end it."""
        self._hello()
        deadline = time.monotonic() + PATIENCE_S
        while True:
            now = holdings(self.helper.process.pid)
            # a few descriptors belong to libvirt's connection and to the event loop of the first subscription
            if now.children <= self._before.children and now.descriptors <= self._before.descriptors + 12:
                break
            assert time.monotonic() < deadline, f"left behind: {self._before} became {now}"
            time.sleep(0.05)
        assert now.threads <= self._before.threads + THREADS, now
        assert now.resident_kib <= self._before.resident_kib + GROWTH_KIB, f"{self._before} became {now}"
        assert self.helper.close() == 0
        assert b"Traceback" not in self.helper.stderr, self.helper.stderr.decode(errors="replace")

    def _hello(self) -> None:
        """Whatever answers and patches are still on their way come before."""
        identity = f"sound-{self.helper.new_id()}"
        self.helper.write(
            b'{"jsonrpc":"2.0","id":"%s","method":"hello","params":{"client_version":"1","language":"en"}}\n'
            % identity.encode()
        )
        while True:
            message = self.helper.next_message()
            if isinstance(message, dict) and message.get("id") == identity:
                assert "result" in message, message
                return
