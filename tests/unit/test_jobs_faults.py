# SPDX-License-Identifier: Apache-2.0
"""Jobs that are stopped, killed, started twice or found damaged."""

from __future__ import annotations

import os
import shutil
import threading
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs import JobStore, cancel_job, reconcile, resume_job, start_job
from cockpit_rhv.jobs.files import file_lock

from .jobs_support import PlainLauncher, actions, journal, playbooks, plugins, spec, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A module with children: one of them leaves the session, as a daemon would.
SLEEPER = """
import subprocess, time
if given.get("once") is None or not __import__("os").path.exists(given["once"]):
    if given.get("once"):
        open(given["once"], "w").close()
    subprocess.Popen(["sleep", "300"], start_new_session=True)
    open(given["file"], "w").close()
    time.sleep(300)
"""


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(tmp_path / "jobs")


@pytest.fixture
def launcher() -> Iterator[PlainLauncher]:
    launcher = PlainLauncher()
    yield launcher
    for unit, process in launcher.started.items():
        if process.poll() is None:
            launcher.kill(unit)


def start_sleeper(
    store: JobStore, launcher: PlainLauncher, tmp_path: Path, *, once: bool = False, kind: Any = plugins
) -> str:
    """A job that works in phase one and sleeps in phase two (with ``once`` only the first time); returns its id."""
    sleep = {"given": {"file": str(tmp_path / "asleep"), "once": str(tmp_path / "once") if once else None}}
    tasks: dict[str, list[dict[str, Any]]] = {
        "one": [{"name": "Work", "count": {"given": str(tmp_path / "worked")}}],
        "two": [{"name": "Sleep", "sleeper": sleep}],
        "three": [{"name": "Work again", "count": {"given": str(tmp_path / "worked again")}}],
    }
    modules = {"sleeper": SLEEPER, "count": "open(given, 'a').write('x')"}
    job_id = start_job(
        spec(*tasks),
        playbooks(tmp_path / "playbooks", tasks),
        kind(tmp_path / "plugins", modules),
        store=store,
        launcher=launcher,
    )
    wait_for((tmp_path / "asleep").exists)
    return job_id


@pytest.mark.parametrize("kind", [plugins, actions])
def test_cancel_stops_the_whole_tree_first(store: JobStore, launcher: PlainLauncher, tmp_path: Path, kind: Any) -> None:
    job_id = start_sleeper(store, launcher, tmp_path, kind=kind)
    unit = store.load(job_id).unit
    # The runner, ansible-playbook, its worker and the daemon; a module is a process more.
    assert len(launcher.processes(unit)) >= (5 if kind is plugins else 4)
    cancel_job(job_id, store=store, launcher=launcher)
    assert launcher.processes(unit) == set()
    status = store.load(job_id)
    assert (status.state, status.resumable, status.error) == ("cancelled", True, None)
    assert [phase.state for phase in status.phases] == ["done", "cancelled", "pending"]
    last = store.events(job_id)[-1]
    assert (last.type, last.outcome, last.severity) == ("job_ended", "cancelled", "warning")
    with pytest.raises(RhvError, match=r"job\.not_running"):
        cancel_job(job_id, store=store, launcher=launcher)


def test_a_killed_job_goes_on_where_it_was(store: JobStore, launcher: PlainLauncher, tmp_path: Path) -> None:
    job_id = start_sleeper(store, launcher, tmp_path, once=True)
    launcher.kill(store.load(job_id).unit)
    assert store.load(job_id).state == "running", "nobody was left to write anything else"
    assert reconcile(store, launcher) == [job_id]
    status = store.load(job_id)
    assert (status.state, status.resumable, status.error and status.error.code) == (
        "interrupted",
        True,
        "job.interrupted",
    )
    assert [phase.state for phase in status.phases] == ["done", "failed", "pending"]
    elapsed_s = status.elapsed_s
    assert reconcile(store, launcher) == []

    assert resume_job(job_id, store=store, launcher=launcher) == job_id
    assert launcher.wait(status.unit) == 0, journal(store, job_id)
    status = store.load(job_id)
    assert (status.state, status.attempt) == ("succeeded", 2)
    assert status.elapsed_s > elapsed_s
    assert (tmp_path / "worked").read_text() == "x", "phase one must not run again"
    events = store.events(job_id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.phase for event in events if event.type == "phase_started"] == ["one", "two", "two", "three"]


def test_a_job_that_is_done_is_not_resumed(store: JobStore, launcher: PlainLauncher, tmp_path: Path) -> None:
    folder = playbooks(tmp_path / "playbooks", {"one": []})
    job_id = start_job(spec("one"), folder, store=store, launcher=launcher)
    launcher.wait(store.load(job_id).unit)
    with pytest.raises(RhvError, match=r"job\.not_resumable"):
        resume_job(job_id, store=store, launcher=launcher)


