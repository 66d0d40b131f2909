# SPDX-License-Identifier: Apache-2.0
"""Free space and inodes of a file system, asked with a time limit: a dead file server answers never."""

from __future__ import annotations

import os
import queue
import threading
from typing import TYPE_CHECKING, NamedTuple, Union

if TYPE_CHECKING:
    from pathlib import Path

#: Seconds a file system may take; a local one takes microseconds, an NFS server that lives some milliseconds.
LIMIT_S = 3.0

_Answer = Union["Space", OSError]


class Space(NamedTuple):
    """Of one file system. ``free_bytes``: what an ordinary user can still take. ``inodes``: 0 where it has no limit.

    ``device``: the number that tells file systems apart.
    """

    device: int
    total_bytes: int
    free_bytes: int
    inodes: int
    free_inodes: int


_lock = threading.Lock()
#: Paths whose last question is still without an answer: they are not asked again until it has come.
_asking: dict[Path, threading.Thread] = {}


def read_space(path: Path, limit_s: float = LIMIT_S) -> Space:
    """Raises OSError, and TimeoutError when the file system does not answer within ``limit_s`` seconds.

    While an earlier question to the same path hangs in the kernel no second thread is lost to it.
    """
    answers: queue.SimpleQueue[_Answer] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(_read(path))
        except OSError as error:
            answers.put(error)
        finally:
            with _lock:
                _asking.pop(path, None)

    with _lock:
        former = _asking.get(path)
        if former is None:
            thread = _asking[path] = threading.Thread(target=ask, name=f"statvfs {path}", daemon=True)
            thread.start()
    if former is not None:
        former.join(limit_s)
        if former.is_alive():
            raise TimeoutError(f"{path} does not answer")
        return read_space(path, limit_s)
    try:
        answer = answers.get(timeout=limit_s)
    except queue.Empty:
        raise TimeoutError(f"{path} does not answer") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _read(path: Path) -> Space:
    device = os.stat(path).st_dev
    found = os.statvfs(path)
    return Space(
        device, found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize, found.f_files, found.f_favail
    )
