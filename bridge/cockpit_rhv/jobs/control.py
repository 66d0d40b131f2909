# SPDX-License-Identifier: Apache-2.0
"""Start, resume and cancel jobs, and find those whose runner is gone. All of it needs root."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import msg
from .boot import note_boot
from .files import Locked
from .launch import Launcher, SystemdLauncher
from .model import EXCLUSIVE_KINDS, RESUMABLE_STATES, JobSpec, JobStatus
from .settle import settle
from .store import JobStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import Callable

logger = logging.getLogger(__name__)

_LOCK_PATIENCE_S = 30.0
#: A unit that is stopped gets 15 s before systemd kills what is left of it.
_END_PATIENCE_S = 20.0


def start_job(
    spec: JobSpec,
    playbooks: Path,
    plugins: Path | None = None,
    variables: Mapping[str, Any] | None = None,
    *,
    store: JobStore | None = None,
    launcher: Launcher | None = None,
) -> str:
    """Create a job (see :meth:`JobStore.create` for the folders) and start it detached; returns its id.

    Raises RhvError ``job.already_running`` for a second job on the same engine, ``access.denied``, ``job.systemd``.
    """
    store, launcher = store or JobStore(), launcher or SystemdLauncher()
    with _exclusively(store):
        _reconcile(store, launcher)
        if spec.kind in EXCLUSIVE_KINDS:
            _refuse_second(store)
        status = store.create(spec, playbooks, plugins, variables)
        if spec.kind == "deploy":
            # It takes over what they left, so none of them has anything to go on with.
            retire_jobs(frozenset({"deploy"}), store=store)
        _retire_cleanups(store, status)
        _launch(store, launcher, status)
        return status.id


def resume_job(
    job_id: str,
    change: Callable[[JobStatus], None] | None = None,
    *,
    store: JobStore | None = None,
    launcher: Launcher | None = None,
) -> str:
    """Let a failed, cancelled or interrupted job go on at its first unfinished phase; returns its id.

    ``change`` may alter the job's folder and status first; nothing runs and nobody else starts anything meanwhile.
    Raises RhvError ``job.already_running``, ``job.not_resumable``, ``job.not_found``, ``job.damaged``,
    ``access.denied``, ``job.systemd``, and what ``change`` raises.
    """
    store, launcher = store or JobStore(), launcher or SystemdLauncher()
    with _exclusively(store):
        store.folder(job_id)
        _reconcile(store, launcher)
        status = store.stored(job_id)
        if status.active:
            raise _already_running(status)
        if status.state not in RESUMABLE_STATES or not status.resumable:
            raise RhvError(
                "job.not_resumable",
                msg("job.not_resumable", "Job {job} is done; there is nothing to resume.", job=job_id),
            )
        if status.kind in EXCLUSIVE_KINDS:
            _refuse_second(store)
        _await_end(launcher, status)
        if change is not None:
            change(status)
        _retire_cleanups(store, status)
        status.state = "queued"
        status.resumable = False
        store.write_status(status)
        _launch(store, launcher, status)
        return status.id


def cancel_job(job_id: str, *, store: JobStore | None = None, launcher: Launcher | None = None) -> None:
    """Stop the whole process tree of a job; when this returns nothing of it runs and its status says so.

    Raises RhvError ``job.not_running``, ``job.not_found``, ``access.denied``, ``job.systemd``.
    """
    store, launcher = store or JobStore(), launcher or SystemdLauncher()
    require_root()
    status = store.stored(job_id)
    if not status.active:
        raise RhvError("job.not_running", msg("job.not_running", "Job {job} does not run any more.", job=job_id))
    # Whoever finds the runner gone must know that this was asked for.
    (store.folder(job_id) / "private" / "cancel").touch(mode=0o600)
    launcher.stop(status.unit)
    settle(store, job_id, wait_s=2.0)


def reconcile(store: JobStore | None = None, launcher: Launcher | None = None) -> list[str]:
    """Settle every job that claims to run and does not (after a power cut); returns the ids it settled.

    Costs one ``systemctl`` per job that claims to run. Does nothing while a job is just being started.
    Raises RhvError ``access.denied`` without root.
    """
    store, launcher = store or JobStore(), launcher or SystemdLauncher()
    require_root()
    try:
        with store.lock(wait_s=0.0):
            return _reconcile(store, launcher)
    except Locked:
        return []


def running_on_engine(store: JobStore | None = None) -> JobStatus | None:
    """The job that deploys, upgrades or removes the engine now or is about to, or None."""
    jobs = (store or JobStore()).list().jobs
    return next((job for job in jobs if job.kind in EXCLUSIVE_KINDS and job.active), None)


def retire_jobs(kinds: frozenset[str], *, store: JobStore | None = None) -> None:
    """What unfinished jobs of these kinds made is gone or another's: none can be resumed any more. Raises OSError."""
    store = store or JobStore()
    for job_id in store.ids():
        try:
            status = store.stored(job_id)
        except RhvError as error:
            logger.warning("job %s stays as it is: %s", job_id, error)
            continue
        if status.kind in kinds and status.resumable and not status.active:
            status.resumable = False
            store.write_status(status, durable=True)


