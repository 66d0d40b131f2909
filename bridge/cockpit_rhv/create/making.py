# SPDX-License-Identifier: Apache-2.0
"""Files of a guest that is not there yet: none overwrites another, and none is left when the guest does not come to be.

``/var/lib/cockpit-rhv/making/<uuid>.json`` names them while the guest is made. Who was killed in the middle could not
remove them: whoever makes or is about to make a guest next does.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import signal
import threading
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..jobs.files import Locked, file_lock, read_json, write_json
from ..machines.faults import from_libvirt
from ..messages import msg

if TYPE_CHECKING:
    from collections.abc import Iterator

    import libvirt

logger = logging.getLogger(__name__)

_MOST_NUMBERED = 1000


class Stopped(BaseException):
    """This process was asked to end."""


def making_dir() -> Path:
    """The folder of the records."""
    return Path(os.environ.get("COCKPIT_RHV_STATE") or "/var/lib/cockpit-rhv") / "making"


class Made:
    """The files of one guest; ``record`` says which to whoever comes after a kill."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self._files: list[tuple[str, int, int]] = []

    def reserve(self, folder: str, name: str, suffix: str) -> Path:
        """A new empty file of that name, or a numbered one beside what is there; its owner is its folder's.

        Raises RhvError ``create.no_name``; OSError.
        """
        stem = file_stem(name)
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

    def replaced(self, path: Path) -> None:
        """What has a reserved name is another file now, and still ours."""
        owner = os.stat(path.parent)
        os.chown(path, owner.st_uid, owner.st_gid)
        self._note(path, os.lstat(path))

    def _note(self, path: Path, found: os.stat_result) -> None:
        self._files.append((str(path), found.st_dev, found.st_ino))
        write_json(self._record, {"files": self._files}, 0o600, gid=0, durable=True)


@contextlib.contextmanager
def making(uuid: str) -> Iterator[Made]:
    """The files reserved in the block stay when it ends well; otherwise, and when this process is told to end, they go.

    Raises RhvError ``create.busy`` while another process makes the same guest.
    """
    folder = making_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    record = folder / f"{uuid}.json"
    lock = folder / f"{uuid}.lock"
    try:
        with file_lock(lock), _stoppable():
            try:
                yield Made(record)
            except BaseException:
                _remove(record)
                raise
            else:
                record.unlink(missing_ok=True)
            finally:
                lock.unlink(missing_ok=True)
    except Locked as error:
        raise RhvError(
            "create.busy", msg("create.busy", "This guest is being made already."), detail=str(error)
        ) from error


def remove_leftovers(conn: libvirt.virConnect) -> list[str]:
    """Remove the files of guests that never came to be since their maker was killed; returns what went."""
    removed = []
    for record in sorted(making_dir().glob("*.json")):
        lock = record.with_suffix(".lock")
        try:
            with file_lock(lock):
                if record.exists():
                    if _is_defined(conn, record.stem):
                        record.unlink()
                    else:
                        removed += _remove(record)
                lock.unlink(missing_ok=True)
        except Locked:
            continue
        except (OSError, ValueError) as error:
            logger.warning("%s stays: %s", record, error)
    return removed


def file_stem(name: str) -> str:
    """A guest's name as the beginning of a file's: plain ASCII of at most 80 characters, never hidden or empty."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-.")[:80].strip("-.") or "guest"


def _remove(record: Path) -> list[str]:
    removed = []
    if record.exists():
        for path, device, inode in read_json(record)["files"]:
            with contextlib.suppress(FileNotFoundError):
                found = os.lstat(path)
                # Somebody may have put another file there meanwhile.
                if (found.st_dev, found.st_ino) == (device, inode):
                    os.unlink(path)
                    removed.append(path)
        record.unlink()
    return removed


def _is_defined(conn: libvirt.virConnect, uuid: str) -> bool:
    import libvirt

    try:
        conn.lookupByUUIDString(uuid)
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
            raise from_libvirt(error) from error
        return False
    return True


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """In a job SIGTERM leaves the block as :class:`Stopped`; in the helper, whose threads work here, it is its own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: Any) -> None:
        # The job's runner and Ansible both ask: the second time would end the cleaning up.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Stopped

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
