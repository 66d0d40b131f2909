# SPDX-License-Identifier: Apache-2.0
"""The medium in a guest's CD or floppy drive. Everything here blocks and raises :class:`RhvError`."""

from __future__ import annotations

import stat
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import RhvError
from ..messages import msg
from .actions import domain_of, mapped, require_own
from .resources import not_running, not_stored
from .states import ACTIVE, state_name
from .xml import tree

if TYPE_CHECKING:
    import libvirt

#: Media that are offered; a path can be typed in for any other.
MOST_LISTED = 500
DRIVES = ("cdrom", "floppy")
#: Of a disk element, what belongs to the drive and not to the medium.
_OF_THE_DRIVE = ("target", "readonly", "address", "boot", "alias", "serial", "wwn", "vendor", "product")


class Medium(NamedTuple):
    """Something to put into a drive. ``pool``: where libvirt keeps it."""

    path: str
    name: str
    pool: str


class When(NamedTuple):
    """``now``: as it runs; ``next``: as it starts next. ``force``: even where the guest has locked its drive."""

    now: bool
    next: bool
    force: bool


def list_media(conn: libvirt.virConnect) -> list[Medium]:
    """The ISO images in libvirt's active pools, as of their last refresh: nothing here touches a storage."""
    import libvirt

    found = []
    with mapped():
        for pool in conn.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE):
            for volume in pool.listAllVolumes():
                if volume.name().lower().endswith(".iso"):
                    found.append(Medium(volume.path(), volume.name(), pool.name()))
    return sorted(found, key=lambda medium: (medium.name, medium.path))[:MOST_LISTED]


def change_medium(conn: libvirt.virConnect, uuid: str, target: str, path: str | None, when: When) -> None:
    """Put what lies at ``path`` into the drive ``target``, or take out what is in it.

    Raises ``medium.no_drive``, ``medium.bad_path``, ``medium.not_found``, ``medium.locked`` and libvirt's.
    """
    import libvirt

    require_own(conn, uuid, engine_too=False)
    kind = None if path is None else _kind_of(path)
    with domain_of(conn, uuid) as domain:
        if when.now and state_name(domain.state()[0]) not in ACTIVE:
            raise not_running()
        if when.next and not domain.isPersistent():
            raise not_stored()
        # both are made before either is changed, so that a missing drive changes nothing
        changes = []
        if when.next:
            text = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
            changes.append((drive_with(text, target, path, kind), libvirt.VIR_DOMAIN_AFFECT_CONFIG))
        if when.now:
            flags = libvirt.VIR_DOMAIN_AFFECT_LIVE | (libvirt.VIR_DOMAIN_DEVICE_MODIFY_FORCE if when.force else 0)
            changes.append((drive_with(domain.XMLDesc(), target, path, kind), flags))
        for element, flags in reversed(changes):
            _update(domain, element, flags)


def drive_with(text: str, target: str, path: str | None, kind: str | None) -> str:
    """The drive of a definition with another medium, as XML. ``kind``: file or block. Raises ``medium.no_drive``."""
    for disk in tree(text).findall("devices/disk"):
        name = disk.find("target")
        if name is None or name.get("dev") != target or disk.get("device") not in DRIVES:
            continue
        drive = ET.Element("disk", {"type": kind or "file", "device": disk.get("device", "")})
        ET.SubElement(drive, "driver", {"name": "qemu", "type": "raw"})
        if path is not None:
            ET.SubElement(drive, "source", {"dev" if kind == "block" else "file": path})
        drive.extend(part for part in disk if part.tag in _OF_THE_DRIVE)
        for part in drive.findall("target"):
            part.attrib.pop("tray", None)
        return ET.tostring(drive, encoding="unicode")
    raise RhvError("medium.no_drive", msg("medium.no_drive", "The guest has no drive of this name."))


def _update(domain: libvirt.virDomain, element: str, flags: int) -> None:
    import libvirt

    try:
        domain.updateDeviceFlags(element, flags)
    except libvirt.libvirtError as error:
        # of a locked tray libvirt has no code of its own: waiting for it to open has failed
        if error.get_error_code() != libvirt.VIR_ERR_OPERATION_FAILED or not flags & libvirt.VIR_DOMAIN_AFFECT_LIVE:
            raise
        raise RhvError(
            "medium.locked",
            msg("medium.locked", "The guest keeps its drive locked."),
            msg("medium.locked.hint", "Unmount the medium in the guest, or take it out by force."),
            error.get_error_message(),
        ) from error


def _kind_of(path: str) -> str:
    """file or block; raises ``medium.bad_path`` or ``medium.not_found``."""
    if not path.startswith("/") or any(ord(sign) < 32 for sign in path):
        raise RhvError(
            "medium.bad_path",
            msg("medium.bad_path", "A medium is named by its whole path on this host, beginning with a slash."),
        )
    try:
        mode = Path(path).stat().st_mode
    except OSError as error:
        raise RhvError(
            "medium.not_found",
            msg("medium.not_found", "There is no file or device {path} on this host.", path=path),
            detail=str(error),
        ) from error
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISBLK(mode):
        return "block"
    raise RhvError(
        "medium.not_found", msg("medium.not_found", "There is no file or device {path} on this host.", path=path)
    )
