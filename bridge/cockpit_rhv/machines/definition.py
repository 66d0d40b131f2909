# SPDX-License-Identifier: Apache-2.0
"""What a guest is made of, as one of its definitions says: the running one or the stored one."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .xml import memory_mib, tree

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET
    from collections.abc import Iterator

AGENT_CHANNEL = "org.qemu.guest_agent.0"

#: ``dev`` of an element ``boot`` below ``os``, and the device of a disk that it stands for.
_CLASSES = {"hd": "disk", "cdrom": "cdrom", "fd": "floppy"}


@dataclass(frozen=True)
class Disk:
    """``device``: disk, cdrom, floppy or lun. ``kind``: file, block, volume, network …; ``source`` is None without a
    medium. ``key`` names it in the boot order."""

    key: str
    target: str
    device: str
    bus: str | None
    kind: str
    source: str | None
    format: str | None
    read_only: bool
    shareable: bool


@dataclass(frozen=True)
class Nic:
    """``kind``: network, bridge, direct, user …; ``source``: the name of what it is plugged into; ``target``: the
    host's end of it, while the guest runs. ``link``: whether its cable is plugged in."""

    key: str
    mac: str
    model: str | None
    kind: str
    source: str | None
    target: str | None
    link: bool


@dataclass(frozen=True)
class Definition:
    """One definition. ``agent``: the channel of the guest agent: connected, disconnected, or None without one.

    ``firmware``: bios or efi. ``boot``: keys of devices in the order in which they are tried. ``topology``: how many
    vCPUs the CPU topology has, where one is given: the maximum cannot be another. ``system``: libosinfo's id.
    """

    vcpus: int
    vcpus_max: int
    topology: int | None
    memory_mib: int
    memory_max_mib: int
    balloon: bool
    arch: str | None
    chipset: str | None
    firmware: str
    nvram: bool
    system: str | None
    agent: str | None
    boot: tuple[str, ...]
    disks: tuple[Disk, ...]
    nics: tuple[Nic, ...]

    def to_json(self) -> dict[str, Any]:
        """Definition ``GuestDefinition`` of ``schemas/common.json``."""
        return {
            **asdict(self),
            "boot": list(self.boot),
            "disks": [asdict(disk) for disk in self.disks],
            "nics": [asdict(nic) for nic in self.nics],
        }


def parse_definition(text: str) -> Definition:
    """Raises ValueError when the text is no domain XML."""
    root = tree(text)
    disks = tuple(_disk(element) for element in root.findall("devices/disk"))
    nics = tuple(_nic(element, number) for number, element in enumerate(root.findall("devices/interface")))
    maximum = _number(root.findtext("vcpu")) or 1
    memory = memory_mib(root.find("memory"))
    kind = root.find("os/type")
    loader = root.find("os/loader")
    balloon = root.find("devices/memballoon")
    return Definition(
        vcpus=_number(_attribute(root, "vcpu", "current")) or maximum,
        vcpus_max=maximum,
        topology=_topology(root.find("cpu/topology")),
        memory_mib=memory_mib(root.find("currentMemory")) or memory,
        memory_max_mib=memory,
        balloon=balloon is None or balloon.get("model") != "none",
        arch=None if kind is None else kind.get("arch"),
        chipset=None if kind is None else kind.get("machine"),
        firmware="efi" if _is_efi(root, loader) else "bios",
        nvram=root.find("os/nvram") is not None or (loader is not None and loader.get("type") == "pflash"),
        system=_system(root),
        agent=_agent(root),
        boot=tuple(_boot(root, disks, nics)),
        disks=disks,
        nics=nics,
    )


def disk_key(element: ET.Element) -> str:
    """How the boot order names a disk."""
    return f"disk:{_attribute(element, 'target', 'dev') or ''}"


def nic_key(element: ET.Element, number: int) -> str:
    """How the boot order names the network card of that number, which lacks an address before libvirt has seen it."""
    return f"nic:{_attribute(element, 'mac', 'address') or number}"


def _disk(element: ET.Element) -> Disk:
    kind = element.get("type", "file")
    return Disk(
        key=disk_key(element),
        target=_attribute(element, "target", "dev") or "",
        device=element.get("device", "disk"),
        bus=_attribute(element, "target", "bus"),
        kind=kind,
        source=disk_source(element),
        format=_attribute(element, "driver", "type"),
        read_only=element.find("readonly") is not None,
        shareable=element.find("shareable") is not None,
    )


def disk_source(element: ET.Element) -> str | None:
    """What a disk element's source names: a path, ``pool/volume`` or ``protocol:name``; None when it is empty."""
    source = element.find("source")
    if source is None:
        return None
    for name in ("file", "dev", "dir"):
        if source.get(name):
            return source.get(name)
    if source.get("volume"):
        return f"{source.get('pool', '')}/{source.get('volume')}"
    if source.get("protocol"):
        return f"{source.get('protocol')}:{source.get('name', '')}"
    return None


def _nic(element: ET.Element, number: int) -> Nic:
    source = element.find("source")
    names = ("network", "bridge", "dev", "name", "path")
    return Nic(
        key=nic_key(element, number),
        mac=_attribute(element, "mac", "address") or "",
        model=_attribute(element, "model", "type"),
        kind=element.get("type", ""),
        source=next((source.get(name) for name in names if source.get(name)), None) if source is not None else None,
        target=_attribute(element, "target", "dev"),
        link=_attribute(element, "link", "state") != "down",
    )


def _boot(root: ET.Element, disks: tuple[Disk, ...], nics: tuple[Nic, ...]) -> Iterator[str]:
    """Devices with an order of their own go before; without any, the classes below ``os`` say which come first."""
    elements = [*root.findall("devices/disk"), *root.findall("devices/interface")]
    keys = [*(disk.key for disk in disks), *(nic.key for nic in nics)]
    placed = [(_number(_attribute(element, "boot", "order")), key) for element, key in zip(elements, keys)]
    own = sorted((order, key) for order, key in placed if order is not None)
    if own:
        yield from (key for _, key in own)
        return
    for entry in root.findall("os/boot"):
        name = entry.get("dev", "")
        of_class = [disk.key for disk in disks if disk.device == _CLASSES.get(name)]
        yield from ([nic.key for nic in nics] if name == "network" else of_class)[:1]


def _is_efi(root: ET.Element, loader: ET.Element | None) -> bool:
    element = root.find("os")
    chosen = element is not None and element.get("firmware") == "efi"
    return chosen or (loader is not None and loader.get("type") == "pflash")


def _system(root: ET.Element) -> str | None:
    """libosinfo's element has its own name space, of which there are two versions."""
    for element in root.findall("metadata/*/*"):
        if element.tag.endswith("}os") and "libosinfo.org" in element.tag:
            return element.get("id")
    return None


def _agent(root: ET.Element) -> str | None:
    for target in root.findall("devices/channel/target"):
        if target.get("name") == AGENT_CHANNEL:
            return "connected" if target.get("state") == "connected" else "disconnected"
    return None


def _topology(element: ET.Element | None) -> int | None:
    if element is None:
        return None
    product = 1
    for name in ("sockets", "dies", "clusters", "cores", "threads"):
        product *= _number(element.get(name)) or 1
    return product


def _attribute(element: ET.Element, path: str, name: str) -> str | None:
    found = element.find(path)
    return None if found is None else found.get(name)


def _number(text: str | None) -> int | None:
    try:
        number = int(text) if text is not None else None
    except ValueError:
        return None
    return number if number is not None and number >= 0 else None
