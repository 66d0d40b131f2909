# SPDX-License-Identifier: Apache-2.0
"""The definition of a guest's copy: what only one guest can have is new, the rest is as it was."""

from __future__ import annotations

import secrets
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import msg
from .xml import tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .new_domain import NewDisk

#: Of a disk, what says how its old source is to be read.
_OF_THE_SOURCE = ("source", "backingStore", "mirror", "slices")
_PORTS = ("serial", "parallel", "console", "channel")


def cloned_domain(text: str, name: str, uuid: str, disks: Mapping[str, NewDisk], macs: set[str]) -> str:
    """``text``: the original, with its secrets. ``disks``: target to its copy; media and disks that cannot be written
    to or are shareable are used by both. ``macs``: addresses that are taken.
    Raises RhvError ``clone.disk`` for another disk that is not named, ValueError for what is no domain XML.
    """
    root = tree(text)
    root.attrib.pop("id", None)
    for tag, value in (("name", name), ("uuid", uuid)):
        element = root.find(tag)
        if element is None:
            element = ET.SubElement(root, tag)
        element.text = value
    genid = root.find("genid")
    if genid is not None:
        genid.text = None  # libvirt makes another
    for system in root.findall("sysinfo/system"):
        _drop(system, [entry for entry in system.findall("entry") if entry.get("name") == "uuid"])
    for firmware in root.findall("os"):
        # libvirt makes new EFI variables from the firmware's template at the first start
        for nvram in firmware.findall("nvram"):
            if nvram.get("template"):
                nvram.text = None
                nvram.attrib.pop("type", None)
                _drop(nvram, list(nvram))
            else:
                firmware.remove(nvram)
    devices = root.find("devices")
    if devices is not None:
        _devices(devices, disks, set(macs))
    return ET.tostring(root, encoding="unicode")


def new_mac(taken: set[str]) -> str:
    """One of QEMU's that is not among ``taken`` (lower case)."""
    while True:
        mac = "52:54:00:" + ":".join(f"{byte:02x}" for byte in secrets.token_bytes(3))
        if mac not in taken:
            return mac


def _devices(devices: ET.Element, disks: Mapping[str, NewDisk], taken: set[str]) -> None:
    for disk in devices.findall("disk"):
        target = disk.find("target")
        copy = None if target is None else disks.get(target.get("dev", ""))
        if copy is not None:
            _replace_source(disk, copy)
        elif _is_own(disk):
            name = "" if target is None else target.get("dev", "")
            raise RhvError(
                "clone.disk", msg("clone.disk.not_copied", "The disk {target} has not been copied.", target=name)
            )
    for nic in devices.findall("interface"):
        _drop(nic, nic.findall("mac") + nic.findall("target"))
        mac = new_mac(taken)
        taken.add(mac)
        ET.SubElement(nic, "mac", address=mac)
        for parameters in nic.findall("virtualport/parameters"):
            parameters.attrib.pop("interfaceid", None)
    for tag in _PORTS:
        for port in devices.findall(tag):
            _own_port(port)
    for display in devices.findall("graphics"):
        if display.get("port") not in (None, "-1"):
            display.attrib.update(port="-1", autoport="yes")
        for name in ("tlsPort", "websocket", "socket"):
            display.attrib.pop(name, None)
        for listen in display.findall("listen"):
            listen.attrib.pop("socket", None)


def _is_own(disk: ET.Element) -> bool:
    """Whether two guests that have it would write to the same data."""
    return (
        disk.get("device", "disk") in ("disk", "lun")
        and disk.find("source") is not None
        and disk.find("readonly") is None
        and disk.find("shareable") is None
    )


def _replace_source(disk: ET.Element, copy: NewDisk) -> None:
    for tag in _OF_THE_SOURCE:
        _drop(disk, disk.findall(tag))
    disk.set("type", copy.kind)
    disk.attrib.pop("snapshot", None)
    driver = disk.find("driver")
    if driver is None:
        driver = ET.SubElement(disk, "driver", name="qemu")
    driver.set("type", copy.format)
    driver.attrib.pop("io", None)  # "native" asks for a cache mode that the copy's file system may not have
    ET.SubElement(disk, "source", {copy.source: copy.path})


def _own_port(port: ET.Element) -> None:
    """A port must not write to the file or socket of the original's."""
    _drop(port, port.findall("log"))
    if port.get("type") == "unix" and port.find("target") is not None:
        _drop(port, port.findall("source"))
    elif port.get("type") in ("file", "pipe"):
        port.set("type", "pty")
        _drop(port, port.findall("source"))


def _drop(parent: ET.Element, children: list[ET.Element]) -> None:
    for child in children:
        parent.remove(child)
