# SPDX-License-Identifier: Apache-2.0
"""A file on its way from a browser into a pool's folder: begun by a ticket, gone on with after a break.

It is written to ``.<name>.rhv-upload.part`` and gets its name when it is complete and its SHA-256 is right; nothing is
overwritten.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import secrets
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from ..errors import RhvError
from ..messages import msg
from .upload_rest import (
    RECORDS,
    busy,
    forget,
    other_size,
    part_name,
    remember,
    require_own,
    require_same,
    uploads_dir,
)
from .volumes import PART, no_space, require_name

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds that a ticket of which nothing is heard stays; what was uploaded stays as an incomplete volume.
TICKET_S = 7 * 24 * 3600.0
#: Left free: a file system that is full to the last byte stops the guests on it.
RESERVE = 64 * 1024 * 1024
_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class Ticket:
    """What may be uploaded and where to. ``pool``: uuid. ``folder``: of the pool. ``size``: bytes of the whole file.

    ``device`` and ``inode``: the folder as :func:`begin` found it; below it is another one when it is not mounted.
    """

    pool: str
    folder: str
    name: str
    size: int
    device: int = 0
    inode: int = 0


def begin(ticket: Ticket) -> tuple[str, int]:
    """A new ticket's name, and how many bytes an earlier attempt has left. Blocks.

    Raises ``volume.bad_name``, ``storage.volume_exists``, ``storage.no_space``, ``upload.other_size``,
    ``upload.other_file``, ``upload.write``.
    """
    require_name(ticket.name)
    if ticket.name.endswith(PART):
        raise RhvError("volume.bad_name", msg("upload.part", "A name that ends in .part is that of an upload."))
    with _told():
        place = os.stat(ticket.folder)
        have = _look(ticket, place)
    ticket = replace(ticket, device=place.st_dev, inode=place.st_ino)
    folder = uploads_dir()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in (*folder.glob("*.json"), *folder.glob(RECORDS)):
        if time.time() - old.stat().st_mtime > TICKET_S:
            old.unlink(missing_ok=True)
    name = secrets.token_hex(16)
    file = folder / f"{name}.json"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        json.dump(asdict(ticket), output)
    return name, have


def read_ticket(name: str) -> Ticket:
    """Raises ``upload.no_ticket``."""
    try:
        if not name.isalnum():
            raise ValueError("not a ticket")
        file = uploads_dir() / f"{name}.json"
        ticket = Ticket(**json.loads(file.read_text()))
        os.utime(file)
        return ticket
    except (OSError, ValueError, TypeError) as error:
        raise RhvError(
            "upload.no_ticket",
            msg("upload.no_ticket", "This upload is not known any more."),
            msg("upload.no_ticket.hint", "Choose the file once more: what has arrived of it is used."),
            str(error),
        ) from error


def drop_ticket(name: str) -> None:
    """It has served."""
    (uploads_dir() / f"{name}.json").unlink(missing_ok=True)


class Upload:
    """The file while it arrives; made by :func:`opened`. Everything blocks and raises :class:`RhvError`."""

    def __init__(self, ticket: Ticket, folder: int, file: int) -> None:
        self._ticket = ticket
        self._folder = folder
        self._file = file
        self._digest = hashlib.sha256()
        self.offset = 0
        """Bytes that are there and are part of the checksum."""
        self.ended = False
        """Its temporary name is gone: the folder is not as libvirt may have seen it."""

    def take_stock(self, progress: Callable[[int], None]) -> str:
        """Read what an earlier attempt left; returns its SHA-256. ``progress`` hears how far it is, each second."""
        said = time.monotonic()
        os.lseek(self._file, 0, os.SEEK_SET)
        while block := os.read(self._file, _BLOCK):
            self._digest.update(block)
            self.offset += len(block)
            if time.monotonic() - said >= 1:
                said = time.monotonic()
                progress(self.offset)
        return self._digest.hexdigest()

    def restart(self) -> None:
        """What is there is of another file: begin anew."""
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        self._digest, self.offset = hashlib.sha256(), 0

    def write(self, data: bytes) -> None:
        """The next bytes. Raises ``storage.no_space``, ``upload.too_much``, ``upload.write``."""
        if self.offset + len(data) > self._ticket.size:
            raise RhvError("upload.too_much", msg("upload.too_much", "The file is longer than it was said to be."))
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise no_space(self._ticket.size - self.offset, 0) from error
            raise RhvError(
                "upload.write", msg("upload.write", "The storage does not take what is written."), detail=str(error)
            ) from error
        self._digest.update(data)
        self.offset += len(data)

    def finish(self, expected: str) -> str:
        """Give it its name; returns its path. Raises ``upload.checksum``, ``storage.volume_exists``, ``upload.write``,
        ``upload.replaced``.

        A file whose checksum is wrong is deleted: nothing tells which part of it is.
        """
        found = self._digest.hexdigest()
        if self.offset != self._ticket.size or found != expected:
            self.discard()
            raise RhvError(
                "upload.checksum",
                msg("upload.checksum", "What has arrived is not what was sent."),
                msg("upload.checksum.hint", "The file may have changed meanwhile. Upload it once more."),
                f"SHA-256 sent {expected}, arrived {found}; {self.offset} of {self._ticket.size} bytes",
            )
        name = self._ticket.name
        require_same(self._folder, name, self._file)
        try:
            # an ISO image holds no secrets and is read by whoever mounts it; a disk does
            if name.lower().endswith(".iso"):
                os.fchmod(self._file, 0o644)
            os.fsync(self._file)
            # a link fails where a rename would overwrite
            os.link(part_name(name), name, src_dir_fd=self._folder, dst_dir_fd=self._folder, follow_symlinks=False)
        except FileExistsError as error:
            raise exists() from error
        except OSError as error:
            raise RhvError(
                "upload.write", msg("upload.write", "The storage does not take what is written."), detail=str(error)
            ) from error
        self.discard()
        os.fsync(self._folder)
        return str(Path(self._ticket.folder) / name)

    def discard(self) -> None:
        """Delete what has arrived under its temporary name. Raises ``upload.replaced``, OSError."""
        require_same(self._folder, self._ticket.name, self._file)
        os.unlink(part_name(self._ticket.name), dir_fd=self._folder)
        self.ended = True
        forget(self._folder, self._ticket.name)


@contextmanager
def opened(ticket: Ticket) -> Iterator[Upload]:
    """The file of a ticket, for one at a time.

    Raises ``upload.busy``, ``upload.other_folder``, ``upload.replaced`` and what :func:`begin` raises.
    """
    with _told():
        folder = os.open(ticket.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            place = os.fstat(folder)
            if (place.st_dev, place.st_ino) != (ticket.device, ticket.inode):
                raise RhvError(
                    "upload.other_folder",
                    msg("upload.other_folder", "The folder of the storage is not the one that the upload began in."),
                    msg("upload.other_folder.hint", "It may have been unmounted: activate the storage and try again."),
                )
            # before anything is made: what is refused leaves nothing
            _look(ticket, place)
            file = _part(ticket, folder)
            try:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError as error:
                    raise busy() from error
                # whoever had the lock may have deleted it or given it its name
                require_same(folder, ticket.name, file)
                yield Upload(ticket, folder, file)
            finally:
                os.close(file)
        finally:
            os.close(folder)


def _part(ticket: Ticket, folder: int) -> int:
    """The file, new and nobody else's, or what an earlier attempt of ours has left; open."""
    name, flags = part_name(ticket.name), os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        file = os.open(name, flags | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=folder)
    except FileExistsError:
        file = os.open(name, flags, dir_fd=folder)
        try:
            require_own(os.fstat(folder), ticket.name, os.fstat(file))
        except RhvError:
            os.close(file)
            raise
        return file
    try:
        remember(folder, ticket.name, file)
    except OSError:
        os.unlink(name, dir_fd=folder)
        os.close(file)
        raise
    return file


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RhvError(
            "upload.write", msg("upload.write", "The storage does not take what is written."), detail=str(error)
        ) from error


def exists() -> RhvError:
    """Nothing is overwritten."""
    return RhvError(
        "storage.volume_exists",
        msg("storage.volume_exists", "There is a volume of this name already."),
        msg("storage.volume_exists.hint", "Choose another name; nothing is overwritten."),
    )


def _look(ticket: Ticket, place: os.stat_result) -> int:
    """Bytes that are there already, when they are ours and the rest has room. ``place``: the folder's."""
    if os.path.lexists(os.path.join(ticket.folder, ticket.name)):
        raise exists()
    have = 0
    try:
        found = os.lstat(os.path.join(ticket.folder, part_name(ticket.name)))
    except FileNotFoundError:
        found = None
    if found is not None:
        require_own(place, ticket.name, found)
        if found.st_size > ticket.size:
            raise other_size()
        have = found.st_size
    space = os.statvfs(ticket.folder)
    free = space.f_bavail * space.f_frsize
    if ticket.size - have + RESERVE > free:
        raise no_space(ticket.size - have + RESERVE, free)
    return have
