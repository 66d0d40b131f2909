# SPDX-License-Identifier: Apache-2.0
"""One guest's page on a real libvirtd with real QEMU: its devices, vCPUs, memory, media, snapshots and definition."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import libvirt
import pytest

from tests.wire.helper_process import HelperProcess, RpcFailure
from tests.wire.libvirt_daemon import MISSING, NOBODY, LibvirtDaemon

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))

SIDES = ("live", "stored")
GUEST = """
<domain type='qemu'>
  <name>{name}</name>
  <metadata><x:note xmlns:x='http://example.org/note'>keep me</x:note>{metadata}</metadata>
  <memory unit='MiB'>64</memory>
  <currentMemory unit='MiB'>32</currentMemory>
  <vcpu current='1'>2</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/><boot dev='cdrom'/></os>
  <features><acpi/></features>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='{format}'/><source file='{disk}'/><target dev='vda' bus='virtio'/>
    </disk>
    <disk type='file' device='cdrom'><target dev='hda' bus='ide'/><readonly/></disk>
    <interface type='user'><mac address='52:54:00:00:00:07'/><model type='virtio'/></interface>
    <graphics type='vnc' port='-1' autoport='yes' passwd='s3cret77' passwdValidTo='2035-01-01T00:00:01'/>
    <memballoon model='virtio'/>
  </devices>
