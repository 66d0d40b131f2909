# SPDX-License-Identifier: Apache-2.0
"""The engine VM's definition, built as a tree: no answer is ever pasted into text."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..machines.definition import AGENT_CHANNEL
from ..machines.xml import ENGINE_TAG
from . import places
from .answers import get

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_CONTACT_PORT = "org.cockpit-rhv.first-contact"
DRIVE_TARGET = "vdb"
_LOCKED = {"passwd": "*****", "passwdValidTo": "1970-01-01T00:00:01"}


@dataclass(frozen=True)
class Plan:
    """What the answers do not say. ``block``: the disk is a device. ``drive`` None: a VM that has been configured."""

    uuid: str
    mac: str
    job: str
    disk: str
    drive: str | None
    kvm: bool
    block: bool = False


def engine_domain(answers: Mapping[str, Any], plan: Plan) -> str:
    """Domain XML for ``virDomainDefineXML``; ``answers`` are complete and valid."""
    name = get(answers, "engine.name")
    root = ET.Element("domain", type="kvm" if plan.kvm else "qemu")
    _text(root, "name", name)
    _text(root, "uuid", plan.uuid)
    _text(root, "title", "Engine")
    ET.SubElement(ET.SubElement(root, "metadata"), ENGINE_TAG, job=plan.job)
    _text(root, "memory", str(get(answers, "engine.memory_mib")), unit="MiB")
    _text(root, "vcpu", str(get(answers, "engine.vcpus")), placement="static")
    system = ET.SubElement(root, "os")
    _text(system, "type", "hvm", arch="x86_64", machine="q35")
    ET.SubElement(system, "boot", dev="hd")
    features = ET.SubElement(root, "features")
    ET.SubElement(features, "acpi")
    ET.SubElement(features, "apic")
    _cpu(root, plan.kvm)
    _clock(root)
    _text(root, "on_poweroff", "destroy")
    _text(root, "on_reboot", "restart")
    # A kernel panic before *finish* stays to be looked at, and ends the wait at once; see keep_up().
    _text(root, "on_crash", "preserve")
    _devices(ET.SubElement(root, "devices"), answers, plan)
    return ET.tostring(root, encoding="unicode")


def _cpu(root: ET.Element, kvm: bool) -> None:
    if kvm:
        # The engine VM stays on its host, so nothing is gained by hiding what the processor can do.
        ET.SubElement(root, "cpu", mode="host-passthrough", check="none", migratable="on")
    else:
        # The plainest model: what QEMU can emulate beyond it (AVX2) is slower than doing without. First boot until
        # first contact costs 34 s of CPU time with qemu64, 37 s with AES and SSE4 added, 39 s with the maximum.
        cpu = ET.SubElement(root, "cpu", mode="custom", match="exact", check="none")
        _text(cpu, "model", "qemu64", fallback="forbid")


def _clock(root: ET.Element) -> None:
    clock = ET.SubElement(root, "clock", offset="utc")
    ET.SubElement(clock, "timer", name="rtc", tickpolicy="catchup")
    ET.SubElement(clock, "timer", name="pit", tickpolicy="delay")
    ET.SubElement(clock, "timer", name="hpet", present="no")


def _devices(devices: ET.Element, answers: Mapping[str, Any], plan: Plan) -> None:
    name = get(answers, "engine.name")
    _disk(devices, plan.disk, plan.block)
    if plan.drive is not None:
        devices.append(drive_element(plan.drive))
    _nic(devices, answers, plan.mac)
    serial = ET.SubElement(devices, "serial", type="pty")
    ET.SubElement(serial, "log", file=str(places.serial_log_file(name)), append="on")
    ET.SubElement(serial, "target", port="0")
    contact = ET.SubElement(devices, "channel", type="file")
    # Begun anew at each start, so that what stands in it was said by the VM that runs now.
    ET.SubElement(contact, "source", path=str(places.first_contact_file(name)), append="off")
    ET.SubElement(contact, "target", type="virtio", name=FIRST_CONTACT_PORT)
    # libvirt makes the socket; the appliance's agent starts when it sees the port.
    agent = ET.SubElement(devices, "channel", type="unix")
    ET.SubElement(agent, "target", type="virtio", name=AGENT_CHANNEL)
    # Locked: the placeholder has expired long ago, so nobody gets in without a ticket (machines/console.py). A display
    # started without a password could not be given a ticket, and one on the loopback not be seen from a desk.
    graphics = ET.SubElement(devices, "graphics", {"type": "vnc", "port": "-1", "autoport": "yes", **_LOCKED})
    ET.SubElement(graphics, "listen", type="address", address="0.0.0.0")  # noqa: S104
    video = ET.SubElement(devices, "video")
    ET.SubElement(video, "model", type="vga", heads="1", primary="yes")
    balloon = ET.SubElement(devices, "memballoon", model="virtio")
    ET.SubElement(balloon, "stats", period="5")
    rng = ET.SubElement(devices, "rng", model="virtio")
    _text(rng, "backend", "/dev/urandom", model="random")
    # Without this device libvirt never hears of a kernel panic: the VM would stand still for ever.
    ET.SubElement(devices, "panic", model="isa")


def _disk(devices: ET.Element, path: str, block: bool) -> None:
    if block:
        _device(devices, path)
        return
    disk = ET.SubElement(devices, "disk", type="file", device="disk")
    # cache: QEMU's default. It honours the guest's flushes, works on every file system (none needs O_DIRECT, which
    # tmpfs and some overlays lack) and lets the first boot read the copy that has just gone through the page cache.
    ET.SubElement(disk, "driver", name="qemu", type="qcow2", cache="writeback", discard="unmap")
    ET.SubElement(disk, "source", file=path)
    ET.SubElement(disk, "target", dev="vda", bus="virtio")


def _device(devices: ET.Element, path: str) -> None:
    disk = ET.SubElement(devices, "disk", type="block", device="disk")
    # cache: none. The host keeps no second copy of what the guest has, and a full disk cannot be pretended away.
    ET.SubElement(disk, "driver", name="qemu", type="raw", cache="none", io="native", discard="unmap")
    ET.SubElement(disk, "source", dev=path)
    ET.SubElement(disk, "target", dev="vda", bus="virtio")


def drive_element(path: str) -> ET.Element:
    """The config drive. A virtio disk rather than a CD-ROM: it can be detached from the running VM, drive and all."""
    disk = ET.Element("disk", type="file", device="disk")
    ET.SubElement(disk, "driver", name="qemu", type="raw")
    ET.SubElement(disk, "source", file=path)
    ET.SubElement(disk, "target", dev=DRIVE_TARGET, bus="virtio")
    ET.SubElement(disk, "readonly")
    return disk


def _nic(devices: ET.Element, answers: Mapping[str, Any], mac: str) -> None:
    bridged = get(answers, "network.kind") == "bridge"
    nic = ET.SubElement(devices, "interface", type="bridge" if bridged else "network")
    ET.SubElement(nic, "mac", address=mac)
    source = ET.SubElement(nic, "source")
    source.set("bridge" if bridged else "network", get(answers, "network.name"))
    ET.SubElement(nic, "model", type="virtio")


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, tag, attributes).text = text
