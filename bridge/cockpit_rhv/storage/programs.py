# SPDX-License-Identifier: Apache-2.0
"""Programs that may hang in a dead server: each has a time limit, can be cancelled, and dies with whoever asked."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Seconds between two looks at whether somebody cancelled.
_LOOK_S = 0.1
#: Seconds a killed program has to go; one that waits in the kernel may take longer and is left behind.
_GONE_S = 2.0


class Cancelled(Exception):
    """Somebody does not want the answer any more."""


class Overdue(Exception):
    """A program did not end within its time limit and was killed. ``limit_s``: that limit."""

    def __init__(self, argv: Sequence[str], limit_s: float) -> None:
        super().__init__(f"{' '.join(argv)}: no end within {limit_s:g} s")
        self.argv = tuple(argv)
        self.limit_s = limit_s


class Done(NamedTuple):
    """A program's end: exit status, and its two streams without surrounding white space."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """What it said of its failure: stderr, or stdout where that is empty."""
        return self.err or self.out


@dataclass
class Programs:
    """Runs programs one after the other. Setting ``cancel`` ends the one that runs."""

    cancel: threading.Event = field(default_factory=threading.Event)
    #: Words before each command: the way into a private mount namespace.
    prefix: tuple[str, ...] = ()

    def inside(self, prefix: Sequence[str]) -> Programs:
        """The same, each command behind ``prefix``; cancelled together."""
        return Programs(self.cancel, tuple(prefix))

    def uncancelled(self) -> Programs:
        """The same for undoing, which is done all the more after a cancellation."""
        return Programs(threading.Event(), self.prefix)

    def run(self, argv: Sequence[str], limit_s: float, stdin: str = "") -> Done:
        """Run a program without a shell, its words untranslated; a secret may stand in ``stdin``, never in ``argv``.

        Raises OSError when it cannot be started, :class:`Overdue`, :class:`Cancelled`.
        """
        if self.cancel.is_set():
            raise Cancelled
        # setpriv: a helper that is killed takes with it what it started, whatever that is waiting for.
        command = [*self.prefix, "setpriv", "--pdeathsig", "KILL", "--", *argv]
        process = subprocess.Popen(
            command,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        try:
            out, err = self._wait(process, argv, limit_s, stdin)
        except BaseException:
            _kill(process)
            raise
        if process.returncode == 127 and err.startswith("setpriv: failed to execute"):
            raise FileNotFoundError(2, "No such program", argv[0])
        return Done(process.returncode, out.strip(), err.strip())

    def _wait(self, process: subprocess.Popen[str], argv: Sequence[str], limit_s: float, text: str) -> tuple[str, str]:
        deadline = time.monotonic() + limit_s
        first: str | None = text
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Overdue(argv, limit_s)
            if self.cancel.is_set():
                raise Cancelled
            try:
                return process.communicate(first, timeout=min(_LOOK_S, left))
            except subprocess.TimeoutExpired:
                first = None


def _kill(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):  # it ended in the same moment
        os.killpg(process.pid, signal.SIGKILL)
    try:
        process.wait(_GONE_S)
    except subprocess.TimeoutExpired:
        return  # it hangs in the kernel; nobody waits for it
    finally:
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):  # bytes it did not take
                    stream.close()
