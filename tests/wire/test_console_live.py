# SPDX-License-Identifier: Apache-2.0
"""A guest's screen and serial console through the program the page starts, with real libvirt and QEMU."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import libvirt
import pytest
from cockpit_rhv.console.session import OPEN_LIMIT_S
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines.screen import open_screen, open_serial

from tests.waiting import until
from tests.wire.console_process import ConsoleProcess, Screen
from tests.wire.libvirt_daemon import MISSING, LibvirtDaemon

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))

CONTROL, ALT, DELETE = 0xFFE3, 0xFFE9, 0xFFFF


@pytest.fixture
def daemon(no_leaks: None) -> Iterator[LibvirtDaemon]:
    daemon = LibvirtDaemon()
    daemon.start()
    yield daemon
    daemon.end()


class Consoles:
    """Opens consoles of one daemon's guests, and closes them all."""

    def __init__(self, daemon: LibvirtDaemon) -> None:
        self._daemon = daemon
        self._opened: list[ConsoleProcess] = []

    def __call__(self, *arguments: str) -> ConsoleProcess:
        console = ConsoleProcess({"COCKPIT_RHV_LIBVIRT_URI": self._daemon.uri()}, *arguments)
        self._opened.append(console)
        return console

    def end(self) -> None:
        for console in self._opened:
            console.end()


@pytest.fixture
def console(daemon: LibvirtDaemon) -> Iterator[Consoles]:
    consoles = Consoles(daemon)
    yield consoles
    consoles.end()


def start(daemon: LibvirtDaemon, uuid: str) -> None:
    act(daemon, uuid, "create")


def act(daemon: LibvirtDaemon, uuid: str, action: str) -> None:
    conn = libvirt.open(daemon.uri())
    try:
        getattr(conn.lookupByUUIDString(uuid), action)()
    finally:
        conn.close()


def test_the_screen_of_a_locked_guest_is_seen_without_a_password(daemon: LibvirtDaemon, console: Consoles) -> None:
    uuid = daemon.define("seen")
    start(daemon, uuid)
    first = console("vnc", uuid)
    screen = Screen(first)
    assert "seen" in screen.name
    deadline = time.monotonic() + 60
    while not any(screen.picture()):
        assert time.monotonic() < deadline, "the screen stays black"
    # a second one looks on; nobody is put out
    assert Screen(console("vnc", uuid)).width == screen.width
    assert any(screen.picture())
    act(daemon, uuid, "destroy")
    assert first.error() == "console.guest_ended"


def test_a_key_combination_reaches_the_guest(daemon: LibvirtDaemon, console: Consoles) -> None:
    uuid = daemon.define("keys", echo=True)
    start(daemon, uuid)
    screen = Screen(console("vnc", uuid))
    serial = console("serial", uuid)
    serial.until_event("open")
    echoes(serial, b"before")
    assert b"!" not in serial.frames.data.partition(b"before")[2]
    serial.frames.data = b""
    # the BIOS starts the machine anew, and the boot sector says so
    screen.key(CONTROL, ALT, DELETE)
    serial.until(lambda frames: b"!" in frames.data)
    echoes(serial, b"after")


def echoes(serial: ConsoleProcess, word: bytes) -> None:
    """Type a word until the guest, once it has booted, sends it back."""
    deadline = time.monotonic() + 90
    while word not in serial.frames.data:
        assert time.monotonic() < deadline, serial.frames.data
        serial.send(word)
        try:
            serial.until(lambda frames: word in frames.data, 2.0)
        except AssertionError:
            continue


def test_the_serial_console_takes_and_gives(daemon: LibvirtDaemon, console: Consoles) -> None:
    uuid = daemon.define("echo", echo=True)
    start(daemon, uuid)
    serial = console("serial", uuid)
    serial.until_event("open")
    echoes(serial, b"hello")
    act(daemon, uuid, "destroy")
    assert serial.error() == "console.guest_ended"


