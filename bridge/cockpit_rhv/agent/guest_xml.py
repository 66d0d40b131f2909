# SPDX-License-Identifier: Apache-2.0
"""What only a guest's live XML says of it and getAllVmStats reports."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, NamedTuple

from ..machines.xml import tree

if TYPE_CHECKING:
    from collections.abc import Mapping


class GuestXml(NamedTuple):
    """``text``: as libvirt gave it. ``devices_hash``: changes when a device does. ``macs``: tap name to MAC.

    ``models``: tap name to the NIC's model. ``time_offset_s``: of the guest's clock to UTC. ``balloon_target_kib``:
    what the guest should use. ``raw_disks``: target names of disks without an image format.
    """

    text: str
    devices_hash: str
    acpi: bool
    macs: Mapping[str, str]
    models: Mapping[str, str]
    raw_disks: frozenset[str]
    time_offset_s: int
    ballooning: bool
    balloon_target_kib: int | None


def read_guest_xml(text: str) -> GuestXml:
    """Raises ValueError when the text is no domain XML."""
    root = tree(text)
    interfaces = {
        target: interface
        for interface in root.findall("devices/interface")
        for target in [_attribute(interface, "target", "dev")]
        if target
    }
    devices = root.find("devices")
    clock = root.find("clock")
    adjustment = clock.get("adjustment", "0") if clock is not None else "0"
    current = root.find("currentMemory")
    return GuestXml(
        text=text,
        devices_hash=hashlib.sha256(b"" if devices is None else ET.tostring(devices)).hexdigest(),
        acpi=root.find("features/acpi") is not None,
        macs={tap: _attribute(interface, "mac", "address") for tap, interface in interfaces.items()},
        models={tap: _attribute(interface, "model", "type") for tap, interface in interfaces.items()},
        raw_disks=frozenset(
            _attribute(disk, "target", "dev")
            for disk in root.findall("devices/disk")
            if _attribute(disk, "driver", "type") == "raw"
        ),
        # "reset" stands for no offset
        time_offset_s=int(adjustment) if adjustment.lstrip("-").isdigit() else 0,
        ballooning=_attribute(root, "devices/memballoon", "model") not in ("", "none"),
        # live XML is always in KiB
        balloon_target_kib=int(current.text) if current is not None and current.text else None,
    )


def _attribute(element: ET.Element, path: str, name: str) -> str:
    found = element.find(path)
    return "" if found is None else found.get(name, "")
