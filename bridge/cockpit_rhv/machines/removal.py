# SPDX-License-Identifier: Apache-2.0
"""Removing a guest, with those of its disks that are named. Everything here blocks and raises :class:`RhvError`."""

from __future__ import annotations

import os
import stat
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import Message, msg
from .actions import domain_of, mapped, require_own
from .definition import Disk, parse_definition
from .making_records import files_being_made
from .states import ACTIVE, state_name
from .xml import tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    import libvirt

#: Seconds: all volumes are asked what they are based on, and a large file takes a file system some time to free.
REMOVAL_LIMIT_S = 300.0


@dataclass(frozen=True)
class OwnDisk:
    """A disk of the guest. ``path``: where it lies on this host; None: elsewhere, or nowhere. ``size_bytes``: what it
    takes on the host, where libvirt knows it. ``kept``: why it cannot go with the guest; None: it can."""

    target: str
    source: str
    path: str | None
    size_bytes: int | None
    kept: Message | None

    def to_json(self) -> dict[str, Any]:
        """One of ``disks`` of method ``machines.removal_plan``."""
        return {
            "target": self.target,
            "source": self.source,
            "path": self.path,
            "size_bytes": self.size_bytes,
            "kept": self.kept.to_json() if self.kept else None,
        }


@dataclass(frozen=True)
class RemovalPlan:
    """What goes with the guest in any case: ``snapshots`` of its disks, its ``saved`` state, its EFI variables."""

    off: bool
    snapshots: int
    saved: bool
    nvram: bool
    disks: tuple[OwnDisk, ...]

    def to_json(self) -> dict[str, Any]:
        """Result of method ``machines.removal_plan``."""
        return {
            "off": self.off,
            "snapshots": self.snapshots,
            "saved": self.saved,
            "nvram": self.nvram,
            "disks": [disk.to_json() for disk in self.disks],
        }


def removal_plan(conn: libvirt.virConnect, uuid: str) -> RemovalPlan:
    """What would go, and what can; changes nothing. Media in drives are nobody's own and are left out."""
    import libvirt

    with domain_of(conn, uuid) as domain:
        stored = bool(domain.isPersistent())
        text = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE if stored else 0)
        definition = parse_definition(text)
        used, unclear = used_by_others(conn, uuid)
        disks = [disk for disk in definition.disks if disk.device == "disk" and disk.source is not None]
        return RemovalPlan(
            off=state_name(domain.state()[0]) not in ACTIVE,
            snapshots=domain.snapshotNum(),
            saved=bool(domain.hasManagedSaveImage()),
            nvram=definition.nvram,
            disks=tuple(_own_disk(conn, disk, used, unclear) for disk in disks),
        )


def remove_guest(conn: libvirt.virConnect, uuid: str, paths: Sequence[str]) -> None:
    """Forget a guest that is off, then delete the disks at ``paths``; all others stay.

    Raises ``machine.not_off``, ``machine.disk_kept`` before anything is changed; ``machine.disks_left`` when the guest
    is gone and a disk is not.
    """
    import libvirt

    require_own(conn, uuid, engine_too=False)
    plan = removal_plan(conn, uuid)
    if not plan.off:
        raise RhvError(
            "machine.not_off",
            msg("machine.not_off", "The guest is not off."),
            msg("machine.not_off.hint", "Shut it down or power it off first."),
        )
    removable = {disk.path for disk in plan.disks if disk.path is not None and disk.kept is None}
    for path in paths:
        if path not in removable:
            raise RhvError(
                "machine.disk_kept",
                msg("machine.disk_kept", "The disk {path} cannot be deleted with this guest.", path=path),
                msg("machine.disk_kept.hint", "Look at the list again: somebody may have changed the guest meanwhile."),
            )
    flags = (
        libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
        | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
        | libvirt.VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA
    )
    with domain_of(conn, uuid) as domain:
        # First the guest: should that fail, no disk is missing from it.
        domain.undefineFlags(flags | (libvirt.VIR_DOMAIN_UNDEFINE_NVRAM if plan.nvram else 0))
    failed = [f"{path}: {error}" for path in dict.fromkeys(paths) if (error := delete_image(conn, path)) is not None]
    if failed:
        raise RhvError(
            "machine.disks_left",
            msg("machine.disks_left", "The guest is gone, but not all of its disks could be deleted."),
            msg("machine.disks_left.hint", "Delete them by hand; the details name them."),
            "\n".join(failed),
        )


