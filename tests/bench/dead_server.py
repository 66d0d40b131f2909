# SPDX-License-Identifier: Apache-2.0
"""Runs on the bench's host as root: a file system that is well until it is not, as one whose file server has died.

``dead_server.py FOLDER SIGNAL``: mounts an empty directory on FOLDER, says "mounted", and answers the kernel (the
FUSE protocol of linux/fuse.h, the few requests of an empty directory) until the file SIGNAL exists. From then on
whoever looks at FOLDER waits, as with NFS. It ends with its stdin.
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
import sys
from pathlib import Path

_GETATTR, _STATFS, _RELEASE, _FLUSH, _INIT = 3, 17, 18, 25, 26
_OPENDIR, _READDIR, _RELEASEDIR, _ACCESS = 27, 28, 29, 34
_FORGET, _BATCH_FORGET = 2, 42
_ENOSYS = 38
_DIRECTORY = struct.pack("<6Q10I", 1, 0, 0, 0, 0, 0, 0, 0, 0, 0o040755, 2, 0, 0, 0, 4096, 0)
_SPACE = struct.pack("<5Q4I", 1_000_000, 900_000, 900_000, 1000, 900, 4096, 255, 4096, 0) + bytes(24)
_ANSWERS = {
    _INIT: struct.pack("<IIIIHHI", 7, 19, 0, 0, 0, 0, 4096),
    _GETATTR: struct.pack("<QII", 0, 0, 0) + _DIRECTORY,
    _STATFS: _SPACE,
    _OPENDIR: struct.pack("<QII", 0, 0, 0),
    _READDIR: b"",
    **dict.fromkeys((_RELEASE, _FLUSH, _RELEASEDIR, _ACCESS), b""),
}


def mount(folder: str) -> int:
    """The kernel's requests come from what is returned."""
    device = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL("libc.so.6", use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    if libc.mount(b"dead", folder.encode(), b"fuse", 0, options) != 0:
        raise OSError(ctypes.get_errno(), f"mounting {folder}")
    return device


def serve(device: int, dead: Path) -> None:
    while True:
        ready, _, _ = select.select([device, sys.stdin], [], [])
        if device not in ready:
            return  # nobody needs it any more; the kernel lets go of those who wait
        request = os.read(device, 1 << 20)
        _length, kind, number = struct.unpack("<IIQ", request[:16])
        if dead.exists() or kind in (_FORGET, _BATCH_FORGET):
            continue
        answer = _ANSWERS.get(kind)
        error = -_ENOSYS if answer is None else 0
        os.write(device, struct.pack("<IiQ", 16 + len(answer or b""), error, number) + (answer or b""))


def main() -> None:
    folder, dead = sys.argv[1:]
    device = mount(folder)
    print("mounted", flush=True)
    serve(device, Path(dead))


if __name__ == "__main__":
    main()
