# SPDX-License-Identifier: Apache-2.0
"""Images for a guest's new disk: what lies in the pools, who uses it, and new ones. Blocks, raises RhvError."""

from __future__ import annotations

import errno
import os
import stat
import uuid as uuids
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RhvError
from ..messages import Message, msg
from .actions import mapped
from .removal import base_of, used_by_others

if TYPE_CHECKING:
    from collections.abc import Iterator

    import libvirt

FORMATS = ("qcow2", "raw")
#: Images that are offered; a path can be typed in for any other.
MOST_LISTED = 500
#: Kinds of pools whose volumes are files in a folder.
_FOLDERS = ("dir", "fs", "netfs")
_QCOW2 = b"QFI\xfb"


class NewImage(NamedTuple):
    """An empty image, in a pool of libvirt's or in a folder of this host: one of the two is None."""

    pool: str | None
    folder: str | None
    name: str
    format: str
    size_gib: int


class Image(NamedTuple):
    """An image in a pool. ``kept``: why it cannot become a disk; None: it can."""

    path: str
    name: str
    pool: str
    format: str
    capacity_bytes: int
    kept: Message | None


class Choices(NamedTuple):
    """``pools``: name, folder and free bytes of those that take new images."""

    pools: tuple[tuple[str, str, int], ...]
    images: tuple[Image, ...]

    def to_json(self) -> dict[str, Any]:
        """Result of method ``machines.disk_choices``."""
        return {
            "pools": [{"name": name, "path": path, "free_bytes": free} for name, path, free in self.pools],
            "images": [{**one._asdict(), "kept": one.kept.to_json() if one.kept else None} for one in self.images],
        }


def disk_choices(conn: libvirt.virConnect, uuid: str) -> Choices:
    """Where a new disk of this guest can lie, and which images there are, as of the pools' last refresh."""
    used, unclear = used_by_others(conn, uuid)
    pools, images = [], []
    with mapped():
        for pool, root in _folder_pools(conn):
            folder = root.findtext("target/path", "")
            pools.append((pool.name(), folder, int(root.findtext("available", "0"))))
            for volume in pool.listAllVolumes():
                text = ET.fromstring(volume.XMLDesc())  # noqa: S314 - libvirt's own text
                found = text.find("target/format")
                form = "raw" if found is None else found.get("type", "raw")
                if form not in FORMATS or volume.name().lower().endswith(".iso"):
                    continue
                kept = used.get(os.path.realpath(volume.path())) or unclear
                size = int(text.findtext("capacity", "0"))
                images.append(Image(volume.path(), volume.name(), pool.name(), form, size, kept))
    images.sort(key=lambda one: (one.kept is not None, one.name, one.path))
    return Choices(tuple(sorted(pools)), tuple(images[:MOST_LISTED]))


def require_free(conn: libvirt.virConnect, uuid: str, path: str, form: str) -> str:
    """Whether the image may become a disk of this guest; returns its kind: file or block.

    Raises ``image.bad_path``, ``image.not_found``, ``image.not_qcow2`` and ``image.used``.
    """
    if not path.startswith("/") or any(ord(sign) < 32 for sign in path):
        raise _bad_path()
    try:
        mode = Path(path).stat().st_mode
        with open(path, "rb") as image:
            begins_as_qcow2 = image.read(4) == _QCOW2 if stat.S_ISREG(mode) or stat.S_ISBLK(mode) else False
    except OSError as error:
        raise _not_found(path, str(error)) from error
    if not stat.S_ISREG(mode) and not stat.S_ISBLK(mode):
        raise _not_found(path, "neither a file nor a block device")
    if form == "qcow2" and not begins_as_qcow2:
        raise RhvError(
            "image.not_qcow2",
            msg("image.not_qcow2", "The image {path} is not in the format qcow2.", path=path),
            msg("image.not_qcow2.hint", "Choose the format raw, or another image."),
        )
    used, unclear = used_by_others(conn, uuid)
    kept = used.get(os.path.realpath(path)) or unclear or host_use(path)
    if kept is not None:
        raise RhvError("image.used", kept, msg("image.used.hint", "Two guests that write to one image destroy it."))
    return "file" if stat.S_ISREG(mode) else "block"


def host_use(path: str) -> Message | None:
    """Why a block device is no guest's: this host has a file system, swap, RAID or volume group on it.

    The kernel tells: who opens it exclusively is refused then. Raises RhvError ``image.not_found``.
    """
    try:
        if not stat.S_ISBLK(os.stat(path).st_mode):
            return None
        os.close(os.open(path, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC))
    except OSError as error:
        if error.errno == errno.EBUSY:
            return msg("image.host_uses", "This host itself uses the device {path}.", path=path)
        raise _not_found(path, str(error)) from error
    return None


