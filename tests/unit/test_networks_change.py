# SPDX-License-Identifier: Apache-2.0
"""A change under a checkpoint: kept, not confirmed, cut off, and a way back that NetworkManager only claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.checks.context import Finished
from cockpit_rhv.errors import RhvError
from cockpit_rhv.networks.change import Change
from cockpit_rhv.networks.plan import Plan
from cockpit_rhv.networks.view import Structure, read_structure

from tests.unit.test_networks_reading import ANSWERS, answering

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PLAN = Plan.from_json({"kind": "mtu", "name": "ovirtmgmt", "mtu": 9000})


class World:
    """A host whose NetworkManager does as it is told, as far as ``lies`` and ``cut`` let it."""

    def __init__(self, cut: bool = False, lies: bool = False, refuses: str = "") -> None:
        self.calls: list[str] = []
        self.states: list[str] = []
        self.cut, self.lies, self.refuses = cut, lies, refuses
        self.changed = self.down = False
        self.now_s = 0.0

    def run(self, argv: Sequence[str], _limit_s: float) -> Finished:
        line = " ".join(argv)
        self.calls.append(line)
        if self.refuses and self.refuses in line:
            return Finished(4, "refused")
        if "CheckpointCreate" in line:
            return Finished(0, 'o "/cp/1"')
        if "CheckpointRollback" in line:
            self.changed, self.down = False, self.lies
        if "connection modify" in line:
            self.changed = True
        if line == "nmcli -w 20 connection up u-1":
            self.down = False
        if argv[0] == "ping":
            return Finished(1 if (self.changed and self.cut) or self.down else 0, "")
        if "device status" in line:
            return Finished(0, "ovirtmgmt:disconnected:" if self.down else "ovirtmgmt:connected:u-1")
        return Finished(0, "")

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def change(world: World, structure: Structure, confirmed: bool) -> Change:
    def tell(state: Any) -> None:
        world.states.append(state["state"] + (f" {state['error']['code']}" if state["error"] else ""))

    return Change(world.run, PLAN, structure, lambda: confirmed, tell, world.sleep, lambda: world.now_s)


@pytest.fixture
def structure(tmp_path: Path) -> Structure:
    return read_structure(answering(ANSWERS), tmp_path)


def test_confirmed_it_is_kept(structure: Structure) -> None:
    world = World()
    assert change(world, structure, confirmed=True).carry_out()
    assert world.states == ["applying", "confirming", "kept"]
    assert "CheckpointDestroy" in world.calls[-1]
    assert not any("CheckpointRollback" in call for call in world.calls)
    # NetworkManager's own time is longer than ours: it is what is left when we are killed
    created = next(call for call in world.calls if "CheckpointCreate" in call)
    assert created.endswith("CheckpointCreate aouu 0 140 7")


def test_not_confirmed_it_is_taken_back(structure: Structure) -> None:
    world = World()
    assert not change(world, structure, confirmed=False).carry_out()
    assert world.states[-2:] == ["undoing networks.unconfirmed", "undone networks.unconfirmed"]
    assert 45 <= world.now_s < 60


def test_cut_off_it_is_taken_back_without_asking(structure: Structure) -> None:
    world = World(cut=True)
    assert not change(world, structure, confirmed=True).carry_out()
    assert world.states == ["applying", "undoing networks.cut", "undone networks.cut"]


def test_a_bridge_that_stays_down_after_the_rollback_is_brought_up(structure: Structure) -> None:
    world = World(lies=True)
    assert not change(world, structure, confirmed=False).carry_out()
    assert "nmcli -w 20 connection up u-1" in world.calls
    assert world.states[-1] == "undone networks.unconfirmed"


def test_what_cannot_be_brought_back_is_not_called_undone(structure: Structure) -> None:
    world = World(lies=True, refuses="connection up u-1")
    assert not change(world, structure, confirmed=False).carry_out()
    assert world.states[-1].startswith("lost ")


def test_nmcli_that_refuses_is_taken_back(structure: Structure) -> None:
    world = World(refuses="connection modify")
    assert not change(world, structure, confirmed=True).carry_out()
    assert world.states[-1] == "undone networks.command"


def test_without_a_checkpoint_nothing_is_begun(structure: Structure) -> None:
    world = World(refuses="CheckpointCreate")
    with pytest.raises(RhvError, match=r"^networks\.checkpoint"):
        change(world, structure, confirmed=True).carry_out()
    assert not any("connection modify" in call for call in world.calls)
    assert world.states == []
