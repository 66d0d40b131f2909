# SPDX-License-Identifier: Apache-2.0
"""Stop everything this process ever started, also what moved into a session of its own (Ansible's workers do)."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Make orphaned descendants ours instead of init's, so that none can leave the tree. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def descendants(root: int) -> set[int]:
    """Process ids below ``root`` that still run; zombies do not count."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # "pid (name) state ppid …"; the name may contain anything, so read from the last parenthesis.
            state, parent = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state not in ("Z", "X"):
            parents[int(entry.name)] = int(parent)
    found: set[int] = set()
    grown = True
    while grown:
        fresh = {pid for pid, parent in parents.items() if (parent == root or parent in found) and pid not in found}
        found |= fresh
        grown = bool(fresh)
    return found


def stop_descendants(grace_s: float = 1.0) -> None:
    """End every descendant: SIGTERM, then after ``grace_s`` seconds SIGKILL, until none is left.

    Call :func:`adopt_orphans` first. Returns when nothing runs any more.
    """
    deadline = time.monotonic() + grace_s
    asked: set[int] = set()
    while True:
        alive = descendants(os.getpid())
        if not alive:
            return
        overdue = time.monotonic() >= deadline
        for pid in alive if overdue else alive - asked:
            try:
                os.kill(pid, signal.SIGKILL if overdue else signal.SIGTERM)
            except ProcessLookupError:
                continue
        asked |= alive
        time.sleep(0.02)
