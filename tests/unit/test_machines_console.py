# SPDX-License-Identifier: Apache-2.0
"""Console files and tickets."""

from __future__ import annotations

import configparser
import time
import xml.etree.ElementTree as ET

import libvirt
import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines.console import new_ticket, reachable_address, set_ticket, vv_content
from cockpit_rhv.machines.model import Graphics

LIVE = """
<domain type='kvm' id='1'><name>g</name><devices>
  <graphics type='spice' port='5901'/>
  <graphics type='vnc' port='5900' autoport='yes'><listen type='address' address='0.0.0.0'/></graphics>
</devices></domain>
"""


class LiveDomain:
    """Takes the place of a virDomain of QEMU: the test driver has no displays."""

    def __init__(self) -> None:
        self.updates: list[tuple[ET.Element, int]] = []

    def updateDeviceFlags(self, xml: str, flags: int) -> None:
        self.updates.append((ET.fromstring(xml), flags))


def test_a_ticket_is_set_in_the_live_state_for_two_minutes() -> None:
    domain = LiveDomain()
    set_ticket(domain, LIVE, "vnc", "Secret12")
    ((display, flags),) = domain.updates
    assert flags == libvirt.VIR_DOMAIN_AFFECT_LIVE
    assert display.get("type") == "vnc"
    assert display.get("port") == "5900"
    assert display.get("passwd") == "Secret12"
    until = time.strptime(str(display.get("passwdValidTo")), "%Y-%m-%dT%H:%M:%S")
    left_s = time.mktime(until) - time.mktime(time.gmtime())
    assert 110 < left_s <= 121


def test_tickets_are_random_and_as_long_as_vnc_looks() -> None:
    tickets = {new_ticket() for _ in range(200)}
    assert len(tickets) == 200
    assert all(len(ticket) == 8 and ticket.isalnum() for ticket in tickets)


def test_the_file_is_what_remote_viewer_reads() -> None:
    content = vv_content("50% off\n[virt-viewer]", Graphics("spice", None, 5900, 5901), "engine.example.org", "t")
    parser = configparser.RawConfigParser()
    parser.read_string(content)
    assert parser.sections() == ["virt-viewer"]
    viewer = dict(parser["virt-viewer"])
    assert viewer["type"] == "spice"
    assert viewer["host"] == "engine.example.org"
    assert (viewer["port"], viewer["tls-port"]) == ("5900", "5901")
    assert viewer["password"] == "t"
    assert viewer["title"] == "50%% off [virt-viewer]:%d"
    assert viewer["delete-this-file"] == "1"


def test_a_console_that_is_not_locked_needs_no_ticket() -> None:
    assert "password" not in vv_content("x", Graphics("vnc", None, 5900, None), "host.example.org", None)


@pytest.mark.parametrize(
    ("listen", "asker", "address"),
    [
        (None, "host.example.org", "host.example.org"),
        ("0.0.0.0", "host.example.org", "host.example.org"),
        ("::", "2001:db8::1", "2001:db8::1"),
        ("192.0.2.7", "host.example.org", "192.0.2.7"),
        ("display.example.org", "host.example.org", "display.example.org"),
        ("127.0.0.1", "localhost", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
    ],
)
def test_the_address_is_one_that_the_asker_can_reach(listen: str | None, asker: str, address: str) -> None:
    assert reachable_address(Graphics("vnc", listen, 5900, None), asker) == address


def test_a_console_on_the_loopback_is_of_no_use_elsewhere() -> None:
    with pytest.raises(RhvError) as caught:
        reachable_address(Graphics("vnc", "127.0.0.1", 5900, None), "host.example.org")
    assert caught.value.code == "console.local_only"
    assert "ssh -L 5900:127.0.0.1:5900 host.example.org" in str(caught.value.hint)
