# SPDX-License-Identifier: Apache-2.0
"""What remote-viewer needs of a definition, and the change that gives it that."""

from __future__ import annotations

import configparser
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines.console import open_console
from cockpit_rhv.machines.spice_tls import spice_authority
from cockpit_rhv.machines.viewers import is_open_to_viewers, open_to_viewers

if TYPE_CHECKING:
    from pathlib import Path

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


PEM = "-----BEGIN CERTIFICATE-----\nMIIB\nAA==\n-----END CERTIFICATE-----"


def test_spice_over_tls_names_whom_to_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By definition only: QEMU wants a certificate of its own for it."""
    settings, folder = tmp_path / "qemu.conf", tmp_path / "spice"
    folder.mkdir()
    (folder / "ca-cert.pem").write_text(f"Issuer: somebody\n[virt-viewer]\n{PEM}\n{PEM}\n")
    settings.write_text(f'#spice_tls_x509_cert_dir = "/etc/x"\nspice_tls_x509_cert_dir = "{folder}"\n')
    known = spice_authority(settings)
    assert known == f"{PEM}\n{PEM}"
    monkeypatch.setattr("cockpit_rhv.machines.console.spice_authority", lambda: known)

    def viewer(graphics: str) -> dict[str, str]:
        parser = configparser.RawConfigParser()
        parser.read_string(open_console(FakeConnection(FakeDomain(graphics)), UUID, "host.example.org").content)
        assert parser.sections() == ["virt-viewer"]
        return dict(parser["virt-viewer"])

    both = viewer(f"<graphics type='spice' port='5900' tlsPort='5901' listen='0.0.0.0' {LOCKED}/>")
    assert (both["type"], both["port"], both["tls-port"], len(both["password"])) == ("spice", "5900", "5901", 8)
    assert both["ca"].replace("\\n", "\n") == known
    only = viewer(f"<graphics type='spice' port='-1' tlsPort='5901' listen='0.0.0.0' {LOCKED}/>")
    assert "port" not in only
    assert "ca" not in viewer(f"<graphics type='spice' port='5900' listen='0.0.0.0' {LOCKED}/>")


def test_an_authority_that_cannot_be_read_is_left_to_the_viewer(tmp_path: Path) -> None:
    settings = tmp_path / "qemu.conf"
    assert spice_authority(settings) is None
    settings.write_text(f'spice_tls_x509_cert_dir = "{tmp_path}"\n')
    assert spice_authority(settings) is None
    (tmp_path / "ca-cert.pem").write_text("no certificate")
    assert spice_authority(settings) is None


def test_a_display_without_a_lock_is_told_apart() -> None:
    domain = FakeDomain("<graphics type='vnc' port='5900' listen='0.0.0.0'/>")
    file = open_console(FakeConnection(domain), UUID, "host.example.org")
    assert not file.locked
    assert "password=" not in file.content
    assert domain.updates == []
