# SPDX-License-Identifier: Apache-2.0
"""A change under a checkpoint: kept, not confirmed, cut off, and a way back that NetworkManager only claims."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.checks.context import Finished
from cockpit_rhv.errors import RhvError
from cockpit_rhv.networks.before import Before, Way
from cockpit_rhv.networks.change import Change, Keep
from cockpit_rhv.networks.plan import Plan
from cockpit_rhv.networks.saved_profiles import Restored
from cockpit_rhv.networks.view import Structure, read_structure

from tests.unit.test_networks_reading import ANSWERS, answering

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cockpit_rhv.networks.saved_profiles import Saved

PLAN = Plan.from_json({"kind": "mtu", "name": "ovirtmgmt", "mtu": 9000})


class World:
    """A host whose NetworkManager does as it is told, as far as ``lies`` and ``cut`` let it."""

    def __init__(self, cut: bool = False, lies: bool = False, refuses: str = "", routes: bool = True) -> None:
        self.calls: list[str] = []
        self.states: list[str] = []
        self.told: list[Any] = []
        self.cut, self.lies, self.refuses, self.routes = cut, lies, refuses, routes
        self.changed = self.down = False
        self.guarded, self.made = True, False
        self.now_s = 0.0

    def run(self, argv: Sequence[str], _limit_s: float) -> Finished:
        line = " ".join(argv)
        self.calls.append(line)
        if self.refuses and self.refuses in line:
            return Finished(4, "refused")
        if "CheckpointCreate" in line:
            self.made = True
            return Finished(0, 'o "/cp/1"')
        if "CheckpointDestroy" in line or "CheckpointRollback" in line:
            self.made = False
        if "CheckpointRollback" in line:
            self.changed, self.down = False, self.lies
        if "connection modify" in line:
            self.changed = True
        if line == "nmcli -w 20 connection up uuid u-1 ifname ovirtmgmt":
            self.down = False
        if "get-property" in line:
            return Finished(0, 'ao 1 "/cp/1"' if self.guarded and self.made else "ao 0")
        if line == "ip -d -j addr show" and self.down:
            links = json.loads(ANSWERS[line])
            return Finished(0, json.dumps([{**one, "addr_info": []} for one in links]))
        if line in ANSWERS:
            return Finished(0, "[]" if "route" in line and self.changed and not self.routes else ANSWERS[line])
        return Finished(0, "")

    def reaches(self, way: Way) -> bool:
        assert way == Way("192.0.2.1", "ovirtmgmt")
        return not ((self.changed and self.cut) or self.down)

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class Kept(Keep):
    """Tells when among NetworkManager's calls something was kept."""

    def __init__(self, world: World) -> None:
        self.world = world

    def begin(self, before: Before, profiles: Mapping[str, Saved]) -> None:
        assert before.active == {"ovirtmgmt": "u-1"}
        self.world.calls.append("keep")

    def applied(self, after: Mapping[str, str]) -> None:
        self.world.calls.append("applied")

    def end(self) -> None:
        self.world.calls.append("end")


def change(world: World, structure: Structure, answer: str | None, root: Path = Path("/nowhere")) -> Change:
    def tell(state: Any) -> None:
        world.told.append(state)
        world.states.append(state["state"] + (f" {state['error'].code}" if state["error"] else ""))

    found = Change(world.run, world.reaches, PLAN, structure, lambda: answer, tell, 45.0, Kept(world))
    found.sleep, found.clock, found.root = world.sleep, lambda: world.now_s, root
    return found


def taken_back(world: World, structure: Structure, answer: str | None = "keep") -> str:
    with pytest.raises(RhvError) as refused:
        change(world, structure, answer).carry_out()
    return refused.value.code


@pytest.fixture
def structure(tmp_path: Path) -> Structure:
    return read_structure(answering(ANSWERS), tmp_path)


def test_confirmed_it_is_kept(structure: Structure) -> None:
    world = World()
    change(world, structure, "keep").carry_out()
    assert world.states == ["applying", "confirming", "kept"]
    assert "CheckpointDestroy" in world.calls[-1]
    assert not any("CheckpointRollback" in call for call in world.calls)
    # NetworkManager's own time is longer than ours: it is what is left when we are killed
    times = [call.rpartition("Checkpoint")[2] for call in world.calls if "busctl" in call]
    assert [time for time in times if time != "s"] == [
        "Create aouu 0 195 0",
        "AdjustRollbackTimeout ou /cp/1 60",
        "Destroy o /cp/1",
    ]
    # what is kept on disk is there before the checkpoint, and gone before that is
    told = [call for call in world.calls if call in ("keep", "applied", "end") or "busctl" in call]
    assert [call.rpartition("Checkpoint")[2].partition(" ")[0] for call in told] == [
        "s", "keep", "Create", "applied", "AdjustRollbackTimeout", "end", "Destroy",
    ]  # fmt: skip
    assert (world.told[1]["confirm_in_s"], world.told[1]["back_in_s"]) == (45.0, 60.0)