def test_a_serial_console_has_room_for_one(daemon: LibvirtDaemon, console: Consoles) -> None:
    uuid = daemon.define("one", echo=True)
    start(daemon, uuid)
    first = console("serial", uuid)
    first.until_event("open")
    assert console("serial", uuid).error() == "serial.busy"
    taker = console("serial", uuid, "take-over")
    taker.until_event("open")
    assert first.error() == "serial.taken_over"
    echoes(taker, b"mine")
    # and whoever leaves leaves room
    taker.end()
    again = console("serial", uuid)
    again.until_event("open")


@pytest.mark.parametrize("kind", ["vnc", "serial"])
def test_what_stands_in_the_way_is_said(daemon: LibvirtDaemon, console: Consoles, kind: str) -> None:
    uuid = daemon.define("off")
    assert console(kind, uuid).error() == "console.not_running"
    assert console(kind, "00000000-0000-0000-0000-000000000001").error() == "machine.not_found"
    assert console(kind, "nonsense").error() == "machine.not_found"
    daemon.stop()
    assert console(kind, uuid).error() == "libvirt.unreachable"
    daemon.start()


def test_a_guest_without_either_console(daemon: LibvirtDaemon, console: Consoles) -> None:
    conn = libvirt.open(daemon.uri())
    try:
        bare = "<domain type='qemu'><name>bare</name><memory unit='MiB'>32</memory><os><type>hvm</type></os></domain>"
        domain = conn.defineXML(bare)
        domain.create()
        uuid = domain.UUIDString()
    finally:
        conn.close()
    assert console("vnc", uuid).error() == "console.none"
    assert console("serial", uuid).error() == "serial.none"


def test_a_user_who_may_only_look_is_told_so(daemon: LibvirtDaemon) -> None:
    uuid = daemon.define("looked-at")
    start(daemon, uuid)
    conn = libvirt.openReadOnly(daemon.uri())
    codes = []
    for open_it in (open_screen, open_serial):
        try:
            open_it(conn, uuid)
        except RhvError as error:
            codes.append(error.code)
    assert codes == ["libvirt.denied", "libvirt.denied"]


@pytest.mark.parametrize("kind", ["vnc", "serial"])
def test_a_qemu_that_stands_still_is_reported(daemon: LibvirtDaemon, console: Consoles, kind: str) -> None:
    uuid = daemon.define("frozen", echo=True)
    start(daemon, uuid)
    looking = console(kind, uuid)
    looking.until_event("open")
    with daemon.stopped_qemu("frozen"):
        assert looking.until_event("silent", 60)["seconds"] >= 5
        if kind == "vnc":
            assert console("vnc", uuid).error(60) == "console.overdue"
    looking.until_event("answering", 60)


def idle(pid: int) -> bool:
    """Whether a process has done nothing for half a second: it is no longer busy with its own start."""

    def spent() -> list[str]:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]

    before = spent()
    time.sleep(0.5)
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return before == spent() and state == "S"


def test_a_page_that_goes_takes_the_program_with_it_even_while_it_hangs(
    daemon: LibvirtDaemon, console: Consoles
) -> None:
    uuid = daemon.define("hung")
    start(daemon, uuid)
    with daemon.stopped_qemu("hung"):
        hanging = console("vnc", uuid)
        until("it waits for QEMU", lambda: idle(hanging.process.pid), limit_s=10)
        started = time.monotonic()
        hanging.end()
        assert time.monotonic() - started < OPEN_LIMIT_S / 2, "the page is gone: nothing is waited for"
        assert hanging.process.returncode == 0


def test_a_lost_daemon_takes_the_serial_console_but_not_the_screen(daemon: LibvirtDaemon, console: Consoles) -> None:
    uuid = daemon.define("kept", echo=True)
    start(daemon, uuid)
    screen, serial = Screen(console("vnc", uuid)), console("serial", uuid)
    serial.until_event("open")
    daemon.stop()
    assert serial.error() == "libvirt.unreachable"
    assert len(screen.picture()) == screen.width * screen.height * 4
    daemon.start()
