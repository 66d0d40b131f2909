# SPDX-License-Identifier: Apache-2.0
"""What one guest's page reads from libvirt's texts and numbers, and what is written back."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import Any
from xml.dom import minidom

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines.definition import parse_definition
from cockpit_rhv.machines.devices import Size, devices_of
from cockpit_rhv.machines.edit import keep_locks, with_boot_order
from cockpit_rhv.machines.guest_agent import parse_info
from cockpit_rhv.machines.media import drive_with
from cockpit_rhv.machines.snapshots import Snapshot, in_tree_order, parse_snapshot, why_no_snapshots
from hypothesis import given
from hypothesis import strategies as st

#: As libvirt 11.3 wrote it, shortened.
RECORDED = """
<domain type='kvm' id='4' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>web &amp; more</name>
  <uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
  <metadata>
    <libosinfo:libosinfo xmlns:libosinfo="http://libosinfo.org/xmlns/libvirt/domain/1.0">
      <libosinfo:os id="http://debian.org/debian/13"/>
    </libosinfo:libosinfo>
  </metadata>
  <memory unit='KiB'>4194304</memory>
  <currentMemory unit='KiB'>2097152</currentMemory>
  <vcpu placement='static' current='2'>8</vcpu>
  <os firmware='efi'>
    <type arch='x86_64' machine='pc-q35-10.0'>hvm</type>
    <loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
    <nvram>/var/lib/libvirt/qemu/nvram/web_VARS.fd</nvram>
    <boot dev='cdrom'/><boot dev='hd'/><boot dev='network'/>
  </os>
  <cpu mode='host-passthrough'><topology sockets='1' dies='1' cores='4' threads='2'/></cpu>
  <devices>
    <disk type='block' device='disk'>
      <driver name='qemu' type='raw'/><source dev='/dev/vg0/web'/><target dev='vda' bus='virtio'/><shareable/>
    </disk>
    <disk type='volume' device='disk'>
      <driver name='qemu' type='qcow2'/><source pool='default' volume='data.qcow2'/><target dev='vdb' bus='virtio'/>
    </disk>
    <disk type='network' device='disk'>
      <source protocol='rbd' name='pool/image'/><target dev='vdc' bus='virtio'/><readonly/>
    </disk>
    <disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
    <interface type='bridge'>
      <mac address='52:54:00:00:00:01'/><source bridge='br0'/><target dev='vnet7'/><model type='virtio'/>
      <link state='down'/>
    </interface>
    <interface type='direct'><mac address='52:54:00:00:00:02'/><source dev='eno1' mode='bridge'/></interface>
    <hostdev mode='subsystem' type='pci'><source/><boot order='9'/></hostdev>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0' state='connected'/></channel>
    <graphics type='vnc' port='5901'/>
    <memballoon model='none'/>
  </devices>
  <qemu:commandline><qemu:arg value='-S'/></qemu:commandline>
