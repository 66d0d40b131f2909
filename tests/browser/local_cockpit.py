# SPDX-License-Identifier: Apache-2.0
"""Cockpit on this machine without a login, showing our page with the scripted helper (fake_helper.py) behind it.

For the page's states only: real hosts are what tests/browser/test_*.py use otherwise. The page starts the helper by its
fixed path, so a wrapper is put there for the time of the test; where a helper is installed already, the tests are
skipped.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "cockpit-rhv" / "dist" / "page"
HELPER = Path("/usr/libexec/cockpit-rhv/helper")
#: What the page starts by its fixed path, and what is put there instead.
PROGRAMS = {HELPER: "fake_helper.py", HELPER.with_name("console"): "fake_console.py"}
BRIDGE = Path("/usr/bin/cockpit-bridge")
MARK = "scripted stand-in of cockpit-rhv's tests"


def find_ws() -> Path | None:
    """cockpit-ws, where this distribution has it."""
    return next(
        (path for path in map(Path, ("/usr/lib/cockpit/cockpit-ws", "/usr/libexec/cockpit-ws")) if path.exists()), None
    )


def obstacle() -> str | None:
    """Why there can be no local Cockpit here, or None."""
    if not find_ws() or not BRIDGE.exists():
        return "cockpit-ws and cockpit-bridge are not installed"
    if not (PAGE / "index.js").exists() and not (PAGE / "index.js.gz").exists():
        return "the page is not built"
    if HELPER.exists() and MARK not in HELPER.read_text(errors="replace"):
        return f"{HELPER} is installed here"
    if os.geteuid() != 0 and not HELPER.exists():
        return f"only root can put a helper at {HELPER}"
    return None


@dataclass
class LocalCockpit:
    """A running cockpit-ws. ``url`` is our page without Cockpit's shell around it."""

    origin: str
    state_file: Path

    @property
    def url(self) -> str:
        return f"{self.origin}/cockpit/@localhost/rhv/index.html"

    def show(self, state: str) -> None:
        """Choose one of fake_states.STATES; open pages follow."""
        # In one step: a helper reads it ten times a second, and at each request.
        new = self.state_file.with_suffix(".new")
        new.write_text(state)
        new.replace(self.state_file)

    def console(self, mode: str) -> None:
        """Choose what fake_console.py does: picture, silent, hang, junk, crash, or the name of an error."""
        new = self.state_file.with_suffix(".mode")
        new.write_text(mode)
        new.replace(self.state_file.with_suffix(".console"))

    def keys(self) -> str:
        """What has been typed into the console since :meth:`forget_keys`."""
        log = self.state_file.with_suffix(".keys")
        return log.read_text() if log.exists() else ""

    def forget_keys(self) -> None:
        self.state_file.with_suffix(".keys").unlink(missing_ok=True)

    def requests(self) -> str:
        """The requests the helper got, a line each."""
        log = self.state_file.with_suffix(".requests")
        return log.read_text() if log.exists() else ""


@contextmanager
def wrapper() -> Iterator[None]:
    """The scripted programs at their fixed paths."""
    # One that an interrupted run left points into that run's folder: it is ours to replace.
    made = not HELPER.exists() or MARK in HELPER.read_text(errors="replace")
    if made:
        HELPER.parent.mkdir(parents=True, exist_ok=True)
        for program, name in PROGRAMS.items():
            script = Path(__file__).with_name(name)
            program.write_text(
                f'#!/bin/sh\n# {MARK}\nPYTHONPATH={ROOT / "bridge"} exec {sys.executable} {script} "$@"\n'
            )
            program.chmod(0o755)
    try:
        yield
    finally:
        if made:
            for program in PROGRAMS:
                program.unlink(missing_ok=True)
            if not any(HELPER.parent.iterdir()):
                HELPER.parent.rmdir()


@contextmanager
def local_cockpit(scratch: Path, state: str = "before") -> Iterator[LocalCockpit]:
    """Start cockpit-ws on a free port with our built page; ends everything it started."""
    share = scratch / "share" / "cockpit"
    share.mkdir(parents=True, exist_ok=True)
    (share / "rhv").unlink(missing_ok=True)
    (share / "rhv").symlink_to(PAGE)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    cockpit = LocalCockpit(f"http://127.0.0.1:{port}", scratch / "state")
    cockpit.show(state)
    environment = {
        **os.environ,
        "RHV_FAKE_STATE": str(cockpit.state_file),
        "LC_ALL": "C.UTF-8",
        "XDG_DATA_HOME": "/nonexistent",
        "XDG_DATA_DIRS": f"{share.parent}:/usr/share",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [str(find_ws()), f"--local-session={BRIDGE}", "-p", str(port), "-a", "127.0.0.1"]
    with wrapper(), (scratch / "cockpit-ws.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_for(port)
            yield cockpit
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"cockpit-ws does not listen on port {port}")