def _own_disk(conn: libvirt.virConnect, disk: Disk, used: dict[str, Message], unclear: Message | None) -> OwnDisk:
    source = disk.source or ""
    volume = volume_of(conn, disk.kind, source)
    path = volume.path() if volume is not None else source if disk.kind in ("file", "block") else None
    size = None if volume is None else int(volume.info()[2])
    kept = None
    if path is None:
        kept = msg("machine.disk.elsewhere", "It is not a file or volume of this host.")
    elif os.path.realpath(path) in used:
        kept = used[os.path.realpath(path)]
    elif disk.read_only or disk.shareable:
        kept = msg("machine.disk.common", "It is marked as read-only or shareable: others may use it.")
    elif unclear is not None:
        kept = unclear
    elif volume is None:
        kept, size = _plain_file(path, size)
    return OwnDisk(disk.target, source, path, size, kept)


def _plain_file(path: str, size: int | None) -> tuple[Message | None, int | None]:
    """Why a path outside of libvirt's pools is left alone, and what it takes."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return msg("machine.disk.gone", "It does not exist."), size
    except OSError as error:
        return msg("machine.disk.unreadable", "It cannot be looked at: {reason}", reason=str(error)), size
    if not stat.S_ISREG(found.st_mode):
        return msg("machine.disk.device", "It is a device or a link, not a file."), size
    return None, found.st_blocks * 512


def volume_of(conn: libvirt.virConnect, kind: str, source: str) -> libvirt.virStorageVol | None:
    """libvirt's volume of a disk's source, as :class:`Disk` has it; None when it lies in no active pool."""
    import libvirt

    try:
        if kind == "volume":
            pool, _, name = source.partition("/")
            return conn.storagePoolLookupByName(pool).storageVolLookupByName(name)
        if kind in ("file", "block"):
            return conn.storageVolLookupByPath(source)
    except libvirt.libvirtError as error:
        if error.get_error_code() not in (libvirt.VIR_ERR_NO_STORAGE_VOL, libvirt.VIR_ERR_NO_STORAGE_POOL):
            raise
    return None


def needed_by(conn: libvirt.virConnect, path: str) -> Message | None:
    """Why the file or device at ``path`` must not be deleted: who needs it, or who may; None when nobody does."""
    with mapped():
        used, unclear = used_by_others(conn, None)
    return used.get(os.path.realpath(path), unclear)


def used_by_others(
    conn: libvirt.virConnect, uuid: str | None, *, with_records: bool = True
) -> tuple[dict[str, Message], Message | None]:
    """Real path to who else needs it: a guest whose disk that is or is based on it, or a volume that is.

    ``uuid``: the guest that does not count. ``with_records``: also guests that are just being made.
    And why that may not be all of it, when somebody's image does not tell what it is based on.
    """
    import libvirt

    bases, unclear = _bases(conn)
    used = {base: msg("machine.disk.base", "The volume {name} is based on it.", name=name) for name, base in bases}
    domains = conn.listAllDomains()
    if with_records:
        unclear = _being_made(used, {domain.UUIDString() for domain in domains}) or unclear
    for domain in domains:
        if uuid is not None and domain.UUIDString() == uuid.lower():
            continue
        shared = msg("machine.disk.shared", "The guest {name} uses it too.", name=domain.name())
        for flags in (0, libvirt.VIR_DOMAIN_XML_INACTIVE):
            for source in tree(domain.XMLDesc(flags)).iterfind("devices/disk//source"):
                path = source_path(conn, source)
                while path is not None and used.get(path) != shared:
                    used[path] = shared
                    try:
                        path = base_of(path)
                    except (OSError, ValueError) as error:
                        unclear = msg(
                            "machine.disk.unclear",
                            "It cannot be told whether the guest {name} uses it: {reason}",
                            name=domain.name(),
                            reason=str(error),
                        )
                        break
    return used, unclear


def _being_made(used: dict[str, Message], defined: set[str]) -> Message | None:
    """Adds files of guests that are not ``defined`` yet to ``used``; returns why that may not be all of them."""
    try:
        for uuid, path in files_being_made():
            if uuid not in defined:
                used.setdefault(path, msg("machine.disk.making", "A guest is being made with it."))
    except (OSError, ValueError) as error:
        return msg(
            "machine.disk.making_unclear",
            "It cannot be told whether a guest is being made with it: {reason}",
            reason=str(error),
        )
    return None


def base_of(path: str) -> str | None:
    """The real path that a qcow2 image is based on; None for another format, and where no image is.

    From its header (docs/interop/qcow2.txt of QEMU): libvirt tells the chain of a guest that is off to nobody.
    Raises OSError or ValueError when it cannot be told.
    """
    try:
        with open(path, "rb") as image:
            header = image.read(20)
            offset = int.from_bytes(header[8:16], "big")
            if header[:4] != b"QFI\xfb" or offset == 0:
                return None
            image.seek(min(offset, 2**62))
            name = os.fsdecode(image.read(min(int.from_bytes(header[16:20], "big"), 1023)))
    except FileNotFoundError:
        return None
    if not name or name.startswith("json:") or "\0" in name:
        raise ValueError(f"{path} is based on {name[:200]!r}")
    return os.path.realpath(os.path.join(os.path.dirname(path), name[5:] if name.startswith("file:") else name))


def source_path(conn: libvirt.virConnect, source: ET.Element) -> str | None:
    """The real path of a disk's element ``source``; None when it lies elsewhere. Raises libvirtError."""
    path = source.get("file") or source.get("dev")
    if path is None and source.get("volume"):
        volume = volume_of(conn, "volume", f"{source.get('pool')}/{source.get('volume')}")
        path = None if volume is None else volume.path()
    return None if path is None else os.path.realpath(path)


