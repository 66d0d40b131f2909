# SPDX-License-Identifier: Apache-2.0
"""How long a phase will take: what it took here before, else what the profile ships."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .model import JobStatus, PhaseSpec


def expected_phase_s(phase: PhaseSpec, profile: str | None, earlier: Iterable[JobStatus]) -> float:
    """Seconds: the median over the successful jobs of this profile on this host, else ``phase.expected_s``.

    A job that needed several attempts is left out: its phases include time spent failing.
    """
    figures = [
        done.elapsed_s
        for job in earlier
        if job.state == "succeeded" and job.profile == profile and job.attempt == 1
        for done in job.phases
        if done.id == phase.id and done.elapsed_s is not None
    ]
    return statistics.median(figures) if figures else phase.expected_s
