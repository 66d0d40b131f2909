# SPDX-License-Identifier: Apache-2.0
"""Who may start and resume what: one job on the engine at a time, and none that has nothing left to go on with."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs import JobStatus, JobStore
from cockpit_rhv.jobs.control import reconcile, resume_job, retire_jobs, running_on_engine, start_job
from cockpit_rhv.messages import msg

from .jobs_support import ROOT, PaperLauncher, ended, playbooks, spec

if TYPE_CHECKING:
    from pathlib import Path

ENGINE_KINDS = ("deploy", "cleanup", "upgrade")


class Host:
    """A host on which jobs are started that never run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = JobStore(folder / "jobs")
        self.launcher = PaperLauncher()
        self.playbooks = playbooks(folder / "playbooks", {"one": [], "two": []})

    def start(self, kind: str) -> str:
        return start_job(spec("one", "two", kind=kind), self.playbooks, store=self.store, launcher=self.launcher)

    def resume(self, job_id: str, change: Any = None) -> str:
        return resume_job(job_id, change, store=self.store, launcher=self.launcher)

    def end(self, job_id: str, state: str = "failed", **changes: Any) -> None:
        ended(self.store, self.launcher, job_id, state, **changes)

    def resumable(self, job_id: str) -> bool:
        return self.store.load(job_id).resumable


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    small = tmp_path / "cockpit_rhv"
    small.mkdir()
    monkeypatch.setattr("cockpit_rhv.jobs.store._LIBRARY", small)
    return Host(tmp_path)


def refused(code: str, start: Any, *arguments: Any) -> RhvError:
    with pytest.raises(RhvError) as caught:
        start(*arguments)
    assert caught.value.code == code
    return caught.value


@pytest.mark.parametrize("first", ENGINE_KINDS)
@pytest.mark.parametrize("second", ENGINE_KINDS)
def test_the_engines_jobs_refuse_each_other_and_name_the_one(host: Host, first: str, second: str) -> None:
    running = host.start(first)
    error = refused("job.already_running", host.start, second)
    assert error.message.params == {"job": running, "user": "tester"}
    found = running_on_engine(host.store)
    assert found is not None
    assert found.id == running
    assert len(host.launcher.launched) == 1
    assert list(host.store.ids()) == [running], "what is refused leaves no job behind"


def bury(host: Host, old: str) -> None:
    """Sixty newer jobs that are over."""
    for number in range(60):
        copy = host.store.root / f"20990101-0000{number:02d}-abcd"
        (host.store.root / old / "private").rename(host.folder / "private")
        shutil.copytree(host.store.root / old, copy)
        (host.folder / "private").rename(host.store.root / old / "private")
        status = dataclasses.replace(host.store.stored(old), id=copy.name, kind="task", state="succeeded")
        status.resumable = False
        host.store.write_status(status)


def test_a_job_resumed_after_many_others_is_seen_to_run(host: Host) -> None:
    old = host.start("deploy")
    host.end(old)
    bury(host, old)
    host.resume(old)
    refused("job.already_running", host.start, "deploy")
    found = running_on_engine(host.store)
    assert found is not None
    assert found.id == old


def test_an_old_job_whose_runner_is_gone_is_settled(host: Host) -> None:
    old = host.start("deploy")
    bury(host, old)
    host.launcher.running.clear()
    assert reconcile(host.store, host.launcher) == [old]


def test_what_was_left_before_many_others_cannot_be_resumed_after_a_new_one(host: Host) -> None:
    old = host.start("deploy")
    host.end(old)
    bury(host, old)
    host.start("deploy")
    assert not host.resumable(old)


@pytest.mark.parametrize("kind", ENGINE_KINDS)
def test_a_host_task_may_run_beside_them(host: Host, kind: str) -> None:
    host.start(kind)
    host.start("task")
    host.start("task")
    assert len(host.launcher.launched) == 3


def test_a_resumed_job_is_refused_like_a_started_one(host: Host) -> None:
    upgrade = host.start("upgrade")
    host.end(upgrade)
    cleanup = host.start("cleanup")
    assert refused("job.already_running", host.resume, upgrade).message.params["job"] == cleanup
    assert host.resumable(upgrade)
    task = host.start("task")
    host.end(task)
    host.resume(task)


def test_a_job_that_died_is_in_nobodys_way(host: Host) -> None:
    dead = host.start("deploy")
    host.launcher.running.clear()
    host.start("cleanup")
    assert host.store.load(dead).state == "interrupted"
    assert running_on_engine(host.store) is not None


_RACER = """
import sys, time
from pathlib import Path
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs import JobStore
from cockpit_rhv.jobs.control import start_job
from tests.unit.jobs_support import PaperLauncher, spec

class Everybody(PaperLauncher):
    def is_active(self, unit):  # the other process's job as well
        return True

root, kind = Path(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
try:
    print(start_job(spec("one", kind=kind), root / "playbooks", store=JobStore(root / "jobs"), launcher=Everybody()))
except RhvError as error:
    print(error.code, error.message.params.get("job"))
"""


