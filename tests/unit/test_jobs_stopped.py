# SPDX-License-Identifier: Apache-2.0
"""How a job's process ended, in words: what systemd saw, or that the host was restarted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.jobs import JobStore, reconcile, stopped
from cockpit_rhv.jobs.control import start_job
from cockpit_rhv.jobs.settle import settle

from .jobs_support import PaperLauncher, ended, playbooks, spec

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobStore:
    small = tmp_path / "cockpit_rhv"
    small.mkdir()
    monkeypatch.setattr("cockpit_rhv.jobs.store._LIBRARY", small)
    for name in ("SERVICE_RESULT", "EXIT_CODE", "EXIT_STATUS"):
        monkeypatch.delenv(name, raising=False)
    return JobStore(tmp_path / "jobs")


@pytest.fixture
def job(store: JobStore, tmp_path: Path) -> str:
    return start_job(spec("one"), playbooks(tmp_path / "playbooks", {"one": []}), store=store, launcher=PaperLauncher())


def cause_of(store: JobStore, job_id: str) -> str | None:
    status = store.load(job_id)
    assert (status.state, status.resumable) == ("interrupted", True)
    assert status.error is not None
    assert status.error.code == "job.interrupted"
    return status.error.cause.id if status.error.cause else None


@pytest.mark.parametrize(
    ("result", "code", "status", "cause"),
    [
        ("oom-kill", "killed", "KILL", "job.cause.oom"),
        ("oom-kill", "exited", "1", "job.cause.oom"),
        ("signal", "killed", "KILL", "job.cause.killed"),
        ("signal", "killed", "SEGV", "job.cause.signal"),
        ("core-dump", "dumped", "ABRT", "job.cause.crash"),
        ("timeout", "killed", "KILL", "job.cause.timeout"),
        ("exit-code", "exited", "1", None),
        ("success", "exited", "0", None),
        ("protocol", "", "", None),
    ],
)
def test_each_end_that_systemd_tells(
    store: JobStore, job: str, monkeypatch: pytest.MonkeyPatch, result: str, code: str, status: str, cause: str | None
) -> None:
    monkeypatch.setenv("SERVICE_RESULT", result)
    monkeypatch.setenv("EXIT_CODE", code)
    monkeypatch.setenv("EXIT_STATUS", status)
    assert stopped.main([str(store.folder(job))]) == 0
    assert cause_of(store, job) == cause
    error = store.load(job).error
    assert error is not None
    assert error.detail == f"SERVICE_RESULT={result} EXIT_CODE={code} EXIT_STATUS={status}", "the raw words stay"


def test_an_end_nobody_saw(store: JobStore, job: str) -> None:
    stopped.main([str(store.folder(job))])
    assert cause_of(store, job) is None
    error = store.load(job).error
    assert error is not None
    assert error.detail is None


def test_a_job_that_has_ended_is_left_as_it_is(store: JobStore, job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ended(store, PaperLauncher(), job, "succeeded")
    before = store.stored(job).to_json()
    monkeypatch.setenv("SERVICE_RESULT", "oom-kill")
    stopped.main([str(store.folder(job))])
    assert store.stored(job).to_json() == before


def before_the_boot(store: JobStore, job_id: str) -> None:
    """As if another boot of the host had started it."""
    (store.folder(job_id) / "boot").write_text("another boot")


def test_a_restart_of_the_host_is_told_by_whoever_finds_the_job(store: JobStore, job: str) -> None:
    before_the_boot(store, job)
    # Anybody who reads it, without the right to write.
    assert cause_of(store, job) == "job.cause.reboot"
    assert store.stored(job).active
    assert reconcile(store, PaperLauncher()) == [job]
    assert cause_of(store, job) == "job.cause.reboot"
    assert not store.stored(job).active


def test_a_job_of_this_boot_was_not_ended_by_it(store: JobStore, job: str) -> None:
    # Whatever the clocks said meanwhile.
    os.utime(store.folder(job) / "status.json", (1_000_000, 1_000_000))
    assert store.load(job).state == "queued"
    assert settle(store, job)
    assert cause_of(store, job) is None


def test_what_systemd_saw_goes_before_what_the_clock_says(
    store: JobStore, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_the_boot(store, job)
    monkeypatch.setenv("SERVICE_RESULT", "oom-kill")
    stopped.main([str(store.folder(job))])
    assert cause_of(store, job) == "job.cause.oom"


def test_a_job_that_ended_before_the_boot_keeps_its_end(store: JobStore, job: str) -> None:
    ended(store, PaperLauncher(), job, "succeeded")
    before_the_boot(store, job)
    assert store.load(job).state == "succeeded"


def test_a_cancelled_job_has_no_cause(store: JobStore, job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (store.folder(job) / "private" / "cancel").touch()
    monkeypatch.setenv("SERVICE_RESULT", "signal")
    monkeypatch.setenv("EXIT_STATUS", "KILL")
    stopped.main([str(store.folder(job))])
    status = store.load(job)
    assert (status.state, status.error) == ("cancelled", None)
