# SPDX-License-Identifier: Apache-2.0
"""One thing done to many guests: a result for each, a few at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines import bulk
from cockpit_rhv.machines.actions import act_on_local
from cockpit_rhv.machines.bulk import ActionResult, BulkActions
from cockpit_rhv.messages import msg

if TYPE_CHECKING:
    from cockpit_rhv.errors import RhvError as Error
    from cockpit_rhv.machines.once import Once

BROKEN = RhvError("machine.qemu_failed", msg("x", "Broken."))


class Host:
    """A connection. ``asked``: the calls so far; ``most``: of these at once."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        self.fail: dict[tuple[str, str], Exception] = {}
        self.most = 0
        self._busy = 0

    async def call(self, function: Any, uuid: str, once: Once, limit_s: float) -> None:
        assert function is act_on_local
        action = once.name
        assert limit_s > 30
        self.asked.append((action, uuid))
        self._busy += 1
        self.most = max(self.most, self._busy)
        await asyncio.sleep(0.001)
        self._busy -= 1
        if (action, uuid) in self.fail:
            raise self.fail[action, uuid]


@pytest.fixture
def place() -> Host:
    return Host()


@pytest.fixture
def actions(place: Host) -> BulkActions:
    return BulkActions(place)  # type: ignore[arg-type]


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


async def test_a_guest_is_only_asked_to_shut_down(place: Host, actions: BulkActions) -> None:
    assert short(await actions.act("shutdown", ["a"])) == [("a", "done", None)]
