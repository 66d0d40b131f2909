# SPDX-License-Identifier: Apache-2.0
"""A cleanup carried out: exactly what was shown, from wherever a killed one stopped, and nothing of anybody else's."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cockpit_rhv.checks.agent_port import AGENT_UNIT
from cockpit_rhv.deploy import places
from cockpit_rhv.deploy.cleanup import start_cleanup
from cockpit_rhv.deploy.cleanup_plan import plan_cleanup
from cockpit_rhv.deploy.state import Deployment, read_record
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs import JobStore
from cockpit_rhv.jobs.control import start_job
from cockpit_rhv.jobs.files import read_json
from cockpit_rhv.messages import msg

from tests.unit import deploy_support as world

from .cleanup_support import FQDN, Host, carry_out, foreigners, made_host
from .jobs_support import ROOT, PaperLauncher, ended, playbooks, spec

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER = "20260102-030405-ffff"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    yield from made_host(tmp_path, monkeypatch)


@pytest.mark.parametrize("finished", [False, True])
def test_the_host_is_as_it_was(host: Host, finished: bool) -> None:
    foreigners(host)
    host.network().destroy()
    before, guests = host.files(), host.domains()
    host.network().create()
    deployment = host.deploy()
    if finished:
        host.finish(deployment)
    changed, told = carry_out()
    assert changed
    assert host.files() - {"var"} == before
    assert host.domains() == guests
    assert (host.network().isActive(), host.network().autostart()) == (0, 0)
    assert host.units[AGENT_UNIT] == ["inactive", "disabled"]
    assert plan_cleanup().items == []
    assert all(text["text"] and "severity" not in text for text in told), "nothing stayed behind"
    assert carry_out() == (False, [])


def test_only_what_was_shown_goes_and_the_rest_is_named(host: Host) -> None:
    host.deploy()
    shown = [item.id for item in plan_cleanup().items if item.kind != "state"]
    late = host.folder / "late"
    late.write_text("x")
    Deployment.open(world.JOB).note("file", str(late))
    changed, told = carry_out(shown)
    assert changed
    assert late.exists()
    assert read_record() is not None
    warned = {text["params"]["name"] for text in told if text.get("severity") == "warning"}
    assert warned == {str(late), str(places.state_dir())}
    assert host.domains() == set()


def test_of_two_engine_vms_only_the_one_that_was_shown_goes(host: Host) -> None:
    host.deploy(OTHER, "First")
    host.deploy(world.JOB, "Second")
    carry_out(["domain:Second"])
    assert host.domains() == {"First"}


def test_what_was_shown_and_is_gone_is_no_error(host: Host) -> None:
    host.deploy()
    assert carry_out([*(item.id for item in plan_cleanup().items), "file:/nowhere", "explode:x"])[0]
    assert carry_out(["file:/etc/passwd", "folder:/"]) == (False, [])
    assert Path("/etc/passwd").exists()


def test_a_job_that_asks_for_more_than_ours_gets_none_of_it(host: Host) -> None:
    host.deploy()
    mine = host.folder / "mine"
    mine.write_text("x")
    changed, told = carry_out([f"file:{mine}", "domain:test", "network_started:other"])
    assert not changed
    assert all(text["severity"] == "warning" for text in told)
    assert mine.exists()
    assert host.domains() == {"HostedEngine"}


@pytest.mark.parametrize("engine", ["", "other.example.com"])
def test_an_engine_that_was_finished_since_is_not_removed(host: Host, engine: str) -> None:
    deployment = host.deploy()
    shown = [item.id for item in plan_cleanup().items]
    host.finish(deployment)
    before = host.files()
    with pytest.raises(RhvError) as caught:
        carry_out(shown, engine)
    assert caught.value.code == "cleanup.unconfirmed"
    assert (host.files(), host.domains()) == (before, {"HostedEngine"})


# -- what is in use ---------------------------------------------------------------------------------------------------


def test_a_network_another_guest_uses_stays_up(host: Host) -> None:
    host.deploy()
    host.ports = ["vnet0"]
    _, told = carry_out()
    assert host.network().isActive()
    assert not host.network().autostart()
    assert "cleanup.did.network_used" in [text["id"] for text in told]


def test_a_folder_with_something_else_in_it_stays(host: Host) -> None:
    host.deploy()
    (host.images / "mine").write_text("x")
    _, told = carry_out()
    assert (host.images / "mine").exists()
    stays = [text["params"]["name"] for text in told if text["id"] == "cleanup.did.folder_stays"]
    assert stays == [str(host.images), str(host.images.parent)]
    assert not places.config_dir().exists()


def test_a_folder_that_cannot_be_removed_is_an_error(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.deploy()
    monkeypatch.setattr(os, "rmdir", world.raising(PermissionError(13, "read-only file system")))
    with pytest.raises(PermissionError):
        carry_out()
    assert read_record() is not None


def test_a_link_goes_and_what_it_leads_to_stays(host: Host) -> None:
    host.deploy()
    disk, mine = host.images / "HostedEngine.qcow2", host.folder / "mine"
    disk.rename(mine)
    disk.symlink_to(mine)
    carry_out()
    assert mine.exists()
    assert not disk.is_symlink()


@pytest.mark.parametrize(
    ("made", "left"),
    [
        (["unit_enabled"], ["active", "disabled"]),
        (["unit_started"], ["inactive", "enabled"]),
        (["unit_enabled", "unit_started"], ["inactive", "disabled"]),
    ],
)
def test_of_the_agent_only_what_was_done_is_undone(host: Host, made: list[str], left: list[str]) -> None:
    deployment = Deployment.open(world.JOB)
    for kind in made:
        deployment.note(kind, AGENT_UNIT)
    carry_out()
    assert host.units[AGENT_UNIT] == left, "what was so before stays so"
    assert plan_cleanup().items == []


def test_an_agent_half_undone_is_undone_by_the_cleanup_that_goes_on(host: Host) -> None:
    deployment = Deployment.open(world.JOB)
    for kind in ("unit_enabled", "unit_started"):
        deployment.note(kind, AGENT_UNIT)
    shown = [item.id for item in plan_cleanup().items]
    host.units[AGENT_UNIT] = ["active", "disabled"]
    assert [item.id for item in plan_cleanup().items] == shown
    carry_out(shown)
    assert host.units[AGENT_UNIT] == ["inactive", "disabled"]


@pytest.mark.parametrize("failure", [1, subprocess.TimeoutExpired(["systemctl"], 60)])
def test_an_agent_that_does_not_stop_is_said_and_nothing_else_is_touched(
    host: Host, monkeypatch: pytest.MonkeyPatch, failure: Any
) -> None:
    host.deploy()
    before = host.files()

    def run(argv: list[str], **_options: Any) -> Any:
        if isinstance(failure, Exception):
            raise failure
        return subprocess.CompletedProcess(argv, failure, "Failed to disable unit", "")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(RhvError) as caught:
        carry_out()
    assert caught.value.code == "cleanup.unit"
    assert caught.value.detail
    assert (host.files(), host.domains()) == (before, {"HostedEngine"})


def test_a_switched_off_engine_is_removed_too(host: Host) -> None:
    host.deploy()
    host.real.lookupByName("HostedEngine").destroy()
    carry_out()
    assert host.domains() == set()


# -- the job ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(host: Host) -> JobStore:
    return JobStore()


def begin(store: JobStore, fingerprint: str | None = None, engine: str | None = FQDN) -> str:
    given = plan_cleanup().fingerprint if fingerprint is None else fingerprint
    return start_cleanup(given, engine, "tester", store=store, launcher=PaperLauncher())


def test_the_job_gets_what_was_shown_and_confirmed(host: Host, store: JobStore) -> None:
    host.finish(host.deploy())
    job_id = begin(store)
    private = store.folder(job_id) / "private"
    variables = read_json(private / "vars.json")
    assert variables["rhv_cleanup"] == [item.id for item in plan_cleanup().items]
    assert variables["rhv_cleanup_engine"] == FQDN
    status = store.stored(job_id)
    assert (status.kind, status.profile, [phase.id for phase in status.phases]) == ("cleanup", "embedded", ["cleanup"])
    text = (private / "project" / "cleanup.yml").read_text()
    assert set(re.findall(r"\{\{ (rhv_\w+) \}\}", text)) <= set(variables)
    (play,) = yaml.safe_load(text)
    (task,) = play["tasks"]
    assert set(task["rhv_cleanup"]) == {"job", "items", "engine"}, "what the action asks for"


@pytest.mark.parametrize(
    ("fingerprint", "engine", "code"),
    [("0" * 64, FQDN, "cleanup.changed"), (None, None, "cleanup.unconfirmed"), (None, "x", "cleanup.unconfirmed")],
)
def test_what_was_not_meant_starts_nothing(
    host: Host, store: JobStore, fingerprint: str | None, engine: str | None, code: str
) -> None:
    host.finish(host.deploy())
    with pytest.raises(RhvError) as caught:
        begin(store, fingerprint, engine)
    assert caught.value.code == code
    assert list(store.ids()) == []


def test_where_there_is_nothing_there_is_no_job(host: Host, store: JobStore) -> None:
    with pytest.raises(RhvError) as caught:
        begin(store)
    assert caught.value.code == "cleanup.nothing"
    assert list(store.ids()) == []


def test_what_was_removed_cannot_be_resumed(host: Host, store: JobStore) -> None:
    host.deploy()
    launcher, jobs = PaperLauncher(), {}
    folder = playbooks(host.folder / "playbooks", {"one": []})
    for kind in ("deploy", "upgrade", "task", "cleanup"):
        jobs[kind] = start_job(spec("one", kind=kind), folder, store=store, launcher=launcher)
        ended(store, launcher, jobs[kind], "failed")
    carry_out()
    left = {kind: store.load(job_id).resumable for kind, job_id in jobs.items()}
    assert left == {"deploy": False, "upgrade": False, "task": True, "cleanup": True}


def test_the_action_passes_on_what_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    path = ROOT / "ansible/plugins/action/rhv_cleanup.py"
    found = importlib.util.spec_from_file_location("rhv_cleanup", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    given: list[Any] = []

    def carry(*arguments: Any) -> Any:
        given.extend(arguments)
        return True, [msg("a", "A.").to_json()]

    monkeypatch.setattr(module, "carry_out_plan", carry)
    result = module.ActionModule.work({"items": ["a:b"], "engine": FQDN}, "progress")
    assert given == [["a:b"], FQDN, "progress"]
    assert result == {"changed": True, "rhv_log": [msg("a", "A.").to_json()]}
