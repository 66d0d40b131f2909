# SPDX-License-Identifier: Apache-2.0
"""What a domain's XML says. Only reading: an element that is sent back is changed as a tree, never as text."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from .model import Graphics

ENGINE_TAG = "{https://cockpit-rhv.org/engine/1}engine"
MANAGED_TAG = "{http://ovirt.org/vm/1.0}vm"

_UNITS = {
    "b": 1,
    "bytes": 1,
    "kb": 1000,
    "k": 1024,
    "kib": 1024,
    "mb": 1000**2,
    "m": 1024**2,
    "mib": 1024**2,
    "gb": 1000**3,
    "g": 1024**3,
    "gib": 1024**3,
    "tb": 1000**4,
    "t": 1024**4,
    "tib": 1024**4,
}


@dataclass(frozen=True)
class DomainFacts:
    """A domain definition. ``driver``: the ``type`` of the domain element (kvm, qemu, test …)."""

    uuid: str
    name: str
    driver: str
    owner: str
    vcpus: int
    memory_mib: int
    graphics: tuple[Graphics, ...]
    macs: tuple[str, ...]
    serial_log: str | None

    @property
    def emulated(self) -> bool:
        """Whether QEMU runs it without hardware virtualization."""
        return self.driver == "qemu"


def parse(text: str) -> DomainFacts:
    """Raises ValueError when the text is no domain XML."""
    root = tree(text)
    devices = root.find("devices")
    if devices is None:
        devices = ET.Element("devices")
    displays = (_graphics(element) for element in devices.findall("graphics"))
    return DomainFacts(
        uuid=root.findtext("uuid", "").strip(),
        name=root.findtext("name", ""),
        driver=root.get("type", ""),
        owner=_owner(root),
        vcpus=_vcpus(root),
        memory_mib=memory_mib(root.find("memory")),
        graphics=tuple(display for display in displays if display.type in ("vnc", "spice")),
        macs=tuple(filter(None, (mac.get("address") for mac in devices.findall("interface/mac")))),
        serial_log=_serial_log(devices),
    )


def tree(text: str) -> ET.Element:
    """The domain element; raises ValueError when the text is no domain XML."""
    try:
        root = ET.fromstring(text)  # noqa: S314 - see above
    except ET.ParseError as error:
        raise ValueError(f"not XML: {error}") from error
    if root.tag != "domain":
        raise ValueError(f"a {root.tag} instead of a domain")
    return root


def _owner(root: ET.Element) -> str:
    metadata = root.find("metadata")
    tags = [] if metadata is None else [element.tag for element in metadata]
    if ENGINE_TAG in tags:
        return "engine"
    return "managed" if MANAGED_TAG in tags else "local"


def _vcpus(root: ET.Element) -> int:
    element = root.find("vcpu")
    if element is None:
        return 1  # libvirt's own default
    return _int(element.get("current")) or _int(element.text) or 1


def memory_mib(element: ET.Element | None) -> int:
    """What an element with a unit amounts to, in MiB; 0 without one."""
    if element is None:
        return 0
    amount = _int(element.text) or 0
    return amount * _UNITS.get(element.get("unit", "KiB").lower(), 1024) // 1024**2


def _graphics(element: ET.Element) -> Graphics:
    listen = element.find("listen")
    address = element.get("listen") or (listen.get("address") if listen is not None else None)
    return Graphics(element.get("type", ""), address, _port(element.get("port")), _port(element.get("tlsPort")))


def _serial_log(devices: ET.Element) -> str | None:
    # a console element repeats the first serial one, so that either may carry the log
    for path in ("serial/log", "console/log"):
        for log in devices.findall(path):
            if log.get("file"):
                return log.get("file")
    return None


def _port(text: str | None) -> int | None:
    """libvirt writes -1 for a port that is chosen at start."""
    number = _int(text)
    return number if number is not None and number > 0 else None


def _int(text: str | None) -> int | None:
    try:
        return int(text) if text is not None else None
    except ValueError:
        return None
