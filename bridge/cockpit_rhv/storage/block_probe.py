# SPDX-License-Identifier: Apache-2.0
"""A program of its own: measures a block device and proves that it can be written, without changing a byte of it.

It imports nothing of ours; it is a process because a dead device can only be left by killing whoever looks at it. A
block is written only where asked, which is when nothing was found on the device, and only with the zeros it holds.
"""

from __future__ import annotations

import errno
import json
import mmap
import os
import sys
import time
from typing import Any

_BLOCK = 4096
_COUNT, _LIMIT_S = 50, 1.5
_MIB = 2**20


def measure(path: str, write: bool) -> dict[str, Any]:
    """``size``; ``zero``: first and last MiB are; ``wrote``; ``ms`` of single operations of 4 KiB."""
    # O_EXCL: refused where the kernel itself uses the device (mounted, LVM, multipath).
    flags = os.O_DIRECT | os.O_CLOEXEC | (os.O_RDWR | os.O_DSYNC | os.O_EXCL if write else os.O_RDONLY)
    descriptor = os.open(path, flags)
    try:
        size = os.lseek(descriptor, 0, os.SEEK_END)
        edge = mmap.mmap(-1, _MIB)
        zero = True
        for offset in {0, max(0, (size - _MIB) // _BLOCK * _BLOCK)}:
            count = os.preadv(descriptor, [edge], offset)
            zero = zero and not any(edge[:count])
        block = mmap.mmap(-1, _BLOCK)
        writes = write and zero
        times: list[float] = []
        end = time.monotonic() + _LIMIT_S
        while len(times) < _COUNT and (len(times) < 3 or time.monotonic() < end):
            offset = len(times) * _BLOCK % max(_BLOCK, size)
            began = time.monotonic()
            if writes:
                # Zeros over the zeros that have just been read there.
                os.pwritev(descriptor, [block], offset)
            else:
                os.preadv(descriptor, [block], offset)
            times.append((time.monotonic() - began) * 1000)
    finally:
        os.close(descriptor)
    return {"size": size, "zero": zero, "wrote": writes, "ms": [round(value, 3) for value in times]}


def main() -> int:
    """``{"path", "write"}`` on stdin; one JSON object on stdout."""
    asked = json.load(sys.stdin)
    try:
        answer = measure(asked["path"], asked["write"])
    except OSError as error:
        answer = {"errno": errno.errorcode.get(error.errno or 0, str(error.errno)), "detail": str(error)}
    json.dump(answer, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
