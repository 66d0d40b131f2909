# SPDX-License-Identifier: Apache-2.0
"""What remote-viewer needs of a definition, and the change that gives it that."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines.console import open_console
from cockpit_rhv.machines.viewers import is_open_to_viewers, open_to_viewers

UUID = "12345678-1234-1234-1234-123456789abc"
MANAGED = '<metadata><o:vm xmlns:o="http://ovirt.org/vm/1.0"/></metadata>'
LOCKED = "passwd='*****' passwdValidTo='1970-01-01T00:00:01'"


class FakeDomain:
    """A virDomain whose stored and live definitions differ; the test driver has no displays."""

    def __init__(self, graphics: str, more: str = "", live: str | None = None, persistent: bool = True) -> None:
        wrap = "<domain type='kvm'><name>g</name><uuid>{}</uuid>{}<devices>{}</devices></domain>"
        self.stored = wrap.format(UUID, more, graphics)
        self.live = wrap.format(UUID, more, graphics if live is None else live)
        self._persistent = persistent
        self.updates: list[ET.Element] = []

    def XMLDesc(self, flags: int = 0) -> str:
        return self.stored if flags & 2 else self.live

    def isPersistent(self) -> bool:
        return self._persistent

    def state(self) -> list[int]:
        return [1, 1]

    def updateDeviceFlags(self, xml: str, _flags: int) -> None:
        self.updates.append(ET.fromstring(xml))


class FakeConnection:
    def __init__(self, domain: FakeDomain) -> None:
        self._domain = domain
        self.defined: list[ET.Element] = []

    def lookupByUUIDString(self, _uuid: str) -> FakeDomain:
        return self._domain

    def defineXML(self, text: str) -> None:
        self.defined.append(ET.fromstring(text))
        self._domain.stored = text


@pytest.mark.parametrize(
    "graphics",
    [
        "<graphics type='vnc' port='-1' autoport='yes' listen='127.0.0.1'><listen type='address' address='127.0.0.1'/>"
        "</graphics>",
        "<graphics type='vnc' port='-1' autoport='yes'><listen type='address' address='::1'/></graphics>",
        "<graphics type='vnc' port='-1' autoport='yes'><listen type='address' address='0.0.0.0'/></graphics>",
        "<graphics type='vnc' socket='/run/x.sock'><listen type='socket' socket='/run/x.sock'/></graphics>",
        "<graphics type='vnc'><listen type='none'/></graphics>",
        "<graphics type='spice' autoport='yes'/><graphics type='vnc' port='5901' listen='127.0.0.1'/>",
        "<graphics type='spice' autoport='yes'><image compression='off'/></graphics>",
    ],
)
def test_a_display_is_opened_with_a_lock(graphics: str) -> None:
    domain = FakeDomain(graphics)
    conn = FakeConnection(domain)
    assert not is_open_to_viewers(domain)
    assert open_to_viewers(conn, UUID) is True  # it runs
    kind = "vnc" if "'vnc'" in graphics else "spice"
    (display,) = conn.defined[0].findall(f"devices/graphics[@type='{kind}']")
    assert display.get("passwd") == "*****"
    assert display.get("passwdValidTo") == "1970-01-01T00:00:01"
    assert [listen.attrib for listen in display.findall("listen")] == [{"type": "address", "address": "0.0.0.0"}]
    assert display.get("listen") is None
    assert display.get("socket") is None
    assert display.get("port") not in (None, "0")
    assert is_open_to_viewers(domain)
    # what is so already is not defined anew
    open_to_viewers(conn, UUID)
    assert len(conn.defined) == 1


def test_a_password_of_the_administrator_is_kept() -> None:
    conn = FakeConnection(FakeDomain("<graphics type='vnc' port='-1' passwd='theirs' listen='127.0.0.1'/>"))
    open_to_viewers(conn, UUID)
    display = conn.defined[0].find("devices/graphics")
    assert display is not None
    assert display.get("passwd") == "theirs"
    assert display.get("passwdValidTo") is None


@pytest.mark.parametrize(
    ("domain", "code"),
    [
        (FakeDomain("<graphics type='vnc' listen='127.0.0.1'/>", more=MANAGED), "machine.managed"),
        (FakeDomain("<graphics type='vnc' listen='127.0.0.1'/>", persistent=False), "console.transient"),
        (FakeDomain(""), "console.none"),
        (FakeDomain("<graphics type='egl-headless'/>"), "console.none"),
    ],
)
def test_what_cannot_be_changed_is_left(domain: FakeDomain, code: str) -> None:
    conn = FakeConnection(domain)
    with pytest.raises(RhvError) as caught:
        open_to_viewers(conn, UUID)
    assert caught.value.code == code
    assert conn.defined == []


@pytest.mark.parametrize(
    ("live", "stored", "code"),
    [
        ("", "", "console.none"),
        ("<graphics type='vnc'><listen type='none'/></graphics>", None, "console.not_listening"),
        ("<graphics type='vnc' port='5900' listen='127.0.0.1'/>", None, "console.local_only"),
        (
            "<graphics type='vnc' port='5900' listen='127.0.0.1'/>",
            f"<graphics type='vnc' port='-1' {LOCKED} listen='0.0.0.0'/>",
            "console.restart_needed",
        ),
        (
            "<graphics type='vnc'><listen type='none'/></graphics>",
            f"<graphics type='vnc' port='-1' {LOCKED} listen='0.0.0.0'/>",
            "console.restart_needed",
        ),
    ],
)
def test_what_keeps_remote_viewer_out_is_said(live: str, stored: str | None, code: str) -> None:
    domain = FakeDomain(live if stored is None else stored, live=live)
    with pytest.raises(RhvError) as caught:
        open_console(FakeConnection(domain), UUID, "host.example.org")
    assert caught.value.code == code


def test_a_new_ticket_blanks_what_other_displays_have() -> None:
    live = f"<graphics type='vnc' port='5900' {LOCKED}/><graphics type='spice' port='5901' passwd='old' />"
    domain = FakeDomain(live)
    file = open_console(FakeConnection(domain), UUID, "host.example.org")
    assert file.locked
    spice, vnc = domain.updates
    assert spice.get("type") == "spice"
    assert spice.get("passwd") != "old"
    assert str(spice.get("passwdValidTo")) < str(vnc.get("passwdValidTo"))
    assert f"password={vnc.get('passwd')}\n" in file.content
    assert str(spice.get("passwd")) not in file.content


def test_a_display_without_a_lock_is_told_apart() -> None:
    domain = FakeDomain("<graphics type='vnc' port='5900' listen='0.0.0.0'/>")
    file = open_console(FakeConnection(domain), UUID, "host.example.org")
    assert not file.locked
    assert "password=" not in file.content
    assert domain.updates == []
