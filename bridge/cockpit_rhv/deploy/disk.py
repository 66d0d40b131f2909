# SPDX-License-Identifier: Apache-2.0
"""The engine's disk: a copy of the appliance image, proved while it is made, grown to the asked size.

Each block is read once and goes both to the disk and, in a second thread, through SHA-256: what is proved is what was
written, and the copy takes hardly longer than ``cp``.
"""

from __future__ import annotations

import errno
import hashlib
import os
import queue
import subprocess
import threading
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..jobs.files import sync_folder
from ..messages import msg
from ..storage.checksum import expected_sha256, wrong_sum
from ..storage.links import refuse_strangers_link
from ..storage.qcow2 import read_header
from .answers import get
from .engine_volume import fill_volume
from .lease import refuse_held, sign_new, taken_folders
from .places import engine_disk, engine_volume, lease_file, partial_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .progress import ProgressFile
    from .state import Deployment

BLOCK = 4 * 2**20
_BUFFERS = 4
GIB = 2**30


def make_disk(deployment: Deployment, answers: Mapping[str, Any], image: Path, progress: ProgressFile) -> bool:
    """Make the disk of ``engine.disk_gib``, or recognise that it is there; True when something was done.

    A copy that was broken off is begun anew: it never has the disk's name. Once a VM has been started on the disk it is
    left alone. Raises RhvError ``disk.*``, ``image.*``, ``lease.held``.
    """
    if engine_volume(answers) is not None:
        return fill_volume(deployment, answers, image, progress)
    target = engine_disk(answers)
    record = deployment.record
    # The preflight looked too, but a stranger's link can be turned since.
    refuse_strangers_link(target.parent)
    is_ours = _inode(target) == record.disk_inode != 0 and record.disk == str(target)
    if is_ours and record.started:
        # A VM has written to it: whatever has become of the image since, this disk is never made anew.
        return False
    expected = expected_sha256(image)
    if is_ours and record.disk_sha256 == expected:
        # The attempt that made it may have ended before it signed.
        sign_new(deployment, target)
        return grow(target, get(answers, "engine.disk_gib") * GIB)
    partial = partial_file(target)
    for path in (target, partial):
        if os.path.lexists(path) and str(path) not in record.files():
            raise _foreign(path)
    if os.path.lexists(target):
        # The name is known as ours, but an export has more hosts than this one.
        if target.parent in taken_folders(record):
            raise _foreign(target)
        refuse_held(target)
    else:
        _drop_signature(target)
    deployment.update(leftovers=sorted({*record.leftovers, str(partial), str(target)}))
    before = _inode(target)
    try:
        copy_proved(image, partial, expected, progress)
        grow(partial, get(answers, "engine.disk_gib") * GIB)
        deployment.update(disk=str(target), disk_inode=_inode(partial), disk_sha256=expected)
        _publish(partial, target, before)
        sign_new(deployment, target)
        sync_folder(target.parent)
    except OSError as error:
        raise os_fault(error, target) from error
    finally:
        partial.unlink(missing_ok=True)
    return True


def _drop_signature(target: Path) -> None:
    """Of an engine's disk that was deleted: the one to be made under its name is not that host's."""
    try:
        lease_file(target).unlink(missing_ok=True)
    except OSError as error:
        raise os_fault(error, target) from error


def _publish(partial: Path, target: Path, before: int) -> None:
    """Give the copy its name; ``before``: inode of what had it when the copy began, 0 for nothing.

    On shared storage another host may have made its engine's disk there meanwhile.
    """
    if before == 0:
        try:
            os.link(partial, target)  # unlike a rename it replaces nothing
        except FileExistsError as error:
            raise _foreign(target) from error
    elif _inode(target) == before:
        os.replace(partial, target)
    else:
        raise _foreign(target)


def _foreign(path: Path) -> RhvError:
    return RhvError(
        "disk.foreign",
        msg("disk.foreign", "{path} exists and is not from an unfinished deployment.", path=str(path)),
        msg("disk.foreign.hint", "Choose another name or directory, or move that file away."),
    )


def copy_proved(source: Path, target: Path, expected: str, progress: ProgressFile) -> None:
    """Copy ``source`` to ``target`` (0600, a new file), durably. Raises RhvError ``image.checksum``; OSError.

    What has the name already is unlinked, never opened: it could be a link to somebody else's file.
    """
    reader = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        total = os.fstat(reader).st_size
        target.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        writer = os.open(target, flags, 0o600)
        try:
            found, size = _pump(reader, writer, total, progress)
            os.ftruncate(writer, size)
            os.fsync(writer)
        finally:
            os.close(writer)
    finally:
        os.close(reader)
    if found != expected:
        raise wrong_sum(source, expected, f"{found} over {size} of {total} bytes")


def _pump(reader: int, writer: int, total: int, progress: ProgressFile) -> tuple[str, int]:
    """Move all bytes; returns their SHA-256 and number."""
    digest = hashlib.sha256()
    free: queue.SimpleQueue[bytearray] = queue.SimpleQueue()
    full: queue.SimpleQueue[tuple[bytearray, int] | None] = queue.SimpleQueue()
    for _ in range(_BUFFERS):
        free.put(bytearray(BLOCK))

    def hash_blocks() -> None:
        while True:
            item = full.get()
            if item is None:
                return
            digest.update(memoryview(item[0])[: item[1]])
            free.put(item[0])

    hasher = threading.Thread(target=hash_blocks, name="sha256", daemon=True)
    hasher.start()
    zeros = bytes(BLOCK)
    done = 0
    try:
        while True:
            buffer = free.get()
            size = os.readv(reader, [buffer])
            if size == 0:
                break
            # A hole instead of a block of zeros: the file's length is set at the end.
            if size < BLOCK or buffer != zeros:
                _write_all(writer, memoryview(buffer)[:size], done)
            full.put((buffer, size))
            done += size
            progress.report(done, total, "bytes", msg("deploy.image.copying", "The image is copied and verified"))
    finally:
        full.put(None)
        hasher.join()
    return digest.hexdigest(), done


def _write_all(writer: int, view: memoryview, offset: int) -> None:
    while view:
        written = os.pwrite(writer, view, offset)
        view, offset = view[written:], offset + written


def grow(path: Path, size: int) -> bool:
    """Make the disk at least ``size`` bytes large; True if it was not. Raises RhvError ``disk.resize``, OSError."""
    if read_header(path).virtual_size >= size:
        return False
    done = subprocess.run(
        ["qemu-img", "resize", "-q", "-f", "qcow2", str(path), str(size)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        text=True,
    )
    if done.returncode != 0:
        raise RhvError(
            "disk.resize",
            msg("disk.resize", "The engine's disk could not be grown to {gib} GiB.", gib=round(size / GIB, 1)),
            msg("disk.resize.hint", "A running VM keeps its disk's size; shut it down first."),
            done.stdout.strip(),
        )
    return True


def _inode(path: Path) -> int:
    try:
        return os.stat(path, follow_symlinks=False).st_ino
    except FileNotFoundError:
        return 0


def os_fault(error: OSError, target: Path) -> RhvError:
    """Why the disk ``target`` could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return RhvError(
            "disk.full",
            msg("disk.full", "There is no room left in {folder}.", folder=str(target.parent)),
            msg("disk.full.hint", "Make room, or choose another directory; then resume."),
            str(error),
        )
    return RhvError(
        "disk.failed",
        msg("disk.failed", "The engine's disk {path} could not be written.", path=str(target)),
        msg("disk.failed.hint", "Look at the kernel's log for faults of the disk below it."),
        str(error),
    )
