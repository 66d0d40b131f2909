# SPDX-License-Identifier: Apache-2.0
"""Resuming with other answers: what is written, in which order, and that no secret is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.deploy import resume as module
from cockpit_rhv.deploy.resume import plan_resume, resume_deployment
from cockpit_rhv.deploy.secrets import hash_admin_password
from cockpit_rhv.deploy.state import Deployment, read_record
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs.control import resume_job
from cockpit_rhv.jobs.files import write_json
from cockpit_rhv.messages import msg

from .jobs_support import ended
from .resume_support import HASHES, PHASES, Unfinished

if TYPE_CHECKING:
    from pathlib import Path

VM: dict[str, Any] = {"name": "HostedEngine", "disk": "/x.qcow2", "drive": "/x.iso", "started": True}
FQDN, HOST = {"engine.fqdn": "other.example.com"}, {"host.name": "host2"}
SECRET = "marker 4711 password"


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unfinished:
    return Unfinished(tmp_path, monkeypatch)


class Killed(BaseException):
    """As a kill: nothing catches it."""


def resume(job: Unfinished, changes: dict[str, Any], **secrets: str) -> None:
    answers = job.changed(changes)
    assert resume_deployment(job.id, answers, secrets, store=job.store, launcher=job.launcher) == job.id


def test_other_answers_count_everywhere_and_the_vm_is_marked(job: Unfinished) -> None:
    job.stop("host", **VM)
    resume(job, FQDN)
    status = job.status()
    assert (status.state, status.resumable) == ("queued", False)
    assert status.title.params == {"fqdn": "other.example.com"}
    assert job.pending() == PHASES
    assert job.marked()
    assert job.variables()["rhv_answers"]["engine"]["fqdn"] == "other.example.com"
    assert {name: job.variables()[name] for name in HASHES} == HASHES
    assert job.variables()["rhv_job"]["id"] == job.id
    spec = job.store.spec(job.id)
    assert spec.answers == job.variables()["rhv_answers"]
    assert (spec.user, spec.profile, [phase.id for phase in spec.phases]) == ("tester", "embedded", PHASES)
    assert job.launcher.launched == [status.unit] * 2
    assert not (job.private / "vars.json").stat().st_mode & 0o077
    assert not (job.private / "spec.json").stat().st_mode & 0o077


def test_what_does_not_reach_the_vm_leaves_it(job: Unfinished) -> None:
    job.stop("finish", **VM)
    resume(job, HOST)
    assert job.pending() == ["preflight", "host", "finish"]
    assert not job.marked()


def test_without_a_change_nothing_is_written(job: Unfinished) -> None:
    job.stop("host", **VM)
    before = {name: (job.private / name).stat().st_ino for name in ("vars.json", "spec.json")}
    resume(job, {})
    assert {name: (job.private / name).stat().st_ino for name in before} == before
    assert job.pending() == ["host", "finish"]
    assert not job.marked()


def test_new_passwords_are_hashes_in_one_place(job: Unfinished) -> None:
    job.stop("engine", **VM)
    resume(job, {}, admin_password=SECRET, root_password=SECRET + " root")
    variables = job.variables()
    assert variables["rhv_admin_password_hash"].startswith("scrypt$")
    assert variables["rhv_root_password_hash"].startswith("$6$")
    assert job.pending() == PHASES
    assert job.marked()
    for path in job.private.parent.rglob("*"):
        if path.is_file():
            text = path.read_text(errors="replace")
            assert SECRET not in text
            assert path.name == "vars.json" or variables["rhv_admin_password_hash"] not in text


def test_only_the_password_that_is_given_is_replaced(job: Unfinished) -> None:
    job.stop("engine", **VM)
    resume(job, {}, root_password=SECRET)
    assert job.variables()["rhv_admin_password_hash"] == HASHES["rhv_admin_password_hash"]
    job.stop("engine")
    resume(job, {}, admin_password=SECRET)
    assert job.variables()["rhv_root_password_hash"].startswith("$6$"), "the other one stays"


@pytest.mark.parametrize(
    ("changes", "secrets", "code"),
    [
        ({"engine.fqdn": "x"}, {}, "answers.invalid"),
        (FQDN, {"admin_password": "short"}, "secrets.admin_password"),
        (FQDN, {"root_password": "short"}, "secrets.root_password"),
        # An empty one is not taken for none: whoever gives one means it to count.
        ({}, {"admin_password": ""}, "secrets.admin_password"),
        ({}, {"root_password": ""}, "secrets.root_password"),
    ],
)
def test_what_is_wrong_changes_nothing(job: Unfinished, changes: Any, secrets: Any, code: str) -> None:
    job.stop("engine", **VM)
    before = {path: path.read_bytes() for path in job.private.parent.rglob("*") if path.is_file()}
    with pytest.raises(RhvError) as caught:
        resume(job, changes, **secrets)
    assert caught.value.code == code
    assert {path: path.read_bytes() for path in job.private.parent.rglob("*") if path.is_file()} == before
    assert not job.marked()


def test_only_root_and_only_one_at_a_time(job: Unfinished, monkeypatch: pytest.MonkeyPatch) -> None:
    job.stop("engine", **VM)
    with monkeypatch.context() as patch:
        patch.setattr("os.geteuid", lambda: 1000)
        with pytest.raises(RhvError) as caught:
            resume(job, FQDN)
    assert caught.value.code == "access.denied"
    resume(job, FQDN)
    with pytest.raises(RhvError) as caught:
        resume(job, FQDN)
    assert caught.value.code == "deploy.not_resumable"


def test_changed_twice_the_second_change_counts(job: Unfinished) -> None:
    job.stop("host", **VM)
    resume(job, FQDN)
    job.stop("preflight")
    resume(job, {"engine.fqdn": "third.example.com"})
    assert job.marked(), "what the first change marked has not been thrown away yet"
    assert job.variables()["rhv_answers"]["engine"]["fqdn"] == "third.example.com"
    assert plan_of_nothing(job)


def plan_of_nothing(job: Unfinished) -> bool:
    """The answers the job has now are no change."""
    ended(job.store, job.launcher, job.id, "failed")
    return list(plan_resume(job.id, job.variables()["rhv_answers"]).changes) == []


# -- killed in the middle ---------------------------------------------------------------------------------------------

STEPS = ["spec.json", "deployment.json", "status.json", "vars.json"]


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("step", STEPS)
def test_killed_between_the_writes_it_is_resumed_the_old_way_or_the_new(
    job: Unfinished, monkeypatch: pytest.MonkeyPatch, step: str, before: bool
) -> None:
    job.stop("host", **VM)
    real, written = write_json, []

    def dying(path: Path, *arguments: Any, **options: Any) -> None:
        if path.name == step and before:
            raise Killed
        real(path, *arguments, **options)
        written.append(path.name)
        if path.name == step:
            raise Killed

    with monkeypatch.context() as patch:
        for place in ("deploy.resume", "deploy.state", "jobs.store"):
            patch.setattr(f"cockpit_rhv.{place}.write_json", dying)
        with pytest.raises(Killed):
            resume(job, FQDN)
    assert job.status().state == "failed"
    assert job.status().resumable
    new = job.variables()["rhv_answers"]["engine"]["fqdn"] == "other.example.com"
    assert new == ("vars.json" in written)
    if new:
        assert job.marked(), "new answers never meet the old VM"
    # Whoever asks sees what would run, and can still change it.
    assert bool(plan_resume(job.id, job.changed(FQDN)).changes) == (not new)
    resume_job(job.id, store=job.store, launcher=job.launcher)
    pending = job.pending()
    assert pending in (PHASES, ["host", "finish"])
    if new:
        assert pending == PHASES
    if pending == PHASES:
        assert job.marked(), "and a VM that is made again is not the old one"


def test_a_disk_that_is_full_when_the_change_is_written(job: Unfinished, monkeypatch: pytest.MonkeyPatch) -> None:
    job.stop("host", **VM)

    def full(*_arguments: Any, **_options: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module, "write_json", full)
        with pytest.raises(OSError, match="No space"):
            resume(job, FQDN)
    assert (job.status().resumable, job.marked()) == (True, False)
    assert job.variables()["rhv_answers"] == job.given
    resume(job, FQDN)


# -- jobs of version 0.1.0 --------------------------------------------------------------------------------------------


def test_a_job_of_0_1_0_has_its_vm_thrown_away_at_once(job: Unfinished, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own Python does not know the mark, and would go on with the old VM."""
    job.as_0_1_0()
    job.stop("host", **VM)
    discarded: list[Deployment] = []

    def discard(deployment: Deployment) -> bool:
        assert deployment.record.discard
        discarded.append(deployment)
        deployment.begin_anew()
        return True

    monkeypatch.setattr(module, "discard_unfinished", discard)
    resume(job, FQDN)
    assert len(discarded) == 1
    assert job.pending() == PHASES
    record = read_record()
    assert record is not None
    assert (record.started, record.disk) == (False, "")


