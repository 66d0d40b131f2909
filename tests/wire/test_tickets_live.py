# SPDX-License-Identifier: Apache-2.0
"""Tickets of VNC and SPICE on a real QEMU: they let in for two minutes, and a new one ends the old one."""

from __future__ import annotations

import configparser
import subprocess
import time
from typing import TYPE_CHECKING, Callable, NamedTuple

import libvirt
import pytest
from cockpit_rhv.machines.console import TICKET_LIFE_S, open_console

from tests.wire.display_login import spice_lets_in, vnc_lets_in
from tests.wire.libvirt_daemon import MISSING, LibvirtDaemon

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))

LOCKED = "passwd='*****' passwdValidTo='1970-01-01T00:00:01'"
GUEST = """
<domain type='qemu'><name>shown</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <graphics type='{kind}' autoport='yes' {locked}><listen type='address' address='0.0.0.0'/></graphics>
    <memballoon model='none'/>
  </devices>
</domain>
"""


def _has_spice() -> bool:
    if MISSING is not None:
        return False
    said = subprocess.run(["qemu-system-x86_64", "-spice", "help"], capture_output=True, text=True, check=False)
    return "addr=" in said.stdout


class Shown(NamedTuple):
    """A guest that runs with a locked display. ``lets_in``: whether a password opens it at a port."""

    conn: libvirt.virConnect
    uuid: str
    kind: str
    lets_in: Callable[[int, str], bool]

    def ticket(self) -> tuple[int, str]:
        """Port and password of a new file."""
        parser = configparser.RawConfigParser()
        parser.read_string(open_console(self.conn, self.uuid, "host.example.org").content)
        viewer = dict(parser["virt-viewer"])
        assert (viewer["type"], viewer["host"]) == (self.kind, "host.example.org")
        assert "tls-port" not in viewer
        return int(viewer["port"]), viewer["password"]


@pytest.fixture(
    params=[
        "vnc",
        pytest.param("spice", marks=pytest.mark.skipif(not _has_spice(), reason="QEMU is built without SPICE")),
    ]
)
def shown(daemon: LibvirtDaemon, request: pytest.FixtureRequest) -> Iterator[Shown]:
    conn = libvirt.open(daemon.uri())
    domain = conn.createXML(GUEST.format(kind=request.param, locked=LOCKED))
    yield Shown(conn, domain.UUIDString(), request.param, spice_lets_in if request.param == "spice" else vnc_lets_in)
    domain.destroy()
    del domain
    conn.close()


def test_a_ticket_lets_in_for_two_minutes(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    """QEMU looks at its own clock, so ours is set back: the ticket was given out so long ago."""
    port, now = shown.ticket()
    assert not shown.lets_in(port, "*****")
    assert not shown.lets_in(port, "")
    assert not shown.lets_in(port, now[::-1])
    assert shown.lets_in(port, now)
    real = time.time
    for age_s, opens in ((TICKET_LIFE_S - 20, True), (TICKET_LIFE_S + 1, False)):
        monkeypatch.setattr("cockpit_rhv.machines.console.time.time", lambda age_s=age_s: real() - age_s)
        port, ticket = shown.ticket()
        assert shown.lets_in(port, ticket) is opens, age_s
    assert TICKET_LIFE_S == 120


def test_a_ticket_runs_out_by_itself(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    monkeypatch.setattr("cockpit_rhv.machines.console.time.time", lambda: real() - TICKET_LIFE_S + 12)
    port, ticket = shown.ticket()
    assert shown.lets_in(port, ticket)
    time.sleep(13)
    assert not shown.lets_in(port, ticket)


def test_a_new_ticket_ends_the_old_one(shown: Shown) -> None:
    port, first = shown.ticket()
    again, second = shown.ticket()
    assert again == port
    assert shown.lets_in(port, second)
    assert not shown.lets_in(port, first)