</domain>
"""


def test_a_recorded_definition() -> None:
    found = parse_definition(RECORDED)
    assert (found.vcpus, found.vcpus_max, found.topology) == (2, 8, 8)
    assert (found.memory_mib, found.memory_max_mib, found.balloon) == (2048, 4096, False)
    assert (found.arch, found.chipset, found.firmware, found.nvram) == ("x86_64", "pc-q35-10.0", "efi", True)
    assert found.system == "http://debian.org/debian/13"
    assert found.agent == "connected"
    assert [disk.source for disk in found.disks] == ["/dev/vg0/web", "default/data.qcow2", "rbd:pool/image", None]
    assert [(disk.read_only, disk.shareable) for disk in found.disks[:3]] == [
        (False, True), (False, False), (True, False),
    ]  # fmt: skip
    assert [(nic.kind, nic.source, nic.target, nic.link) for nic in found.nics] == [
        ("bridge", "br0", "vnet7", False),
        ("direct", "eno1", None, True),
    ]
    assert found.boot == ("disk:sda", "disk:vda", "nic:52:54:00:00:00:01")
    assert json.loads(json.dumps(found.to_json()))["boot"][0] == "disk:sda"


def test_next_to_nothing() -> None:
    found = parse_definition("<domain type='kvm'><name>x</name></domain>")
    assert (found.vcpus, found.vcpus_max, found.memory_mib, found.boot, found.agent) == (1, 1, 0, (), None)
    with pytest.raises(ValueError, match="instead of a domain"):
        parse_definition("<network/>")


odd = st.one_of(st.text(max_size=8), st.sampled_from(["0", "-1", "2", "9" * 30, "hd", "vda", "cdrom", "pflash"]))
_OF_DOMAINS = [
    "domain",
    "vcpu",
    "memory",
    "os",
    "boot",
    "devices",
    "disk",
    "target",
    "source",
    "interface",
    "mac",
    "cpu",
]
_OF_OTHERS = ["topology", "metadata", "loader", "channel", "driver", "link", "disks", "parent", "name", "state"]
names = st.sampled_from([*_OF_DOMAINS, *_OF_OTHERS])


@st.composite
def trees(draw: st.DrawFn, root: str, levels: int = 3) -> ET.Element:
    element = ET.Element(root)
    for name in draw(
        st.lists(st.sampled_from(["dev", "current", "order", "type", "unit", "name", "file"]), max_size=3)
    ):
        element.set(name, draw(odd))
    element.text = draw(odd)
    if levels:
        for name in draw(st.lists(names, max_size=4)):
            element.append(draw(trees(name, levels - 1)))
    return element


@given(trees("domain"))
def test_whatever_a_definition_says_is_read(element: ET.Element) -> None:
    text = ET.tostring(element, encoding="unicode")
    try:
        found = parse_definition(text)
    except ValueError:
        with pytest.raises(ET.ParseError):
            ET.fromstring(text)  # refused only where it is no XML: control characters
        return
    json.dumps(found.to_json())
    assert found.vcpus >= 0


@given(trees("domainsnapshot"))
def test_whatever_a_snapshot_says_is_read(element: ET.Element) -> None:
    text = ET.tostring(element, encoding="unicode")
    try:
        json.dumps(parse_snapshot(text, None).to_json())
    except ValueError:
        with pytest.raises(ET.ParseError):
            ET.fromstring(text)


# -- statistics of devices


def stats(read: int, received: int, **more: Any) -> dict[str, Any]:
    return {
        "block.count": 2,
        "block.0.name": "vda",
        "block.0.rd.bytes": read,
        "block.0.wr.bytes": 0,
        "block.0.capacity": 1000,
        "block.0.allocation": 10,
        "block.1.name": "vda",
        "block.1.backingIndex": 2,
        "block.1.rd.bytes": 10**9,
        "net.count": 1,
        "net.0.name": "vnet7",
        "net.0.rx.bytes": received,
        "net.0.tx.bytes": 0,
        **more,
    }


def test_rates_of_each_device() -> None:
    found = devices_of(stats(0, 0), stats(30_000, 3_000_000), 3.0)
    assert found.sizes == {"vda": Size(1000, 10)}
    assert found.rates == {"vda": (10_000, 0), "vnet7": (1_000_000, 0)}
    assert devices_of({}, stats(0, 0), 0.0).rates == {"vda": (None, None), "vnet7": (None, None)}
    assert devices_of(stats(9, 9), {}, 3.0).rates == {}


def test_a_device_that_took_anothers_number_has_no_rate() -> None:
    found = devices_of(stats(0, 0, **{"net.0.name": "vnet6"}), stats(0, 9_000_000), 3.0)
    assert found.rates["vnet7"] == (None, None)


# -- snapshots


def taken(name: str, parent: str | None, created_s: int) -> Snapshot:
    return Snapshot(name, "", created_s, "shutoff", False, False, parent, False)


def test_snapshots_stand_below_their_parents() -> None:
    found = in_tree_order(
        [taken("c", "a", 3), taken("b", "a", 2), taken("d", "b", 9), taken("a", None, 5), taken("lost", "gone", 1)]
    )
    assert [(one.name, one.depth) for one in found] == [("lost", 0), ("a", 0), ("b", 1), ("d", 2), ("c", 1)]


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef") | st.none()), unique_by=lambda one: one[0])
)
def test_no_snapshot_is_left_out(pairs: list[tuple[str, str | None]]) -> None:
    found = in_tree_order(taken(name, parent, number) for number, (name, parent) in enumerate(pairs))
    assert sorted(one.name for one in found) == sorted(name for name, _ in pairs)


def test_what_libvirt_says_of_a_snapshot() -> None:
    text = """<domainsnapshot><name>on</name><description>a &lt; b</description><state>running</state>
    <parent><name>off</name></parent><creationTime>1788000000</creationTime><memory snapshot='internal'/>
    <disks><disk name='vda' snapshot='external'/></disks></domainsnapshot>"""
    assert parse_snapshot(text, "on") == Snapshot("on", "a < b", 1_788_000_000, "running", True, True, "off", True)
    with pytest.raises(ValueError, match="instead of a snapshot"):
        parse_snapshot("<domain/>", None)


def definition(disk: str, system: str = "") -> Any:
    return parse_definition(f"<domain><os>{system}</os><devices>{disk}</devices></domain>")


def test_why_a_guest_can_have_no_snapshot() -> None:
    qcow2 = "<disk><driver type='qcow2'/><source file='/a'/><target dev='vda'/></disk>"
    raw = qcow2.replace("qcow2", "raw")
    drive = "<disk device='cdrom'><source file='/a.iso'/><target dev='sda'/><readonly/></disk>"
    loader = "<loader type='pflash'>/x</loader>"
    assert why_no_snapshots(definition(qcow2 + drive), True) is None
    for what, persistent, code in (
        (definition(qcow2), False, "snapshot.transient"),
        (definition(qcow2 + raw), True, "snapshot.not_qcow2"),
        (definition(drive), True, "snapshot.no_disk"),
        (definition(qcow2, loader), True, "snapshot.efi"),
    ):
        refused = why_no_snapshots(what, persistent)
        assert refused is not None
        assert refused.code == code


# -- what is written back


def test_another_boot_order_changes_nothing_else() -> None:
    order = ["nic:52:54:00:00:00:02", "disk:vdb"]
    text = with_boot_order(RECORDED, order)
    assert parse_definition(text).boot == tuple(order)
    root = ET.fromstring(text)
    assert root.findall("os/boot") == []
    assert [entry.get("order") for entry in root.findall("devices/hostdev/boot")] == [
        "3"
    ]  # after those that were named
    assert "qemu:commandline" in text  # names keep their prefixes
    assert "libosinfo:os" in text
    again = with_boot_order(text, ["disk:vda"])
    assert parse_definition(again).boot == ("disk:vda",)
    with pytest.raises(RhvError) as caught:
        with_boot_order(RECORDED, ["disk:nothing"])
    assert caught.value.code == "boot.no_device"


LOCKED = "<graphics type='vnc' port='5901' passwd='s3cret' passwdValidTo='2030-01-01T00:00:00'/>"


def element(text: str) -> minidom.Element:
    root = minidom.parseString(text).documentElement
    assert root is not None
    return root


def test_a_console_keeps_its_lock() -> None:
    secret = RECORDED.replace("<graphics type='vnc' port='5901'/>", LOCKED)
    wanted = element(RECORDED)
    keep_locks(wanted, RECORDED, secret)
    assert 'passwd="s3cret"' in wanted.toxml()
    changed = element(RECORDED.replace("port='5901'", "port='5901' passwd='other'"))
    keep_locks(changed, RECORDED, secret)
    assert "s3cret" not in changed.toxml()  # who gives another one means it
    without = element(RECORDED.replace("<graphics type='vnc' port='5901'/>", ""))
    keep_locks(without, RECORDED, secret)
    assert "s3cret" not in without.toxml()


def test_other_secrets_stop_an_edit() -> None:
    cookies = "<source protocol='rbd' name='pool/image'><cookies><cookie name='a'>b</cookie></cookies></source>"
    secret = RECORDED.replace("<source protocol='rbd' name='pool/image'/>", cookies)
    with pytest.raises(RhvError) as caught:
        keep_locks(element(RECORDED), RECORDED, secret)
    assert caught.value.code == "xml.secrets"


def test_a_drive_keeps_what_is_its_own() -> None:
    drive = ET.fromstring(drive_with(RECORDED, "sda", "/srv/a & b.iso", "file"))
    assert drive.find("source").attrib == {"file": "/srv/a & b.iso"}  # type: ignore[union-attr]
    assert drive.find("target").attrib == {"dev": "sda", "bus": "sata"}  # type: ignore[union-attr]
    assert drive.find("readonly") is not None
    assert ET.fromstring(drive_with(RECORDED, "sda", None, None)).find("source") is None
    with pytest.raises(RhvError) as caught:
        drive_with(RECORDED, "vda", None, None)
    assert caught.value.code == "medium.no_drive"


# -- the agent


def test_what_an_agent_tells() -> None:
    facts = parse_info(
        {
            "hostname": "web-1",
            "os.pretty-name": "Debian GNU/Linux 13 (trixie)",
            "user.count": 2,
            "user.0.name": "root",
            "user.1.name": "root",
            "fs.count": 3,
            "fs.0.mountpoint": "/srv",
            "fs.0.fstype": "xfs",
            "fs.0.total-bytes": 100,
            "fs.0.used-bytes": 40,
            "fs.1.mountpoint": "/",
        }
    )
    assert facts.to_json() == {
        "hostname": "web-1",
        "system": "Debian GNU/Linux 13 (trixie)",
        "kernel": None,
        "timezone": None,
        "users": ["root"],
        "file_systems": [
            {"mounted": "/", "kind": "", "total_bytes": None, "used_bytes": None},
            {"mounted": "/srv", "kind": "xfs", "total_bytes": 100, "used_bytes": 40},
        ],
    }


keys = st.sampled_from(["hostname", "user.count", "user.0.name", "fs.count", "fs.0.mountpoint", "fs.0.total-bytes"])


@given(st.dictionaries(keys, st.one_of(st.integers(), st.text(), st.floats(), st.booleans(), st.none())))
def test_whatever_an_agent_tells_is_read(info: dict[str, Any]) -> None:
    json.dumps(parse_info(info).to_json())
