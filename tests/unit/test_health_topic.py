# SPDX-License-Identifier: Apache-2.0
"""Topic `health`: results one by one, a run a minute while somebody looks, after a host task, and when asked."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Callable

import pytest
from cockpit_rhv.checks import health_topic
from cockpit_rhv.checks.health_topic import HealthTopic
from cockpit_rhv.checks.model import Outcome
from cockpit_rhv.checks.registry import Check
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs import JobStore
from cockpit_rhv.messages import msg
from cockpit_rhv.workers import Workers

from tests.unit import deploy_support as world
from tests.unit import jobs_support

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FINE = msg("t.fine", "fine")


class Parts:
    """Jobs and threads, as the helper's library has them."""

    def __init__(self, root: Path) -> None:
        self.workers = Workers()
        self.root = root

    def job_store(self) -> JobStore:
        return JobStore(self.root / "jobs")

    async def run(self, function: Any, *args: Any, limit_s: float) -> Any:
        return await self.workers.run(function, *args, limit_s=limit_s)


class World:
    """The topic with checks of our own. ``visible``: whether anybody looks. ``runs``: how often check `one` ran."""

    def __init__(self, root: Path) -> None:
        self.parts = Parts(root)
        self.visible = True
        self.runs = 0
        self.topic = HealthTopic(self.parts, lambda: self.visible, lambda: world.context(None))
        self.changes = 0

    def one(self, _context: Any) -> Outcome:
        self.runs += 1
        return Outcome("ok", FINE)

    def watch(self) -> None:
        self.changes += 1

    async def until(self, accept: Callable[[], Any]) -> None:
        for _ in range(6000):
            if accept():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"still {self.topic.read()}")


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets the check `slow` go on; set at the end in any case."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_topic, "_LOOK_S", 0.02)


def checks(monkeypatch: pytest.MonkeyPatch, *found: Check) -> None:
    for module in ("health_topic", "registry"):
        monkeypatch.setattr(f"cockpit_rhv.checks.{module}.all_checks", lambda: list(found))


def check(name: str, function: Any, limit_s: float = 10.0) -> Check:
    return Check(name, msg("t", "title"), msg("w", "why"), function, health_only=True, limit_s=limit_s)


def play(tmp_path: Path, story: Any) -> None:
    async def tell() -> None:
        there = World(tmp_path)
        try:
            await story(there)
        finally:
            await there.topic.close()
            there.parts.workers.close()

    asyncio.run(tell())


def test_each_result_comes_when_it_is_there_and_the_verdict_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: threading.Event
) -> None:
    async def story(there: World) -> None:
        slow = check("slow", lambda _c: release.wait(30) and Outcome("warning", FINE))
        checks(monkeypatch, slow, check("one", there.one))
        await there.topic.attach(there.watch)
        await there.until(lambda: "one" in there.topic.read()["results"])
        state = there.topic.read()
        assert (state["running"], state["verdict"], state["order"]) == (True, None, ["slow", "one"])
        assert state["checked_s"] is None
        release.set()
        await there.until(lambda: there.topic.read()["verdict"])
        state = there.topic.read()
        assert (state["running"], state["verdict"]) == (False, "warning")
        assert set(state["results"]) == {"slow", "one"}
        await there.topic.detach(there.watch)

    play(tmp_path, story)


def test_a_check_that_hangs_is_not_started_again_and_holds_up_no_later_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: threading.Event
) -> None:
    started: list[int] = []

    def hang(_context: Any) -> Outcome:
        started.append(1)
        release.wait(30)
        return Outcome("ok", FINE)

    async def story(there: World) -> None:
        checks(monkeypatch, check("hangs", hang, limit_s=0.1), check("one", there.one))
        first = await there.topic.run()
        second = await there.topic.run()
        assert [report.results[0].severity for report in (first, second)] == ["unknown", "unknown"]
        assert second.results[0].summary.id == "checks.still_hangs"
        assert (len(started), there.runs) == (1, 2)
        release.set()
        await there.until(lambda: not there.topic._hanging["hangs"].is_alive())
        third = await there.topic.run()
        assert (third.results[0].severity, len(started)) == ("ok", 2)

    play(tmp_path, story)


