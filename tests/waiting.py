# SPDX-License-Identifier: Apache-2.0
"""Waiting for something to become true, with the last thing seen in the failure."""

from __future__ import annotations

import time
from typing import Callable, TypeVar

T = TypeVar("T")


def until(
    what: str, probe: Callable[[], T], accept: Callable[[T], bool] = bool, limit_s: float = 30, every_s: float = 0.2
) -> T:
    """Call ``probe`` until ``accept`` likes its answer; AssertionError with the last answer after ``limit_s``."""
    deadline = time.monotonic() + limit_s
    while True:
        seen = probe()
        if accept(seen):
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {limit_s:g} s; last seen: {seen!r}")
        time.sleep(every_s)
