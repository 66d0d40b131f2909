# SPDX-License-Identifier: Apache-2.0
"""Disks of a guest that is not there yet: none overwrites another, and none is left when the guest does not come to be.

``/var/lib/cockpit-rhv/making/<uuid>.json`` names files and volumes while the guest is made. Who was killed in the
middle could not remove them: whoever makes or is about to make a guest next does.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import os
import re
import shutil
import stat
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..host.space import read_space
from ..jobs.files import Locked, file_lock, read_json, write_json
from ..jobs.stopping import stoppable, unstoppable
from ..machines.actions import mapped
from ..machines.faults import from_libvirt
from ..machines.limited import OPEN_S, answered
from ..machines.making_records import making_dir
from ..machines.removal import used_by_others
from ..messages import msg
from .block import create_volume, delete_volume, fill_volume, volume_name
from .folder import require_no_devices

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import libvirt

    from ..messages import Message
    from .block import BlockPool

logger = logging.getLogger(__name__)

_MOST_NUMBERED = 1000


class Made:
    """The files and volumes of one guest; ``record`` says which to whoever comes after a kill."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self._files: list[tuple[str, int, int]] = []
        #: A pool's uuid, a volume's name and its path.
        self._volumes: list[tuple[str, str, str]] = []

    def reserve(self, folder: str, name: str, suffix: str) -> Path:
        """A new empty file of that name, or a numbered one beside what is there; its owner is its folder's.

        Raises RhvError ``create.no_name``, ``create.folder``; OSError.
        """
        stem = file_stem(name)
        require_no_devices(folder)
        owner = os.stat(folder)
        for number in range(1, _MOST_NUMBERED):
            path = Path(folder, f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}")
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            except FileExistsError:
                continue
            try:
                found = os.fstat(descriptor)
                self._note(path, found)
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            finally:
                os.close(descriptor)
            return path
        raise RhvError(
            "create.no_name",
            msg("create.no_name", "There are too many files called {name} in {folder}.", name=stem, folder=folder),
            msg("create.no_name.hint", "Choose another name or directory."),
        )

    def reserve_volume(self, conn: libvirt.virConnect, pool: BlockPool, name: str, suffix: str, size: int) -> Path:
        """A new volume of at least ``size`` bytes, empty at both ends. Raises RhvError, OSError."""
        stem, taken = file_stem(name), [volume for _pool, volume, _path in self._volumes]
        # of long names that differ in their ends LVM has room for the same beginning
        suffixes = (suffix if number == 1 else f"-{number}{suffix}" for number in itertools.count(1))
        names = (volume_name(stem, self._record.stem, end) for end in suffixes)
        volume = next(free for free in names if free not in taken)
        # before it is there: libvirt goes on with it when this process is killed
        self._volumes.append((pool.uuid, volume, f"{pool.path}/{volume}"))
        self._write()
        return Path(create_volume(conn, pool, volume, size))

    def scratch(self) -> Path:
        """A folder that only root may enter and that goes with the record: for what must not lie beside the disks."""
        folder = _scratch(self._record)
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def fill(self, path: Path, content: Path) -> None:
        """Write ``content`` into what was reserved. Raises OSError, also when another file has its name by now."""
        if str(path) in [volume for _pool, _name, volume in self._volumes]:
            fill_volume(str(path), content.read_bytes())
            return
        with open(os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "wb") as target:
            found = os.fstat(target.fileno())
            if (str(path), found.st_dev, found.st_ino) not in self._files:
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
            with content.open("rb") as source:
                shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(target.fileno())

    def _note(self, path: Path, found: os.stat_result) -> None:
        self._files.append((str(path), found.st_dev, found.st_ino))
        self._write()

    def _write(self) -> None:
        _write_record(self._record, self._files, self._volumes)


@contextlib.contextmanager
def making(uuid: str, conn: libvirt.virConnect) -> Iterator[Made]:
    """The files reserved in the block stay when it ends well; otherwise, and when this process is told to end, they go.

    They stay also while the guest is defined after all, or nobody can tell: the record is for whoever looks next then.
    Raises RhvError ``create.busy`` while another process makes the same guest.
    """
    folder = making_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    record = folder / f"{uuid}.json"
    lock = folder / f"{uuid}.lock"
    try:
        with file_lock(lock), stoppable():
            try:
                yield Made(record)
            except BaseException:
                with unstoppable():
                    if record.exists() and _is_surely_not_defined(conn, uuid):
                        _remove(conn, record, {})
                raise
            else:
                _forget(record)
            finally:
                lock.unlink(missing_ok=True)
    except Locked as error:
        raise RhvError(
            "create.busy", msg("create.busy", "This guest is being made already."), detail=str(error)
        ) from error