def test_a_run_a_while_and_none_while_nobody_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_topic, "INTERVAL_S", 0.1)

    async def story(there: World) -> None:
        checks(monkeypatch, check("one", there.one))
        there.visible = False
        await there.topic.attach(there.watch)
        await asyncio.sleep(0.3)
        assert there.runs == 0
        there.visible = True
        await there.until(lambda: there.runs >= 3)
        there.visible = False
        await asyncio.sleep(0.2)
        await there.until(lambda: not there.topic.read()["running"])  # one that had begun
        runs = there.runs
        await asyncio.sleep(0.4)
        assert there.runs == runs
        await there.topic.detach(there.watch)

    play(tmp_path, story)


def test_who_asks_while_all_run_waits_for_that_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: threading.Event
) -> None:
    async def story(there: World) -> None:
        counted = check("one", lambda context: release.wait(30) and there.one(context))
        checks(monkeypatch, counted)
        asked = [asyncio.ensure_future(there.topic.run()) for _ in range(3)]
        await asyncio.sleep(0.1)
        release.set()
        reports = await asyncio.gather(*asked)
        assert there.runs == 1
        assert reports[0] is reports[1] is reports[2]

    play(tmp_path, story)


def test_one_check_by_name_changes_its_own_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = ["error"]

    async def story(there: World) -> None:
        checks(monkeypatch, check("one", there.one), check("two", lambda _c: Outcome(said[0], FINE)))
        await there.topic.run()
        assert there.topic.read()["verdict"] == "error"
        said[0] = "ok"
        await there.topic.run(["two"])
        await there.until(lambda: there.topic.read()["verdict"] == "ok")
        assert there.runs == 1
        with pytest.raises(RhvError) as caught:
            await there.topic.run(["none"])
        assert caught.value.code == "checks.unknown"

    play(tmp_path, story)


def test_a_host_task_that_ends_is_followed_by_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(there: World) -> None:
        checks(monkeypatch, check("one", there.one))
        await there.topic.attach(there.watch)
        await there.until(lambda: there.runs == 1 and not there.topic.read()["running"])
        store = there.parts.job_store()
        store.root.mkdir()
        status = store.create(jobs_support.spec("start_pool", kind="task"), tmp_path / "playbooks")
        await asyncio.sleep(0.8)
        assert there.runs == 1, "it has only begun"
        status.state = "succeeded"
        store.write_status(status)
        await there.until(lambda: there.runs == 2)
        store.write_status(status)
        await asyncio.sleep(0.8)
        assert there.runs == 2, "once"
        await there.topic.detach(there.watch)

    for folder in ("playbooks", "small"):
        (tmp_path / folder).mkdir()
    monkeypatch.setattr("cockpit_rhv.jobs.store._LIBRARY", tmp_path / "small")
    play(tmp_path, story)


def test_a_run_that_comes_to_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    overdue = RhvError("call.overdue", msg("o", "No answer."))

    async def story(there: World) -> None:
        checks(monkeypatch, check("one", there.one))
        monkeypatch.setattr(there.parts, "run", world.raising(overdue))
        with pytest.raises(RhvError):
            await there.topic.run()
        state = there.topic.read()
        assert (state["error"]["code"], state["running"], state["verdict"]) == ("call.overdue", False, None)

    play(tmp_path, story)


def test_a_fault_of_ours_is_said_and_the_next_run_is_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health_topic, "INTERVAL_S", 0.05)

    async def story(there: World) -> None:
        checks(monkeypatch, check("one", there.one))
        works = there.parts.run
        monkeypatch.setattr(there.parts, "run", world.raising(ZeroDivisionError("by zero")))
        await there.topic.attach(there.watch)
        await there.until(lambda: there.topic.read()["error"])
        monkeypatch.setattr(there.parts, "run", works)
        await there.until(lambda: there.topic.read()["verdict"] == "ok" and not there.topic.read()["error"])
        await there.topic.detach(there.watch)

    play(tmp_path, story)
