# SPDX-License-Identifier: Apache-2.0
"""What this host has for a new guest: places, media, networks, limits, KVM or emulation. Everything here blocks."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..checks.tools import find_program
from ..errors import RhvError
from ..host.cpu import read_cpu
from ..host.kvm import KvmFacts, read_kvm
from ..host.memory import memory_facts, read_meminfo
from ..machines.actions import mapped
from .block import block_pools
from .images import free_bytes

if TYPE_CHECKING:
    import libvirt

    from .block import BlockPool

DEFAULT_FOLDER = "/var/lib/libvirt/images"
MOST_LISTED = 500
_IMAGES = (".qcow2", ".img", ".raw")
#: Pools whose volumes are files in their folder.
_FOLDER_POOLS = ("dir", "fs", "netfs", "gluster")


class Limits(NamedTuple):
    """``vcpus``, ``memory_mib``: the most one guest can have. ``machine``: of QEMU. ``efi``: whether it is there."""

    kvm: KvmFacts
    arch: str
    machine: str
    efi: bool
    host_cpus: int
    vcpus: int
    memory_mib: int
    available_mib: int


class Place(NamedTuple):
    """A directory for disks; ``pool``: libvirt's name of it. ``free_bytes`` None: why is in ``error``.

    ``block``: its disks are volumes of the pool, and devices.
    """

    path: str
    pool: str | None
    free_bytes: int | None
    error: RhvError | None
    block: bool

    def to_json(self) -> dict[str, Any]:
        """One of ``places`` of the methods ``machines.create_options`` and ``machines.clone_plan``."""
        return {**self._asdict(), "error": self.error.to_json() if self.error else None}


class File(NamedTuple):
    """A file that a guest can be made from."""

    path: str
    name: str
    pool: str | None


class Network(NamedTuple):
    """``kind``: network (libvirt's) or bridge (the host's)."""

    kind: str
    name: str
    active: bool


def read_limits(conn: libvirt.virConnect) -> Limits:
    """Raises RhvError, OSError."""
    kvm = read_kvm(read_cpu().virtualization_flag)
    arch = os.uname().machine
    machine = "q35" if arch == "x86_64" else "virt"
    with mapped():
        text = conn.getDomainCapabilities(None, arch, machine, "kvm" if kvm.usable else "qemu")
        pages = memory_facts(read_meminfo())
    root = ET.fromstring(text)  # noqa: S314 - libvirt's own text
    most = root.find("vcpu")
    values = [value.text for value in root.findall("os/enum[@name='firmware']/value")]
    return Limits(
        kvm=kvm,
        arch=arch,
        machine=machine,
        efi="efi" in values,
        host_cpus=os.cpu_count() or 1,
        # beyond 255 a machine needs an IOMMU
        vcpus=min(int((most.get("max") if most is not None else None) or 1), 255),
        memory_mib=pages.total_mib,
        available_mib=pages.available_mib,
    )


def folders(conn: libvirt.virConnect) -> list[tuple[str, str | None]]:
    """Directories of active pools with the pools' names, and libvirt's usual one where it is there."""
    import libvirt

    found: dict[str, str | None] = {}
    with mapped():
        for pool in conn.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE):
            root = ET.fromstring(pool.XMLDesc())  # noqa: S314 - libvirt's own text
            path = root.findtext("target/path")
            if path and root.get("type") in _FOLDER_POOLS:
                found.setdefault(path.rstrip("/") or "/", pool.name())
    if DEFAULT_FOLDER not in found and os.path.isdir(DEFAULT_FOLDER):
        found[DEFAULT_FOLDER] = None
    return sorted(found.items(), key=lambda item: (item[0] != DEFAULT_FOLDER, item[1] != "default", item[0]))


def places(known: list[tuple[str, str | None]], pools: list[BlockPool]) -> list[Place]:
    """With what is free in each; one that does not answer says so. ``pools``: after the directories."""
    found = []
    for path, pool in known:
        try:
            found.append(Place(path, pool, free_bytes(path), None, False))
        except RhvError as error:
            found.append(Place(path, pool, None, error, False))
    return found + [Place(pool.path, pool.name, pool.free_bytes, None, True) for pool in pools]


def files(conn: libvirt.virConnect, known: list[tuple[str, str | None]]) -> tuple[list[File], list[File]]:
    """ISO images and disk images in active pools as of their last refresh, and in the usual directory without one."""
    import libvirt

    found: list[File] = []
    with mapped():
        for pool in conn.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE):
            found += [File(volume.path(), volume.name(), pool.name()) for volume in pool.listAllVolumes()]
    if (DEFAULT_FOLDER, None) in known:
        found += [File(str(path), path.name, None) for path in Path(DEFAULT_FOLDER).iterdir()]
    found.sort(key=lambda file: (file.name, file.path))
    isos = [file for file in found if file.name.lower().endswith(".iso")]
    images = [file for file in found if file.name.lower().endswith(_IMAGES)]
    return isos[:MOST_LISTED], images[:MOST_LISTED]


def networks(conn: libvirt.virConnect) -> list[Network]:
    """libvirt's networks, those that run first, then bridges of the host that are none of theirs."""
    found, theirs = [], set()
    with mapped():
        for network in conn.listAllNetworks():
            found.append(Network("network", network.name(), bool(network.isActive())))
            bridge = ET.fromstring(network.XMLDesc()).find("bridge")  # noqa: S314 - libvirt's own text
            if bridge is not None:
                theirs.add(bridge.get("name"))
    found.sort(key=lambda network: (not network.active, network.name != "default", network.name))
    bridges = sorted(path.parent.name for path in Path("/sys/class/net").glob("*/bridge"))
    return found + [Network("bridge", name, True) for name in bridges if name not in theirs]


def create_options(conn: libvirt.virConnect) -> dict[str, Any]:
    """Result of method ``machines.create_options``. Raises RhvError, OSError."""
    limits = read_limits(conn)
    known = folders(conn)
    isos, images = files(conn, known)
    reason = limits.kvm.reason
    return {
        "kvm": {"usable": limits.kvm.usable, "reason": reason.to_json() if reason else None},
        "arch": limits.arch,
        "machine": limits.machine,
        "firmwares": ["bios", "efi"] if limits.efi and limits.arch == "x86_64" else [_only_firmware(limits)],
        "vcpus": {"default": min(2, limits.host_cpus), "host": limits.host_cpus, "most": limits.vcpus},
        "memory_mib": {
            "default": min(2048, limits.memory_mib),
            "available": limits.available_mib,
            "most": limits.memory_mib,
        },
        "disk_gib": 20,
        "places": [place.to_json() for place in places(known, block_pools(conn))],
        "isos": [file._asdict() for file in isos],
        "images": [file._asdict() for file in images],
        "networks": [network._asdict() for network in networks(conn)],
        "seeds": find_program(("xorriso", "genisoimage", "mkisofs")) is not None,
    }


def _only_firmware(limits: Limits) -> str:
    return "bios" if limits.arch == "x86_64" else "efi"
