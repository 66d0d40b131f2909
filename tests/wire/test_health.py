# SPDX-License-Identifier: Apache-2.0
"""Topics `health` and `load` as a page gets them from a real helper."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from cockpit_rhv.checks.registry import all_checks
from cockpit_rhv.host.history import STEP_S

from tests.waiting import until
from tests.wire.helper_process import PATIENCE_S
from tests.wire.test_life import RUN_HELPER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.wire.conftest import Start
    from tests.wire.helper_process import HelperProcess

#: Before a helper is run: one of its checks says that it is under way, and stays there.
HANG = """
import time
from pathlib import Path
from cockpit_rhv.checks import links
def hang(context):
    Path({hangs!r}).touch()
    time.sleep(600)
object.__setattr__(links.CHECKS[0], "function", hang)
"""
HEALTH = [check.id for check in all_checks() if not check.needs_answers]


def test_the_health_follows_by_itself_and_by_the_button(helper: HelperProcess) -> None:
    topic = helper.subscribe("health")
    assert "verdict" not in topic.state or set(topic.state["results"]) == set(HEALTH)
    state = helper.until("health", lambda state: state.get("verdict"))
    assert set(state["results"]) == set(HEALTH)
    assert state["order"] == HEALTH
    assert state["running"] is False
    assert abs(state["checked_s"] - time.time()) < 60

    topic.patches.clear()
    report = helper.call("checks.run")
    assert [result["id"] for result in report["results"]] == HEALTH
    helper.until("health", lambda state: not state["running"] and state["checked_s"] > report_age(topic.patches))
    # what stayed as it was does not travel again
    sent = {name for patch in topic.patches for name in patch.get("results", {})}
    assert sent < set(HEALTH)
    assert all("order" not in patch for patch in topic.patches)
    helper.call("unsubscribe", topic="health")
    assert helper.close() == 0


def report_age(patches: list[dict[str, float]]) -> float:
    """When the run before ended, if no patch has told of a newer one yet."""
    return max((patch["checked_s"] for patch in patches if "checked_s" in patch), default=float("inf")) - 1


def test_the_load_has_a_past_and_hidden_pages_are_sent_none_of_it(helper: HelperProcess) -> None:
    topic = helper.subscribe("load")
    assert list(topic.state["points"]) == ["1"]
    state = helper.until("load", lambda state: len(state["points"]) >= 2)
    assert state["points"]["2"]["user"] >= 0
    assert all("1" not in patch["points"] for patch in topic.patches), "nothing is told twice"
    helper.call("visible", visible=False)
    helper.drain(0.2)
    topic.patches.clear()
    time.sleep(3 * STEP_S)  # two steps, however late they are
    assert helper.drain(0.2) == 0, "nothing is sent while the page is hidden"
    # another page of ours, and back: what happened meanwhile is there
    helper.call("unsubscribe", topic="load")
    helper.call("visible", visible=True)
    again = helper.subscribe("load")
    assert len(again.state["points"]) >= 4
    assert helper.close() == 0


def test_who_opens_the_page_finds_the_load_of_before(start_helper: Start) -> None:
    first = start_helper()
    first.subscribe("load")
    first.until("load", lambda state: len(state["points"]) >= 3)
    assert first.close() == 0
    # Another page, or the same one loaded again: its helper only begins.
    began = start_helper().subscribe("load").state
    points = list(began["points"].values())
    assert len(points) >= 4
    assert [point["at_s"] for point in points] == sorted({point["at_s"] for point in points})
    assert "user" in points[-2], "it was sampled before, with its rates"
    assert "user" not in points[-1]


def test_checks_that_are_under_way_do_not_keep_the_helper(start_helper: Start, tmp_path: Path) -> None:
    hangs = tmp_path / "hangs"
    helper = start_helper(argv=[sys.executable, "-c", HANG.format(hangs=str(hangs)) + RUN_HELPER])
    helper.subscribe("load")
    helper.subscribe("health")
    until("a check hangs", hangs.exists, limit_s=PATIENCE_S)
    assert helper.close() == 0
