# SPDX-License-Identifier: Apache-2.0
"""``jobs``, ``attach``, ``resume``, ``cancel`` and ``logs``; what needs more than the jobs' folders is elsewhere."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Callable

from .cli_exit import OK
from .cli_file import write_new
from .cli_follow import event_line, follow
from .cli_terminal import clock
from .errors import RhvError
from .jobs import JobStore, cancel_job, read_output, reconcile, resume_job
from .messages import msg

if TYPE_CHECKING:
    import argparse

    from .cli_terminal import Terminal
    from .jobs import JobStatus

_STATES = {
    "queued": msg("cli.job.queued", "queued"),
    "running": msg("cli.job.running", "running"),
    "succeeded": msg("cli.job.succeeded", "succeeded"),
    "failed": msg("cli.job.failed", "failed"),
    "cancelled": msg("cli.job.cancelled", "cancelled"),
    "interrupted": msg("cli.job.interrupted", "interrupted"),
}


def jobs(terminal: Terminal, _arguments: argparse.Namespace) -> int:
    """A line per job, the newest first."""
    found = _store().list()
    for job in found.jobs:
        started = time.strftime("%Y-%m-%d %H:%M", time.localtime(job.created_s))
        state = terminal.t(_STATES[job.state])
        terminal.line(f"{job.id}  {state:<12}{started}  {clock(job.elapsed_s):>7}  {terminal.t(job.title)}")
    if not found.jobs:
        terminal.note(msg("cli.jobs.none", "There has been no job on this host."))
    if found.access is not None:
        terminal.note(found.access)
    return OK


def attach(terminal: Terminal, arguments: argparse.Namespace) -> int:
    """Follow a job from its beginning."""
    store = _store()
    return follow(terminal, store, arguments.job or _newest(store, lambda job: job.active, or_any=True))


def resume(terminal: Terminal, arguments: argparse.Namespace) -> int:
    """Let a job go on, with other answers where they are given, and follow it."""
    store = _store()
    job_id = arguments.job or _newest(store, lambda job: job.resumable)
    if arguments.answers or arguments.set or arguments.admin_password_stdin or arguments.admin_password_fd is not None:
        from .cli_resume import resume_with_answers

        resume_with_answers(terminal, arguments, job_id, store)
    else:
        resume_job(job_id, store=store)
    return started(terminal, store, job_id, detach=arguments.detach)


def cancel(terminal: Terminal, arguments: argparse.Namespace) -> int:
    """Stop a job, and wait until nothing of it runs."""
    store = _store()
    job_id = arguments.job or _newest(store, lambda job: job.active)
    cancel_job(job_id, store=store)
    terminal.line(msg("cli.cancelled", "Job {job} is stopped; nothing of it runs any more.", job=job_id))
    if store.load(job_id).kind == "deploy":
        from .cli_cleanup import show_left

        show_left(terminal)
    return OK


def logs(terminal: Terminal, arguments: argparse.Namespace) -> int:
    """What happened in a job so far; with ``--raw`` what ansible-playbook printed."""
    store = _store()
    job_id = arguments.job or _newest(store, lambda _job: True)
    if arguments.bundle:
        return _bundle(terminal, store, job_id, arguments.bundle)
    if arguments.raw:
        offset = 0
        while True:
            chunk = read_output(store, job_id, offset)
            terminal.out.write(chunk.text)
            if chunk.eof or not chunk.text:
                terminal.out.flush()
                return OK
            offset = chunk.next_offset
    status = store.load(job_id)
    for event in store.events(job_id):
        line = event_line(terminal, status, event)
        if line is not None:
            terminal.line(f"{time.strftime('%H:%M:%S', time.localtime(event.time_s))} {line}")
    if status.error is not None:
        terminal.error(status.error)
    return OK


def _bundle(terminal: Terminal, store: JobStore, job_id: str, target: str) -> int:
    from .deploy.bundle import write_bundle

    if target == "-":
        write_bundle(job_id, sys.stdout.buffer, store)
        return OK
    write_new(target, lambda output: write_bundle(job_id, output, store))
    terminal.note(msg("cli.bundle", "Everything about job {job} is in {file}.", job=job_id, file=target))
    return OK


def started(terminal: Terminal, store: JobStore, job_id: str, *, detach: bool) -> int:
    """Follow a job that was just started, or only say how to."""
    if not detach:
        return follow(terminal, store, job_id)
    terminal.note(msg("cli.started", "The job runs. Follow it: cockpit-rhv attach {job}", job=job_id))
    terminal.line(job_id)
    return OK


def _store() -> JobStore:
    store = JobStore()
    if os.geteuid() == 0:
        # After a power cut a job may still say that it runs.
        reconcile(store)
    return store


def _newest(store: JobStore, wanted: Callable[[JobStatus], bool], *, or_any: bool = False) -> str:
    found = store.list().jobs
    chosen = next((job for job in found if wanted(job)), found[0] if or_any and found else None)
    if chosen is None:
        raise RhvError(
            "job.not_found",
            msg("job.none_fits", "There is no such job on this host."),
            msg("job.none_fits.hint", "cockpit-rhv jobs lists those that are kept."),
        )
    return chosen.id
