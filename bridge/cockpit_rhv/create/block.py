# SPDX-License-Identifier: Apache-2.0
"""Pools of libvirt's whose volumes are devices (LVM): a new disk is a raw volume there. Everything here blocks."""

from __future__ import annotations

import os
import stat
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, NamedTuple

from ..errors import RhvError
from ..machines.actions import mapped
from ..messages import msg

if TYPE_CHECKING:
    import libvirt

MIB = 1024**2
#: Kinds of pools that make a device of each volume. Of libvirt's others a partition table or somebody else does.
_KINDS = ("logical",)
#: LVM keeps these beginnings to itself.
_RESERVED = ("snapshot", "pvmove")
#: Of a name: the kernel's name of the device has 127 at most, each hyphen twice and the group's name before it.
_MOST_STEM = 40
#: How much is cleared at either end: partition tables and boot sectors of whoever had the room before.
_EDGE = MIB


class BlockPool(NamedTuple):
    """An active pool. ``path``: the directory of its devices."""

    uuid: str
    name: str
    path: str
    free_bytes: int


def block_pools(conn: libvirt.virConnect) -> list[BlockPool]:
    """Those that are active, by name. Raises RhvError."""
    import libvirt

    found = []
    with mapped():
        for pool in conn.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE):
            root = ET.fromstring(pool.XMLDesc())  # noqa: S314 - libvirt's own text
            path = root.findtext("target/path")
            if path and root.get("type") in _KINDS:
                found.append(BlockPool(pool.UUIDString(), pool.name(), path.rstrip("/"), int(pool.info()[3])))
    return sorted(found, key=lambda pool: pool.name)


def block_pool_at(conn: libvirt.virConnect, folder: str) -> BlockPool | None:
    """The pool whose devices are in ``folder``; None when that is a directory like any other. Raises RhvError."""
    wanted = folder.rstrip("/")
    return next((pool for pool in block_pools(conn) if pool.path == wanted), None)


def volume_name(stem: str, uuid: str, suffix: str) -> str:
    """A name that nobody else gives a volume: ``uuid`` is of the guest that is being made. Of :func:`file_stem`'s."""
    # LVM forbids some words that begin with an underscore, such as _tdata
    plain = stem.replace("_", "-")[:_MOST_STEM].strip("-.") or "guest"
    if plain.startswith(_RESERVED):
        plain = f"guest-{plain}"
    return f"{plain}-{uuid[:8]}{suffix}"


def require_room(pool: BlockPool, needed: int) -> None:
    """Raises RhvError ``create.no_space`` unless ``needed`` bytes are free."""
    if pool.free_bytes < needed:
        raise RhvError(
            "create.no_space",
            msg(
                "create.no_space",
                "{folder} has {free} MiB free; {needed} MiB are needed.",
                folder=pool.path,
                free=pool.free_bytes // MIB,
                needed=-(-needed // MIB),
            ),
            msg("create.no_space.hint", "Make room there, or choose another directory."),
        )


def create_volume(conn: libvirt.virConnect, pool: BlockPool, name: str, size: int) -> str:
    """A volume of at least ``size`` bytes that looks empty; returns its path. Raises RhvError, OSError.

    libvirt refuses one whose name is there. What lay in between its ends before is not erased.
    """
    root = ET.Element("volume")
    ET.SubElement(root, "name").text = name
    # as much as its size: LVM takes less for a snapshot that grows
    for tag in ("capacity", "allocation"):
        ET.SubElement(root, tag, unit="bytes").text = str(size)
    with mapped():
        volume = conn.storagePoolLookupByUUIDString(pool.uuid).createXML(ET.tostring(root, encoding="unicode"))
        path: str = volume.path()
    with open(os.open(path, os.O_WRONLY | os.O_CLOEXEC), "wb", buffering=0) as device:
        length = device.seek(0, os.SEEK_END)
        for start in (0, max(0, length - _EDGE)):
            device.seek(start)
            _write(device.fileno(), bytes(min(_EDGE, length)))
        os.fsync(device.fileno())
    return path


def fill_volume(path: str, content: bytes) -> None:
    """Write a volume's beginning. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        if not stat.S_ISBLK(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is no device")
        _write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def delete_volume(conn: libvirt.virConnect, pool: str, name: str) -> str:
    """Delete a volume that was made for a guest which never came to be. ``pool``: its uuid.

    ``gone``, ``deleted`` or ``away``: the pool is not active, or not known. Raises RhvError.
    """
    import libvirt

    with mapped():
        try:
            found = conn.storagePoolLookupByUUIDString(pool)
            if not found.isActive():
                return "away"
            found.storageVolLookupByName(name).delete()
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_STORAGE_POOL:
                return "away"
            if error.get_error_code() == libvirt.VIR_ERR_NO_STORAGE_VOL:
                return "gone"
            raise
    return "deleted"


def _write(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
