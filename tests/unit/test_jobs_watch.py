# SPDX-License-Identifier: Apache-2.0
"""Watching job folders, and settling a unit's job after its runner, as systemd calls it."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs import JobStore, start_job
from cockpit_rhv.jobs.boot import note_boot
from cockpit_rhv.jobs.launch import SystemdLauncher
from cockpit_rhv.jobs.watch import JobWatcher
from cockpit_rhv.messages import msg

from .jobs_support import ROOT, playbooks, spec

if TYPE_CHECKING:
    from pathlib import Path

    from cockpit_rhv.jobs import JobStatus


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(tmp_path / "jobs")


def create(store: JobStore, tmp_path: Path) -> JobStatus:
    with store.lock():
        return store.create(spec("one"), playbooks(tmp_path / "playbooks", {"one": []}))


async def test_changes_are_told_while_somebody_listens(store: JobStore, tmp_path: Path) -> None:
    old = create(store, tmp_path)
    told: asyncio.Queue[str] = asyncio.Queue()
    looks = 0

    class Counting(JobStore):
        def ids(self) -> list[str]:
            nonlocal looks
            looks += 1
            return list(super().ids())

    watcher = JobWatcher(Counting(store.root), told.put, interval_s=0.02)
    await asyncio.sleep(0.1)
    assert looks == 0, "nobody listens, nobody looks"
    watcher.subscribe()
    watcher.subscribe()
    while looks < 3:
        await asyncio.sleep(0.02)
    assert told.empty(), "what was there before is no news"
    new = create(store, tmp_path)
    assert await asyncio.wait_for(told.get(), 60) == new.id
    seen = looks
    while looks < seen + 3:  # it may have been seen when it was only half there
        await asyncio.sleep(0.02)
    while not told.empty():
        assert told.get_nowait() == new.id
    old.task = msg("task", "Copy")
    store.write_status(old)
    assert await asyncio.wait_for(told.get(), 60) == old.id
    with (store.folder(old.id) / "events.ndjson").open("w") as stream:
        stream.write("x")
    assert await asyncio.wait_for(told.get(), 60) == old.id
    watcher.unsubscribe()
    assert looks > 0
    watcher.unsubscribe()
    await asyncio.sleep(0.05)
    before = looks
    await asyncio.sleep(0.1)
    assert looks == before


async def test_a_reader_that_fails_is_told_the_next_time(
    store: JobStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()

    async def fail_once(job_id: str) -> None:
        await told.put(job_id)
        if told.qsize() == 1:
            raise RuntimeError("once")

    watcher = JobWatcher(store, fail_once, interval_s=0.02)
    watcher.subscribe()
    status = create(store, tmp_path)
    while told.qsize() < 1:
        await asyncio.sleep(0.02)
    status.task = msg("task", "Copy")
    store.write_status(status)
    while told.qsize() < 2:
        await asyncio.sleep(0.02)
    await watcher.close()
    assert "RuntimeError: once" in caplog.text


def settle(folder: Path, **environment: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "cockpit_rhv.jobs.stopped", str(folder)],
        env={"PYTHONPATH": str(ROOT / "bridge"), "PATH": os.environ["PATH"], **environment},
        check=True,
    )


def test_settling_says_how_the_runner_ended(store: JobStore, tmp_path: Path) -> None:
    status = create(store, tmp_path)
    status.state, status.phase = "running", "one"
    status.phases[0].state, status.phases[0].elapsed_s = "running", 7.0
    store.write_status(status)
    settle(store.folder(status.id), SERVICE_RESULT="signal", EXIT_CODE="killed", EXIT_STATUS="KILL")
    after = store.load(status.id)
    assert after.error is not None
    assert (after.state, after.error.detail) == (
        "interrupted",
        "SERVICE_RESULT=signal EXIT_CODE=killed EXIT_STATUS=KILL",
    )
    assert (after.phases[0].state, after.phases[0].elapsed_s) == ("failed", 7.0)
    settle(store.folder(status.id))
    assert store.load(status.id).to_json() == after.to_json(), "an ended job is left alone"


def test_settling_knows_what_was_asked_for(store: JobStore, tmp_path: Path) -> None:
    status = create(store, tmp_path)
    (store.folder(status.id) / "private" / "cancel").touch()
    settle(store.folder(status.id))
    assert store.load(status.id).state == "cancelled"


# -- systemd, as far as it can be had without one -----------------------------------------------------------------


def stand_in(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_a_refusal_of_systemd_is_an_error(store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    monkeypatch.setenv("PATH", f"{bin_folder}:{os.environ['PATH']}")
    stand_in(bin_folder, "systemd-run", "echo 'Failed to start: no such thing' >&2; exit 1")
    stand_in(bin_folder, "systemctl", "echo not-found")
    with pytest.raises(RhvError, match=r"job\.systemd") as caught:
        start_job(spec("one"), playbooks(tmp_path / "p", {"one": []}), store=store, launcher=SystemdLauncher())
    assert caught.value.detail == "Failed to start: no such thing"
    assert store.list().jobs[0].state == "failed"


@pytest.mark.parametrize(
    ("said", "active"),
    [("active", True), ("activating", True), ("deactivating", True), ("inactive", False), ("failed", False)],
)
def test_a_unit_that_starts_or_stops_is_active(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, active: bool
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    stand_in(tmp_path, "systemctl", f"echo {said}")
    assert SystemdLauncher().is_active("x.service") is active


def test_a_job_from_before_a_reboot_is_interrupted(store: JobStore, tmp_path: Path) -> None:
    """Also for a reader that may not settle it; the file stays as it is."""
    status = create(store, tmp_path)
    status.state = "running"
    store.write_status(status)
    assert store.load(status.id).state == "running"
    note_boot(store.folder(status.id))
    assert store.load(status.id).state == "running"
    boot = store.folder(status.id) / "boot"
    boot.write_text(boot.read_text().rpartition(" ")[0] + " 7")  # the same kernel, an earlier init: a container
    for shown in (store.load(status.id), *store.list().jobs):
        assert (shown.state, shown.resumable, shown.error and shown.error.code) == (
            "interrupted",
            True,
            "job.interrupted",
        )
    assert store.stored(status.id).state == "running"