def _bases(conn: libvirt.virConnect) -> tuple[list[tuple[str, str]], Message | None]:
    """Names of the volumes that are based on another, with that one's real path; and why that may not be all."""
    import libvirt

    found, unclear = [], None
    for pool in conn.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE):
        for volume in pool.listAllVolumes():
            try:
                text = volume.XMLDesc()
            except libvirt.libvirtError as error:
                # one that is gone since libvirt's last look is based on nothing
                if error.get_error_code() != libvirt.VIR_ERR_NO_STORAGE_VOL:
                    unclear = msg(
                        "machine.disk.volume_unclear",
                        "It cannot be told whether the volume {name} is based on it: {reason}",
                        name=volume.name(),
                        reason=str(error),
                    )
                continue
            base = ET.fromstring(text).findtext("backingStore/path")  # noqa: S314 - libvirt's own text
            if base:
                found.append((volume.name(), os.path.realpath(base)))
    return found, unclear


def delete_image(conn: libvirt.virConnect, path: str) -> str | None:
    """Delete the image at ``path``; returns why it could not be deleted, None when it is gone."""
    try:
        with mapped():
            volume = volume_of(conn, "file", path)
            if volume is None:
                # with its pool away a device would lose its name only
                if not stat.S_ISREG(os.lstat(path).st_mode):
                    return f"{path} is no file, and no volume of an active pool"
                os.unlink(path)
            else:
                volume.delete()
    except (RhvError, OSError) as error:
        return error.detail or str(error) if isinstance(error, RhvError) else str(error)
    return None
