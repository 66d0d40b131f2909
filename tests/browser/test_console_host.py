# SPDX-License-Identifier: Apache-2.0
"""A real guest's consoles: in the page of a real Cockpit, and in the real remote-viewer with the page's .vv file."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect, sync_playwright

from tests.browser.cockpit import (
    CHROMIUM_ARGS,
    CHROMIUM_PATH,
    DESKTOP,
    SCREENSHOTS,
    log_in,
    no_axe_violations,
    open_page,
    shot,
    visit,
)
from tests.browser.test_states_console import LIT
from tests.browser.xviewer import Picture, appears, remote_viewer, screen, snapshot
from tests.waiting import until
from tests.wire.libvirt_daemon import ECHO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.testhost.host import TestHost

pytestmark = [pytest.mark.host, pytest.mark.timeout(600)]

#: As most tools define a guest: its display is for this host only, and without a password.
GUEST = """
<domain type='qemu'>
  <name>{name}</name><uuid>{uuid}</uuid>
  <memory unit='MiB'>32</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <disk type='file'><driver name='qemu' type='raw'/><source file='{disk}'/><target dev='hda'/></disk>
    <serial type='pty'><log file='/var/log/libvirt/qemu/{name}-serial.log' append='on'/></serial>
    <graphics type='vnc' port='-1' autoport='yes' listen='127.0.0.1'/>
    <video><model type='vga'/></video>
    <memballoon model='none'/>
  </devices>
</domain>
"""


class Guest:
    """A guest of the host that echoes what it reads from its serial port and says "!" there when it starts."""

    def __init__(self, host: TestHost) -> None:
        self.host, self.name, self.uuid = host, f"console-{uuid4().hex[:6]}", str(uuid4())
        self._disk = host.images / f"{self.name}.raw"
        self._disk.write_bytes(ECHO.ljust(1024 * 1024, b"\0"))
        self._disk.chmod(0o666)
        xml = GUEST.format(name=self.name, uuid=self.uuid, disk=f"/var/lib/libvirt/images/{self._disk.name}")
        host.container.run("virsh", "define", "/dev/stdin", input=xml)
        self.start()

    def start(self) -> None:
        self.host.container.run("virsh", "start", self.name)

    def stop(self) -> None:
        self.host.container.run("virsh", "destroy", self.name)

    def starts(self) -> int:
        """How often its system has begun."""
        log = self.host.container.root / f"var/log/libvirt/qemu/{self.name}-serial.log"
        return log.read_bytes().count(b"!") if log.exists() else 0

    def picture(self) -> Picture:
        """What it shows, as QEMU has it."""
        inside = f"/var/tmp/{self.name}.shot"
        self.host.container.run("virsh", "screenshot", self.name, inside)
        return Picture.of((self.host.container.root / inside.lstrip("/")).read_bytes())

    def remove(self) -> None:
        self.host.container.run("virsh", "destroy", self.name, check=False)
        self.host.container.run("virsh", "undefine", self.name)
        self._disk.unlink()


@pytest.fixture
def guest(host: TestHost) -> Iterator[Guest]:
    made = Guest(host)
    yield made
    made.remove()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM_PATH, args=CHROMIUM_ARGS)
        yield launched
        launched.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=DESKTOP, ignore_https_errors=True, accept_downloads=True)  # type: ignore[arg-type]
    context.set_default_timeout(60_000)
    yield context
    context.close()


def console_of(page: Page, guest: Guest) -> Frame:
    """Log in and open the guest's console in Cockpit's shell."""
    log_in(page, guest.host, guest.host.user)
    frame = open_page(page, guest.host)
    visit(frame, f"console/{guest.uuid}?type=vnc", "console")
    return frame


def is_open(where: Frame | Page) -> None:
    expect(where.locator("[data-console='open']")).to_be_visible(timeout=60_000)


def programs(host: TestHost) -> list[str]:
    """Consoles' programs that run on the host."""
    return host.container.run("pgrep", "-f", "libexec/cockpit-rhv/console", check=False).stdout.split()