def test_a_job_of_0_1_0_whose_vm_cannot_be_removed_stays_as_it_was(
    job: Unfinished, monkeypatch: pytest.MonkeyPatch
) -> None:
    job.as_0_1_0()
    job.stop("host", **VM)

    def lost(_deployment: Deployment) -> bool:
        raise RhvError("libvirt.unreachable", msg("x", "X."))

    monkeypatch.setattr(module, "discard_unfinished", lost)
    with pytest.raises(RhvError, match=r"libvirt\.unreachable"):
        resume(job, FQDN)
    assert job.pending() == ["host", "finish"]
    assert job.variables()["rhv_answers"] == job.given
    assert job.status().resumable


def test_a_job_of_this_version_throws_its_vm_away_itself(job: Unfinished, monkeypatch: pytest.MonkeyPatch) -> None:
    job.stop("host", **VM)
    monkeypatch.setattr(module, "discard_unfinished", lambda _deployment: pytest.fail("not here"))
    resume(job, FQDN)


def test_the_hash_is_of_the_password(job: Unfinished) -> None:
    job.stop("engine", **VM)
    resume(job, {}, admin_password=SECRET)
    kind, n, r, p, _salt, _hash = job.variables()["rhv_admin_password_hash"].split("$")
    assert [kind, n, r, p] == hash_admin_password("x" * 8).split("$")[:4]
    assert json.dumps(job.variables()).count("scrypt$") == 1
