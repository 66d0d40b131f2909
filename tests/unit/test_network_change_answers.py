# SPDX-License-Identifier: Apache-2.0
"""The answer to a change that waits for one: the first counts, and who comes too late is told so."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.checks import network_state
from cockpit_rhv.checks.network_answer import CLOSED, answered, take
from cockpit_rhv.checks.network_change import answer_change
from cockpit_rhv.errors import RhvError

if TYPE_CHECKING:
    from pathlib import Path

JOB = "20261123-140000-abcd"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COCKPIT_RHV_NETWORK_CHANGE", str(tmp_path))
    return tmp_path


def stands(state: str, job: str = JOB) -> None:
    runner = [os.getpid(), network_state.started(os.getpid())]
    network_state.write_state({"job": job, "title": {}, "user": "anna", "state": state, "runner": runner}, 30.0, 45.0)


def refused(keep: bool = True, job: str = JOB) -> str:
    with pytest.raises(RhvError) as found:
        answer_change(job, keep)
    return found.value.code


def test_the_first_answer_counts_and_may_be_given_twice(folder: Path) -> None:
    stands("confirming")
    assert answered(folder, JOB) is None
    answer_change(JOB, keep=True)
    answer_change(JOB, keep=True)
    assert refused(keep=False) == "networks.answered"
    assert answered(folder, JOB) == "keep"
    assert take(folder, JOB, CLOSED) == "keep", "the job goes by it, however late it looks"
    assert [path.name for path in folder.glob("answer*")] == [f"answer-{JOB}.json"]


def test_after_the_last_moment_none_is_taken(folder: Path) -> None:
    stands("confirming")
    assert take(folder, JOB, CLOSED) is None
    assert refused() == "networks.too_late"
    assert refused(keep=False) == "networks.too_late"


@pytest.mark.parametrize(
    ("state", "code"),
    [("undoing", "too_late"), ("undone", "too_late"), ("lost", "too_late"), ("kept", "answered"),
     ("applying", "no_question")],
)  # fmt: skip
def test_what_waits_for_no_answer_says_how_it_stands(state: str, code: str) -> None:
    stands(state)
    assert refused() == f"networks.{code}"


def test_an_answer_for_another_change_is_not_taken(folder: Path) -> None:
    assert refused() == "networks.no_question"
    stands("confirming")
    assert refused(job="20261123-150000-abcd") == "networks.no_question"
    answer_change(JOB, keep=True)
    stands("confirming", "20261123-150000-abcd")
    assert answered(folder, "20261123-150000-abcd") is None
    answer_change("20261123-150000-abcd", keep=False)
    assert [path.name for path in folder.glob("answer*")] == ["answer-20261123-150000-abcd.json"]
