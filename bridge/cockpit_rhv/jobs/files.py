# SPDX-License-Identifier: Apache-2.0
"""Writing the files of a job folder so that a reader never sees half of one, and locks the kernel frees at death."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import grp
import itertools
import json
import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_serial = itertools.count()


class Locked(Exception):
    """Somebody else holds the lock."""


def reader_gid() -> int:
    """The group that may read jobs: libvirt where it exists, else root's."""
    try:
        return grp.getgrnam("libvirt").gr_gid
    except KeyError:
        return 0


def hand_to_group(path: Path, mode: int, gid: int | None = None) -> None:
    """Give ``path`` this mode and, when we are root, the readers' group. Raises OSError."""
    if os.geteuid() == 0:
        os.chown(path, 0, reader_gid() if gid is None else gid)
    os.chmod(path, mode)


def write_json(path: Path, value: Any, mode: int, *, gid: int | None = None, durable: bool = False) -> None:
    """Replace ``path`` atomically by ``value`` as JSON; raises OSError, and then leaves nothing behind.

    ``durable`` also waits for the disk. It is for the beginning and the end of a job: while an image is being
    copied an fsync of any file may wait for all of that data, and would stall the job by seconds.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{next(_serial)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(value, stream, ensure_ascii=True, separators=(",", ":"))
            stream.write("\n")
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        hand_to_group(temporary, mode, gid)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink()
        raise
    if durable:
        sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Make the names inside ``path`` survive a power cut. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_json(path: Path) -> Any:
    """Parse ``path``; raises OSError, or ValueError when it is no JSON."""
    return json.loads(path.read_text(encoding="utf-8"))


@contextlib.contextmanager
def file_lock(path: Path, wait_s: float = 0.0) -> Iterator[None]:
    """Hold an exclusive lock on ``path`` (created 0600); the kernel drops it when this process dies.

    Waits at most ``wait_s`` seconds, then raises :class:`Locked`. Raises OSError when the file cannot be opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise
                if time.monotonic() >= deadline:
                    raise Locked(str(path)) from error
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)
