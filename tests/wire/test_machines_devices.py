# SPDX-License-Identifier: Apache-2.0
"""Disks and network cards come and go on a real libvirtd with real QEMU: now, next, and what is refused."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import libvirt
import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines import disks
from cockpit_rhv.machines.attach import Moments, attach
from cockpit_rhv.machines.images import NewImage

from tests.wire.libvirt_daemon import MISSING, NOBODY, LibvirtDaemon
from tests.wire.test_machines_details import define, refusal, secure, start
from tests.wire.test_machines_removal import change, with_pool

if TYPE_CHECKING:
    from pathlib import Path

    from tests.wire.helper_process import HelperProcess

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))

BOTH = {"now": True, "next": True}
NOW = {"now": True, "next": False}
NEXT = {"now": False, "next": True}
#: Passed through by libvirt, so that it can be active without a bridge of its own.
NETWORK = "<network><name>{name}</name><forward mode='bridge'/><bridge name='nobridge'/></network>"
OLD = """
<domain type='qemu'><name>old</name><memory unit='MiB'>16</memory><vcpu>1</vcpu>
  <os><type arch='i686' machine='isapc'>hvm</type></os>
  <devices><controller type='usb' model='none'/><memballoon model='none'/></devices>
</domain>
"""


def make(path: Path, form: str = "qcow2") -> Path:
    subprocess.run(["qemu-img", "create", "-q", "-f", form, path, "4M"], check=True)
    shutil.chown(path, NOBODY, NOBODY)
    return path


def new(folder: Path | None, name: str, **more: Any) -> dict[str, Any]:
    place = {"pool": "images"} if folder is None else {"folder": str(folder)}
    return {"bus": "virtio", "format": "qcow2", "create": {**place, "name": name, "size_gib": 2}, **more}


def sources(state: dict[str, Any], side: str) -> dict[str, str | None]:
    return {disk["target"]: disk.get("source") for disk in state[side]["disks"]}


def info(path: Path) -> str:
    return subprocess.run(["qemu-img", "info", "-U", path], check=True, capture_output=True, text=True).stdout


def pools(daemon: LibvirtDaemon) -> list[str]:
    conn = libvirt.open(daemon.uri())
    try:
        return [pool.name() for pool in conn.listAllStoragePools()]
    finally:
        conn.close()


def test_a_new_disk_now_and_for_the_next_start(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = define(daemon, "one")
    topic = start(live, uuid)
    folder = daemon.folder
    assert live.call("machines.add_disk", uuid=uuid, **new(folder, "a & b.qcow2"), **BOTH) == {"target": "vdb"}
    made = folder / "a & b.qcow2"
    state = live.until(topic, lambda state: "vdb" in sources(state, "live") and "vdb" in sources(state, "stored"))
    assert sources(state, "live")["vdb"] == sources(state, "stored")["vdb"] == str(made)
    assert "file format: qcow2" in info(made)
    assert "virtual size: 2 GiB" in info(made)
    assert made.stat().st_blocks * 512 < 1024**2, "it takes its space as it is written to"
    assert pools(daemon) == [], "the pool it was made with is gone"
    assert "s3cret77" in secure(daemon, uuid)

    # one of them only: the other keeps its names, and no name is given twice
    assert live.call("machines.add_disk", uuid=uuid, **new(folder, "now", bus="scsi"), **NOW) == {"target": "sda"}
    assert live.call("machines.add_disk", uuid=uuid, **new(folder, "next", bus="sata"), **NEXT) == {"target": "sdb"}
    state = live.until(topic, lambda state: "sda" in sources(state, "live") and "sdb" in sources(state, "stored"))
    assert "sdb" not in sources(state, "live")
    assert "sda" not in sources(state, "stored")
    assert refusal(live, "machines.add_disk", uuid=uuid, **new(folder, "x", bus="sata"), **BOTH) == "disk.no_hotplug"
    assert not (folder / "x").exists()

    # the SCSI bus needs no system inside that agrees
    live.call("machines.remove_disk", uuid=uuid, target="sda", delete=False, **NOW)
    live.until(topic, lambda state: "sda" not in sources(state, "live"))
    assert (folder / "now").exists()
    live.call("machines.power_off", uuid=uuid)
    live.until(topic, lambda state: "live" not in state)
    live.call("machines.start", uuid=uuid)
    state = live.until(topic, lambda state: "live" in state)
    assert set(sources(state, "live")) == {"vda", "hda", "vdb", "sdb"}


def test_a_raw_disk_in_a_pool(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = define(daemon, "one")
    topic = f"machine/{uuid}"
    live.subscribe(topic)
    with_pool(daemon, daemon.folder)
    args = {"uuid": uuid, **new(None, "data.img", format="raw"), **NEXT}
    live.call("machines.add_disk", **args)
    state = live.until(topic, lambda state: "vdb" in sources(state, "stored"))
    assert state["stored"]["disks"][1]["format"] == "raw"
    assert (daemon.folder / "data.img").stat().st_size == 2 * 1024**3
    assert refusal(live, "machines.add_disk", **args) == "image.exists"
    (daemon.folder / "unknown to the pool").write_bytes(b"precious")
    for place in (None, daemon.folder):
        disk = new(place, "unknown to the pool")
        assert refusal(live, "machines.add_disk", uuid=uuid, **disk, **NEXT) == "image.exists"
    assert (daemon.folder / "unknown to the pool").read_bytes() == b"precious"
    for name in ("", "..", "../x", ".hidden", "a\nb"):
        assert refusal(live, "machines.add_disk", uuid=uuid, **new(None, name), **NEXT) == "image.bad_name"
    nowhere = {"bus": "virtio", "format": "raw", "create": {"pool": "none", "name": "x", "size_gib": 1}}
    assert refusal(live, "machines.add_disk", uuid=uuid, **nowhere, **NEXT) == "image.no_pool"
    for folder, code in (("relative", "image.bad_path"), ("/no/such", "image.not_found")):
        where = {"bus": "virtio", "format": "raw", "create": {"folder": folder, "name": "x", "size_gib": 1}}
        assert refusal(live, "machines.add_disk", uuid=uuid, **where, **NEXT) == code
    both = {"bus": "virtio", "format": "raw", "path": "/x", "create": {"pool": "images", "name": "x", "size_gib": 1}}
    assert refusal(live, "machines.add_disk", uuid=uuid, **both, **NEXT) == "disk.which_image"
    assert refusal(live, "machines.add_disk", uuid=uuid, **new(None, "x"), **BOTH) == "machine.not_running"
    assert refusal(live, "machines.add_disk", uuid=uuid, **new(None, "x"), now=False, next=False) == "device.no_moment"


def test_an_image_made_for_a_disk_that_is_refused_goes_again(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    """A machine of a kind without PCI has no place for it."""
    conn = libvirt.open(daemon.uri())
    uuid = conn.defineXML(OLD).UUIDString()
    conn.close()
    assert refusal(live, "machines.add_disk", uuid=uuid, **new(daemon.folder, "x"), **NEXT)
    assert not (daemon.folder / "x").exists()


def test_existing_images_that_nobody_uses(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    one, two = define(daemon, "one"), define(daemon, "two")
    with_pool(daemon, daemon.folder)
    free, base = make(daemon.folder / "free.qcow2"), make(daemon.folder / "base.qcow2")
    layer, plain = make(daemon.folder / "layer.qcow2"), make(daemon.folder / "plain.img", "raw")
    subprocess.run(["qemu-img", "rebase", "-q", "-u", "-F", "qcow2", "-b", base, layer], check=True)
    (daemon.folder / "setup.iso").write_bytes(b"x")
    conn = libvirt.open(daemon.uri())
    conn.storagePoolLookupByName("images").refresh()
    conn.close()

    choices = live.call("machines.disk_choices", uuid=one)
    (pool,) = choices["pools"]
    assert (pool["name"], pool["path"]) == ("images", str(daemon.folder))
    assert pool["free_bytes"] > 0
    offered = {image["name"]: (image["format"], image["kept"] and image["kept"]["id"]) for image in choices["images"]}
    assert offered["free.qcow2"] == ("qcow2", None)
    assert offered["plain.img"] == ("raw", None)
    assert offered["two.qcow2"] == ("qcow2", "machine.disk.shared")
    assert offered["base.qcow2"] == ("qcow2", "machine.disk.base")
    assert "setup.iso" not in offered

    def refused(path: Path | str, form: str = "qcow2", **when: bool) -> str:
        disk = {"bus": "virtio", "format": form, "path": str(path)}
        return refusal(live, "machines.add_disk", uuid=one, **disk, **(when or NEXT))

    before = secure(daemon, one)
    assert refused(daemon.folder / "two.qcow2") == "image.used"
    assert refused(daemon.folder / "one.qcow2") == "image.used"
    assert refused(base) == "image.used"
    assert refused(plain) == "image.not_qcow2"
    assert refused("plain.img", "raw") == "image.bad_path"
    assert refused("/no/such", "raw") == "image.not_found"
    assert refused(daemon.folder, "raw") == "image.not_found"
    link = daemon.folder / "link"
    link.symlink_to("two.qcow2")
    assert refused(link) == "image.used"
    assert secure(daemon, one) == before

    topic = start(live, one)
    added = live.call("machines.add_disk", uuid=one, bus="virtio", format="qcow2", path=str(free), **NEXT)
    assert added == {"target": "vdb"}
    assert refused(free) == "image.used", "the guest has it for its next start"
    live.call("machines.add_disk", uuid=one, bus="virtio", format="qcow2", path=str(free), **NOW)
    live.until(topic, lambda state: str(free) in sources(state, "live").values())
    two_wants = {"uuid": two, "bus": "virtio", "format": "qcow2", "path": str(free)}
    assert refusal(live, "machines.add_disk", **two_wants, **NEXT) == "image.used"


def test_a_disk_goes_and_its_image_only_when_told(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    one, two = define(daemon, "one"), define(daemon, "two")
    topic = start(live, one)

    def both_have(state: dict[str, Any]) -> list[set[str]]:
        # each side is changed by a call of its own, and may be read between the two
        return [{"sda", "sdb"} & set(sources(state, side)) for side in ("live", "stored")]

    for name in ("stays", "goes"):
        live.call("machines.add_disk", uuid=one, **new(daemon.folder, name, bus="scsi"), **BOTH)
    live.until(topic, lambda state: both_have(state) == [{"sda", "sdb"}] * 2)
    gone = {"uuid": one, "target": "sdb"}
    assert refusal(live, "machines.remove_disk", **gone, delete=True, **NOW) == "disk.still_used"
    assert refusal(live, "machines.remove_disk", uuid=one, target="vdz", delete=False, **NEXT) == "device.none"
    live.call("machines.remove_disk", uuid=one, target="sda", delete=False, **BOTH)
    live.call("machines.remove_disk", **gone, delete=True, **BOTH)
    live.until(topic, lambda state: both_have(state) == [set(), set()])
    assert (daemon.folder / "stays").exists()
    assert not (daemon.folder / "goes").exists()
    # what another guest has stays, whatever was ticked
    disk = daemon.folder / "one.qcow2"
    change(daemon, two, str(daemon.folder / "two.qcow2"), str(disk))
    assert refusal(live, "machines.remove_disk", uuid=one, target="vda", delete=True, **NEXT) == "machine.disk_kept"
    assert "vda" in secure(daemon, one)
    assert disk.exists()


def test_a_running_guest_without_a_system_holds_on_to_its_disk(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = define(daemon, "one")
    topic = start(live, uuid)
    gone = {"uuid": uuid, "target": "vda", "delete": True}
    assert refusal(live, "machines.remove_disk", **gone, **BOTH) == "device.held"
    assert (daemon.folder / "one.qcow2").exists(), "the guest still writes to it"
    state = live.until(topic, lambda state: "vda" not in sources(state, "stored"))
    assert "vda" in sources(state, "live")


def macs(state: dict[str, Any], side: str) -> dict[str, tuple[str, str | None, str | None, bool]]:
    return {nic["mac"]: (nic["kind"], nic.get("source"), nic["model"], nic["link"]) for nic in state[side]["nics"]}


def nic(kind: str = "user", source: str | None = None, mac: str | None = None, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "source": source, "model": "virtio", "mac": mac, **more}


def test_network_cards_come_and_go(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    one, two = define(daemon, "one"), define(daemon, "two")
    topic = start(live, one)
    given = live.call("machines.add_nic", uuid=one, **nic(), **BOTH)["mac"]
    assert given.startswith("52:54:00:")
    state = live.until(topic, lambda state: given in macs(state, "live") and given in macs(state, "stored"))
    assert macs(state, "live")[given] == ("user", None, "virtio", True)

    def refused(mac: str | None = None, uuid: str = one, **more: Any) -> str:
        return refusal(live, "machines.add_nic", uuid=uuid, **{**nic(mac=mac), **NEXT, **more})

    assert refused(given.upper()) == "nic.duplicate"
    assert refused(given, uuid=two) == "nic.duplicate"
    for wrong in ("", "52:54:00:00:00", "01:00:5e:00:00:01", "00:00:00:00:00:00", "zz:54:00:00:00:01"):
        assert refused(wrong) == "nic.bad_mac", wrong
    assert refused(kind="network", source="none") == "network.not_found"
    for bridge in ("nobridge", "../lo", "", "lo"):
        assert refused(kind="bridge", source=bridge) == "nic.no_bridge", bridge

    own = live.call("machines.add_nic", uuid=one, **nic(mac="52:54:00:AA:00:01", model="e1000e"), **NEXT)["mac"]
    assert own == "52:54:00:aa:00:01"
    assert refused(own) == "nic.duplicate"
    state = live.until(topic, lambda state: own in macs(state, "stored"))
    assert own not in macs(state, "live")
    assert live.call("machines.add_nic", uuid=one, **nic(mac=own, model="e1000"), **NOW) == {"mac": own}
    live.until(topic, lambda state: own in macs(state, "live"))

    # without a system inside nobody lets go of a card
    assert refusal(live, "machines.remove_nic", uuid=one, mac=own, **BOTH) == "device.held"
    state = live.until(topic, lambda state: own not in macs(state, "stored"))
    assert own in macs(state, "live")
    assert refusal(live, "machines.remove_nic", uuid=one, mac=own, **NEXT) == "device.none"
    assert "s3cret77" in secure(daemon, one)


def test_cards_on_networks(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = define(daemon, "one")
    conn = libvirt.open(daemon.uri())
    conn.networkDefineXML(NETWORK.format(name="idle"))
    conn.networkCreateXML(NETWORK.format(name="lan"))
    conn.close()
    choices = live.call("machines.nic_choices")
    assert choices["networks"] == [{"name": "idle", "active": False}, {"name": "lan", "active": True}]
    topic = start(live, uuid)
    mac = live.call("machines.add_nic", uuid=uuid, **nic("network", "lan"), **NEXT)["mac"]
    state = live.until(topic, lambda state: mac in macs(state, "stored"))
    assert macs(state, "stored")[mac] == ("network", "lan", "virtio", True)
    assert refusal(live, "machines.add_nic", uuid=uuid, **nic("network", "idle"), **NOW) == "network.inactive"


def test_a_cable_is_plugged_in_and_out(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid, mac = define(daemon, "one"), "52:54:00:00:00:07"
    topic = start(live, uuid)

    def link(state: dict[str, Any], side: str) -> bool:
        return macs(state, side)[mac][3]

    live.call("machines.set_link", uuid=uuid, mac=mac, up=False, **NOW)
    state = live.until(topic, lambda state: not link(state, "live"))
    assert link(state, "stored")
    live.call("machines.set_link", uuid=uuid, mac=mac.upper(), up=False, **NEXT)
    live.until(topic, lambda state: not link(state, "stored"))
    live.call("machines.set_link", uuid=uuid, mac=mac, up=True, **BOTH)
    live.until(topic, lambda state: link(state, "live") and link(state, "stored"))
    assert refusal(live, "machines.set_link", uuid=uuid, mac="52:54:00:00:00:08", up=True, **NOW) == "device.none"


def test_devices_of_a_managers_guest_are_not_touched(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = define(daemon, "one", metadata="<o:vm xmlns:o='http://ovirt.org/vm/1.0'/>")
    before = secure(daemon, uuid)
    mac = "52:54:00:00:00:07"
    changes: dict[str, dict[str, Any]] = {
        "machines.add_disk": new(daemon.folder, "x"),
        "machines.remove_disk": {"target": "vda", "delete": True},
        "machines.add_nic": nic(),
        "machines.remove_nic": {"mac": mac},
        "machines.set_link": {"mac": mac, "up": False},
    }
    for method, params in changes.items():
        assert refusal(live, method, uuid=uuid, **params, **NEXT) == "machine.managed", method
    assert secure(daemon, uuid) == before
    assert not (daemon.folder / "x").exists()
    assert (daemon.folder / "one.qcow2").exists()


def test_the_image_of_who_was_slower_does_not_stay(daemon: LibvirtDaemon, monkeypatch: pytest.MonkeyPatch) -> None:
    uuid = define(daemon, "one")
    other = make(daemon.folder / "other.qcow2")
    conn = libvirt.open(daemon.uri())

    def quicker(*args: Any) -> None:
        element = disks.disk_element("file", str(other), "qcow2", "vdb", "virtio")
        conn.lookupByUUIDString(uuid).attachDeviceFlags(
            ET.tostring(element, "unicode"), libvirt.VIR_DOMAIN_AFFECT_CONFIG
        )
        attach(*args)

    monkeypatch.setattr(disks, "attach", quicker)
    wanted = disks.DiskRequest("virtio", NewImage(None, str(daemon.folder), "slow.qcow2", "qcow2", 1), "qcow2")
    with pytest.raises(RhvError):
        disks.add_disk(conn, uuid, wanted, Moments(False, True))
    assert not (daemon.folder / "slow.qcow2").exists()
    assert other.exists()
    conn.close()
