# SPDX-License-Identifier: Apache-2.0
"""A cleanup that is killed at any moment goes on when it is resumed, and knows until the end what is left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.checks.agent_port import AGENT_UNIT
from cockpit_rhv.deploy import cleanup, places
from cockpit_rhv.deploy.cleanup_plan import Item, plan_cleanup
from cockpit_rhv.deploy.state import RECORD, Deployment, read_record

from tests.unit import deploy_support as world

from .cleanup_support import Host, carry_out, foreigners, made_host

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


PARTS = ("unit_disable", "unit_stop")


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    yield from made_host(tmp_path, monkeypatch)


class Killed(BaseException):
    """As a kill: nothing catches it."""


def killing(monkeypatch: pytest.MonkeyPatch, number: int, before: bool) -> None:
    """Die at the item of that number, before or after it was done."""
    count = iter(range(1000))

    def wrapped(action: Callable[[Item, str], Any]) -> Callable[[Item, str], Any]:
        def act(item: Item, uri: str) -> Any:
            mine = next(count) == number
            if mine and before:
                raise Killed
            done = action(item, uri)
            if mine:
                raise Killed
            return done

        return act

    for name, action in cleanup._ACTIONS.items():
        monkeypatch.setitem(cleanup._ACTIONS, name, wrapped(action))


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("number", range(18))
def test_killed_at_any_item_it_goes_on(host: Host, monkeypatch: pytest.MonkeyPatch, number: int, before: bool) -> None:
    foreigners(host)
    left, guests = host.files(), host.domains()
    host.finish(host.deploy())
    (host.log / "domain-7-HostedEngine").mkdir()
    scratch = host.images / ".HostedEngine-cidata.iso.abcdefgh"
    (scratch / "content").mkdir(parents=True)
    shown = [item.id for item in plan_cleanup().items]
    assert len(shown) == 18, "the numbers above are all of them"
    with monkeypatch.context() as patch:
        killing(patch, number, before)
        with pytest.raises(Killed):
            carry_out(shown)
    assert number == 17 or read_record() is not None, "what is left is known until the end"
    carry_out(shown)
    assert host.files() - {"var"} == left
    assert host.domains() == guests
    assert plan_cleanup().items == []


def test_killed_while_the_state_goes_key_and_token_are_not_forgotten(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.deploy()
    unlink, names = Path.unlink, []

    def dying(path: Path, missing_ok: bool = False) -> None:
        if path.parent == places.state_dir():
            names.append(path.name)
            if len(names) == 3:
                raise Killed
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", dying)
        with pytest.raises(Killed):
            carry_out()
    assert RECORD not in names
    assert plan_cleanup().items[-1].kind == "state"
    carry_out()
    assert not places.state_dir().exists()


def test_each_action_may_be_done_twice(host: Host) -> None:
    deployment = host.deploy()
    host.mount(deployment)
    host.finish(deployment)
    (host.log / "domain-7-HostedEngine").mkdir()
    items = plan_cleanup().items
    done_twice(items)
    assert {item.action for item in items} == set(cleanup._ACTIONS) - {"rebuild", "aside", "volume", *PARTS}, (
        "all of them are tried"
    )


@pytest.mark.parametrize(("kind", "action"), zip(("unit_enabled", "unit_started"), PARTS))
def test_each_part_of_a_unit_may_be_undone_twice(host: Host, kind: str, action: str) -> None:
    Deployment.open(world.JOB).note(kind, AGENT_UNIT)
    items = plan_cleanup().items
    assert items[0].action == action
    done_twice(items)


def test_each_action_on_damaged_files_may_be_done_twice(host: Host) -> None:
    host.finish(host.deploy())
    (places.state_dir() / RECORD).write_text("")
    places.engine_json().write_text("")
    items = plan_cleanup().items
    assert {"rebuild", "aside"} <= {item.action for item in items}
    done_twice(items)


def done_twice(items: Sequence[Item]) -> None:
    for item in items:
        first = cleanup._ACTIONS[item.action](item, "")
        second = cleanup._ACTIONS[item.action](item, "")
        assert first == second
    assert plan_cleanup().items == []
