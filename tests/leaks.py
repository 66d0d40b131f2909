# SPDX-License-Identifier: Apache-2.0
"""A fixture that fails a test which leaves tasks, child processes or file descriptors behind.

Import it into a ``conftest.py`` (or a test module) and it applies to every test there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds that what a test closed may take to be gone, on a machine that others use too.
GRACE_S = 20.0


def descriptors() -> dict[str, str]:
    """Open descriptors of this process and what they lead to."""
    found = {}
    for entry in os.listdir("/proc/self/fd"):
        try:
            found[entry] = os.readlink(f"/proc/self/fd/{entry}")
        except FileNotFoundError:
            continue  # the one that listed the folder
    return found


def children() -> set[str]:
    """Ids of our child processes, zombies included."""
    found: set[str] = set()
    for task in Path("/proc/self/task").iterdir():
        # A thread may end while the list is read; its children are then the process's, under another thread.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found |= set((task / "children").read_text().split())
    return found


def _settled(before: dict[str, str], processes: set[str]) -> tuple[dict[str, str], set[str]]:
    """What is left over after :data:`GRACE_S` at most."""
    deadline = time.monotonic() + GRACE_S
    while True:
        fds = {number: target for number, target in descriptors().items() if before.get(number) != target}
        left = children() - processes
        if (not fds and not left) or time.monotonic() > deadline:
            return fds, left
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """Compare before and after."""
    fds, processes = descriptors(), children()
    yield
    left_fds, left_processes = _settled(fds, processes)
    assert not left_processes, f"child processes left behind: {left_processes}"
    assert not left_fds, f"descriptors left behind: {left_fds}"


def assert_no_tasks() -> None:
    """To be called at the end of an async test: nothing but the test itself runs."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task() and not task.done()]
    assert not others, f"tasks left behind: {others}"
