# SPDX-License-Identifier: Apache-2.0
"""Preflight and start: what is refused before anything is changed, and what a job is given."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.checks import CheckReport, Outcome
from cockpit_rhv.checks.registry import Check
from cockpit_rhv.deploy import preflight, start
from cockpit_rhv.deploy.playbook import carry_out
from cockpit_rhv.deploy.profile import Profile, load_profile
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.errors import RhvError
from cockpit_rhv.messages import msg

from tests.unit import deploy_support as world

if TYPE_CHECKING:
    from cockpit_rhv.checks.context import Probes

MARKER = "marker 4711 password"


@pytest.fixture
def profile() -> Profile:
    return load_profile("embedded")


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(tmp_path / "var"))
    monkeypatch.setenv("COCKPIT_RHV_ETC", str(tmp_path / "etc"))


def probes(**changes: Any) -> Probes:
    return world.context(None, **changes).probes


# -- preflight --------------------------------------------------------------------------------------------------------


def test_wrong_answers_are_told_and_no_check_runs(profile: Profile) -> None:
    found = preflight.run_preflight(profile, world.changed(world.answers(), {"engine.fqdn": "x"}), probes())
    assert [error["path"] for error in found["errors"]] == ["engine.fqdn"]
    assert found["report"]["results"] == []


def test_answers_are_completed_before_they_are_judged(profile: Profile, tmp_path: Path) -> None:
    image = world.qcow2(tmp_path / "i.qcow2")
    found = preflight.run_preflight(profile, world.answers(image, tmp_path), probes())
    assert found["errors"] == []
    assert len(found["report"]["results"]) >= 20
    assert json.dumps(found)


def test_the_network_is_judged_while_other_answers_are_missing_or_wrong(profile: Profile) -> None:
    half = world.changed(world.answers(), {"engine": {"fqdn": "x", "vcpus": 0}, "storage": ...})
    found = preflight.check_network(profile, half, None, probes(reverse=lambda _: ["engine.example.com"]))
    results = {item["id"]: item["severity"] for item in found["report"]["results"]}
    assert found["errors"] == []
    assert results == {
        **dict.fromkeys(preflight.NETWORK_CHECKS, "ok"),
        "name.resolves": "unknown",
        "name.reverse": "unknown",
    }


def test_what_is_wrong_with_the_networks_own_answers_comes_before_the_wire(profile: Profile) -> None:
    never = world.raising(AssertionError("the wire was asked"))
    wrong = world.changed(world.answers(), {"network.gateway": "192.0.2.255", "engine.fqdn": "x"})
    found = preflight.check_network(profile, wrong, None, probes(arp=never, facts=never))
    assert [(item["path"], item["error"]["message"]["id"]) for item in found["errors"]] == [
        ("network.gateway", "answers.gateway_not_host")
    ]
    assert found["report"]["results"] == []
    odd_ones: tuple[Any, ...] = ([], 7, {}, {"network": 7}, {"network": {}}, {"network": None})
    for odd in odd_ones:
        assert preflight.check_network(profile, odd, None, probes(facts=never))["errors"], odd


def test_a_deployment_that_gets_other_answers_keeps_its_address(profile: Profile) -> None:
    own = world.hypervisor([world.domain("HostedEngine", world.JOB, macs=["52:54:00:aa:bb:cc"])])
    wire = probes(arp=lambda *_: "52:54:00:aa:bb:cc", hypervisor=lambda: own)

    def unused(job: str | None) -> str:
        results = preflight.check_network(profile, world.answers(), job, wire)["report"]["results"]
        return next(str(item["severity"]) for item in results if item["id"] == "address.unused")

    assert (unused(world.JOB), unused(None)) == ("ok", "error")


def test_a_failed_check_fails_the_phase_with_its_remedy() -> None:
    def result(name: str, severity: str) -> Any:
        check = Check(name, msg("t", "Memory"), msg("w", "why"), lambda _c: Outcome(severity, msg("s", "too little")))
        return check.result(Outcome(severity, msg("s", "too little"), remedy=msg("r", "Add some.")))

    fine = CheckReport([result("a", "ok"), result("b", "warning"), result("c", "unknown")], 0.1)
    preflight.refuse_failed(fine)
    assert [entry["severity"] for entry in preflight.warnings(fine)] == ["warning", "warning"]
    with pytest.raises(RhvError) as caught:
        preflight.refuse_failed(CheckReport([result("a", "ok"), result("d", "error")], 0.1))
    assert str(caught.value.message) == "too little"
    assert str(caught.value.hint) == "Add some."


@pytest.mark.parametrize(
    ("job", "finished", "severity"),
    [("20260102-030405-ffff", False, "ok"), ("20260102-030405-ffff", True, "error"), (world.JOB, True, "ok")],
)
def test_whose_disk_may_be_taken_over(tmp_path: Path, job: str, finished: bool, severity: str) -> None:
    disk = tmp_path / "HostedEngine.qcow2"
    disk.write_text("x")
    Deployment.open(world.JOB).update(disk=str(disk), finished=finished)
    report = preflight.check_host(world.answers(world.qcow2(tmp_path / "i.qcow2"), tmp_path), job, probes())
    assert {result.id: result.severity for result in report.results}["storage.disk"] == severity


# -- start ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls: list[Any] = []

    def start_job(spec: Any, playbooks: Path, plugins: Path, variables: Any, **_options: Any) -> str:
        calls.append((spec, playbooks, plugins, variables))
        return "the-job"

    monkeypatch.setattr(start, "start_job", start_job)
    monkeypatch.setattr(start, "require_root", lambda: None)
    return calls


def test_a_job_gets_hashes_and_complete_answers(profile: Profile, started: list[Any]) -> None:
    answers = world.changed(world.answers(), {"accept": ..., "engine.vcpus": 2.0})
    secrets = {"admin_password": MARKER, "root_password": MARKER + " root"}
    assert start.start_deployment(profile, answers, secrets, "admin") == "the-job"
    ((spec, playbooks, plugins, variables),) = started
    assert (spec.kind, spec.profile, spec.user) == ("deploy", "embedded", "admin")
    assert [phase.id for phase in spec.phases] == ["preflight", "storage", "image", "vm", "engine", "host", "finish"]
    assert (playbooks / "preflight.yml").is_file()
    assert (plugins / "action").is_dir()
    assert variables["rhv_answers"]["accept"] == {"emulation": False}
    assert variables["rhv_admin_password_hash"].startswith("scrypt$")
    assert variables["rhv_root_password_hash"].startswith("$6$")
    assert MARKER not in json.dumps([spec.to_json(), variables])


def test_without_a_root_password_root_has_none(profile: Profile, started: list[Any]) -> None:
    start.start_deployment(profile, world.answers(), {"admin_password": MARKER}, "admin")
    assert started[0][3]["rhv_root_password_hash"] == ""


@pytest.mark.parametrize(
    ("changes", "secrets", "code"),
    [
        ({"engine.fqdn": "x"}, {"admin_password": MARKER}, "answers.invalid"),
        ({}, {"admin_password": ""}, "secrets.admin_password"),
        ({}, {}, "secrets.admin_password"),
        ({}, {"admin_password": "short"}, "secrets.admin_password"),
        ({}, {"admin_password": MARKER, "root_password": "short"}, "secrets.root_password"),
        ({}, {"admin_password": MARKER, "root_password": ""}, "secrets.root_password"),
    ],
)
def test_what_is_wrong_starts_nothing(
    profile: Profile, started: list[Any], changes: dict[str, Any], secrets: dict[str, str], code: str
) -> None:
    with pytest.raises(RhvError) as caught:
        start.start_deployment(profile, world.changed(world.answers(), changes), secrets, "admin")
    assert caught.value.code == code
    assert started == []


def test_only_root_starts_anything(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(RhvError) as caught:
        start.start_deployment(profile, world.answers(), {"admin_password": MARKER}, "me")
    assert caught.value.code == "access.denied"


# -- a task's frame ---------------------------------------------------------------------------------------------------


def test_errors_a_person_can_mend_become_results_and_others_pass(tmp_path: Path) -> None:
    params = {"job": {"id": "x", "progress": str(tmp_path / "progress.json")}, "answers": {}}

    def failing(error: Exception) -> Any:
        def work(_params: Any, progress: Any) -> Any:
            progress.report(1, 2, "bytes")
            raise error

        return work

    assert carry_out(params, lambda _params, _progress: {"changed": True}) == {"changed": True}
    known = carry_out(params, failing(RhvError("a.b", msg("m", "Broken."))))
    assert (known["failed"], known["msg"], known["rhv_error"]["code"]) == (True, "Broken.", "a.b")
    system = carry_out(params, failing(PermissionError(13, "Permission denied", "/x")))
    assert system["rhv_error"]["message"]["params"] == {"path": "/x", "reason": "Permission denied"}
    with pytest.raises(ZeroDivisionError):
        carry_out(params, failing(ZeroDivisionError()))
    assert not (tmp_path / "progress.json").exists(), "no progress outlives its task"


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[2] / "ansible/plugins/action").glob("*.py")), ids=lambda path: path.stem
)
def test_every_action_is_one(path: Path) -> None:
    from cockpit_rhv.deploy.action import PhaseAction

    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert issubclass(module.ActionModule, PhaseAction)
    assert module.ActionModule.work is not PhaseAction.work