def test_one_of_two_deployments_wins(store: JobStore, launcher: PlainLauncher, tmp_path: Path) -> None:
    sleep: list[dict[str, Any]] = [{"name": "Sleep", "ansible.builtin.command": "sleep 300"}]
    folder = playbooks(tmp_path / "playbooks", {"one": sleep})
    barrier = threading.Barrier(2)
    started, refused = [], []

    def start() -> None:
        barrier.wait()
        try:
            started.append(start_job(spec("one"), folder, store=store, launcher=launcher))
        except RhvError as error:
            refused.append(error)

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(started) == 1
    assert [(error.code, error.message.params["job"]) for error in refused] == [("job.already_running", started[0])]
    # A job of another kind is no deployment.
    task = start_job(spec("one", kind="task"), folder, store=store, launcher=launcher)
    assert {job.id for job in store.list().jobs} == {started[0], task}
    for job_id in (*started, task):
        launcher.kill(store.load(job_id).unit)


def test_two_runners_never_run_one_job(store: JobStore, launcher: PlainLauncher, tmp_path: Path) -> None:
    job_id = start_sleeper(store, launcher, tmp_path)
    with pytest.raises(RhvError, match=r"job\.already_running"):
        resume_job(job_id, store=store, launcher=launcher)
    second = PlainLauncher()
    unit = store.load(job_id).unit
    second.launch(unit, store.folder(job_id))
    assert second.wait(unit) == 75
    assert store.load(job_id).attempt == 1


def test_a_start_that_fails_is_told(store: JobStore, tmp_path: Path) -> None:
    class Broken(PlainLauncher):
        def launch(self, unit: str, folder: Path) -> None:
            raise RhvError("job.systemd", spec("one").title)

    folder = playbooks(tmp_path / "playbooks", {"one": []})
    with pytest.raises(RhvError, match=r"job\.systemd"):
        start_job(spec("one"), folder, store=store, launcher=Broken())
    (status,) = store.list().jobs
    assert (status.state, status.resumable, status.error and status.error.code) == ("failed", True, "job.systemd")


def test_a_lost_status_is_made_anew(store: JobStore, launcher: PlainLauncher, tmp_path: Path) -> None:
    """A power cut may leave an empty status.json: the job is listed, and can go on."""
    job_id = start_sleeper(store, launcher, tmp_path, once=True)
    launcher.kill(store.load(job_id).unit)
    events = store.events(job_id)
    folder = store.folder(job_id)
    (folder / "status.json").write_text("")
    with (folder / "events.ndjson").open("a") as stream:
        stream.write('{"seq": 99, "torn')
    (shown,) = store.list().jobs
    assert (shown.state, shown.error and shown.error.code) == ("interrupted", "job.unreadable")
    resume_job(job_id, store=store, launcher=launcher)
    launcher.wait(shown.unit)
    status = store.load(job_id)
    assert status.state == "succeeded", journal(store, job_id)
    assert status.attempt == 2
    after = store.events(job_id)
    assert after[: len(events)] == events
    assert [event.seq for event in after] == list(range(1, len(after) + 1))


def test_missing_ansible_is_told(store: JobStore, tmp_path: Path) -> None:
    blocked = tmp_path / "site" / "sitecustomize.py"
    blocked.parent.mkdir()
    blocked.write_text("import sys\nsys.modules['ansible_runner'] = None\n")

    class Without(PlainLauncher):
        def launch(self, unit: str, folder: Path) -> None:
            shutil.copy(blocked, folder / "private" / "lib")
            super().launch(unit, folder)

    launcher = Without()
    job_id = start_job(spec("one"), playbooks(tmp_path / "p", {"one": []}), store=store, launcher=launcher)
    launcher.wait(store.load(job_id).unit)
    status = store.load(job_id)
    assert (status.state, status.error and status.error.code) == ("failed", "job.ansible_missing")


def test_reconcile_leaves_a_start_alone(store: JobStore, launcher: PlainLauncher, tmp_path: Path) -> None:
    """Between the folder and its unit a job says "queued" and has no process; it is not dead."""
    with store.lock():
        status = store.create(spec("one"), playbooks(tmp_path / "p", {"one": []}))
        assert reconcile(store, launcher) == []
    assert store.load(status.id).state == "queued"
    with file_lock(store.folder(status.id) / "private" / "lock"):
        assert reconcile(store, launcher) == [], "a runner has it, whatever the unit says"
    assert reconcile(store, launcher) == [status.id]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give its rights up")
def test_only_root_controls(store: JobStore, launcher: PlainLauncher, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    for call in (
        lambda: start_job(spec("one"), tmp_path, store=store, launcher=launcher),
        lambda: resume_job("20260101-000000-0000", store=store, launcher=launcher),
        lambda: cancel_job("20260101-000000-0000", store=store, launcher=launcher),
        lambda: reconcile(store, launcher),
    ):
        with pytest.raises(RhvError, match=r"access\.denied"):
            call()
