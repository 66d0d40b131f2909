# SPDX-License-Identifier: Apache-2.0
"""A damaged record or damaged settings do not keep anybody from cleaning up, and are kept themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from cockpit_rhv.checks.agent_port import AGENT_UNIT
from cockpit_rhv.deploy import places
from cockpit_rhv.deploy.cleanup_plan import plan_cleanup
from cockpit_rhv.deploy.config import read_engine_config
from cockpit_rhv.deploy.state import RECORD, Deployment, read_record
from cockpit_rhv.deploy.stored import is_kept, keep_copy, kept_name, set_aside
from cockpit_rhv.errors import RhvError

from tests.unit import deploy_support as world

from .cleanup_support import FQDN, Host, carry_out, foreigners, made_host
from .test_deploy_cleanup_killed import Killed, killing

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMON = json.loads((Path(__file__).parents[2] / "schemas" / "common.json").read_text())
OTHER = "20260102-030405-ffff"
DAMAGED = ["", "{", "[]", "null", '{"job": 1}', "\0\0\0"]
FOUND = [
    "rebuild:var/engine/deployment.json",
    f"unit:{AGENT_UNIT}",
    "domain:HostedEngine",
    "file:storage/images/HostedEngine-cidata.iso",
    "file:storage/images/HostedEngine.qcow2",
    "file:etc/pki/agent.key",
    "file:etc/pki/ca.pem",
    "file:etc/pki/agent.pem",
    "file:log/HostedEngine.first-contact",
    "file:log/HostedEngine-serial0.log",
    "file:log/HostedEngine.log",
    "folder:etc/pki",
    "folder:etc",
    "state:var/engine",
]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    yield from made_host(tmp_path, monkeypatch)


def ids(host: Host) -> list[str]:
    return [item.id.replace(f"{host.folder}/", "") for item in plan_cleanup().items]


def damage_record(text: str = "{") -> None:
    (places.state_dir() / RECORD).write_text(text)


def damage(path: Path, **changes: Any) -> None:
    """Whole JSON with a member of the wrong type."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def said(host: Host) -> list[str]:
    return [message.id for message in plan_cleanup().kept]


# -- the record -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_record_hides_nothing_that_can_be_found(host: Host, text: str) -> None:
    host.deploy()
    damage_record(text)
    before = host.files()
    assert ids(host) == FOUND
    plan = plan_cleanup()
    jsonschema.Draft7Validator({**COMMON, "$ref": "#/definitions/CleanupPlan"}).validate(plan.to_json())
    assert not plan.complete
    assert plan.engine == "HostedEngine", "whether it was finished nobody knows: it is asked for by the VM's name"
    assert said(host) == ["cleanup.unsure", "cleanup.kept.jobs"]
    assert (host.files(), host.domains()) == (before, {"HostedEngine"}), "looking changes nothing"


@pytest.mark.parametrize(
    "changes",
    [{"disk": 7}, {"leftovers": "x"}, {"leftovers": [1]}, {"made": [["file"], 3]}, {"started": "no"}, {"uuid": None}],
)
def test_members_of_the_wrong_type_are_damage(host: Host, changes: dict[str, Any]) -> None:
    host.deploy()
    damage(places.state_dir() / RECORD, **changes)
    with pytest.raises(RhvError) as caught:
        read_record()
    assert caught.value.code == "state.damaged"
    assert next(iter(changes)) in str(caught.value.detail)
    assert ids(host) == FOUND


def test_the_damaged_record_is_kept_and_all_that_was_found_goes(host: Host) -> None:
    foreigners(host)
    left, guests = host.files(), host.domains()
    host.finish(host.deploy())
    # The settings say which deployment it was, so the guest of another one is none of it.
    damage_record("what is left of it")
    assert plan_cleanup().engine == FQDN
    assert "registration:x" in ids(host)
    assert "cleanup.other_mark" in said(host)
    carry_out()
    kept = {"var", "var/engine", "var/engine/deployment.json.damaged"}
    assert host.files() - left == kept
    assert (places.state_dir() / "deployment.json.damaged").read_text() == "what is left of it"
    assert host.domains() == guests
    assert plan_cleanup().items == []
    Deployment.open(OTHER).save()
    carry_out()
    assert host.files() - left == kept, "a later cleanup keeps it too"


def test_what_a_deployment_cannot_be_told_to_have_made_stays(host: Host) -> None:
    host.deploy()
    damage_record()
    carry_out(engine="HostedEngine")
    assert host.network().autostart(), "it may have been on before"
    assert host.images.is_dir()


def test_no_disk_that_is_not_ours_by_name_is_taken(host: Host) -> None:
    deployment = host.deploy()
    domain = host.real.lookupByName("HostedEngine")
    domain.destroy()
    domain.undefine()
    other = host.images / "backup.qcow2"
    previous = host.images / "HostedEngine.previous.qcow2"
    for path in (other, previous):
        path.write_text("x")
    host.define("HostedEngine", world.JOB, disks=[Path(deployment.record.disk), other])
    damage_record()
    listed = ids(host)
    assert "file:storage/images/backup.qcow2" not in listed
    assert "file:storage/images/HostedEngine.previous.qcow2" in listed
    assert said(host) == ["cleanup.unsure", "cleanup.other_disk", "cleanup.kept.jobs"]


def test_a_damaged_record_without_a_vm_is_out_of_the_way_too(host: Host) -> None:
    Deployment.open(world.JOB)
    damage_record("")
    plan = plan_cleanup()
    assert plan.engine is None
    carry_out(engine="")
    assert Deployment.open(OTHER).record.job == OTHER


