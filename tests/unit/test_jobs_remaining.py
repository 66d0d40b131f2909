# SPDX-License-Identifier: Apache-2.0
"""The remaining time on a terminal: the same arithmetic as the page's (cockpit-rhv/test/job.test.ts), and its words."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from cockpit_rhv.cli_follow import LiveLine
from cockpit_rhv.cli_terminal import Terminal
from cockpit_rhv.jobs import JobStatus, PhaseStatus, Progress
from cockpit_rhv.jobs.remaining import Estimate, estimate, steady_remaining
from cockpit_rhv.messages import msg


def phase(id: str, state: str, expected_s: float, elapsed_s: float | None = None, unsure_s: float = 0) -> PhaseStatus:
    return PhaseStatus(id, msg(id, id), state, None, elapsed_s, expected_s, unsure_s)


def status(*phases: PhaseStatus, **more: Any) -> JobStatus:
    return JobStatus(
        id="j",
        kind="deploy",
        profile="p",
        title=msg("t", "t"),
        state="running",
        user="u",
        created_s=0,
        unit="u",
        version="v",
        phases=list(phases),
        **{"elapsed_s": 10, "phase": "b", "attempt": 1, **more},
    )


def copying(done: float) -> Progress:
    return Progress(done, 100, "bytes", None)


def test_phases_weigh_what_they_are_expected_to_take() -> None:
    job = status(phase("a", "done", 10, 3), phase("b", "running", 60, 30), phase("c", "pending", 30))
    assert estimate(job, 10) == Estimate(0.4, 60, 0, False)


def test_the_running_phase_goes_on_between_two_reports_and_creeps_when_it_overruns() -> None:
    job = status(phase("b", "running", 60, 30), phase("c", "pending", 40))
    assert estimate(job, 20).remaining_s == 60
    late = estimate(job, 500)
    assert late.ratio == pytest.approx(0.57)
    assert (late.remaining_s, late.overdue) == (40, True)


def test_bytes_tell_more_than_the_clock() -> None:
    job = status(phase("b", "running", 10, 20), phase("c", "pending", 10), progress=copying(50))
    assert estimate(job, 10) == Estimate(0.25, 30, 0, False)


def test_what_the_unfinished_phases_may_err_by_adds_up_as_independent_errors_do() -> None:
    job = status(phase("a", "done", 10, 3, 100), phase("b", "running", 60, 30, 30), phase("c", "pending", 50, None, 40))
    assert estimate(job, 10).unsure_s == 50


def test_what_is_copied_already_makes_surer() -> None:
    assert estimate(status(phase("b", "running", 10, 20, 8), progress=copying(75)), 10).unsure_s == 2


def test_a_job_without_phases_foretells_nothing() -> None:
    assert estimate(status(), 10) == Estimate(0, 0, 0, False)


def test_the_remaining_time_grows_by_no_more_than_it_was_said_to_be_unsure() -> None:
    def now(remaining_s: float, unsure_s: float) -> Estimate:
        return Estimate(0, remaining_s, unsure_s, False)

    assert steady_remaining(None, 0, now(90, 5)) == 90
    assert steady_remaining(60, 1, now(59, 5)) == 59
    assert steady_remaining(60, 1, now(40, 5)) == 40
    assert steady_remaining(60, 10, now(200, 5)) == 55
    assert steady_remaining(60, 10, now(52, 5)) == 52
    assert steady_remaining(2, 30, now(9, 0)) == 0


# -- words ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> LiveLine:
    monkeypatch.setenv("LANG", "C.UTF-8")
    return LiveLine(Terminal(io.StringIO(), io.StringIO()))


@pytest.mark.parametrize(
    ("unsure_s", "elapsed_s", "said"),
    [
        (10, 30, "0:10, about 0:30 (± 0:10) left"),
        (12, 30, "0:10, about 0:30 (± 0:10) left"),
        (2, 30, "0:10, about 0:30 left"),
        (90, 30, "0:10, about 0:30 (± 0:30) left"),
        (10, 61, "0:10, taking longer than expected"),
    ],
)
def test_how_unsure_it_is_is_said_as_on_the_page(live: LiveLine, unsure_s: float, elapsed_s: float, said: str) -> None:
    line = live.text(status(phase("b", "running", 60, elapsed_s, unsure_s)), 10)
    assert re.sub(r"^1/1 \[[#-]+\] |  b$", "", line) == said


def test_what_was_said_is_not_taken_back_and_a_new_attempt_begins_anew(live: LiveLine) -> None:
    live.text(status(phase("b", "running", 60, 30, 10)), 10)
    assert "about 0:40 (" in live.text(status(phase("b", "pending", 600, None, 10), elapsed_s=10), 10)
    assert "about 10:00 (" in live.text(status(phase("b", "pending", 600, None, 10), attempt=2), 10)