def _retire_cleanups(store: JobStore, beginning: JobStatus) -> None:
    # What an unfinished cleanup was to remove is in use again from here on; it was confirmed for what there was then.
    if beginning.kind in EXCLUSIVE_KINDS - {"cleanup"}:
        retire_jobs(frozenset({"cleanup"}), store=store)


def require_root() -> None:
    """Raise RhvError ``access.denied`` unless we are root."""
    if os.geteuid() != 0:
        raise RhvError(
            "access.denied",
            msg("job.needs_root", "Only an administrator may start, resume or cancel jobs."),
            msg("job.needs_root.hint", "Turn on administrative access, or use sudo in a shell."),
        )


@contextlib.contextmanager
def _exclusively(store: JobStore) -> Iterator[None]:
    require_root()
    try:
        with store.lock(_LOCK_PATIENCE_S):
            yield
    except Locked as error:
        raise _busy() from error


def _reconcile(store: JobStore, launcher: Launcher) -> list[str]:
    settled = []
    for job_id in store.ids():
        try:
            status = store.stored(job_id)
            gone = status.active and not launcher.is_active(status.unit)
        except RhvError as error:
            if error.code != "job.unreadable":
                raise
            gone = True
        if gone and settle(store, job_id):
            settled.append(job_id)
    return settled


def _refuse_second(store: JobStore) -> None:
    running = running_on_engine(store)
    if running is not None:
        raise _already_running(running)


def _already_running(running: JobStatus) -> RhvError:
    return RhvError(
        "job.already_running",
        msg(
            "job.already_running",
            "The job {job}, started by {user}, is still running.",
            job=running.id,
            user=running.user,
        ),
        msg("job.already_running.hint", "Follow it or cancel it: it is in the list of jobs."),
    )


def _await_end(launcher: Launcher, status: JobStatus) -> None:
    # The status is written a moment before the unit ends, and what runs then still looks at the status.
    deadline = time.monotonic() + _END_PATIENCE_S
    while launcher.is_active(status.unit):
        if time.monotonic() >= deadline:
            raise _busy()
        time.sleep(0.05)


def _busy() -> RhvError:
    return RhvError(
        "job.busy",
        msg("job.busy", "Another job is just being started or stopped."),
        msg("job.busy.hint", "Wait a moment and try again."),
    )


def _launch(store: JobStore, launcher: Launcher, status: JobStatus) -> None:
    try:
        note_boot(store.folder(status.id))
        launcher.launch(status.unit, store.folder(status.id))
    except RhvError as error:
        status.state = "failed"
        status.error = error
        status.resumable = not status.once
        store.write_status(status, durable=True)
        raise