@pytest.mark.parametrize("kinds", [("deploy", "deploy"), ("deploy", "cleanup"), ("upgrade", "cleanup")])
def test_of_two_processes_that_start_in_the_same_instant_one_wins(host: Host, tmp_path: Path, kinds: Any) -> None:
    path = os.pathsep.join((str(ROOT / "bridge"), str(ROOT)))
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _RACER, str(tmp_path), kind],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path},
        )
        for kind in kinds
    ]  # fmt: skip
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    said = sorted(racer.communicate(timeout=60)[0].strip() for racer in racers)
    (winner,) = host.store.ids()
    assert said == [winner, f"job.already_running {winner}"]


# -- what can be resumed ----------------------------------------------------------------------------------------------


def test_a_new_deployment_retires_the_unfinished_ones_and_their_cleanup(host: Host) -> None:
    ids = {}
    for kind in ("deploy", "upgrade", "cleanup", "task"):
        ids[kind] = host.start(kind)
        host.end(ids[kind])
    assert host.resumable(ids["deploy"]), "a cleanup that failed leaves what it had not come to"
    host.start("deploy")
    assert {kind: host.resumable(job_id) for kind, job_id in ids.items()} == {
        "deploy": False,
        "upgrade": True,
        "cleanup": False,
        "task": True,
    }
    refused("job.not_resumable", host.resume, ids["cleanup"])


@pytest.mark.parametrize("kind", ["deploy", "upgrade"])
def test_a_cleanup_is_over_once_the_engine_is_worked_on_again(host: Host, kind: str) -> None:
    """Its items are names: resumed later it would remove, without a question, what works by then."""
    worked = host.start(kind)
    host.end(worked)
    cleanup = host.start("cleanup")
    host.end(cleanup)
    host.resume(worked)
    assert not host.resumable(cleanup)


def test_a_task_ends_no_cleanup(host: Host) -> None:
    cleanup = host.start("cleanup")
    host.end(cleanup)
    host.end(host.start("task"))
    assert host.resumable(cleanup)
    host.resume(cleanup)


def test_a_deployment_that_could_not_be_created_retires_nothing(host: Host) -> None:
    old = host.start("deploy")
    host.end(old)
    host.playbooks = host.playbooks.with_name("none")
    with pytest.raises(FileNotFoundError):
        host.start("deploy")
    assert host.resumable(old)


def test_retiring_leaves_alone_what_runs_and_what_cannot_be_read(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    damaged, runs = host.start("task"), host.start("upgrade")
    (host.store.folder(damaged) / "status.json").write_text("{")
    status = host.store.folder(runs) / "status.json"
    before = status.stat().st_ino
    retire_jobs(frozenset({"upgrade", "task"}), store=host.store)
    assert status.stat().st_ino == before, "its runner is the one who writes it"
    assert damaged in caplog.text


# -- the change before a resume ---------------------------------------------------------------------------------------


def files(host: Host, job_id: str) -> dict[str, bytes]:
    folder = host.store.folder(job_id)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("error", [RhvError("a.b", msg("a.b", "No.")), OSError(28, "full"), KeyError("x")])
def test_a_change_that_fails_changes_nothing_and_starts_nothing(host: Host, error: Exception) -> None:
    job_id = host.start("deploy")
    host.end(job_id)
    before = files(host, job_id)

    def change(status: JobStatus) -> None:
        status.phases[0].state = "done"
        status.state = "running"
        raise error

    with pytest.raises(type(error)):
        host.resume(job_id, change)
    assert files(host, job_id) == before
    assert len(host.launcher.launched) == 1
    assert host.resume(job_id) == job_id, "and it can be resumed as it was"


def test_what_the_change_did_is_what_runs(host: Host) -> None:
    job_id = host.start("deploy")
    host.end(job_id)

    def change(status: JobStatus) -> None:
        # Nobody starts or resumes anything meanwhile.
        status.phases[0].state = "done"
        assert status.state == "failed"

    host.resume(job_id, change)
    status = host.store.stored(job_id)
    assert (status.state, status.resumable) == ("queued", False)
    assert [phase.id for phase in status.unfinished()] == ["two"]


@pytest.mark.parametrize("state", ["succeeded", "queued"])
def test_the_change_is_not_asked_of_a_job_that_is_not_resumed(host: Host, state: str) -> None:
    job_id = host.start("deploy")
    if state != "queued":
        host.end(job_id, state)
    called: list[JobStatus] = []
    with pytest.raises(RhvError):
        host.resume(job_id, called.append)
    assert called == []


def test_the_summary_says_whether_it_can_be_resumed_and_one_of_0_1_0_may_not(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = host.start("deploy")
    host.end(job_id)
    path = host.store.folder(job_id) / "summary.json"
    assert json.loads(path.read_text())["resumable"] is True

    def denied(_value: Any) -> Any:
        raise PermissionError(13, "not yours")

    monkeypatch.setattr("cockpit_rhv.jobs.store.JobStatus.from_json", denied)

    def listed() -> JobStatus:
        (found,) = host.store.list().jobs
        assert found.error is None
        return found

    assert listed().resumable is True
    summary = json.loads(path.read_text())
    del summary["resumable"]
    path.write_text(json.dumps(summary))
    assert listed().resumable is False
    assert listed().state == "failed"
    path.with_name("status.json").write_text("{")
    monkeypatch.undo()
    assert host.store.list().jobs[0].resumable is True, "whoever may resume it makes its status anew"
