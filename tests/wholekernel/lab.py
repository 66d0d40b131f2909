# SPDX-License-Identifier: Apache-2.0
"""The guests' own network: a namespace of this machine with bridges in it and no way out."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
from contextlib import suppress

from tests.testhost.steps import TOP
from tests.waiting import until

#: Bridges of the namespace: two storage networks, and one whose cards a host has two of, for bonds and VLANs.
BRIDGES = {"storage1": "10.77.0.254/24", "storage2": "10.77.1.254/24", "lab": None}


class LabError(RuntimeError):
    """A command that sets up the network failed; the text has its words."""


class Lab:
    """One per working tree and ``purpose``: two checkouts and a build beside a run do not meet."""

    def __init__(self, purpose: str) -> None:
        self.name = f"rhv-wk-{purpose}-{hashlib.sha256(str(TOP).encode()).hexdigest()[:6]}"

    def up(self) -> None:
        """Create namespace and bridges; what an interrupted run left under this name is removed first."""
        self.down()
        _run("ip", "netns", "add", self.name)
        self.ip("link", "set", "lo", "up")
        for bridge, address in BRIDGES.items():
            self.ip("link", "add", "name", bridge, "type", "bridge", "forward_delay", "0")
            if address:
                self.ip("addr", "add", address, "dev", bridge)
            self.ip("link", "set", bridge, "up")

    def down(self) -> None:
        """End every process of the namespace and remove it; harmless when there is none."""
        if self.name not in [line.split()[0] for line in _run("ip", "netns", "list").splitlines() if line]:
            return
        for pid in self._pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until("end of the namespace's processes", self._pids, lambda pids: not pids)
        _run("ip", "netns", "delete", self.name)

    def _pids(self) -> list[int]:
        pids = []
        for line in _run("ip", "netns", "pids", self.name).split():
            with suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{line}/stat") as stat:
                # One that has ended and is not yet waited for holds nothing any more.
                if stat.read().rpartition(")")[2].split()[0] != "Z":
                    pids.append(int(line))
        return pids

    def tap(self, name: str, bridge: str) -> None:
        """A card's other end, plugged into ``bridge``."""
        self.ip("tuntap", "add", name, "mode", "tap")
        self.ip("link", "set", name, "master", bridge, "up")

    def remove_tap(self, name: str) -> None:
        self.ip("link", "delete", name)

    def ip(self, *words: str) -> str:
        """Run ``ip`` in the namespace. Raises LabError."""
        return _run("ip", "-n", self.name, *words)

    def command(self, *argv: str) -> list[str]:
        """The argv that runs ``argv`` in the namespace."""
        return ["ip", "netns", "exec", self.name, *argv]


def _run(*command: str) -> str:
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    if result.returncode != 0:
        raise LabError(f"{' '.join(command)} ended with {result.returncode}: {result.stderr.strip()}")
    return result.stdout
