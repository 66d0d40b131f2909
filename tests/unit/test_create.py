# SPDX-License-Identifier: Apache-2.0
"""What a new or cloned guest's definition says, which names and images are taken, and that no file is left."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml
from cockpit_rhv.create import images
from cockpit_rhv.create.clone import disks_in
from cockpit_rhv.create.images import inspect_image
from cockpit_rhv.create.making import file_stem
from cockpit_rhv.create.wanted import check_name
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs.playbook import as_unsafe_yaml
from cockpit_rhv.machines.cloned_domain import cloned_domain
from cockpit_rhv.machines.new_domain import NewDisk, NewGuest, new_domain

COPY = NewDisk("/new.qcow2", "file", "qcow2")
ORIGINAL = """<domain type='kvm' id='4'><name>a</name><uuid>1</uuid><genid>2</genid>
<sysinfo type='smbios'><system><entry name='uuid'>1</entry><entry name='serial'>S</entry></system></sysinfo>
<os><type>hvm</type><loader type='pflash'>/code.fd</loader><nvram template='/t.fd'>/vars/a.fd</nvram></os>
<devices>
<disk type='block' device='disk'><driver name='qemu' type='raw' io='native'/><source dev='/dev/vg/a'/>
<backingStore/><target dev='vda'/></disk>
<disk type='file' device='disk'><source file='/shared'/><target dev='vdb'/><shareable/></disk>
<interface type='network'><mac address='52:54:00:00:00:01'/><source network='default'/></interface>
<interface type='network'><mac address='52:54:00:00:00:02'/><source network='default'/></interface>
<serial type='pty'><log file='/var/log/a.log'/><target port='0'/></serial>
<channel type='unix'><source mode='bind' path='/run/a.sock'/><target type='virtio' name='x'/></channel>
<graphics type='vnc' port='5901' passwd='s' passwdValidTo='1970-01-01T00:00:01'/>
</devices></domain>"""


def test_a_clone_shares_nothing_that_is_one_guests_own() -> None:
    text = cloned_domain(ORIGINAL, "b <&>", "9", {"vda": COPY}, {"52:54:00:00:00:01"})
    root = ET.fromstring(text)
    assert (root.findtext("name"), root.findtext("uuid"), root.findtext("genid")) == ("b <&>", "9", "")
    for gone in ("/vars/a.fd", "/dev/vg/a", "52:54:00:00:00:0", "/var/log/a.log", "/run/a.sock", "5901"):
        assert gone not in text
    macs = [mac.get("address") for mac in root.findall("devices/interface/mac")]
    assert len(set(macs)) == 2
    first, second = root.findall("devices/disk")
    assert (first.get("type"), first.find("driver").attrib) == ("file", {"name": "qemu", "type": "qcow2"})  # type: ignore[union-attr]
    assert [source.get("file") for source in first.findall("source")] == ["/new.qcow2"]
    assert [source.get("file") for source in second.findall("source")] == ["/shared"]
    assert [entry.get("name") for entry in root.findall("sysinfo/system/entry")] == ["serial"]
    assert root.find("os/nvram").get("template") == "/t.fd"  # type: ignore[union-attr]
    assert root.find("devices/graphics").get("passwd") == "s"  # type: ignore[union-attr]


def test_a_clone_on_devices_has_raw_disks() -> None:
    text = cloned_domain(ORIGINAL, "b", "9", {"vda": NewDisk("/dev/vg/b", "block", "raw")}, set())
    disk = ET.fromstring(text).findall("devices/disk")[0]
    assert (disk.get("type"), disk.find("driver").attrib) == ("block", {"name": "qemu", "type": "raw"})  # type: ignore[union-attr]
    assert [source.attrib for source in disk.findall("source")] == [{"dev": "/dev/vg/b"}]


@pytest.mark.parametrize("kvm", [True, False])
def test_a_new_guest_is_locked_and_virtio(kvm: bool) -> None:
    disk = NewDisk("/d.qcow2", "file", "qcow2")
    seed = NewDisk("/dev/vg/s", "block", "raw")
    network = ("bridge", "br0")
    guest = NewGuest("<x>", "9", kvm, "x86_64", "q35", True, 64, 1, disk, "/i.iso", seed, network, "52:54:00:00:00:01")
    root = ET.fromstring(new_domain(guest))
    assert root.get("type") == ("kvm" if kvm else "qemu")
    assert root.find("cpu").get("mode") == ("host-passthrough" if kvm else "maximum")  # type: ignore[union-attr]
    display = root.find("devices/graphics")
    assert display is not None
    assert (display.get("passwdValidTo"), display.find("listen").get("address")) == (  # type: ignore[union-attr]
        "1970-01-01T00:00:01",
        "0.0.0.0",
    )
    assert [target.get("bus") for target in root.findall("devices/disk/target")] == ["virtio", "virtio", "sata"]
    assert root.find("devices/disk[@type='block']/source").get("dev") == "/dev/vg/s"  # type: ignore[union-attr]
    assert root.find("devices/interface[@type='bridge']/source").get("bridge") == "br0"  # type: ignore[union-attr]
    assert root.find("os").get("firmware") == "efi"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "name", ["", "  ", " a", "a ", "a/b", "..", "a\nb", "a\0", "x" * 201, "\N{SNOWMAN}" * 81, "\ud800"]
)
def test_names_that_cannot_be(name: str) -> None:
    assert check_name(name) is not None


@pytest.mark.parametrize("name", ["a", 'it\'s <b> "&"', "x" * 200, "\N{PARTY POPPER}" * 60, "a b", "{{ x }}"])
def test_names_that_can_be(name: str) -> None:
    assert check_name(name) is None
    stem = file_stem(name)
    assert stem
    assert len(stem) <= 80
    assert not set(stem) & set("/ {}<>\"'")
    assert yaml.safe_load(as_unsafe_yaml({"name": name}).replace("!unsafe ", "")) == {"name": name}


def code(path: Path) -> str:
    with pytest.raises(RhvError) as caught:
        inspect_image(str(path))
    return caught.value.code


def test_only_whole_images_of_two_kinds_are_taken(tmp_path: Path) -> None:
    raw, packed, layer = tmp_path / "a.raw", tmp_path / "a.gz", tmp_path / "layer.qcow2"
    raw.write_bytes(bytes(1024))
    packed.write_bytes(b"\x1f\x8b" + bytes(1024))
    assert inspect_image(str(raw))[1:] == ("file", "raw", 1024, False)
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", raw, "-F", "raw", layer], check=True)
    assert inspect_image(str(layer)).backed
    assert code(packed) == "image.unsupported"
    (tmp_path / "vmdk").write_bytes(b"# Disk DescriptorFile\n".ljust(1024))
    assert code(tmp_path / "vmdk") == "image.unsupported"
    assert code(tmp_path) == "image.not_found"
    assert code(Path("relative")) == "image.bad_path"


@pytest.mark.parametrize("kind", ["disk", "lun"])
def test_a_disk_that_was_not_copied_is_in_no_clone(kind: str) -> None:
    late = "<disk type='file' device='%s'><source file='/late'/><target dev='vdc'/>%s</disk></devices>"
    with pytest.raises(RhvError) as caught:
        cloned_domain(ORIGINAL.replace("</devices>", late % (kind, "")), "b", "9", {"vda": COPY}, set())
    assert (caught.value.code, caught.value.message.params) == ("clone.disk", {"target": "vdc"})
    text = ORIGINAL.replace("</devices>", late % (kind, "<readonly/>"))
    assert "/late" in cloned_domain(text, "b", "9", {"vda": COPY}, set())


def test_a_source_that_nobody_understands_is_no_clones() -> None:
    nvme = """<disk type='nvme' device='disk'><driver name='qemu' type='raw'/><source type='pci' namespace='1'>
    <address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/></source><target dev='vdd'/></disk></devices>"""
    disks = disks_in(None, ORIGINAL.replace("</devices>", nvme))
    assert [(disk.target, disk.copied, disk.obstacle and disk.obstacle.id) for disk in disks] == [
        ("vda", True, "image.unreadable"),
        ("vdb", False, None),
        ("vdd", True, "clone.disk.elsewhere"),
    ]


def test_a_tool_that_hangs_is_an_image_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "qemu-img"
    tool.write_text("#!/bin/sh\nexec sleep 60\n")
    tool.chmod(0o755)
    monkeypatch.setattr(images, "_qemu_img", lambda: str(tool))
    monkeypatch.setattr(images, "_MEASURE_LIMIT_S", 0.1)
    with pytest.raises(RhvError) as caught:
        images.measure_copy("/a", "raw")
    assert caught.value.code == "image.unreadable"
    assert "measure" in str(caught.value.detail)


def test_a_dead_file_server_is_asked_with_a_limit_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(_path: Path) -> None:
        raise TimeoutError("does not answer")

    def hang(*_args: object) -> None:
        raise AssertionError("asked without a limit")

    monkeypatch.setattr(images, "read_space", silent)
    monkeypatch.setattr("cockpit_rhv.create.images.os.stat", hang)
    with pytest.raises(RhvError) as caught:
        images.free_bytes(str(tmp_path))
    monkeypatch.undo()
    assert caught.value.code == "create.folder"