def chain_of(path: str) -> Iterator[str]:
    """The real paths of an image and of all that it is based on. Raises ``image.used`` when that cannot be told."""
    current: str | None = os.path.realpath(path)
    seen: set[str] = set()
    while current is not None and current not in seen:
        seen.add(current)
        yield current
        try:
            current = base_of(current)
        except (OSError, ValueError) as error:
            raise RhvError(
                "image.used",
                msg("image.unclear", "It cannot be told what the disk {path} is based on.", path=path),
                detail=str(error),
            ) from error


def create_image(conn: libvirt.virConnect, wanted: NewImage) -> str:
    """Make an empty image that takes its space as it is written to; returns its path.

    Raises ``image.bad_name``, ``image.bad_path``, ``image.exists``, ``image.no_pool`` and libvirt's.
    """
    if (
        wanted.name in ("", ".", "..")
        or wanted.name.startswith(".")
        or any(sign == "/" or ord(sign) < 32 for sign in wanted.name)
    ):
        raise RhvError(
            "image.bad_name",
            msg("image.bad_name", "An image's name is not empty, has no slash and begins with no dot."),
        )
    with mapped():
        if wanted.pool is not None:
            found = next((one for one in _folder_pools(conn) if one[0].name() == wanted.pool), None)
            if found is None:
                raise RhvError(
                    "image.no_pool",
                    msg("image.no_pool", "The pool {pool} is not there or not active.", pool=wanted.pool),
                    msg("image.no_pool.hint", "Start it, or choose another place."),
                )
            return _create_in(found[0], found[1].findtext("target/path", ""), wanted)
        return _create_in_folder(conn, wanted)


def _create_in_folder(conn: libvirt.virConnect, wanted: NewImage) -> str:
    folder = os.path.realpath(wanted.folder or "")
    if not (wanted.folder or "").startswith("/"):
        raise _bad_path()
    if not os.path.isdir(folder):
        raise _not_found(folder, "not a folder")
    for pool, root in _folder_pools(conn):
        path = root.findtext("target/path", "")
        if os.path.realpath(path) == folder:
            return _create_in(pool, path, wanted)
    # libvirt makes the image, so that it belongs to whom libvirt's images belong to: the pool lasts for this one only
    root = ET.Element("pool", type="dir")
    ET.SubElement(root, "name").text = f"cockpit-rhv-{uuids.uuid4()}"
    ET.SubElement(ET.SubElement(root, "target"), "path").text = folder
    pool = conn.storagePoolCreateXML(ET.tostring(root, encoding="unicode"))
    try:
        return _create_in(pool, folder, wanted)
    finally:
        pool.destroy()


def _create_in(pool: libvirt.virStoragePool, folder: str, wanted: NewImage) -> str:
    # a pool knows the files of its last refresh only
    if os.path.lexists(os.path.join(folder, wanted.name)):
        raise RhvError(
            "image.exists",
            msg("image.exists", "There is a file {name} in {folder} already.", name=wanted.name, folder=folder),
            msg("image.exists.hint", "Choose another name, or attach the existing image."),
        )
    root = ET.Element("volume")
    ET.SubElement(root, "name").text = wanted.name
    ET.SubElement(root, "capacity", unit="GiB").text = str(wanted.size_gib)
    ET.SubElement(root, "allocation").text = "0"
    ET.SubElement(ET.SubElement(root, "target"), "format", type=wanted.format)
    return str(pool.createXML(ET.tostring(root, encoding="unicode")).path())


def _folder_pools(conn: libvirt.virConnect) -> Iterator[tuple[libvirt.virStoragePool, ET.Element]]:
    import libvirt

    for pool in conn.listAllStoragePools(libvirt.VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE):
        root = ET.fromstring(pool.XMLDesc())  # noqa: S314 - libvirt's own text
        if root.get("type") in _FOLDERS:
            yield pool, root


def _bad_path() -> RhvError:
    return RhvError(
        "image.bad_path",
        msg("image.bad_path", "An image or folder is named by its whole path on this host, beginning with a slash."),
    )


def _not_found(path: str, detail: str) -> RhvError:
    return RhvError(
        "image.not_found",
        msg("image.not_found", "There is no such file, device or folder on this host: {path}", path=path),
        detail=detail,
    )
