# SPDX-License-Identifier: Apache-2.0
"""The engine VM in an upgrade: brought down, waited for, and connected to this host's agent again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.deploy import upgrade_wait
from cockpit_rhv.deploy.engine_wait import EngineWait
from cockpit_rhv.deploy.first_contact import FirstContact
from cockpit_rhv.deploy.upgrade_agent import connections, wait_connected
from cockpit_rhv.deploy.upgrade_disk import prepare_next
from cockpit_rhv.deploy.upgrade_finish import finish_upgrade
from cockpit_rhv.deploy.upgrade_switch import switch_disks
from cockpit_rhv.deploy.upgrade_vm import attach_previous, shut_down
from cockpit_rhv.deploy.upgrade_wait import SameEngine, wait_for_version
from cockpit_rhv.errors import RhvError
from cockpit_rhv.messages import msg

from appliance.firstboot import previous

from .upgrade_support import NEW, SILENT, UPGRADE, World

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def test_a_vm_that_hears_is_shut_down_and_not_powered_off(here: World) -> None:
    assert shut_down(here.domain, SILENT) == []
    assert (here.domain.on, here.domain.destroyed) == (False, 0)


def test_a_deaf_vm_is_powered_off_and_the_log_says_so(here: World) -> None:
    here.domain.deaf = True
    (told,) = shut_down(here.domain, SILENT, limit_s=0.05)
    assert told.id == "upgrade.powered_off"
    assert (here.domain.on, here.domain.destroyed) == (False, 1)


def test_the_old_disk_is_seen_through_a_layer_under_the_serial_the_first_boot_looks_for(here: World) -> None:
    prepare_next(UPGRADE, here.image, NEW, SILENT)
    switch_disks(UPGRADE, SILENT)
    (second,) = [disk for disk in here.domain.live.iter("disk") if disk.findtext("serial")]
    source = second.find("source")
    assert source is not None
    assert (second.findtext("serial"), source.get("file")) == (previous.SERIAL, str(here.files.layer))
    content = here.files.layer.read_bytes()
    assert str(here.files.previous).encode() in content[:4096]


def test_a_second_disk_of_somebody_else_is_left_alone(here: World) -> None:
    here.domain.attachDeviceFlags("<disk><target dev='vdb'/></disk>", 2)
    here.domain.on = False
    with pytest.raises(RhvError, match="disk_in_use"):
        attach_previous(here.domain, here.files.layer)


def test_an_upgrade_that_was_undone_does_not_go_on(here: World) -> None:
    with pytest.raises(RhvError, match="undone"):
        switch_disks(UPGRADE, SILENT)
    with pytest.raises(RhvError, match="undone"):
        finish_upgrade(UPGRADE, NEW)
    assert here.domain.ran_on == [here.old_inode]


def test_an_engine_with_another_ca_is_refused_and_not_pinned(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned: list[str] = []
    monkeypatch.setattr(EngineWait, "_prove", lambda *_: pinned.append("pinned"))
    here.deployment.update(ca_sha256="a" * 64)
    waiting = SameEngine(here.deployment, {"engine": {"name": "HostedEngine", "fqdn": "e"}}, SILENT)
    with pytest.raises(RhvError, match="other_ca"):
        waiting._prove(FirstContact("b" * 64, "e", ("192.0.2.20",), NEW), "192.0.2.20")
    assert pinned == []
    waiting._prove(FirstContact("a" * 64, "e", ("192.0.2.20",), NEW), "192.0.2.20")
    assert pinned == ["pinned"]


def stand_in(here: World, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    """An engine that comes up at once."""
    here.deployment.pin_ca("pem")
    monkeypatch.setattr(SameEngine, "run", lambda _self: False)

    class Manager:
        def __init__(self, *_: Any) -> None: ...

        def version(self) -> str:
            return version

    monkeypatch.setattr(upgrade_wait, "Manager", Manager)


def test_another_version_than_the_wanted_one_is_refused_with_the_way_back(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(here, monkeypatch, "0.1.9")
    with pytest.raises(RhvError, match="other_version") as caught:
        wait_for_version(NEW, None, SILENT)
    assert "--rollback" in str(caught.value.hint)
    stand_in(here, monkeypatch, NEW)
    assert wait_for_version(NEW, None, SILENT) is False


def test_what_failed_keeps_its_cause(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: object) -> bool:
        raise RhvError("engine.silent", msg("t", "Silent."), msg("h", "hint"), "detail", cause=msg("c", "cause"))

    stand_in(here, monkeypatch, NEW)
    monkeypatch.setattr(SameEngine, "run", fail)
    with pytest.raises(RhvError) as caught:
        wait_for_version(NEW, None, SILENT)
    assert (str(caught.value.cause), caught.value.detail) == ("cause", "detail")


def test_only_a_connection_made_since_counts(tmp_path: Path) -> None:
    state = tmp_path / "agent.json"
    old = {"name": "engine", "address": "192.0.2.20", "connected_s": 1.0}
    state.write_text(json.dumps({"clients": [old]}))
    with pytest.raises(RhvError, match="host_not_up"):
        wait_connected([old], SILENT, state, limit_s=0.01)
    state.write_text(json.dumps({"clients": [old, {**old, "connected_s": 2.0}]}))
    wait_connected([old], SILENT, state, limit_s=0.01)
    state.unlink()
    assert connections(state) == []
