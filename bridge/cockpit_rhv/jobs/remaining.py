# SPDX-License-Identifier: Apache-2.0
"""How far a job is and how long it still takes, and how sure that is.

The page reckons the same way (``cockpit-rhv/src/engine/job/progress.ts``), with a clock of its own.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .model import JobStatus

#: A phase that overruns its time creeps on but does not pretend to be done.
_OVERRUN_RATIO = 0.95
#: Below this share, bytes per second are too rough to foretell anything.
_TELLING_RATIO = 0.05


class Estimate(NamedTuple):
    """``ratio``: 0 to 1 of the whole job. ``unsure_s``: by how much ``remaining_s`` may be wrong.

    ``overdue``: the running phase takes longer than it was expected to.
    """

    ratio: float
    remaining_s: float
    unsure_s: float
    overdue: bool


def estimate(status: JobStatus, elapsed_s: float) -> Estimate:
    """Each phase weighs what it is expected to take. ``elapsed_s``: the job's clock now, ahead of the status."""
    since_s = max(0.0, elapsed_s - status.elapsed_s)
    total = done = remaining = variance = 0.0
    overdue = False
    for phase in status.phases:
        expected = max(1.0, phase.expected_s)
        total += expected
        if phase.state == "done":
            done += expected
            continue
        unsure = phase.unsure_s
        if phase.state == "running":
            elapsed = (phase.elapsed_s or 0.0) + since_s
            measured = _measured_ratio(status)
            done += expected * (min(_OVERRUN_RATIO, elapsed / expected) if measured is None else measured)
            overdue = measured is None and elapsed > expected
            if measured is not None and measured > _TELLING_RATIO:
                remaining += elapsed * (1 - measured) / measured
                # What has been copied already can no longer take longer than expected.
                unsure *= 1 - measured
            else:
                remaining += max(0.0, expected - elapsed)
        else:
            remaining += expected
        # Phases err independently of each other: some take longer, some less.
        variance += unsure**2
    return Estimate(done / total if total > 0 else 0.0, remaining, math.sqrt(variance), overdue)


def _measured_ratio(status: JobStatus) -> float | None:
    progress = status.progress
    if progress is None or progress.unit != "bytes" or not progress.total or progress.total <= 0:
        return None
    return min(1.0, progress.done / progress.total)


def steady_remaining(last_s: float | None, passed_s: float, now: Estimate) -> float:
    """The remaining time to show: a new estimate takes back from what was said no more than was said to be unsure.

    ``last_s``: what was shown ``passed_s`` ago, or None.
    """
    if last_s is None:
        return now.remaining_s
    return max(0.0, min(now.remaining_s, last_s - passed_s + now.unsure_s))
