# SPDX-License-Identifier: Apache-2.0
"""A Manager that goes away while the host is registered: how long it is asked again."""

from __future__ import annotations

from typing import NoReturn

import pytest
from cockpit_rhv.deploy import register
from cockpit_rhv.deploy.progress import ProgressFile
from cockpit_rhv.errors import RhvError
from cockpit_rhv.messages import msg

from tests.unit import deploy_support as world


class Clock:
    """Time passes only in sleep."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(("patience_s", "waited_s"), [(30, 30), (600, 60), (None, 60)])
def test_patience_is_not_outlasted(monkeypatch: pytest.MonkeyPatch, patience_s: int | None, waited_s: int) -> None:
    clock = Clock()
    monkeypatch.setattr(register, "time", clock)
    answers = world.answers()
    answers["engine"].pop("patience_s", None)
    if patience_s is not None:
        answers = world.changed(answers, {"engine.patience_s": patience_s})

    def away() -> NoReturn:
        raise RhvError("manager.unreachable", msg("manager.unreachable", "Away."))

    with pytest.raises(RhvError) as caught:
        register.ask_again(away, answers, ProgressFile(None))
    assert caught.value.code == "manager.unreachable"
    assert waited_s <= clock.now - 1000 <= waited_s + 1


def test_one_that_comes_back_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "time", Clock())
    left = [RhvError("manager.unreachable", msg("manager.unreachable", "Away."))] * 3

    def work() -> str:
        if left:
            raise left.pop()
        return "done"

    assert register.ask_again(work, world.answers(), ProgressFile(None)) == "done"
