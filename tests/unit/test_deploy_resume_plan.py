# SPDX-License-Identifier: Apache-2.0
"""What resuming with other answers would do: which phases run, which of them again, and what is thrown away."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from cockpit_rhv.deploy.answers import fields
from cockpit_rhv.deploy.profile import load_profile
from cockpit_rhv.deploy.resume import deployment_answers, plan_resume
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.errors import RhvError

from .jobs_support import ended
from .resume_support import PHASES, Unfinished

if TYPE_CHECKING:
    from cockpit_rhv.deploy.resume import Plan

COMMON = json.loads((Path(__file__).parents[2] / "schemas" / "common.json").read_text())
#: As the phases *storage* to *vm* leave the record.
VM: dict[str, Any] = {"name": "HostedEngine", "disk": "/x.qcow2", "drive": "/x.iso", "started": True}

NAME, FQDN, PATH = {"engine.name": "Other"}, {"engine.fqdn": "other.example.com"}, {"storage.path": "/other"}
GATEWAY, IMAGE, WAIT = {"network.gateway": "192.0.2.2"}, {"image.path": "/other.qcow2"}, {"engine.patience_s": 900}
HOST, ACCEPT = {"host.name": "host2"}, {"accept.emulation": True}


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unfinished:
    return Unfinished(tmp_path, monkeypatch)


def plan(job: Unfinished, changes: dict[str, Any], *, new_password: bool = False) -> Plan:
    found = plan_resume(job.id, job.changed(changes), new_password)
    jsonschema.Draft7Validator({**COMMON, "$ref": "#/definitions/ResumePlan"}).validate(found.to_json())
    return found


def phases(found: Plan) -> str:
    """The first letters; one that was done before and runs again as a capital."""
    return "".join(phase[0].upper() if phase in found.again else phase[0] for phase in found.phases)


@pytest.mark.parametrize(
    ("stopped", "changes", "runs"),
    [
        # Nothing has been made: each answer just counts from its phase on.
        ("preflight", FQDN, "psivehf"),
        ("preflight", ACCEPT, "psivehf"),
        ("storage", ACCEPT, "Psivehf"),
        ("storage", PATH, "Psivehf"),
        ("image", PATH, "PSivehf"),
        ("image", FQDN, "Pivehf"),
        ("image", IMAGE, "Pivehf"),
        ("image", HOST, "Pivehf"),
        ("image", {**HOST, **NAME}, "PSivehf"),
    ],
)
def test_before_there_is_a_vm(job: Unfinished, stopped: str, changes: dict[str, Any], runs: str) -> None:
    job.stop(stopped, name="")
    found = plan(job, changes)
    assert (phases(found), found.discards) == (runs, None)


@pytest.mark.parametrize(
    ("stopped", "changes", "runs", "discards"),
    [
        ("vm", FQDN, "PSIvehf", True),
        ("engine", ACCEPT, "Pehf", False),
        ("engine", HOST, "Pehf", False),
        ("engine", GATEWAY, "PSIVehf", True),
        ("engine", NAME, "PSIVehf", True),
        ("engine", PATH, "PSIVehf", True),
        ("engine", IMAGE, "PSIVehf", True),
        ("host", HOST, "Phf", False),
        ("host", ACCEPT, "Phf", False),
        ("host", FQDN, "PSIVEhf", True),
        ("finish", HOST, "PHf", False),
        ("engine", WAIT, "Pehf", False),
        ("finish", WAIT, "PEHf", False),
        ("finish", ACCEPT, "Pf", False),
        ("finish", GATEWAY, "PSIVEHf", True),
        ("finish", {**ACCEPT, **HOST}, "PHf", False),
        ("finish", {**HOST, **GATEWAY}, "PSIVEHf", True),
    ],
)
def test_once_there_is_one(job: Unfinished, stopped: str, changes: dict[str, Any], runs: str, discards: bool) -> None:
    job.stop(stopped, **VM)
    found = plan(job, changes)
    assert (phases(found), found.discards is not None) == (runs, discards)


@pytest.mark.parametrize("record", [{"disk": "/x.qcow2"}, {"drive": "/x.iso"}, {"started": True}])
def test_any_part_of_a_vm_is_thrown_away(job: Unfinished, record: dict[str, Any]) -> None:
    job.stop("vm", **record)
    assert plan(job, FQDN).discards is not None


def test_the_disk_of_another_deployment_is_not_thrown_away(job: Unfinished) -> None:
    job.stop("image")
    Deployment.open("20260102-030405-ffff").update(**VM)
    assert plan(job, FQDN).discards is None
    assert phases(plan(job, FQDN)) == "Pivehf"


@pytest.mark.parametrize(("stopped", "runs", "discards"), [("image", "Pivehf", False), ("engine", "PSIVehf", True)])
def test_a_new_password_is_in_the_vm(job: Unfinished, stopped: str, runs: str, discards: bool) -> None:
    job.stop(stopped, **(VM if discards else {"name": ""}))
    found = plan(job, {}, new_password=True)
    assert (phases(found), found.discards is not None, list(found.changes)) == (runs, discards, [])


@pytest.mark.parametrize("stopped", PHASES)
def test_without_a_change_it_goes_on_where_it_was(job: Unfinished, stopped: str) -> None:
    job.stop(stopped, **VM)
    found = plan(job, {})
    assert list(found.phases) == PHASES[PHASES.index(stopped) :]
    assert (list(found.changes), list(found.again), found.discards) == ([], [], None)


def test_a_manager_that_forgot_the_key_is_made_anew(job: Unfinished) -> None:
    job.stop("finish", **VM, closing=True)
    found = plan(job, HOST)
    assert (phases(found), found.discards is not None) == ("PSIVEHf", True)
    assert plan(job, ACCEPT).discards is None
    assert plan(job, {}).discards is None


def test_a_default_left_out_and_a_number_written_otherwise_are_no_change(job: Unfinished) -> None:
    job.stop("engine", **VM)
    assert list(plan(job, {"accept": ..., "engine.vcpus": 2.0, "engine.patience_s": ...}).changes) == []


def test_changes_are_told_with_old_and_new(job: Unfinished) -> None:
    job.stop("engine", **VM)
    found = plan(job, {**HOST, "network.gateway": ..., "network.address": ..., "network.mode": "dhcp"}).to_json()
    assert found["changes"] == [
        {"path": "network.mode", "old": "static", "new": "dhcp"},
        {"path": "network.address", "old": "192.0.2.20/24", "new": None},
        {"path": "network.gateway", "old": "192.0.2.1", "new": None},
        {"path": "host.name", "old": None, "new": "host2"},
    ]


def test_wrong_answers_are_told_at_their_fields(job: Unfinished) -> None:
    job.stop("engine", **VM)
    found = plan(job, {"engine.fqdn": "x", "network.gateway": "y"})
    assert {error.path for error in found.errors} == {"engine.fqdn", "network.gateway"}
    assert (list(found.changes), list(found.phases), found.discards) == ([], [], None)
    assert not job.marked()


def test_looking_changes_nothing(job: Unfinished) -> None:
    job.stop("engine", **VM)
    before = {path: path.read_bytes() for path in job.private.parent.rglob("*") if path.is_file()}
    plan(job, FQDN, new_password=True)
    assert {path: path.read_bytes() for path in job.private.parent.rglob("*") if path.is_file()} == before
    assert not job.marked()


# -- jobs of version 0.1.0 --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [FQDN, HOST, ACCEPT, PATH])
def test_a_schema_without_phases_makes_everything_anew(job: Unfinished, changes: dict[str, Any]) -> None:
    job.as_0_1_0()
    job.stop("host", **VM)
    found = plan(job, changes)
    assert (phases(found), found.discards is not None) == ("PSIVEhf", True)


# -- which jobs -------------------------------------------------------------------------------------------------------


def test_the_answers_are_what_the_job_runs_with(job: Unfinished) -> None:
    job.stop("engine")
    assert deployment_answers(job.id) == {"profile": "embedded", "answers": job.given}
    variables = job.variables()
    variables["rhv_answers"]["engine"]["fqdn"] = "run.example.com"
    (job.private / "vars.json").write_text(json.dumps(variables))
    assert deployment_answers(job.id)["answers"]["engine"]["fqdn"] == "run.example.com"
    (job.private / "vars.json").unlink()
    assert deployment_answers(job.id)["answers"] == job.given
    assert "hash" not in json.dumps(deployment_answers(job.id))


@pytest.mark.parametrize("ask", [deployment_answers, lambda job_id: plan_resume(job_id, {})])
def test_only_an_unfinished_deployment_can_be_changed(job: Unfinished, ask: Any) -> None:
    def refused(job_id: str) -> str:
        with pytest.raises(RhvError) as caught:
            ask(job_id)
        return caught.value.code

    assert refused(job.id) == "deploy.not_resumable", "it runs"
    assert refused("20260101-000000-abcd") == "job.not_found"
    ended(job.store, job.launcher, job.id, "succeeded")
    assert refused(job.id) == "deploy.not_resumable"
    ended(job.store, job.launcher, job.id, "failed", resumable=False)
    assert refused(job.id) == "deploy.not_resumable", "another deployment has taken over"
    ended(job.store, job.launcher, job.id, "failed", kind="upgrade")
    assert refused(job.id) == "deploy.not_resumable"
    ended(job.store, job.launcher, job.id, "failed", kind="deploy")
    (job.private / "spec.json").write_text("{")
    assert refused(job.id) == "job.damaged"


# -- the shipped schema -----------------------------------------------------------------------------------------------


def test_every_answer_that_can_change_has_a_phase_there_is() -> None:
    profile = load_profile("embedded")
    assert [phase.id for phase in profile.phases] == PHASES
    for path, field in fields(profile.schema):
        assert "const" in field or field["x-phase"] in PHASES, path
