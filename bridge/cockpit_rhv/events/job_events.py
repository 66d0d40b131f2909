# SPDX-License-Identifier: Apache-2.0
"""Events of the host's jobs, from their folders: when each began and how it ended, once each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import msg
from .model import Event

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, MutableMapping

    from ..jobs.model import JobStatus
    from ..messages import Message

_ENDS = {
    "succeeded": ("succeeded", "info", msg("event.job.succeeded", "The job succeeded.")),
    "cancelled": ("cancelled", "warning", msg("event.job.cancelled", "The job was cancelled.")),
    "interrupted": ("interrupted", "error", msg("event.job.interrupted", "The job was interrupted.")),
}
_FAILED = msg("event.job.failed", "The job failed.")


def job_events(jobs: Iterable[JobStatus], told: MutableMapping[str, str]) -> list[Event]:
    """What is new since ``told``, which is brought up to date: job id to attempt and state. The oldest first."""
    jobs = list(jobs)
    found = [event for job in jobs for event in _of(job, told.get(job.id, ""))]
    told.clear()
    told.update({job.id: _mark(job) for job in jobs})
    return sorted(found, key=lambda event: event.time_s)


def _mark(job: JobStatus) -> str:
    return f"{job.attempt} {'active' if job.active else job.state}"


def _of(job: JobStatus, told: str) -> Iterator[Event]:
    if told == _mark(job):
        return
    attempt, _, state = told.partition(" ")
    if not told:
        started = msg("event.job.started", "The job was started.")
        yield _event(job, job.created_s, "started", "info", started)
    elif attempt != str(job.attempt) and state != "active":
        # When is not kept in the folder: it is as late as its own last word at most.
        resumed = msg("event.job.resumed", "The job was resumed.")
        yield _event(job, job.ended_s or job.started_s or job.created_s, "resumed", "info", resumed)
    if not job.active:
        what, severity, message = _ENDS.get(job.state, ("failed", "error", _FAILED))
        if job.error is not None and what == "failed":
            message = job.error.message
        yield _event(job, job.ended_s or job.created_s, what, severity, message)


def _event(job: JobStatus, time_s: float, what: str, severity: str, message: Message) -> Event:
    return Event(0, time_s, "job", what, severity, "job", message, job=job.id, user=job.user, title=job.title)
