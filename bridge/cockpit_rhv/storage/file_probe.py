# SPDX-License-Identifier: Apache-2.0
"""A program of its own: does one thing with a directory, as a given user, and says what came of it as JSON.

It imports nothing of ours, so that it can run before and outside any package path, and it is a process because a
directory of a dead server can only be left by killing whoever looks at it.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import secrets
import signal
import stat
import struct
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Begins the names of all test files; one whose test was killed is removed by a later one.
PREFIX = ".cockpit-rhv-test-"
#: Seconds, by the server's own clock, after which a test file belongs to nobody any more.
_STALE_S = 300
_BLOCK = 4096
#: As many as bring a stable median, as long as that takes no longer than this.
_WRITES, _WRITES_S = 100, 1.5
#: QEMU's image locks: byte 100 + permission that is used, 200 + permission that is not shared (block/file-posix.c).
_QEMU_LOCKS = ((100, 4), (200, 4))
_LISTED = 200


def look(path: str, _given: dict[str, Any] | None) -> dict[str, Any]:
    """Owner, mode, room, entries; stale test files are removed. ``fresh`` is the server's idea of the time."""
    status = os.stat(path)
    room = os.statvfs(path)
    names = sorted(os.listdir(path))
    return {
        "directory": stat.S_ISDIR(status.st_mode),
        "mode": stat.filemode(status.st_mode),
        "uid": status.st_uid,
        "gid": status.st_gid,
        "read_only": bool(room.f_flag & os.ST_RDONLY),
        "size": room.f_blocks * room.f_frsize,
        "free": room.f_bavail * room.f_frsize,
        "free_files": room.f_favail if room.f_files else None,
        "names": [name for name in names if not name.startswith(PREFIX)][:_LISTED],
        "stale": [name for name in names if name.startswith(PREFIX)],
        "domains": [name for name in names[:_LISTED] if os.path.isfile(os.path.join(path, name, "dom_md", "metadata"))],
    }


def write(path: str, given: dict[str, Any] | None) -> dict[str, Any]:
    """Make a file, write, read it back, remove it; then remove what earlier tests that were killed left."""
    with _test_file(path, given) as (_name, descriptor):
        content = secrets.token_bytes(65536)
        os.pwrite(descriptor, content, 0)
        os.fsync(descriptor)
        status = os.fstat(descriptor)
        same = os.pread(descriptor, len(content), 0) == content
    for other in os.listdir(path):
        old = os.path.join(path, other)
        if other.startswith(PREFIX):
            with contextlib.suppress(FileNotFoundError, PermissionError):
                if status.st_mtime - os.stat(old).st_mtime > _STALE_S:
                    os.unlink(old)
    return {"uid": status.st_uid, "gid": status.st_gid, "same": same}


def locks(path: str, given: dict[str, Any] | None) -> dict[str, Any]:
    """Whether a lock as QEMU takes it keeps a second opener out, and is free again afterwards."""
    with _test_file(path, given) as (name, first):
        second = os.open(name, os.O_RDWR | os.O_CLOEXEC)
        try:
            for start, length in _QEMU_LOCKS:
                _lock(first, fcntl.F_RDLCK, start, length)
            refused = False
            try:
                _lock(second, fcntl.F_WRLCK, *_QEMU_LOCKS[0])
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise
                refused = True
            for start, length in _QEMU_LOCKS:
                _lock(first, fcntl.F_UNLCK, start, length)
            _lock(second, fcntl.F_WRLCK, *_QEMU_LOCKS[0])
        finally:
            os.close(second)
    return {"refused": refused}


def latency(path: str, given: dict[str, Any] | None) -> dict[str, Any]:
    """Milliseconds of single writes of 4 KiB, each with fsync as a database or a guest's journal does it."""
    with _test_file(path, given) as (_name, descriptor):
        os.pwrite(descriptor, bytes(_BLOCK * _WRITES), 0)
        os.fsync(descriptor)
        block = secrets.token_bytes(_BLOCK)
        times: list[float] = []
        end = time.monotonic() + _WRITES_S
        while len(times) < _WRITES and (len(times) < 3 or time.monotonic() < end):
            began = time.monotonic()
            os.pwrite(descriptor, block, _BLOCK * len(times))
            os.fsync(descriptor)
            times.append((time.monotonic() - began) * 1000)
    return {"ms": [round(value, 3) for value in times]}


@contextlib.contextmanager
def _test_file(path: str, given: dict[str, Any] | None) -> Iterator[tuple[str, int]]:
    """A new file, open, and gone afterwards. ``given``: root makes it, that user opens it, as with libvirt's disks."""
    name = os.path.join(path, PREFIX + secrets.token_hex(8))
    descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            if given is not None:
                os.fchown(descriptor, given["uid"], given["gid"])
                roots, descriptor = descriptor, _open_as(given, name)
                os.close(roots)
            yield name, descriptor
        finally:
            os.close(descriptor)
    finally:
        if given is not None and os.geteuid() != 0:
            _act_as(0, 0, [])
        os.unlink(name)


def _open_as(user: dict[str, Any], name: str) -> int:
    """Open it as that user, and stay so."""
    _act_as(user["uid"], user["gid"], user["groups"])
    return os.open(name, os.O_RDWR | os.O_CLOEXEC)


def _act_as(uid: int, gid: int, groups: list[int]) -> None:
    if uid == 0:
        os.seteuid(0)
    os.setgroups(groups)
    os.setegid(gid)
    os.seteuid(uid)
    _die_with_the_asker()


def _lock(descriptor: int, kind: int, start: int, length: int) -> None:
    command = getattr(fcntl, "F_OFD_SETLK", 37)
    fcntl.fcntl(descriptor, command, struct.pack("hhqqi4x", kind, os.SEEK_SET, start, length, 0))


def _become(user: dict[str, Any] | None) -> None:
    if user is not None and os.geteuid() == 0:
        os.setgroups(user["groups"])
        os.setresgid(user["gid"], user["gid"], user["gid"])
        os.setresuid(user["uid"], user["uid"], user["uid"])
    _die_with_the_asker()


def _die_with_the_asker() -> None:
    # Changing the user clears what setpriv had set.
    if ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def main() -> int:
    """``{"action", "path", "user": {uid, gid, groups} or null, "given"}`` on stdin; one JSON object on stdout.

    ``given``: the files are made by root and given to the user.
    """
    asked = json.load(sys.stdin)
    given = asked["user"] if asked["given"] else None
    try:
        _become(None if asked["given"] else asked["user"])
        os.chdir("/")
        action = {"look": look, "write": write, "locks": locks, "latency": latency}[asked["action"]]
        answer = action(asked["path"], given)
    except OSError as error:
        answer = {"errno": errno.errorcode.get(error.errno or 0, str(error.errno)), "detail": str(error)}
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
