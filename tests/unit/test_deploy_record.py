# SPDX-License-Identifier: Apache-2.0
"""Everything a deployment makes or switches on is in its record before it is made; what was there never is."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.checks.agent_port import AGENT_UNIT
from cockpit_rhv.deploy import enroll, finish, places, register, vm
from cockpit_rhv.deploy.state import Deployment, read_record
from cockpit_rhv.deploy.storage import prepare_storage

from tests.unit import deploy_support as world

from .cleanup_support import Host, made_host
from .jobs_support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER = "20260102-030405-ffff"
NAT = world.changed(world.answers(), {"network.kind": "nat", "network.name": "default"})


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    yield from made_host(tmp_path, monkeypatch)


class Killed(BaseException):
    """As a kill: nothing catches it."""


def killed(*_arguments: Any, **_options: Any) -> Any:
    raise Killed


def made() -> list[tuple[str, str]]:
    """As the file on the disk has it."""
    record = read_record()
    assert record is not None
    assert record.made is not None
    return [(kind, name) for kind, name in record.made]


# -- noting -----------------------------------------------------------------------------------------------------------


def test_a_note_is_on_the_disk_at_once_and_once(host: Host) -> None:
    deployment = Deployment.open(world.JOB)
    assert made() == []
    deployment.note("file", "/a")
    deployment.note("folder", "/a")
    deployment.note("file", "/a")
    assert made() == [("file", "/a"), ("folder", "/a")]
    Deployment.open(world.JOB).note("file", "/b")
    assert len(made()) == 3, "a resumed job adds to it"


def test_only_a_file_that_is_not_there_is_new(host: Host) -> None:
    deployment = Deployment.open(world.JOB)
    there, link, fresh = host.folder / "there", host.folder / "link", host.folder / "fresh"
    there.touch()
    link.symlink_to("/nowhere/at/all")
    for path in (there, link, fresh):
        deployment.note_new_file(path)
    assert made() == [("file", str(fresh))]


def test_new_folders_are_noted_from_the_top(host: Host) -> None:
    deployment = Deployment.open(world.JOB)
    (host.folder / "a").mkdir()
    deployment.note_new_folder(host.folder / "a")
    deployment.note_new_folder(host.folder / "a" / "b" / "c")
    assert made() == [("folder", str(host.folder / "a" / "b")), ("folder", str(host.folder / "a" / "b" / "c"))]


# -- before it is made ------------------------------------------------------------------------------------------------


def test_the_storage(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    deployment = Deployment.open(world.JOB)
    answers = world.answers(storage=host.images)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", killed)
        with pytest.raises(Killed):
            prepare_storage(deployment, answers)
    noted = [("folder", str(host.images.parent)), ("folder", str(host.images))]
    assert made() == noted
    prepare_storage(deployment, answers)
    prepare_storage(deployment, answers)
    assert made() == noted


def action(name: str) -> Any:
    """The module of an action plugin."""
    found = importlib.util.spec_from_file_location(name, ROOT / f"ansible/plugins/action/{name}.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


PKI = ("pki/agent.key", "pki/ca.pem", "pki/agent.pem")


def test_the_agents_key_in_the_phase_that_makes_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enroll, "ensure_key", killed)
    with pytest.raises(Killed):
        action("rhv_engine_ready").ActionModule.work({"job": {"id": world.JOB}, "answers": NAT}, None)
    etc = places.config_dir()
    assert made() == [("folder", str(etc)), ("folder", str(etc / "pki")), *(("file", str(etc / name)) for name in PKI)]


def test_a_key_found_there_is_nobodys_to_remove(host: Host) -> None:
    enroll.ensure_key(places.pki_dir())
    register.agent_key(Deployment.open(world.JOB))
    assert made() == [("file", str(places.config_dir() / name)) for name in PKI[1:]]


@pytest.mark.parametrize(
    ("state", "noted"),
    [
        (["inactive", "disabled"], ["unit_enabled", "unit_started"]),
        (["active", "disabled"], ["unit_enabled"]),
        (["failed", "enabled"], ["unit_started"]),
    ],
)
def test_the_agent(host: Host, monkeypatch: pytest.MonkeyPatch, state: list[str], noted: list[str]) -> None:
    host.units[AGENT_UNIT] = state
    monkeypatch.setattr(register, "unit_states", host._unit_states)
    monkeypatch.setattr(register, "_systemctl", killed)
    with pytest.raises(Killed):
        register.start_agent(Deployment.open(world.JOB), restart=False)
    assert made() == [(kind, AGENT_UNIT) for kind in noted]


def test_an_agent_that_ran_before(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register, "unit_states", host._unit_states)
    called: list[tuple[str, ...]] = []
    monkeypatch.setattr(register, "_systemctl", lambda *arguments: called.append(arguments))
    deployment = Deployment.open(world.JOB)
    assert not register.start_agent(deployment, restart=False)
    assert register.start_agent(deployment, restart=True)
    assert made() == []
    assert ("restart", AGENT_UNIT) in called


class Network:
    """A network on which nothing can be changed without being killed."""

    def __init__(self, active: bool, autostart: bool) -> None:
        self._active, self._autostart = active, autostart

    def name(self) -> str:
        return "default"

    def isActive(self) -> bool:
        return self._active

    def autostart(self) -> bool:
        return self._autostart

    create = setAutostart = killed


class Connection:
    """Has that network."""

    def __init__(self, network: Network) -> None:
        self.network = network

    def networkLookupByName(self, _name: str) -> Network:
        return self.network


def test_the_network_is_started(host: Host) -> None:
    deployment = Deployment.open(world.JOB)
    vm._start_network(Connection(Network(True, False)), "default", deployment)
    assert made() == []
    with pytest.raises(Killed):
        vm._start_network(Connection(Network(False, False)), "default", deployment)
    assert made() == [("network_started", "default")]


def test_the_network_starts_with_the_host(host: Host) -> None:
    class Domain:
        def autostart(self) -> bool:
            return True

    deployment = Deployment.open(world.JOB)
    assert not finish._start_with_host(Connection(Network(True, True)), Domain(), NAT, deployment)
    assert made() == []
    with pytest.raises(Killed):
        finish._start_with_host(Connection(Network(True, False)), Domain(), NAT, deployment)
    assert made() == [("network_autostart", "default")]


def test_what_libvirt_makes_for_the_vm(host: Host) -> None:
    class Domain:
        create = killed

        def name(self) -> str:
            return "HostedEngine"

        def XMLDesc(self) -> str:
            return "<domain/>"

    stale, log = places.first_contact_file("HostedEngine"), places.serial_log_file("HostedEngine")
    stale.write_text("what an earlier VM said")
    log.write_text("of an earlier VM")
    with pytest.raises(Killed):
        vm._boot(Domain(), Deployment.open(world.JOB))
    assert made() == [("file", str(path)) for path in places.vm_files("HostedEngine") if path != log]
    assert not stale.exists()


# -- begun anew and taken over ----------------------------------------------------------------------------------------


def test_begun_anew_it_has_other_identities_and_knows_what_was_made(host: Host) -> None:
    deployment = host.deploy()
    deployment.update(address="192.0.2.20", ca_sha256="00", closing=True, discard=True, disk_inode=7)
    before, token, key = deployment.record, deployment.token(), deployment.job_public_key()
    deployment.begin_anew()
    after = read_record()
    assert after is not None
    assert (after.job, after.made) == (before.job, before.made)
    assert after.files() == before.files(), "what has one of these names is ours to replace"
    assert not {after.uuid, after.mac, after.instance_id} & {before.uuid, before.mac, before.instance_id}
    assert (after.started, after.discard, after.closing, after.disk, after.disk_inode) == (False, False, False, "", 0)
    assert (after.address, after.ca_sha256, after.host_id) == ("", "", "")
    assert not deployment.ca_file.exists()
    assert deployment.token() != token
    assert deployment.job_public_key() != key


def test_taken_over_nothing_that_was_made_is_forgotten(host: Host) -> None:
    first = host.deploy(OTHER).record
    second = Deployment.open(world.JOB).record
    assert second.made == [*(first.made or []), ["domain", OTHER]]
    assert second.files() == first.files()
    assert second.uuid != first.uuid


def test_taken_over_before_there_was_a_vm(host: Host) -> None:
    Deployment.open(OTHER).note("folder", "/a")
    assert Deployment.open(world.JOB).record.made == [["folder", "/a"]]
