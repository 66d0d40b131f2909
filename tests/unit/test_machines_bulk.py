# SPDX-License-Identifier: Apache-2.0
"""One thing done to many guests: a result for each, a few at a time, and waiting for those that shut down."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines import bulk
from cockpit_rhv.machines.actions import act_on_local
from cockpit_rhv.machines.bulk import ActionResult, BulkActions
from cockpit_rhv.machines.model import Machine
from cockpit_rhv.machines.store import Change
from cockpit_rhv.messages import msg

from tests.leaks import assert_no_tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cockpit_rhv.errors import RhvError as Error

BROKEN = RhvError("machine.qemu_failed", msg("x", "Broken."))


class Host:
    """A connection and a store in one. ``asked``: the calls so far; ``most``: of these at once."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.fail: dict[tuple[str, str], Exception] = {}
        self.most = 0
        self.machines: dict[str, Machine] = {}
        self.watchers: list[Any] = []
        self.complete = True
        self._busy = 0

    async def call(self, function: Any, action: str, uuid: str, limit_s: float) -> None:
        assert function is act_on_local
        assert limit_s > 30
        self.asked.append((action, uuid))
        self._busy += 1
        self.most = max(self.most, self._busy)
        await asyncio.sleep(0.001)
        self._busy -= 1
        if (action, uuid) in self.fail:
            raise self.fail[action, uuid]

    def on_change(self, watcher: Any) -> Any:
        self.watchers.append(watcher)
        return lambda: self.watchers.remove(watcher)

    def become(self, uuid: str, state: str | None) -> None:
        after = None if state is None else Machine(uuid, uuid, state)
        self.machines.pop(uuid, None)
        if after is not None:
            self.machines[uuid] = after
        for watcher in list(self.watchers):
            watcher(Change(uuid, None, after))


@pytest.fixture
def place() -> Iterator[Host]:
    place = Host()
    yield place
    assert place.watchers == []


@pytest.fixture
def actions(place: Host) -> BulkActions:
    return BulkActions(place, place)  # type: ignore[arg-type]


def short(results: list[ActionResult]) -> list[tuple[str, str, str | None]]:
    def code(error: Error | None) -> str | None:
        return error.code if error else None

    return [(result.uuid, result.outcome, code(result.error)) for result in results]


async def test_each_guest_has_a_result_in_the_order_asked(place: Host, actions: BulkActions) -> None:
    place.fail["start", "b"] = BROKEN
    place.fail["start", "c"] = ValueError("a network instead of a domain")
    assert short(await actions.act("start", ["c", "a", "b", "a"])) == [
        ("c", "failed", "machine.unreadable"),
        ("a", "done", None),
        ("b", "failed", "machine.qemu_failed"),
    ]
    assert len(place.asked) == 3


async def test_few_are_done_at_a_time_over_all_requests(place: Host, actions: BulkActions) -> None:
    names = [str(number) for number in range(40)]
    await asyncio.gather(actions.act("start", names[:20]), actions.act("pause", names[20:]))
    assert len(place.asked) == 40
    assert place.most == bulk.MOST_AT_ONCE


async def test_shutting_down_is_waited_for(place: Host, actions: BulkActions) -> None:
    for uuid in "abc":
        place.become(uuid, "running")
    place.fail["shutdown", "c"] = BROKEN
    request = asyncio.ensure_future(actions.act("shutdown", ["a", "b", "c"], wait_s=60))
    await asyncio.sleep(0.02)
    assert not request.done()
    place.become("b", None)  # a transient guest is gone
    place.become("a", "shutting_down")
    place.become("a", "unknown")  # libvirt is restarted meanwhile: it may well run
    await asyncio.sleep(0.01)
    assert not request.done()
    place.become("a", "shut_off")
    assert short(await request) == [("a", "done", None), ("b", "done", None), ("c", "failed", "machine.qemu_failed")]
    assert_no_tasks()


async def test_what_is_not_listed_yet_has_not_shut_down(place: Host, actions: BulkActions) -> None:
    place.complete = False  # the helper has just begun
    assert short(await actions.act("shutdown", ["a"], wait_s=0.02)) == [("a", "failed", "machine.still_running")]
    assert_no_tasks()


async def test_whoever_does_not_shut_down_in_time(place: Host, actions: BulkActions) -> None:
    place.become("a", "running")
    assert short(await actions.act("shutdown", ["a"], wait_s=0.02)) == [("a", "failed", "machine.still_running")]
    assert place.asked == [("shutdown", "a")]
    assert short(await actions.act("shutdown", ["a"], wait_s=0.02, then_power_off=True)) == [("a", "powered_off", None)]
    assert place.asked[-1] == ("power_off", "a")
    place.fail["power_off", "a"] = BROKEN
    forced = await actions.act("shutdown", ["a"], wait_s=0.02, then_power_off=True)
    assert short(forced) == [("a", "failed", "machine.qemu_failed")]
    assert_no_tasks()


async def test_nothing_is_forced_when_nobody_waits_any_more(place: Host, actions: BulkActions) -> None:
    place.become("a", "running")
    request = asyncio.ensure_future(actions.act("shutdown", ["a"], wait_s=1.0, then_power_off=True))
    await asyncio.sleep(0.01)
    request.cancel()
    await asyncio.sleep(1.1)
    assert place.asked == [("shutdown", "a")]
    assert_no_tasks()


async def test_without_a_limit_a_guest_is_only_asked(place: Host, actions: BulkActions) -> None:
    place.become("a", "running")
    assert short(await actions.act("shutdown", ["a"])) == [("a", "done", None)]