def test_a_guests_consoles_in_the_page(context: BrowserContext, guest: Guest) -> None:
    page = context.new_page()
    frame = console_of(page, guest)
    is_open(frame)
    frame.wait_for_function(f"() => ({LIT})() > 100")
    shot(page, "console-host-vnc")
    no_axe_violations(frame, "console")

    until("the guest has started", guest.starts, lambda times: times == 1)
    frame.locator("#console-keys").click()
    frame.locator("[data-keys='Ctrl+Alt+Del']").click()
    until("the guest has started", guest.starts, lambda times: times == 2)

    # a tab of its own has the session's privileges, too
    with context.expect_page() as opened:
        frame.locator("#console-window").click()
    alone = opened.value
    is_open(alone)
    alone.wait_for_function(f"() => ({LIT})() > 100")
    shot(alone, "console-host-window")
    alone.close()

    frame.locator("#console-serial").click()
    is_open(frame)
    frame.locator(".xterm-helper-textarea").focus()
    page.keyboard.type("echo echo")
    expect(frame.locator(".xterm-rows")).to_contain_text("echo echo")
    shot(page, "console-host-serial")

    assert len(programs(guest.host)) == 1
    guest.stop()
    expect(frame.locator("[data-console-off], [data-console-ended='console.guest_ended']")).to_be_visible()
    guest.start()
    is_open(frame)
    page.close()
    until("the console's program has ended", lambda: programs(guest.host), lambda left: left == [])


def vv_file(frame: Frame, page: Page, path: Path) -> Path:
    with page.expect_download() as download:
        frame.locator("#console-viewer").click()
    download.value.save_as(path)
    return path


def ticket_of(file: Path) -> str:
    return next(line.partition("=")[2] for line in file.read_text().splitlines() if line.startswith("password="))


def test_remote_viewer_with_the_pages_file(context: BrowserContext, guest: Guest, tmp_path: Path) -> None:
    page = context.new_page()
    frame = console_of(page, guest)
    is_open(frame)
    # as it is defined nobody elsewhere reaches it; the change is offered, and the page's own console goes on
    frame.locator("#console-viewer").click()
    expect(frame.locator("[data-error='console.local_only']")).to_be_visible()
    frame.locator("#console-change").click()
    expect(frame.locator("[data-outcome='changed']")).to_be_visible()
    frame.locator("#console-viewer").click()
    expect(frame.locator("[data-error='console.restart_needed']")).to_be_visible()
    guest.stop()
    guest.start()
    is_open(frame)
    until("the guest has started anew", guest.starts, lambda times: times >= 2)
    wanted = guest.picture()

    first = vv_file(frame, page, tmp_path / "first.vv")
    # remote-viewer removes what it has opened
    old = tmp_path / "old.vv"
    old.write_text(first.read_text())
    tickets = [ticket_of(first)]
    assert guest.host.address in first.read_text()
    expired = tmp_path / "expired.vv"
    expired.write_text(re.sub(r"password=.*", "password=*****", first.read_text()))
    with screen(tmp_path) as environ:
        with remote_viewer(environ, expired):
            assert not appears(environ, wanted, 8), "the stored password lets somebody in"
        with remote_viewer(environ, first):
            seen = appears(environ, wanted, 30)
            SCREENSHOTS.mkdir(parents=True, exist_ok=True)
            (SCREENSHOTS / "console-host-remote-viewer.png").write_bytes(snapshot(environ))
            assert seen, "the guest's picture does not come"
        new = vv_file(frame, page, tmp_path / "new.vv")
        tickets.append(ticket_of(new))
        with remote_viewer(environ, old):
            assert not appears(environ, wanted, 8), "a ticket lets in after a new one was issued"
        with remote_viewer(environ, new):
            assert appears(environ, wanted, 30)
    stored = guest.host.container.run("virsh", "dumpxml", "--inactive", "--security-info", guest.name).stdout
    assert not any(ticket in stored for ticket in tickets)
    assert "passwd='*****'" in stored


def test_who_may_only_look_sees_no_console(context: BrowserContext, guest: Guest) -> None:
    page = context.new_page()
    log_in(page, guest.host, "viewer", admin=False)
    frame = open_page(page, guest.host)
    visit(frame, f"console/{guest.uuid}?type=vnc", "console")
    expect(frame.locator("[data-console-denied], [data-console-gone]")).to_be_visible()
    assert programs(guest.host) == []
    # and asked for directly the program says what is missing
    argv = guest.host.container.command("/usr/libexec/cockpit-rhv/console", "vnc", guest.uuid, user="viewer")
    # its input stays open, or it would take the page for gone
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        said = program.stdout.read()
    assert b'"libvirt.denied"' in said, said