def remove_leftovers(conn: libvirt.virConnect) -> list[str]:
    """Remove the files of guests that never came to be since their maker was killed; returns what went.

    A file that a guest uses by now, or may use, stays.
    """
    removed = []
    used: dict[str, Message] | None = None
    for record in sorted(making_dir().glob("*.json")):
        lock = record.with_suffix(".lock")
        try:
            with file_lock(lock):
                try:
                    if not record.exists():
                        continue
                    if _is_defined(conn, record.stem):
                        _forget(record)
                    else:
                        used = _used(conn) if used is None else used
                        removed += _remove(conn, record, used)
                finally:
                    lock.unlink(missing_ok=True)
        except Locked:
            continue
        except (OSError, ValueError, RhvError, _Unclear) as error:
            logger.warning("%s stays: %s", record, error)
    return removed


def file_stem(name: str) -> str:
    """A guest's name as the beginning of a file's: plain ASCII of at most 80 characters, never hidden or empty."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-.")[:80].strip("-.") or "guest"


class _Unclear(Exception):
    """Somebody may use any file."""


def _used(conn: libvirt.virConnect) -> dict[str, Message]:
    with mapped():
        used, unclear = used_by_others(conn, None, with_records=False)
    if unclear is not None:
        raise _Unclear(str(unclear))
    return used


def _write_record(record: Path, files: Sequence[tuple[str, int, int]], volumes: Sequence[tuple[str, str, str]]) -> None:
    write_json(record, {"files": files, "volumes": volumes}, 0o600, gid=0, durable=True)


def _scratch(record: Path) -> Path:
    return record.with_suffix(".scratch")


def _forget(record: Path) -> None:
    """The files are a guest's, or gone. The folder goes first: without the record nobody would look for it."""
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(_scratch(record))
    record.unlink(missing_ok=True)


def _remove(conn: libvirt.virConnect, record: Path, used: Mapping[str, Message]) -> list[str]:
    """Remove what the record names and then itself; what lies where nobody can look now stays in it. Raises OSError."""
    content = read_json(record)
    removed, away = [], []
    for path, device, inode in content["files"]:
        if os.path.realpath(path) in used:
            logger.warning("%s stays: %s", path, used[os.path.realpath(path)])
            continue
        fate = _fate(path, device, inode)
        if fate == "ours":
            os.unlink(path)
            removed.append(path)
        elif fate == "away":
            away.append((path, device, inode))
    volumes = []
    for pool, name, path in content.get("volumes", ()):
        if os.path.realpath(path) in used:
            logger.warning("%s stays: %s", path, used[os.path.realpath(path)])
            continue
        try:
            fate = delete_volume(conn, pool, name)
        except RhvError as error:
            logger.warning("%s was not deleted: %s", path, error.detail or error)
            fate = "away"
        if fate == "deleted":
            removed.append(path)
        elif fate == "away":
            volumes.append((pool, name, path))
    if away or volumes:
        logger.warning("%s stays: what it names is not there to be removed: %s", record, [*away, *volumes])
        _write_record(record, away, volumes)
    else:
        _forget(record)
    return removed


def _fate(path: str, device: int, inode: int) -> str:
    """``ours``, ``other`` (somebody else's by now, or nothing) or ``away``: its file system is not there.

    The device of a file server or a volume group may have another number after each start: there the inode counts.
    """
    try:
        folder = read_space(Path(path).parent)  # a dead file server raises TimeoutError
    except FileNotFoundError:
        return "away"
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return "other" if folder.device == device else "away"
    if found.st_ino == inode and stat.S_ISREG(found.st_mode):
        return "ours"
    return "other" if found.st_dev == device else "away"


def _is_surely_not_defined(conn: libvirt.virConnect, uuid: str) -> bool:
    try:
        return not answered(OPEN_S, lambda: _is_defined(conn, uuid))
    except RhvError as error:
        logger.warning("the files of %s stay: libvirt does not tell whether it is defined: %s", uuid, error)
        return False


def _is_defined(conn: libvirt.virConnect, uuid: str) -> bool:
    import libvirt

    try:
        conn.lookupByUUIDString(uuid)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
            raise from_libvirt(error) from error
        return False
    return True
