# SPDX-License-Identifier: Apache-2.0
"""What is kept of old jobs: enough to be read, nothing that could run again, and all of what can be resumed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.jobs import JobStatus, JobStore
from cockpit_rhv.jobs.prune import KEPT_JOBS, prune

from .jobs_support import PaperLauncher, ended, playbooks, spec

if TYPE_CHECKING:
    from pathlib import Path

RUNS_AGAIN = {"lib", "project", "vars.json", "env", "inventory"}


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(tmp_path / "jobs")


class Past:
    """Jobs of a host, one a minute, the first the oldest."""

    def __init__(self, store: JobStore, folder: Path) -> None:
        self._store = store
        self._playbooks = playbooks(folder / "playbooks", {"one": []})
        self._count = 0

    def add(self, state: str, kind: str = "task", **more: Any) -> str:
        self._count += 1
        with pytest.MonkeyPatch.context() as patch:
            moment = 1_750_000_000 + 60 * self._count
            patch.setattr(time, "time", lambda: float(moment))
            # Only what a test is about is pruned.
            patch.setattr("cockpit_rhv.jobs.store.prune", lambda *_: None)
            with self._store.lock():
                status = self._store.create(spec("one", kind=kind), self._playbooks, None, {"secret": "hash"})
        if state != "queued":
            ended(self._store, PaperLauncher(), status.id, state, **more)
        private = self._store.root / status.id / "private"
        for name in ("env", "inventory", "artifacts"):
            (private / name).mkdir()
            (private / name / "x").write_text("x")
        return status.id

    def prune(self) -> None:
        prune(self._store.root, self._store._read(self._store._all_ids()).jobs)


@pytest.fixture
def past(store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Past:
    small = tmp_path / "cockpit_rhv"  # twenty copies of the whole library take their time
    small.mkdir()
    monkeypatch.setattr("cockpit_rhv.jobs.store._LIBRARY", small)
    return Past(store, tmp_path)


def inside(store: JobStore, job_id: str) -> set[str]:
    return {path.name for path in (store.root / job_id / "private").iterdir()}


def test_the_newest_twenty_are_kept_and_those_before_them_go_whole(store: JobStore, past: Past) -> None:
    ids = [past.add("failed", resumable=False) for _ in range(KEPT_JOBS + 3)]
    past.prune()
    assert [job_id for job_id in ids if (store.root / job_id).exists()] == ids[3:]


def test_what_runs_or_can_be_resumed_is_never_touched(store: JobStore, past: Past) -> None:
    waiting, runs = past.add("failed", "deploy"), past.add("queued", "deploy")
    whole = {job_id: inside(store, job_id) for job_id in (waiting, runs)}
    for _ in range(KEPT_JOBS + 2):
        past.add("succeeded")
    past.prune()
    assert {job_id: inside(store, job_id) for job_id in (waiting, runs)} == whole
    assert inside(store, waiting) >= RUNS_AGAIN


def test_host_tasks_that_failed_do_not_pile_up(store: JobStore, past: Past) -> None:
    ids = [past.add("failed") for _ in range(KEPT_JOBS + 3)]
    past.prune()
    assert [job_id for job_id in ids if (store.root / job_id).exists()] == ids[3:]


def test_a_new_job_prunes_all_there_are_and_not_only_the_newest(store: JobStore, past: Past, tmp_path: Path) -> None:
    waiting = past.add("failed", "deploy")
    for _ in range(60):
        past.add("succeeded")
    with store.lock():
        fresh = store.create(spec("one"), playbooks(tmp_path / "p", {"one": []}))
    left = sorted(path.name for path in store.root.iterdir() if path.is_dir())
    assert (left[0], left[-1]) == (waiting, fresh.id)
    assert len(left) == KEPT_JOBS + 2


def test_a_job_that_runs_counts_for_none_of_the_twenty(store: JobStore, past: Past) -> None:
    oldest = past.add("succeeded")
    for _ in range(KEPT_JOBS - 1):
        past.add("succeeded")
    past.add("queued")
    past.prune()
    assert (store.root / oldest).exists()


def test_of_a_job_that_succeeded_nothing_is_left_that_could_run(store: JobStore, past: Past) -> None:
    done, failed = past.add("succeeded"), past.add("failed", resumable=False)
    past.prune()
    assert not inside(store, done) & RUNS_AGAIN
    assert {"spec.json", "artifacts"} <= inside(store, done), "it can still be read"
    assert store.load(done).state == "succeeded"
    assert store.spec(done).user == "tester"
    assert inside(store, failed) >= RUNS_AGAIN
    past.prune()  # and once more is no error


def test_a_job_nobody_can_read_is_not_taken_for_an_old_one(store: JobStore, past: Past) -> None:
    damaged = past.add("succeeded")
    (store.root / damaged / "status.json").write_text("{")
    for _ in range(KEPT_JOBS + 1):
        past.add("succeeded")
    past.prune()
    assert inside(store, damaged) >= RUNS_AGAIN, "its state is not known, so it may have to be resumed"


def test_a_link_is_removed_and_not_followed(store: JobStore, past: Past, tmp_path: Path) -> None:
    job_id = past.add("succeeded")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").write_text("x")
    lib = store.root / job_id / "private" / "lib"
    lib.rename(tmp_path / "moved")
    lib.symlink_to(elsewhere)
    past.prune()
    assert not lib.is_symlink()
    assert (elsewhere / "mine").exists()


def test_what_cannot_be_removed_now_is_tried_at_the_next_job(
    store: JobStore, past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = past.add("succeeded")

    def busy(_path: Path) -> None:
        raise OSError(16, "busy")

    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", busy)
        past.prune()
    assert "lib" in inside(store, job_id)
    assert "vars.json" not in inside(store, job_id), "the others went"
    past.prune()
    assert "lib" not in inside(store, job_id)


def test_a_new_job_prunes_and_keeps_what_it_knows_of_the_phases(store: JobStore, past: Past, tmp_path: Path) -> None:
    old = past.add("succeeded", "deploy", attempt=1)
    status: JobStatus = store.stored(old)
    status.phases[0].elapsed_s = 3.0
    store.write_status(status)
    for _ in range(KEPT_JOBS):
        past.add("succeeded")
    with store.lock():
        fresh = store.create(spec("one"), playbooks(tmp_path / "p", {"one": []}))
    assert not (store.root / old).exists()
    assert fresh.phases[0].expected_s == 3.0
