# SPDX-License-Identifier: Apache-2.0
"""How long a phase will take: what it took here before, else what the profile ships."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .model import UNMEASURED_SHARE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .model import JobStatus, PhaseSpec

#: Of a figure measured here; two runs of the same phase on a quiet machine differ by about as much.
_MEASURED_SHARE = 0.2


class Expected(NamedTuple):
    """Seconds, and by how many of them they may be wrong."""

    seconds: float
    unsure_s: float


def expected_phase_s(phase: PhaseSpec, kind: str, profile: str | None, earlier: Iterable[JobStatus]) -> Expected:
    """The median over the successful jobs of this kind and profile on this host, else ``phase.expected_s``.

    A job that needed several attempts is left out: its phases include time spent failing.
    """
    figures = [
        done.elapsed_s
        for job in earlier
        if job.state == "succeeded" and job.kind == kind and job.profile == profile and job.attempt == 1
        for done in job.phases
        if done.id == phase.id and done.elapsed_s is not None
    ]
    if not figures:
        return Expected(phase.expected_s, round(phase.expected_s * UNMEASURED_SHARE, 3))
    # with it come decimal and fractions: not into each page's helper, which only reads what was expected
    from statistics import median

    seconds = median(figures)
    spread = (max(figures) - min(figures)) / 2
    return Expected(seconds, round(max(spread, seconds * _MEASURED_SHARE), 3))
