# SPDX-License-Identifier: Apache-2.0
"""Judges measured latencies: a guest's file system waits for each of these."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from ..messages import msg
from .steps import OK, UNKNOWN, WARNING, Found

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Milliseconds of the median. A disk behind a gigabit network needs 1 to 10.
SLOW_MS = 20.0
#: Milliseconds of the worst. sanlock gives up a lease whose storage hangs for some ten seconds.
STALL_MS = 1000.0


def judge_latency(times_ms: Sequence[float], source: str, *, reads: bool = False) -> Found:
    """``times_ms``: single synchronous writes of 4 KiB, or reads where nothing may be written."""
    if not times_ms:
        return Found(UNKNOWN, msg("storage.latency.none", "Nothing could be measured."))
    middle, worst = round(median(times_ms), 2), round(max(times_ms), 2)
    evidence = [(source, f"median {middle} ms, worst {worst} ms of {len(times_ms)}")]
    remedy = msg(
        "storage.latency.remedy",
        "See what else loads the storage and the network; for NFS, see that the server has a write cache it may trust.",
    )
    figures = {"median": middle, "worst": worst}
    if middle > SLOW_MS:
        text = msg("storage.latency.slow", "It is slow: {median} ms in the median, {worst} ms at worst.", **figures)
        return Found(WARNING, text, evidence, remedy)
    if worst > STALL_MS:
        text = msg("storage.latency.stall", "It stalled: {median} ms in the median, {worst} ms at worst.", **figures)
        return Found(WARNING, text, evidence, remedy)
    if reads:
        text = msg("storage.latency.reads", "A read takes {median} ms, {worst} ms at worst.", **figures)
        return Found(OK, text, evidence)
    return Found(
        OK, msg("storage.latency.ok", "A safe write takes {median} ms, {worst} ms at worst.", **figures), evidence
    )