def test_another_engine_vm_is_not_forgotten(host: Host) -> None:
    host.deploy()
    host.define("Second", OTHER)
    damage_record()
    assert {"domain:HostedEngine", "domain:Second"} <= set(ids(host))
    carry_out(engine="HostedEngine")
    assert host.domains() == set()


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("number", range(len(FOUND)))
def test_killed_at_any_item_it_goes_on(host: Host, monkeypatch: pytest.MonkeyPatch, number: int, before: bool) -> None:
    host.deploy()
    damage_record("damaged")
    shown = [item.id for item in plan_cleanup().items]
    assert len(shown) == len(FOUND)
    with monkeypatch.context() as patch:
        killing(patch, number, before)
        with pytest.raises(Killed):
            carry_out(shown, "HostedEngine")
    carry_out(shown, "HostedEngine")
    assert {path for path in host.files() if path.startswith(("var/", "etc", "log/"))} == {
        "var/engine",
        "var/engine/deployment.json.damaged",
    }
    assert list(host.images.iterdir()) == []
    assert host.domains() == set()


def test_killed_between_the_copy_and_the_new_record(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.deploy()
    damage_record("damaged")

    def dying(_self: Deployment) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Deployment, "save", dying)
        with pytest.raises(Killed):
            carry_out(engine="HostedEngine")
    assert ids(host) == FOUND
    carry_out(engine="HostedEngine")
    assert [path.name for path in places.state_dir().iterdir()] == ["deployment.json.damaged"]


def test_a_deployment_that_is_resumed_on_a_new_record_begins_its_vm_anew(host: Host, monkeypatch: Any) -> None:
    host.deploy()
    damage_record()
    with monkeypatch.context() as patch:
        killing(patch, 0, before=False)
        with pytest.raises(Killed):
            carry_out(engine="HostedEngine")
    record = read_record()
    assert record is not None
    assert (record.job, record.discard, record.finished) == (world.JOB, True, False)


# -- the settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", DAMAGED)
def test_damaged_settings_are_kept_and_the_engine_is_asked_for_by_its_vm(host: Host, text: str) -> None:
    host.finish(host.deploy())
    places.engine_json().write_text(text)
    plan = plan_cleanup()
    assert plan.engine == "HostedEngine"
    assert plan.complete, "the record knows everything"
    assert ids(host).count("aside:etc/engine.json") == 1
    assert "file:etc/engine.json" not in ids(host)
    with pytest.raises(RhvError) as caught:
        carry_out(engine="")
    assert caught.value.code == "cleanup.unconfirmed"
    carry_out(engine="HostedEngine")
    assert host.files() == {"etc", "etc/engine.json.damaged", "log", "var"}
    assert places.engine_json().with_name("engine.json.damaged").read_text() == text
    assert read_engine_config() is None
    assert plan_cleanup().items == []


@pytest.mark.parametrize("changes", [{"fqdn": 7}, {"deployed_s": "now"}, {"previous": {"disk": 1}}, {"previous": 3}])
def test_settings_of_the_wrong_type_are_damage(host: Host, changes: dict[str, Any]) -> None:
    host.finish(host.deploy())
    damage(places.engine_json(), **changes)
    with pytest.raises(RhvError) as caught:
        read_engine_config()
    assert caught.value.code == "engine.config_damaged"
    assert "aside:etc/engine.json" in ids(host)


def test_damaged_settings_without_any_record_are_put_aside_and_nothing_else(host: Host) -> None:
    host.finish(host.deploy())
    (places.state_dir() / RECORD).unlink()
    places.engine_json().write_text("")
    assert ids(host) == ["aside:etc/engine.json"]
    assert not plan_cleanup().complete
    carry_out(engine="")
    assert host.domains() == {"HostedEngine"}
    assert plan_cleanup().items == []


def test_both_damaged(host: Host) -> None:
    host.finish(host.deploy())
    damage_record("")
    places.engine_json().write_text("")
    assert ids(host) == [*FOUND[:11], "aside:etc/engine.json", *FOUND[11:]]
    carry_out(engine="HostedEngine")
    assert {path.name for path in host.folder.rglob("*.damaged")} == {"engine.json.damaged", "deployment.json.damaged"}
    assert Deployment.open(OTHER).record.job == OTHER


# -- names ------------------------------------------------------------------------------------------------------------


def test_a_kept_file_never_takes_the_place_of_another(tmp_path: Path) -> None:
    path = tmp_path / "engine.json"
    for text in ("first", "second", "third"):
        path.write_text(text)
        assert not is_kept(path)
        set_aside(path)
        set_aside(path)
    kept = {item.name: item.read_text() for item in tmp_path.iterdir()}
    assert kept == {"engine.json.damaged": "first", "engine.json.damaged-2": "second", "engine.json.damaged-3": "third"}
    assert all(map(is_kept, tmp_path.iterdir()))


def test_a_file_that_is_kept_already_is_not_kept_twice(tmp_path: Path) -> None:
    path = tmp_path / "deployment.json"
    path.write_text("x")
    keep_copy(path)
    keep_copy(path)
    assert kept_name(path).name == "deployment.json.damaged"
    assert len(list(tmp_path.iterdir())) == 2
    set_aside(path)
    assert [item.name for item in tmp_path.iterdir()] == ["deployment.json.damaged"]
