# SPDX-License-Identifier: Apache-2.0
"""A program of its own: which of some files lie in a directory and whether QEMU has them, or their end; as JSON.

It imports nothing of ours and is a process, as ``file_probe`` is and for the same reasons.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import signal
import stat
import struct
import sys
from typing import Any

_NAME_BYTES = 256
_QCOW2 = struct.Struct(">4sIQIIQ")


def look(path: str, names: list[str]) -> dict[str, Any]:
    """Those that are there; ``in_use`` and ``virtual`` are None where that cannot be read.

    ``signed``: who started the engine last, "" for nobody, None where that cannot be read.
    """
    signed: list[str | None] = [_signed(_signature(path, name)) for name in names]
    return {
        "files": [entry for name in names if (entry := _entry(os.path.join(path, name), name)) is not None],
        "signed": next((said for said in signed if said != ""), ""),
    }


def _signed(file: str) -> str | None:
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    except OSError:
        return None
    try:
        said = os.read(descriptor, _NAME_BYTES).decode("utf-8", "replace")
    except OSError:
        return None
    finally:
        os.close(descriptor)
    # Anybody with the export could write there.
    return "".join(letter for letter in said if letter.isprintable())


def _entry(file: str, name: str) -> dict[str, Any] | None:
    try:
        status = os.lstat(file)
    except FileNotFoundError:
        return None
    entry: dict[str, Any] = {
        "name": name,
        "regular": stat.S_ISREG(status.st_mode),
        "size": status.st_size,
        "allocated": status.st_blocks * 512,
        "modified": int(status.st_mtime),
        "mark": _mark(status),
        "virtual": None,
        "in_use": None,
    }
    if entry["regular"]:
        try:
            descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except PermissionError:
            return entry
        try:
            start = os.pread(descriptor, _QCOW2.size, 0)
            entry["in_use"] = _is_locked(descriptor)
        finally:
            os.close(descriptor)
        if len(start) == _QCOW2.size and start[:4] == b"QFI\xfb":
            entry["virtual"] = _QCOW2.unpack(start)[5]
    return entry


def wipe(path: str, files: list[dict[str, str]]) -> dict[str, Any]:
    """Remove exactly these, or none: not one that is another by now, and none that somebody has open."""
    held = []
    try:
        for file in files:
            name = os.path.join(path, file["name"])
            try:
                descriptor = os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            except FileNotFoundError:
                return {"changed": file["name"]}
            held.append(descriptor)
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or _mark(status) != file["mark"]:
                return {"changed": file["name"]}
            try:
                # Held to the end: a QEMU that starts meanwhile is refused.
                fcntl.fcntl(descriptor, getattr(fcntl, "F_OFD_SETLK", 37), _flock(fcntl.F_WRLCK))
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise
                return {"in_use": file["name"]}
        # First: where this is not allowed the rest is not either, and is whole.
        for file in files:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(_signature(path, file["name"]))
        for file in files:
            os.unlink(os.path.join(path, file["name"]))
    finally:
        for descriptor in held:
            os.close(descriptor)
    return {"removed": [file["name"] for file in files]}


def _signature(path: str, name: str) -> str:
    """Beside an engine's disk: the name of the host that started it last."""
    return os.path.join(path, f".{name}.host")


def _mark(status: os.stat_result) -> str:
    # Not the device: each mount of a server has another one.
    return f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}"


def _is_locked(descriptor: int) -> bool:
    answer = fcntl.fcntl(descriptor, getattr(fcntl, "F_OFD_GETLK", 36), _flock(fcntl.F_WRLCK))
    return bool(struct.unpack_from("h", answer)[0] != fcntl.F_UNLCK)


def _flock(kind: int) -> bytes:
    # The whole file: virtlockd has its first byte, QEMU some from the hundredth on.
    return struct.pack("hhqqi4x", kind, os.SEEK_SET, 0, 0, 0)


def main() -> int:
    """``{"action", "path", "files", "user": {uid, gid, groups} or null}`` on stdin; one JSON object on stdout."""
    asked = json.load(sys.stdin)
    try:
        user = asked["user"]
        if user is not None:
            os.setgroups(user["groups"])
            os.setresgid(user["gid"], user["gid"], user["gid"])
            os.setresuid(user["uid"], user["uid"], user["uid"])
            # Changing the user clears what setpriv had set: die with the one who asked.
            if ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "prctl")
        os.chdir("/")
        action = look if asked["action"] == "look" else wipe
        answer = action(asked["path"], asked["files"])
    except OSError as error:
        answer = {"errno": errno.errorcode.get(error.errno or 0, str(error.errno)), "detail": str(error)}
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
