# SPDX-License-Identifier: Apache-2.0
"""A lease on a file server: a file that virtlockd locks while the engine runs; in it, the host that started it last.

The server keeps the lock, so it ends with its host: on NFS 4 when the host has been silent for the server's lease time.
"""

from __future__ import annotations

import errno
import fcntl
import os
import platform
import shutil
import struct
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import msg

if TYPE_CHECKING:
    from pathlib import Path

    from .state import Deployment

#: ``struct flock``: type, whence, start, length, process.
_FLOCK = "hhqqi4x"
#: Root's alone: virtlockd is root, and QEMU has no business here.
_FOLDER_MODE, _FILE_MODE = 0o700, 0o600
_NAME_BYTES = 256


def make(deployment: Deployment, folder: Path, key: str) -> bool:
    """Make it where it does not exist; True when it did not. virtlockd makes no file by itself. Raises OSError."""
    path = folder / key
    if path.exists():
        return False
    deployment.note("lease", str(folder))
    folder.mkdir(mode=_FOLDER_MODE, exist_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, _FILE_MODE))
    return True


def is_held(folder: Path, key: str) -> bool:
    """Whether a virtlockd has it locked, on this host or another. Raises RhvError ``lease.gone``; OSError."""
    descriptor = _open(folder / key)
    try:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0)
        kind: int = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))[0]
    finally:
        os.close(descriptor)
    return kind != fcntl.F_UNLCK


def sign(folder: Path, key: str) -> None:
    """Write this host's name into it, for whoever is refused. Raises RhvError ``lease.gone``; OSError."""
    descriptor = _open(folder / key)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, platform.node().encode()[:_NAME_BYTES])
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def signed_by(folder: Path, key: str) -> str:
    """The host that started the engine last, empty when none has. Raises RhvError ``lease.gone``; OSError."""
    descriptor = _open(folder / key)
    try:
        said = os.read(descriptor, _NAME_BYTES).decode("utf-8", "replace")
    finally:
        os.close(descriptor)
    # Anybody with the export could write there.
    return "".join(letter for letter in said if letter.isprintable())


def remove(folder: Path) -> None:
    """Forget it; one that is gone is fine. Raises OSError."""
    if os.path.lexists(folder):
        shutil.rmtree(folder)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise
        raise RhvError(
            "lease.gone",
            msg("lease.gone", "The lease of the engine's disk, {path}, no longer exists.", path=str(path)),
            msg(
                "lease.gone.hint",
                "If no other host runs the engine, make the file anew (mkdir and touch) and start it again.",
            ),
        ) from error
