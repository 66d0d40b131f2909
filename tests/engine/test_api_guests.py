# SPDX-License-Identifier: Apache-2.0
"""The guests of a host: an old answer never undoes a newer event, and the log tells each start and end once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from rhv_engine.changes import Changes
from rhv_engine.db.models import Host
from rhv_engine.hosts.guests import GuestTable
from rhv_engine.hosts.live import HostLive, number, whole
from rhv_engine.settings import Timing

if TYPE_CHECKING:
    from rhv_engine.events import Entry


class House:
    """A table with a clock that stands still until told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.entries: list[Entry] = []
        self.live = HostLive()
        host = Host(id="h", name="node1", address="192.0.2.1", port=1, cluster_id="c")
        self.table = GuestTable(host, self.live, self.entries.append, Changes(), lambda: self.now)

    def answer(self, *guests: dict[str, Any], asked: float | None = None) -> None:
        self.now += 1
        self.table.replace(list(guests), self.now - 0.5 if asked is None else asked)

    def event(self, id: str, status: str, **more: Any) -> None:
        self.now += 1
        self.table.apply_event(id, {"status": status, **more})

    @property
    def codes(self) -> list[int]:
        return [entry.code for entry in self.entries]

    @property
    def states(self) -> dict[str, str]:
        return {guest.name: guest.status for guest in self.live.guests.values()}


@pytest.fixture
def house() -> House:
    return House()


def up(id: str, **more: Any) -> dict[str, Any]:
    return {"vmId": id, "vmName": f"vm-{id}", "status": "Up", **more}


def test_the_first_answer_is_no_start(house: House) -> None:
    house.answer(up("a"))
    assert (house.states, house.codes) == ({"vm-a": "up"}, [])
    house.answer(up("a"), up("b"))
    assert house.codes == [32]
    assert house.entries[0].message.params == {"vm": "vm-b", "host": "node1"}


def test_an_event_shows_at_once_and_is_told_when_the_name_is_known(house: House) -> None:
    house.answer()
    house.event("a", "WaitForLaunch")
    assert house.states == {"a": "wait_for_launch"}
    assert house.codes == []
    house.answer(up("a"))
    house.answer(up("a"))
    assert (house.states, house.codes) == ({"vm-a": "up"}, [32])


def test_an_answer_asked_for_before_the_end_does_not_bring_it_back(house: House) -> None:
    house.answer(up("a"))
    asked = house.now
    house.event("a", "Down", exitCode=0, exitReason=6)
    house.answer(up("a"), asked=asked)
    assert (house.states, house.codes) == ({}, [61])
    house.answer(up("a"))
    assert house.states == {"vm-a": "up"}, "a later answer counts: it was started again"


def test_an_answer_asked_for_before_the_start_does_not_remove_it(house: House) -> None:
    house.answer()
    asked = house.now
    house.event("a", "Up")
    house.answer(asked=asked)
    assert house.states == {"a": "up"}
    house.answer()
    assert house.states == {}


def test_an_answer_asked_for_before_a_pause_keeps_the_pause(house: House) -> None:
    house.answer(up("a", cpuUser="1.00"))
    asked = house.now
    house.event("a", "Paused")
    house.answer(up("a", cpuUser="2.00"), asked=asked)
    assert house.states == {"vm-a": "paused"}
    assert house.live.guests["a"].stats["cpuUser"] == "2.00"
    assert house.codes == [1025]


@pytest.mark.parametrize(
    ("end", "codes"),
    [
        ({"exitCode": 0, "exitReason": 7}, [61]),
        ({"exitCode": 1, "exitReason": 2, "exitMessage": "QEMU crashed"}, [119]),
        ({"exitCode": "1", "exitReason": "2"}, [119]),
        ({"exitCode": 0, "exitReason": 4}, []),
    ],
)
def test_how_it_ended(house: House, end: dict[str, Any], codes: list[int]) -> None:
    house.answer(up("a"))
    house.event("a", "Down", **end)
    assert house.codes == codes


def test_a_guest_that_vdsm_lists_as_down_is_gone(house: House) -> None:
    """vdsm keeps it until someone says destroy."""
    house.answer(up("a"))
    house.answer({"vmId": "a", "status": "Down", "exitCode": 0, "exitReason": 6})
    house.answer({"vmId": "a", "status": "Down", "exitCode": 0, "exitReason": 6})
    assert (house.states, house.codes) == ({}, [61])


def test_nonsense_is_left_out(house: House) -> None:
    house.answer({"status": "Up"}, up("a"), {"vmId": "", "status": "Up"})
    house.table.replace(["text", None], house.now)
    house.event("b", "Dancing")
    assert house.states == {"b": "unknown"}


@pytest.mark.parametrize(
    ("value", "found"), [("1.5", 1.5), (2, 2.0), ("", None), (None, None), (True, None), ([], None)]
)
def test_numbers(value: Any, found: float | None) -> None:
    assert number(value) == found


def test_whole_numbers() -> None:
    assert (whole("1.9"), whole("nan"), whole("inf"), whole("x")) == (1, None, None, None)


def test_silence_is_noticed_within_thirty_seconds() -> None:
    """The longest way: the answer before last came just before the host died."""
    timing = Timing()
    assert timing.poll_s + timing.answer_s + timing.grace_s <= 28
    assert timing.poll_s <= 5
    assert timing.retry_max_s <= 5