def test_not_confirmed_it_is_taken_back(structure: Structure) -> None:
    world = World()
    assert taken_back(world, structure, None) == "networks.unconfirmed"
    assert world.states[-2:] == ["undoing networks.unconfirmed", "undone networks.unconfirmed"]
    assert 45 <= world.now_s < 60


def test_an_answer_of_the_last_moment_counts(structure: Structure) -> None:
    world = World()
    asked = change(world, structure, None)
    asked.close = lambda: "keep"
    asked.carry_out()
    assert world.states[-1] == "kept"
    assert world.now_s >= 45
    asked = change(world, structure, None)
    asked.close = lambda: "undo"
    with pytest.raises(RhvError, match=r"^networks\.withdrawn"):
        asked.carry_out()


def test_undo_is_taken_back_at_once(structure: Structure) -> None:
    world = World()
    assert taken_back(world, structure, "undo") == "networks.withdrawn"
    assert world.now_s < 1


def test_cut_off_it_is_taken_back_without_asking(structure: Structure) -> None:
    world = World(cut=True)
    assert taken_back(world, structure) == "networks.cut"
    assert world.states == ["applying", "undoing networks.cut", "undone networks.cut"]


def test_without_a_default_route_it_is_taken_back(structure: Structure) -> None:
    world = World(routes=False)
    assert taken_back(world, structure) == "networks.cut"


def test_ended_in_the_middle_it_is_taken_back(structure: Structure) -> None:
    world = World()
    asked = change(world, structure, None)

    def stop() -> str:
        raise KeyboardInterrupt

    asked.answer = stop
    with pytest.raises(KeyboardInterrupt):
        asked.carry_out()
    assert world.states[-2:] == ["undoing networks.stopped", "undone networks.stopped"]


def test_a_bridge_that_stays_down_after_the_rollback_is_brought_up(structure: Structure) -> None:
    world = World(lies=True)
    taken_back(world, structure, None)
    assert "nmcli -w 20 connection up uuid u-1 ifname ovirtmgmt" in world.calls
    assert world.states[-1] == "undone networks.unconfirmed"


def test_what_cannot_be_brought_back_is_not_called_undone(structure: Structure) -> None:
    world = World(lies=True, refuses="connection up uuid u-1")
    assert taken_back(world, structure, None) == "networks.lost"
    assert world.states[-1] == "lost networks.lost"
    error = world.told[-1]["error"]
    assert error.cause.id == "networks.unconfirmed"
    assert "ovirtmgmt lacks its address: IPv4 (DHCP)." in str(error.detail)
    assert [one["id"] for one in world.told[-1]["left"]] == ["networks.left.address", "networks.left.gateway"]


def test_nmcli_that_refuses_is_taken_back(structure: Structure) -> None:
    world = World(refuses="connection modify")
    assert taken_back(world, structure) == "networks.refused"
    assert world.states[-1] == "undone networks.refused"
    error = world.told[-1]["error"]
    assert error.message.id == "networks.refused"
    assert error.detail.endswith("exit status 4: refused")
    assert error.hint is not None


def test_without_a_checkpoint_nothing_is_begun(structure: Structure) -> None:
    world = World(refuses="CheckpointCreate")
    assert taken_back(world, structure) == "networks.checkpoint"
    assert not any("connection modify" in call for call in world.calls)
    assert world.calls[-1] == "end"
    assert world.states == []


def test_a_checkpoint_that_is_gone_is_not_waited_for(structure: Structure) -> None:
    world = World()
    asked = change(world, structure, None)

    def answer() -> None:
        world.guarded = False

    asked.answer = answer
    with pytest.raises(RhvError) as refused:
        asked.carry_out()
    assert refused.value.code == "networks.unguarded"
    assert world.states[-1] == "undone networks.unguarded"
    assert world.now_s < 10


def test_a_state_that_cannot_be_written_does_not_keep_it_from_going_back(structure: Structure) -> None:
    world = World()
    asked = change(world, structure, "undo")
    told = asked.tell

    def tell(state: Any) -> None:
        if state["state"] == "undoing":
            raise OSError(28, "No space left on device")
        told(state)

    asked.tell = tell
    with pytest.raises(RhvError) as refused:
        asked.carry_out()
    assert any("CheckpointRollback" in call for call in world.calls)
    assert "No space left" in (refused.value.detail or "")
    assert world.states[-1] == "undone networks.withdrawn"


def test_what_is_kept_of_a_profile_that_could_not_be_put_back_stays(
    structure: Structure, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> Restored:
        return Restored([], [], {"etc/NetworkManager/system-connections/eth0": "No space left on device"})

    monkeypatch.setattr("cockpit_rhv.networks.way_back.put_back", full)
    world = World()
    assert taken_back(world, structure, None) == "networks.lost"
    assert "networks.left.again" in {one["id"] for one in world.told[-1]["left"]}
    assert "end" not in world.calls
