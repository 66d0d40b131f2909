# SPDX-License-Identifier: Apache-2.0
"""A real libvirtd of one's own, as an ordinary user in a folder: it can be killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Callable
from xml.sax.saxutils import escape

import libvirt

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534
_DAEMON = shutil.which("libvirtd", path="/usr/sbin:/usr/bin")
_EMULATOR = shutil.which("qemu-system-x86_64", path="/usr/bin")

#: Why the tests that need one cannot run here, or None.
MISSING = (
    "needs root, to run it as somebody else"
    if os.geteuid() != 0
    else "needs libvirtd and qemu-system-x86_64"
    if _DAEMON is None or _EMULATOR is None
    else None
)

#: A boot sector that says "!" at the serial port and then sends back what comes in there; interrupts are on, so that
#: the BIOS hears the keyboard: xor ax,ax; mov ds,ax; sti; mov dx,3f8h; mov al,'!'; out dx,al;
#: 11: hlt; 12: mov dx,3fdh; in al,dx; test al,1; jz 11; mov dx,3f8h; in al,dx; out dx,al; jmp 12
ECHO = (
    bytes.fromhex("31c0 8ed8 fb baf803 b021 ee f4 bafd03 ec a801 74f7 baf803 ec ee ebf1").ljust(510, b"\0")
    + b"\x55\xaa"
)

_GUEST = """
<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>32</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <emulator>{emulator}</emulator>
    {more}
    <serial type='pty'><log file='{log}' append='on'/><target port='0'/></serial>
    <graphics type='vnc' port='-1' autoport='yes' {lock}>
      <listen type='address' address='0.0.0.0'/>
    </graphics>
    <memballoon model='none'/>
  </devices>
</domain>
"""


class LibvirtDaemon:
    """``folder`` holds its socket, state and logs; :meth:`end` removes it with everything that ran in it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rhv-libvirt-"))
        #: Beside what it always gets.
        self.environ: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        (self.folder / "libvirtd.conf").write_text(
            f'unix_sock_dir="{self.folder}"\nauth_unix_rw="none"\nauth_unix_ro="none"\n'
        )
        shutil.chown(self.folder, NOBODY, NOBODY)

    def uri(self, driver: str = "qemu", path: str = "/session") -> str:
        """How to reach it."""
        return f"{driver}+unix://{path}?socket={self.folder}/libvirt-sock"

    def start(self) -> None:
        """Start it and wait until it listens."""
        assert _DAEMON is not None
        home = {name: str(self.folder) for name in ("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
        with (self.folder / "libvirtd.log").open("ab") as log:
            self._process = subprocess.Popen(
                [_DAEMON, "-f", f"{self.folder}/libvirtd.conf", "-p", f"{self.folder}/libvirtd.pid"],
                env={"PATH": os.environ["PATH"], **home, **self.environ},
                stdout=log,
                stderr=log,
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
            )
        deadline = time.monotonic() + 90
        while not (self.folder / "libvirt-sock").is_socket():
            assert time.monotonic() < deadline, (self.folder / "libvirtd.log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """Kill it, as a crash would; its guests go on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            (self.folder / "libvirt-sock").unlink(missing_ok=True)

    def define(self, name: str, locked: bool = True, echo: bool = False) -> str:
        """Define a small emulated guest; returns its uuid. ``locked``: its console needs a ticket.

        ``echo``: it has a disk with :data:`ECHO`, else none.
        """
        lock = "passwd='*****' passwdValidTo='1970-01-01T00:00:01'" if locked else ""
        log = escape(str(self.serial_log(name)), {"'": "&apos;"})
        disk = self.folder / f"{name}.raw"
        if echo:
            disk.write_bytes(ECHO.ljust(1024 * 1024, b"\0"))
            shutil.chown(disk, NOBODY, NOBODY)
        more = (
            f"<disk type='file'><driver name='qemu' type='raw'/><source file='{disk}'/><target dev='hda'/></disk>"
            if echo
            else ""
        )
        xml = _GUEST.format(name=escape(name), emulator=_EMULATOR, log=log, lock=lock, more=more)
        conn = libvirt.open(self.uri())
        try:
            uuid: str = conn.defineXML(xml).UUIDString()
            return uuid
        finally:
            conn.close()

    def undefine(self, uuid: str) -> None:
        """Forget a guest that is off."""
        conn = libvirt.open(self.uri())
        try:
            conn.lookupByUUIDString(uuid).undefine()
        finally:
            conn.close()

    @contextmanager
    def stopped_qemu(self, name: str) -> Iterator[Callable[[], None]]:
        """A guest's QEMU answers nobody meanwhile, or until what comes here is called."""
        (file,) = self.folder.rglob(f"{name}.pid")
        pid = int(file.read_text())
        os.kill(pid, signal.SIGSTOP)
        try:
            yield lambda: os.kill(pid, signal.SIGCONT)
        finally:
            os.kill(pid, signal.SIGCONT)

    @contextmanager
    def hung(self) -> Iterator[None]:
        """The daemon answers nobody meanwhile; its socket is there."""
        with self.hanging_when_told() as hang:
            hang()
            yield

    @contextmanager
    def hanging_when_told(self) -> Iterator[Callable[[], None]]:
        """The same from the moment on when what comes here is called."""
        process = self._process
        assert process is not None
        try:
            yield lambda: process.send_signal(signal.SIGSTOP)
        finally:
            process.send_signal(signal.SIGCONT)

    def serial_log(self, name: str) -> Path:
        """Where a guest's serial console is logged."""
        return self.folder / f"{name}.log"

    def end(self) -> None:
        """Stop the guests, then the daemon."""
        if self._process is None:
            self.start()
        conn = libvirt.open(self.uri())
        for domain in conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE):
            try:
                domain.destroy()
            except libvirt.libvirtError:
                # it may end by itself, when the daemon it was started by was killed
                assert not domain.isActive(), domain.name()
        conn.close()
        self.stop()
        shutil.rmtree(self.folder)
