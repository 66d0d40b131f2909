# SPDX-License-Identifier: Apache-2.0
"""The file that an upload is written to until it is complete: its name, and how it is known again as our own.

Whatever else has that name is left as it is: neither gone on with nor deleted.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import RhvError
from ..messages import msg
from .volumes import PART

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How a record of a file is called beside the tickets.
RECORDS = "*.rest"


class Identity(NamedTuple):
    """What a file keeps while it is the same. ``owner``: not always root, an NFS server may make it somebody else."""

    device: int
    inode: int
    owner: int


def uploads_dir() -> Path:
    """Where tickets and records are kept until the host boots: root's alone; ``COCKPIT_RHV_UPLOADS`` names another."""
    return Path(os.environ.get("COCKPIT_RHV_UPLOADS", "/run/cockpit-rhv/uploads"))


def part_name(name: str) -> str:
    """What the upload of ``name`` is called: nothing that a browser or a person would call a file of theirs."""
    return f".{name}.rhv-upload{PART}"


def identity(found: os.stat_result) -> Identity:
    """Of a file."""
    return Identity(found.st_dev, found.st_ino, found.st_uid)


def remember(folder: int, name: str, file: int) -> None:
    """That ``file`` was made by us for ``name`` in ``folder``, both open. Raises OSError."""
    record = _record(os.fstat(folder), name)
    record.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(record, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "w") as output:
        json.dump(identity(os.fstat(file)), output)


def forget(folder: int, name: str) -> None:
    """It is gone."""
    _record(os.fstat(folder), name).unlink(missing_ok=True)


def require_own(folder: os.stat_result, name: str, found: os.stat_result) -> None:
    """Raises ``upload.other_file`` unless ``found`` is what was remembered."""
    record = _record(folder, name)
    try:
        if stat.S_ISREG(found.st_mode) and Identity(*json.loads(record.read_text())) == identity(found):
            os.utime(record)
            return
        detail = "it is not the file that was made for the upload"
    except (OSError, ValueError, TypeError) as error:
        detail = str(error)
    raise RhvError("upload.other_file", _REST, _REST_HINT, f"{part_name(name)}: {detail}")


def require_same(folder: int, name: str, file: int) -> None:
    """Raises ``upload.replaced`` when the open ``file`` is not, or no longer, what has the upload's name."""
    try:
        found = identity(os.stat(part_name(name), dir_fd=folder, follow_symlinks=False))
    except FileNotFoundError:
        found = None
    if found != identity(os.fstat(file)):
        raise RhvError(
            "upload.replaced",
            msg("upload.replaced", "What has arrived of the file was renamed, replaced or deleted by somebody else."),
            msg("upload.replaced.hint", "Upload the file once more."),
            part_name(name),
        )


def other_size() -> RhvError:
    """What is left is longer than the file that is to come."""
    return RhvError("upload.other_size", _REST, _REST_HINT)


def busy() -> RhvError:
    """Somebody writes it."""
    return RhvError("upload.busy", msg("upload.busy", "This file is being uploaded already, maybe in another window."))


@contextmanager
def not_arriving(path: str) -> Iterator[None]:
    """Within it nobody goes on with the upload at ``path``; of another file nothing is asked.

    Raises ``upload.busy``, and ``volume.unreadable`` when that cannot be told.
    """
    if not path.endswith(PART):
        yield
        return
    try:
        # to write: NFS locks nothing that is open for reading alone
        file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        # neither a link nor a folder nor what is gone is being written to
        if error.errno not in (errno.ENOENT, errno.ELOOP, errno.EISDIR):
            raise _untold(error) from error
        yield
        return
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise busy() from error
        except OSError as error:
            raise _untold(error) from error
        yield
    finally:
        os.close(file)


_REST = msg("upload.other_size", "The rest of another upload has this name.")
_REST_HINT = msg("upload.other_size.hint", "Choose another name, or delete what is left of that upload.")


def _untold(error: OSError) -> RhvError:
    return RhvError("volume.unreadable", msg("volume.unreadable", "This volume cannot be looked at."), None, str(error))


def _record(folder: os.stat_result, name: str) -> Path:
    key = hashlib.sha256(f"{folder.st_dev}:{folder.st_ino}/{name}".encode()).hexdigest()
    return uploads_dir() / f"{key}{RECORDS[1:]}"
