# SPDX-License-Identifier: Apache-2.0
"""The definition of a new guest, built as a tree: nothing that was typed is ever pasted into text."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from .definition import AGENT_CHANNEL
from .viewers import CONSOLE_ADDRESS, LOCKED


@dataclass(frozen=True)
class NewDisk:
    """``kind``: file or block; ``format``: qcow2 or raw."""

    path: str
    kind: str
    format: str

    @property
    def source(self) -> str:
        """The attribute of libvirt's element ``source`` that has the path."""
        return "dev" if self.kind == "block" else "file"


@dataclass(frozen=True)
class NewGuest:
    """``iso``: a path; ``network``: (network or bridge, its name), None without a card."""

    name: str
    uuid: str
    kvm: bool
    arch: str
    machine: str
    efi: bool
    memory_mib: int
    vcpus: int
    disk: NewDisk
    iso: str | None
    seed: NewDisk | None
    network: tuple[str, str] | None
    mac: str


def new_domain(guest: NewGuest) -> str:
    """Domain XML for ``virDomainDefineXML``."""
    root = ET.Element("domain", type="kvm" if guest.kvm else "qemu")
    _text(root, "name", guest.name)
    _text(root, "uuid", guest.uuid)
    _text(root, "memory", str(guest.memory_mib), unit="MiB")
    _text(root, "vcpu", str(guest.vcpus), placement="static")
    system = ET.SubElement(root, "os", {"firmware": "efi"} if guest.efi else {})
    _text(system, "type", "hvm", arch=guest.arch, machine=guest.machine)
    features = ET.SubElement(root, "features")
    ET.SubElement(features, "acpi")
    if guest.arch == "x86_64":
        ET.SubElement(features, "apic")
    # Systems of today refuse QEMU's plainest processor; "maximum" is all that emulation can do.
    ET.SubElement(root, "cpu", mode="host-passthrough" if guest.kvm else "maximum", check="none", migratable="on")
    _clock(root, guest.arch)
    _text(root, "on_poweroff", "destroy")
    _text(root, "on_reboot", "restart")
    _text(root, "on_crash", "destroy")
    _devices(ET.SubElement(root, "devices"), guest)
    return ET.tostring(root, encoding="unicode")


def _clock(root: ET.Element, arch: str) -> None:
    clock = ET.SubElement(root, "clock", offset="utc")
    if arch == "x86_64":
        ET.SubElement(clock, "timer", name="rtc", tickpolicy="catchup")
        ET.SubElement(clock, "timer", name="pit", tickpolicy="delay")
        ET.SubElement(clock, "timer", name="hpet", present="no")


def _devices(devices: ET.Element, guest: NewGuest) -> None:
    _disk(devices, guest.disk)
    if guest.seed is not None:
        # A disk, not a CD: whoever removes the guest is asked about it, as about every disk.
        seed = ET.SubElement(devices, "disk", type=guest.seed.kind, device="disk")
        ET.SubElement(seed, "driver", name="qemu", type=guest.seed.format)
        ET.SubElement(seed, "source", {guest.seed.source: guest.seed.path})
        ET.SubElement(seed, "target", dev="vdb", bus="virtio")
    # Only x86 machines have SATA by themselves; a PC of the older kind has IDE.
    old_pc = guest.arch == "x86_64" and guest.machine != "q35"
    _drive(devices, guest.iso, "ide" if old_pc else "sata" if guest.arch == "x86_64" else "scsi")
    if guest.network is not None:
        kind, name = guest.network
        nic = ET.SubElement(devices, "interface", type=kind)
        ET.SubElement(nic, "mac", address=guest.mac)
        ET.SubElement(nic, "source", {kind: name})
        ET.SubElement(nic, "model", type="virtio")
    serial = ET.SubElement(devices, "serial", type="pty")
    ET.SubElement(serial, "target", port="0")
    console = ET.SubElement(devices, "console", type="pty")
    ET.SubElement(console, "target", type="serial", port="0")
    agent = ET.SubElement(devices, "channel", type="unix")
    ET.SubElement(agent, "target", type="virtio", name=AGENT_CHANNEL)
    ET.SubElement(devices, "input", type="tablet", bus="usb")
    # Locked: nobody gets in without a ticket (machines/console.py), and remote-viewer reaches it from elsewhere.
    graphics = ET.SubElement(devices, "graphics", {"type": "vnc", "port": "-1", "autoport": "yes", **LOCKED})
    ET.SubElement(graphics, "listen", type="address", address=CONSOLE_ADDRESS)
    video = ET.SubElement(devices, "video")
    if guest.arch == "x86_64":
        ET.SubElement(video, "model", type="vga", heads="1", primary="yes")
    else:
        ET.SubElement(video, "model", type="virtio", heads="1", primary="yes")
    balloon = ET.SubElement(devices, "memballoon", model="virtio")
    ET.SubElement(balloon, "stats", period="5")
    rng = ET.SubElement(devices, "rng", model="virtio")
    _text(rng, "backend", "/dev/urandom", model="random")


def _disk(devices: ET.Element, disk: NewDisk) -> None:
    element = ET.SubElement(devices, "disk", type=disk.kind, device="disk")
    ET.SubElement(element, "driver", name="qemu", type=disk.format, discard="unmap")
    ET.SubElement(element, "source", {disk.source: disk.path})
    ET.SubElement(element, "target", dev="vda", bus="virtio")
    # Before the CD: an empty disk is passed over, and after the installation its system starts by itself.
    ET.SubElement(element, "boot", order="1")


def _drive(devices: ET.Element, iso: str | None, bus: str) -> None:
    """A drive in any case: a medium can be put into it later."""
    drive = ET.SubElement(devices, "disk", type="file", device="cdrom")
    ET.SubElement(drive, "driver", name="qemu", type="raw")
    if iso is not None:
        ET.SubElement(drive, "source", file=iso)
    ET.SubElement(drive, "target", dev="sda", bus=bus)
    ET.SubElement(drive, "readonly")
    if iso is not None:
        ET.SubElement(drive, "boot", order="2")


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = text