</domain>
"""


def define(daemon: LibvirtDaemon, name: str, form: str = "qcow2", metadata: str = "") -> str:
    """A guest with a disk, a CD drive, a network card and a locked console."""
    disk = daemon.folder / f"{name}.{form}"
    subprocess.run(["qemu-img", "create", "-q", "-f", form, disk, "4M"], check=True)
    shutil.chown(disk, NOBODY, NOBODY)
    conn = libvirt.open(daemon.uri())
    try:
        uuid: str = conn.defineXML(GUEST.format(name=name, disk=disk, format=form, metadata=metadata)).UUIDString()
        return uuid
    finally:
        conn.close()


def secure(daemon: LibvirtDaemon, uuid: str) -> str:
    """The stored definition with its secrets."""
    conn = libvirt.open(daemon.uri())
    try:
        flags = libvirt.VIR_DOMAIN_XML_SECURE | libvirt.VIR_DOMAIN_XML_INACTIVE
        text: str = conn.lookupByUUIDString(uuid).XMLDesc(flags)
        return text
    finally:
        conn.close()


def image(daemon: LibvirtDaemon, name: str) -> Path:
    path = daemon.folder / name
    path.write_bytes(b"\0" * 65536)
    shutil.chown(path, NOBODY, NOBODY)
    return path


def refusal(helper: HelperProcess, method: str, **params: Any) -> str:
    with pytest.raises(RpcFailure) as caught:
        helper.call(method, **params)
    return caught.value.code


def start(helper: HelperProcess, uuid: str) -> str:
    """Start it and wait for what its page says; returns the topic."""
    topic = f"machine/{uuid}"
    helper.subscribe(topic)
    helper.call("machines.start", uuid=uuid)
    helper.until(topic, lambda state: "live" in state)
    return topic


def test_what_a_guest_is_made_of_and_does(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = define(daemon, "one")
    topic = f"machine/{uuid}"
    stored = live.subscribe(topic).state
    assert "live" not in stored
    assert [disk["target"] for disk in stored["stored"]["disks"]] == ["vda", "hda"]
    assert stored["stored"]["boot"] == ["disk:vda", "disk:hda"]
    assert stored["sizes"]["vda"]["capacity"] == 4 * 1024**2  # asked of libvirt: it is off
    assert "hda" not in stored["sizes"]
    assert not stored["size_errors"]
    live.call("machines.start", uuid=uuid)
    state = live.until(topic, lambda state: state["rates"].get("vda", {}).get("read") is not None)
    assert state["sizes"]["vda"]["capacity"] == 4 * 1024**2
    assert state["live"]["nics"][0]["mac"] == "52:54:00:00:00:07"
    assert state["live"]["vcpus"] == 1
    live.call("machines.power_off", uuid=uuid)
    state = live.until(topic, lambda state: "live" not in state)
    assert state["rates"] == {}
    daemon.undefine(uuid)
    while not live.topic_errors:
        live.drain(quiet_s=0.1)
    assert live.topic_errors[0]["topic"] == topic
    assert live.topic_errors[0]["error"]["code"] == "machine.not_found"


def test_a_guest_that_nobody_knows(live: HelperProcess) -> None:
    assert refusal(live, "subscribe", topic="machine/00000000-0000-4000-8000-000000000000") == "machine.not_found"
    assert refusal(live, "subscribe", topic="machine/../etc") == "machine.not_found"
    assert refusal(live, "machines.xml", uuid="x", stored=True) == "machine.not_found"


def test_vcpus_and_memory_now_and_next(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = define(daemon, "two")
    topic = start(live, uuid)
    assert refusal(live, "machines.set_vcpus", uuid=uuid, now=3, next=3, most=4) == "vcpus.too_many"
    assert refusal(live, "machines.set_vcpus", uuid=uuid, next=5) == "vcpus.too_many"
    assert "current='1'>2<" in secure(daemon, uuid)  # nothing was changed
    live.call("machines.set_vcpus", uuid=uuid, next=3, most=4)
    state = live.until(topic, lambda state: (state["stored"]["vcpus_max"], state["stored"]["vcpus"]) == (4, 3))
    assert (state["live"]["vcpus"], state["live"]["vcpus_max"]) == (1, 2)
    live.call("machines.set_vcpus", uuid=uuid, most=1)
    live.until(topic, lambda state: (state["stored"]["vcpus_max"], state["stored"]["vcpus"]) == (1, 1))
    live.call("machines.set_vcpus", uuid=uuid, now=2)
    live.until(topic, lambda state: state["live"]["vcpus"] == 2)

    assert refusal(live, "machines.set_memory", uuid=uuid, now_mib=65, next_mib=16) == "memory.too_much"
    assert refusal(live, "machines.set_memory", uuid=uuid, next_mib=65) == "memory.too_much"
    live.call("machines.set_memory", uuid=uuid, next_mib=96, most_mib=128)
    # two changes of the definition, and it may be read between them
    state = live.until(
        topic, lambda state: (state["stored"]["memory_max_mib"], state["stored"]["memory_mib"]) == (128, 96)
    )
    assert state["live"]["memory_max_mib"] == 64
    live.call("machines.set_memory", uuid=uuid, now_mib=40)
    live.call("machines.set_memory", uuid=uuid, most_mib=48)
    live.until(topic, lambda state: (state["stored"]["memory_max_mib"], state["stored"]["memory_mib"]) == (48, 48))

    live.call("machines.power_off", uuid=uuid)
    live.until(topic, lambda state: "live" not in state)
    assert refusal(live, "machines.set_vcpus", uuid=uuid, now=1, next=1) == "machine.not_running"
    assert refusal(live, "machines.set_memory", uuid=uuid, now_mib=16) == "machine.not_running"


def test_media_go_in_and_out(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid, disc = define(daemon, "three"), image(daemon, "install & more.iso")
    topic = start(live, uuid)
    both = {"uuid": uuid, "target": "hda", "now": True, "next": True}
    assert refusal(live, "machines.change_medium", path="relative.iso", **both) == "medium.bad_path"
    assert refusal(live, "machines.change_medium", path=f"{disc}.missing", **both) == "medium.not_found"
    assert refusal(live, "machines.change_medium", path=str(daemon.folder), **both) == "medium.not_found"
    assert refusal(live, "machines.change_medium", path=None, **{**both, "target": "vda"}) == "medium.no_drive"

    def inside(now: str | None, following: str | None) -> None:
        # each side is changed by a call of its own, and may be read between the two
        live.until(topic, lambda state: [state[side]["disks"][1].get("source") for side in SIDES] == [now, following])

    live.call("machines.change_medium", path=str(disc), **both)
    inside(str(disc), str(disc))
    live.call("machines.change_medium", path=None, **{**both, "next": False})
    inside(None, str(disc))
    live.call("machines.change_medium", path=None, **{**both, "now": False})
    inside(None, None)
    live.call("machines.power_off", uuid=uuid)
    live.until(topic, lambda state: "live" not in state)
    assert refusal(live, "machines.change_medium", path=None, **both) == "machine.not_running"


def test_the_images_of_pools_are_offered(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    folder = daemon.folder / "pool"
    folder.mkdir()
    (folder / "B.ISO").write_bytes(b"x")
    (folder / "other.raw").write_bytes(b"x")
    shutil.chown(folder, NOBODY, NOBODY)
    conn = libvirt.open(daemon.uri())
    pool = f"<pool type='dir'><name>images</name><target><path>{folder}</path></target></pool>"
    conn.storagePoolCreateXML(pool)
    conn.close()
    assert live.call("machines.media") == {
        "media": [{"path": str(folder / "B.ISO"), "name": "B.ISO", "pool": "images"}]
    }


def test_snapshots_of_a_guest_that_is_off(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    """Those with memory are jobs: tests/wire/test_guest_jobs.py."""
    uuid = define(daemon, "four")
    topic = f"machine/{uuid}"
    live.subscribe(topic)
    described = "before <anything> & all"
    assert live.call("machines.snapshot_create", uuid=uuid, name="off", description=described) == {"job": None}
    live.call("machines.snapshot_create", uuid=uuid, name="later", description="")
    state = live.until(topic, lambda state: [one["current"] for one in state["snapshots"]] == [False, True])
    first, second = state["snapshots"]
    assert (first["name"], first["description"], first["memory"], first["depth"]) == ("off", described, False, 0)
    assert (second["name"], second["parent"], second["memory"], second["depth"]) == ("later", "off", False, 1)
    assert refusal(live, "machines.snapshot_create", uuid=uuid, name="later", description="") == "snapshot.exists"
    assert refusal(live, "machines.snapshot_create", uuid=uuid, name=" ", description="") == "snapshot.bad_name"
    assert refusal(live, "machines.snapshot_revert", uuid=uuid, name="none") == "snapshot.not_found"
    assert live.call("machines.snapshot_revert", uuid=uuid, name="off") == {"job": None}
    live.until(topic, lambda state: state["snapshots"][0]["current"])
    live.call("machines.start", uuid=uuid)
    live.until(topic, lambda state: "live" in state)
    assert live.call("machines.snapshot_revert", uuid=uuid, name="later") == {"job": None}
    live.until(topic, lambda state: "live" not in state and state["snapshots"][1]["current"])
    assert live.call("machines.snapshot_delete", uuid=uuid, name="off", children=False) == {"job": None}
    state = live.until(topic, lambda state: len(state["snapshots"]) == 1)
    assert state["snapshots"][0]["depth"] == 0
    live.call("machines.snapshot_delete", uuid=uuid, name="later", children=True)
    live.until(topic, lambda state: state["snapshots"] == [])


def test_raw_disks_hold_no_snapshots(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = define(daemon, "five", "raw")
    state = live.subscribe(f"machine/{uuid}").state
    assert state["no_snapshots"]["code"] == "snapshot.not_qcow2"
    assert state["no_snapshots"]["message"]["params"] == {"disks": "vda"}
    assert refusal(live, "machines.snapshot_create", uuid=uuid, name="a", description="") == "snapshot.not_qcow2"


def test_a_definition_is_changed_without_losing_its_secrets(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = define(daemon, "six")
    read = live.call("machines.xml", uuid=uuid, stored=True)
    text, known = read["text"], read["fingerprint"]
    assert "s3cret77" not in text
    assert refusal(live, "machines.xml", uuid=uuid, stored=False) == "machine.not_running"

    def refused(changed: str, fingerprint: str = known) -> str:
        assert changed != text or fingerprint != known
        return refusal(live, "machines.define_xml", uuid=uuid, text=changed, fingerprint=fingerprint)

    before = secure(daemon, uuid)
    assert refused("no xml") == "xml.invalid"
    assert refused("<!DOCTYPE a [<!ENTITY b 'c'>]>" + text) == "xml.invalid"
    assert refused(text.replace(uuid, "00000000-0000-4000-8000-000000000001")) == "xml.other_guest"
    assert refused(text.replace("<name>six<", "<name>seven<")) == "xml.other_guest"
    mark = "<metadata><o:vm xmlns:o='http://ovirt.org/vm/1.0'/>"
    assert refused(text.replace("<metadata>", mark)) == "xml.owner"
    assert refused(text.replace("<features>", "<nonsense/><features>")) == "machine.bad_xml"
    assert refused(text.replace(">2<", ">4<"), "0" * 64) == "xml.changed"
    assert secure(daemon, uuid) == before

    live.call("machines.define_xml", uuid=uuid, text=text.replace(">2</vcpu>", ">4</vcpu>"), fingerprint=known)
    after = secure(daemon, uuid)
    assert after == before.replace(">2</vcpu>", ">4</vcpu>")
    assert "s3cret77" in after
    assert refused(text.replace(">2</vcpu>", ">3</vcpu>")) == "xml.changed"  # somebody else was faster


def test_the_boot_order_is_changed_and_nothing_else(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = define(daemon, "eight")
    topic = f"machine/{uuid}"
    live.subscribe(topic)
    order = ["nic:52:54:00:00:00:07", "disk:hda", "disk:vda"]
    assert refusal(live, "machines.set_boot_order", uuid=uuid, order=["disk:sdz"]) == "boot.no_device"
    assert refusal(live, "machines.set_boot_order", uuid=uuid, order=[order[0], order[0]]) == "boot.no_device"
    live.call("machines.set_boot_order", uuid=uuid, order=order)
    live.until(topic, lambda state: state["stored"]["boot"] == order)
    assert "s3cret77" in secure(daemon, uuid)
    assert "keep me" in secure(daemon, uuid)


def test_guests_of_a_manager_are_not_touched(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = define(daemon, "nine", metadata="<o:vm xmlns:o='http://ovirt.org/vm/1.0'/>")
    before = secure(daemon, uuid)
    changes: dict[str, dict[str, Any]] = {
        "machines.set_vcpus": {"next": 1},
        "machines.set_memory": {"next_mib": 16},
        "machines.change_medium": {"target": "hda", "path": None, "now": False, "next": True},
        "machines.snapshot_create": {"name": "a", "description": ""},
        "machines.snapshot_revert": {"name": "a"},
        "machines.snapshot_delete": {"name": "a", "children": False},
        "machines.define_xml": {"text": "<domain/>", "fingerprint": ""},
        "machines.set_boot_order": {"order": []},
        "machines.remove": {"paths": []},
    }
    for method, params in changes.items():
        assert refusal(live, method, uuid=uuid, **params) == "machine.managed", method
    assert secure(daemon, uuid) == before


def test_an_agent_that_is_not_there(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = define(daemon, "ten")
    assert refusal(live, "machines.agent", uuid=uuid) == "agent.none"
    read = live.call("machines.xml", uuid=uuid, stored=True)
    channel = "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel><graphics "
    text = read["text"].replace("<graphics ", channel)
    live.call("machines.define_xml", uuid=uuid, text=text, fingerprint=read["fingerprint"])
    assert refusal(live, "machines.agent", uuid=uuid) == "machine.wrong_state"
    start(live, uuid)
    assert refusal(live, "machines.agent", uuid=uuid) == "agent.silent"


def test_a_guest_that_does_not_answer_is_shown_all_the_same(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = define(daemon, "eleven")
    topic = start(live, uuid)
    with daemon.stopped_qemu("eleven"):
        assert live.subscribe(topic).state["live"]["vcpus"] == 1
        assert "<name>eleven</name>" in live.call("machines.xml", uuid=uuid, stored=False)["text"]
