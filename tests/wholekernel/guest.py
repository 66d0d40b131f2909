# SPDX-License-Identifier: Apache-2.0
"""One running whole-kernel guest: QEMU under emulation, reached by ssh through the lab's namespace."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.testhost.steps import TOP
from tests.wholekernel import hardware, qmp

if TYPE_CHECKING:
    from tests.wholekernel.image import Image
    from tests.wholekernel.lab import Lab
    from tests.wholekernel.machine import Machine

LOGS = TOP / "build" / "logs"


class GuestError(RuntimeError):
    """A command in the guest failed, or the guest did; the text has their words and the end of the serial console."""


class Guest:
    """``disk`` is a qcow2 of its own over the image; ``key`` root's private ssh key."""

    def __init__(self, machine: Machine, lab: Lab, image: Image, disk: Path, key: Path) -> None:
        self.machine, self.lab, self.image, self.disk, self.key = machine, lab, image, disk, key
        self.serial_log = LOGS / f"{lab.name}-{machine.name}.serial.log"
        # A socket's path may have 107 bytes: too few for some working trees.
        self._sockets = Path(tempfile.mkdtemp(prefix="rhv-wk-"))
        self._qemu: subprocess.Popen[bytes] | None = None
        self._master: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        return self.machine.name

    def tap(self, card: int) -> str:
        """The other end of a card's cable, in the lab's namespace."""
        return f"{self.name}-{card}"

    # -- life -----------------------------------------------------------------------------------------------------

    def start(self, snapshot: str | None = None, limit_s: float = 300) -> None:
        """Power on, or go on where ``snapshot`` was made, and wait for ssh. Raises GuestError."""
        LOGS.mkdir(parents=True, exist_ok=True)
        taps = [self.tap(number) for number in range(len(self.machine.cards))]
        for tap, card in zip(taps, self.machine.cards):
            self.lab.tap(tap, card.bridge)
        qemu = hardware.command(self.machine, self.image, self.disk, self.key.with_suffix(".pub"), taps, self._qmp)
        command = self.lab.command(*qemu, *(["-loadvm", snapshot] if snapshot else []))
        with self.serial_log.open("wb") as log:
            self._qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._connect(limit_s)
        if snapshot:
            # It believes that no time has passed.
            self.run(f"date --set @{time.time():.0f}")

    @property
    def _qmp(self) -> Path:
        return self._sockets / "qmp"

    def stop(self) -> None:
        """Power off at once and remove what it had on this machine; its disk stays."""
        for process in (self._master, self._qemu):
            if process is not None:
                process.kill()
                process.wait()
        for number in range(len(self.machine.cards) if self._qemu else 0):
            self.lab.remove_tap(self.tap(number))
        self._master = self._qemu = None
        shutil.rmtree(self._sockets, ignore_errors=True)

    def save(self, snapshot: str) -> None:
        """Save memory and disk under this name into the disk's file. Raises QmpError."""
        qmp.monitor(self._qmp, f"savevm {snapshot}", limit_s=300)

    def pause(self) -> None:
        """It stops answering, as a server does whose power is gone."""
        qmp.execute(self._qmp, "stop")

    def resume(self) -> None:
        qmp.execute(self._qmp, "cont")

    def reset(self, limit_s: float = 300) -> None:
        """A power cut, and power again: what is not on its disk is gone. Waits for ssh; raises GuestError."""
        qmp.execute(self._qmp, "system_reset")
        if self._master is not None:
            self._master.kill()
            self._master.wait()
        (self._sockets / "ssh").unlink(missing_ok=True)
        self._connect(limit_s)

    def cable(self, card: int, plugged: bool) -> None:
        """Pull a card's cable or plug it in again; the guest sees the carrier go and come."""
        qmp.execute(self._qmp, "set_link", name=f"card{card}", up=plugged)

    # -- commands -------------------------------------------------------------------------------------------------

    def _ssh(self, *words: str) -> list[str]:
        fixed = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "BatchMode=yes"]
        fixed += ["IdentitiesOnly=yes", f"IdentityFile={self.key}", f"ControlPath={self._sockets / 'ssh'}"]
        options = [word for option in fixed for word in ("-o", option)]
        return self.lab.command("ssh", "-F", "none", *options, *words)

    def _connect(self, limit_s: float) -> None:
        """One connection carries all commands: a handshake costs seconds under emulation."""
        deadline = time.monotonic() + limit_s
        target = f"root@{self.machine.address}"
        while True:
            alive = ["-o", "ServerAliveInterval=0", "-o", "ConnectTimeout=15", "-o", "ControlMaster=yes"]
            master = subprocess.Popen(
                self._ssh("-N", *alive, target),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )  # fmt: skip
            while master.poll() is None and not (self._sockets / "ssh").is_socket() and time.monotonic() < deadline:
                time.sleep(0.1)
            if master.poll() is None and (self._sockets / "ssh").is_socket():
                self._master = master
                return
            master.kill()
            said = master.communicate()[1].decode(errors="replace")
            if time.monotonic() > deadline or (self._qemu is not None and self._qemu.poll() is not None):
                raise GuestError(f"{self.name}: no ssh within {limit_s:.0f} s: {said}\n{self.serial_tail()}")
            time.sleep(0.5)

    def argv(self, line: str) -> list[str]:
        """The command that runs a shell line as root there, for whoever talks to it over its pipes."""
        return self._ssh(f"root@{self.machine.address}", line)

    def run(
        self, *argv: str, check: bool = True, input: str | bytes | None = None, limit_s: float = 180
    ) -> subprocess.CompletedProcess[str]:
        """Run a command (several words) or a shell line (one word) as root; a failure raises GuestError."""
        line = argv[0] if len(argv) == 1 else shlex.join(argv)
        data = input.encode() if isinstance(input, str) else input or b""
        done = subprocess.run(self.argv(line), input=data, capture_output=True, timeout=limit_s, check=False)
        result = subprocess.CompletedProcess(
            line, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        )
        if check and result.returncode != 0:
            raise GuestError(
                f"{line} in {self.name} ended with {result.returncode}\n{result.stdout}\n{result.stderr}\n"
                f"{self.serial_tail() if result.returncode == 255 else ''}"
            )
        return result

    def install(self, deb: Path) -> None:
        """Install a package of ours; all it depends on is in the image."""
        inside = f"/var/tmp/{deb.name}"
        self.run(f"cat > {inside}", input=deb.read_bytes())
        self.run("dpkg", "--install", inside, limit_s=600)

    def serial_tail(self, lines: int = 25) -> str:
        """The end of what QEMU and the guest's serial console have said."""
        if not self.serial_log.exists():
            return ""
        return "\n".join(self.serial_log.read_text(errors="replace").splitlines()[-lines:])
