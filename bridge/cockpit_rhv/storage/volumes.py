# SPDX-License-Identifier: Apache-2.0
"""The volumes of one pool. Everything here blocks and raises :class:`RhvError`."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import msg
from ..workers import require_time
from .faults import mapped
from .pools import FOLDERS, find_pool

if TYPE_CHECKING:
    import libvirt

#: Seconds for a list: libvirt looks at each file.
LIST_LIMIT_S = 30.0
#: Seconds to make or delete one: a full allocation writes all of it.
CHANGE_LIMIT_S = 600.0
#: Kinds of pools that lie below their folder, not in it.
_MOUNTED = frozenset({"fs", "netfs"})
#: What an upload that is not complete is called.
PART = ".part"


@dataclass(frozen=True)
class Volume:
    """One volume; the fields are those of definition ``StorageVolume`` of ``schemas/common.json``, but for its users.

    ``backing``: the path of the image it is based on. ``error``: why it could not be looked at.
    """

    name: str
    path: str
    kind: str = "file"
    format: str | None = None
    capacity_bytes: int | None = None
    allocation_bytes: int | None = None
    backing: str | None = None
    error: RhvError | None = None

    def to_json(self) -> dict[str, Any]:
        """Definition ``StorageVolume`` of ``schemas/common.json``, with ``users`` to be added."""
        error = self.error.to_json() if self.error else None
        return {**self.__dict__, "error": error, "partial": self.name.endswith(PART)}


def list_volumes(conn: libvirt.virConnect, uuid: str) -> tuple[str, list[Volume]]:
    """The pool's name and what is in it as of libvirt's last look; one that cannot be read stays, with the reason."""
    pool = find_pool(conn, uuid)
    with mapped():
        if not pool.isActive():
            return pool.name(), []
        return pool.name(), [_read(volume) for volume in pool.listAllVolumes()]


def create_volume(conn: libvirt.virConnect, uuid: str, name: str, image: str, capacity: int, full: bool) -> None:
    """A new empty volume of ``capacity`` bytes. ``image``: raw or qcow2. ``full``: all of it is taken at once.

    Never overwrites. Raises ``volume.bad_name``, ``storage.volume_exists``, ``storage.no_space`` and libvirt's.
    """
    pool = find_pool(conn, uuid)
    require_name(name)
    volume = ET.Element("volume")
    ET.SubElement(volume, "name").text = name
    ET.SubElement(volume, "capacity", {"unit": "bytes"}).text = str(capacity)
    with mapped():
        kind = ET.fromstring(pool.XMLDesc()).get("type")  # noqa: S314 - libvirt's own text
        # a logical volume is a device: it has no format, and all of it is taken in any case
        full = full or kind == "logical"
        available = pool.info()[3]
        if full and capacity > available:
            raise no_space(capacity, available)
        ET.SubElement(volume, "allocation", {"unit": "bytes"}).text = str(capacity if full else 0)
        if kind != "logical":
            ET.SubElement(ET.SubElement(volume, "target"), "format", {"type": image})
        # its own exception says that one of this name is there
        pool.createXML(ET.tostring(volume, encoding="unicode"), 0)


def delete_volume(conn: libvirt.virConnect, uuid: str, name: str, deadline: float) -> None:
    """Delete it with everything on it; whoever calls has made sure that nobody needs it.

    ``deadline``: monotonic seconds after which it is not. Raises ``call.too_late``.
    """
    pool = find_pool(conn, uuid)
    with mapped():
        volume = pool.storageVolLookupByName(name)
        require_time(deadline)
        volume.delete()


def volume_path(conn: libvirt.virConnect, uuid: str, name: str) -> str:
    """Where it lies; raises ``storage.no_volume``."""
    pool = find_pool(conn, uuid)
    with mapped():
        path: str = pool.storageVolLookupByName(name).path()
        return path


def upload_folder(conn: libvirt.virConnect, uuid: str) -> str:
    """Where a file can be put; raises ``storage.inactive`` and ``upload.no_folder``."""
    pool = find_pool(conn, uuid)
    with mapped():
        active, root = pool.isActive(), ET.fromstring(pool.XMLDesc())  # noqa: S314 - libvirt's own text
    if not active:
        raise RhvError("storage.inactive", msg("storage.inactive", "The storage is not active."))
    target = root.findtext("target/path")
    if root.get("type") not in FOLDERS or target is None:
        raise RhvError(
            "upload.no_folder",
            msg("upload.no_folder", "Files can be uploaded to storage that is a folder, not to devices."),
        )
    # libvirt does not notice that somebody has unmounted it
    if root.get("type") in _MOUNTED and not os.path.ismount(os.path.realpath(target)):
        raise RhvError("storage.inactive", msg("storage.unmounted", "The storage is not mounted."), detail=target)
    return target


def require_name(name: str) -> None:
    """Raises ``volume.bad_name`` for what is no plain file name."""
    if (
        name in ("", ".", "..")
        or name.startswith((".", "-"))
        or "/" in name
        or len(name.encode()) > 200
        or any(ord(sign) < 32 or ord(sign) == 127 for sign in name)
    ):
        raise RhvError(
            "volume.bad_name",
            msg("volume.bad_name", "This is no name for a volume."),
            msg("volume.bad_name.hint", "A name has no slash, does not begin with . or - and is not longer than 200."),
        )


def no_space(wanted: int, available: int) -> RhvError:
    """There is less room than is asked for."""
    return RhvError(
        "storage.no_space",
        msg("storage.no_space", "There is not enough free space on this storage."),
        msg("storage.no_space.hint", "Remove what is not needed, or choose another storage."),
        f"{wanted} bytes are needed, {available} are free",
    )


def _read(volume: libvirt.virStorageVol) -> Volume:
    import libvirt

    try:
        root = ET.fromstring(volume.XMLDesc())  # noqa: S314 - libvirt's own text
    except libvirt.libvirtError as error:
        reason = RhvError(
            "volume.unreadable", msg("volume.unreadable", "This volume cannot be looked at."), detail=str(error)
        )
        return Volume(volume.name(), volume.path(), error=reason)
    form = root.find("target/format")
    return Volume(
        name=root.findtext("name", ""),
        path=root.findtext("target/path", ""),
        kind=root.get("type", "file"),
        format=None if form is None else form.get("type"),
        capacity_bytes=_bytes(root.findtext("capacity")),
        allocation_bytes=_bytes(root.findtext("allocation")),
        backing=root.findtext("backingStore/path"),
    )


def _bytes(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None
