# SPDX-License-Identifier: Apache-2.0
"""A job that is asked for anew instead of resumed: however it ends, nobody can let it go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs import JobStore
from cockpit_rhv.jobs.control import resume_job, start_job
from cockpit_rhv.jobs.settle import settle
from cockpit_rhv.messages import msg

from .jobs_support import PaperLauncher, playbooks, spec

if TYPE_CHECKING:
    from pathlib import Path

    from cockpit_rhv.jobs import JobStatus


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobStore:
    small = tmp_path / "cockpit_rhv"
    small.mkdir()
    monkeypatch.setattr("cockpit_rhv.jobs.store._LIBRARY", small)
    return JobStore(tmp_path / "jobs")


def start(store: JobStore, folder: Path, launcher: PaperLauncher, once: bool) -> str:
    wanted = spec("one", kind="task", profile=None, once=once)
    return start_job(wanted, playbooks(folder / "playbooks", {"one": []}), store=store, launcher=launcher)


def refused(store: JobStore, launcher: PaperLauncher, status: JobStatus) -> bool:
    try:
        resume_job(status.id, store=store, launcher=launcher)
    except RhvError as error:
        return error.code == "job.not_resumable"
    return False


@pytest.mark.parametrize("once", [True, False])
def test_after_its_runner_was_killed(store: JobStore, tmp_path: Path, once: bool) -> None:
    launcher = PaperLauncher()
    job = start(store, tmp_path, launcher, once)
    launcher.running.clear()
    assert settle(store, job)
    status = store.stored(job)
    assert (status.state, status.resumable) == ("interrupted", not once)
    assert refused(store, launcher, status) == once


@pytest.mark.parametrize("once", [True, False])
def test_after_a_boot(store: JobStore, tmp_path: Path, once: bool) -> None:
    job = start(store, tmp_path, PaperLauncher(), once)
    (store.folder(job) / "boot").write_text("an earlier one 1", encoding="ascii")
    status = store.load(job)
    assert (status.state, status.resumable) == ("interrupted", not once)


@pytest.mark.parametrize("once", [True, False])
def test_when_it_could_not_be_started(store: JobStore, tmp_path: Path, once: bool) -> None:
    class Refusing(PaperLauncher):
        def launch(self, unit: str, _folder: Path) -> None:
            raise RhvError("job.systemd", msg("test.refused", "It does not start."))

    with pytest.raises(RhvError):
        start(store, tmp_path, Refusing(), once)
    status = store.stored(store.ids()[0])
    assert (status.state, status.resumable) == ("failed", not once)


def test_a_status_made_anew_knows_it(store: JobStore, tmp_path: Path) -> None:
    job = start(store, tmp_path, PaperLauncher(), once=True)
    (store.folder(job) / "status.json").write_text("{", encoding="ascii")
    assert store.rebuild(job).once
