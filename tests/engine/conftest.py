# SPDX-License-Identifier: Apache-2.0
"""Managers for the tests of this folder that need no test host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.manager_support import ManagerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FAST = {
    "poll_s": 0.3, "answer_s": 2.0, "connect_s": 2.0, "grace_s": 1.0, "first_contact_s": 2.0, "retry_min_s": 0.1,
    "retry_max_s": 0.5,
}  # fmt: skip
"""Timing of a Manager whose hosts come and go in a test; what the defaults add up to is a test of its own."""


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ManagerProcess]:
    """One Manager for a whole file."""
    process = ManagerProcess(tmp_path_factory.mktemp("manager"), {"timing": FAST})
    process.start()
    yield process
    assert process.stop() == 0
    no_traceback(process)


def no_traceback(process: ManagerProcess) -> None:
    """A failure shows the traceback itself: the log of a run on another machine is gone."""
    _, found, rest = process.log().partition("Traceback")
    assert not found, f"the Manager logged: Traceback{rest[:6000]}"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[ManagerProcess]:
    """A Manager of one's own, not started yet."""
    process = ManagerProcess(tmp_path / "manager", {"timing": FAST})
    yield process
    if process.process is not None and process.process.poll() is None:
        assert process.stop() == 0
    no_traceback(process)
