# SPDX-License-Identifier: Apache-2.0
"""Follow a job on the terminal from its beginning to its end; leaving it does not disturb it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from .cli_exit import CANCELLED, DETACHED, FAILED, OK
from .cli_terminal import bar, clock
from .jobs.control import reconcile
from .jobs.remaining import Estimate, estimate, steady_remaining
from .messages import Message, msg

if TYPE_CHECKING:
    from .cli_terminal import Terminal
    from .jobs import JobEvent, JobStatus, JobStore

_POLL_S = 0.25
_RECONCILE_S = 3.0
_UNSURE_STEP_S = 5
_OUTCOMES = {
    "ok": msg("cli.outcome.ok", "ok"),
    "changed": msg("cli.outcome.changed", "done"),
    "failed": msg("cli.outcome.failed", "failed"),
    "skipped": msg("cli.outcome.skipped", "not needed"),
    "cancelled": msg("cli.outcome.cancelled", "cancelled"),
}


def follow(terminal: Terminal, store: JobStore, job_id: str) -> int:
    """Show the job until it ends, or until Ctrl-C; returns the exit code. Raises RhvError when it cannot be read."""
    try:
        return _follow(terminal, store, job_id)
    except KeyboardInterrupt:
        terminal.line()
        terminal.note(
            msg(
                "cli.detached",
                "The job goes on. Follow it: cockpit-rhv attach {job}. Cancel it: cockpit-rhv cancel {job}.",
                job=job_id,
            )
        )
        return DETACHED


def _follow(terminal: Terminal, store: JobStore, job_id: str) -> int:
    tail = store.tail(job_id)
    live = LiveLine(terminal)
    seen_at = reconciled_at = time.monotonic()
    elapsed_s = -1.0
    over = False
    while True:
        # The status first: when it says that the job has ended, all its events are there.
        status = store.load(job_id)
        for event in tail.read():
            # Events may be ahead of the status read before them; after the end nothing more is foretold.
            over = event.type == "job_ended" or (over and event.type != "job_started")
            line = event_line(terminal, status, event)
            # How this attempt failed is said at the very end, with hint and detail.
            if line is not None and not (event.type == "job_ended" and event.outcome == "failed"):
                terminal.line(line)
        if not status.active:
            return report_end(terminal, status)
        now = time.monotonic()
        if status.elapsed_s != elapsed_s:
            elapsed_s, seen_at = status.elapsed_s, now
        if not over:
            terminal.show(live.text(status, elapsed_s + now - seen_at))
        if os.geteuid() == 0 and now - reconciled_at >= _RECONCILE_S:
            # Whoever watches should not wait for a runner that is gone.
            reconcile(store)
            reconciled_at = now
        time.sleep(_POLL_S)


def report_end(terminal: Terminal, status: JobStatus) -> int:
    """Say how an ended job ended; returns the exit code."""
    terminal.clear()
    if status.state == "succeeded":
        return OK
    if status.error is not None:
        terminal.error(status.error)
    if status.resumable:
        terminal.note(
            msg(
                "cli.resumable",
                "cockpit-rhv resume {job} goes on at the first unfinished phase; cockpit-rhv logs {job} tells more.",
                job=status.id,
            )
        )
    return CANCELLED if status.state == "cancelled" else FAILED


def event_line(terminal: Terminal, status: JobStatus, event: JobEvent) -> str | None:
    """One event as a line; None for one that says nothing new on a terminal."""
    text = terminal.t(event.message)
    stamp = f"{clock(event.elapsed_s):>6}  "
    if event.type == "phase_started":
        number = 1 + [phase.id for phase in status.phases].index(event.phase or "")
        numbered = msg(
            "cli.phase", "Phase {number} of {count}: {title}", number=number, count=len(status.phases), title=text
        )
        return stamp + terminal.t(numbered)
    if event.type == "task_ended":
        outcome = terminal.t(_OUTCOMES[event.outcome or "ok"])
        took = "" if event.duration_s is None else f" ({event.duration_s:.1f} s)"
        return f"{stamp}  {text}: {outcome}{took}"
    if event.type == "log":
        return f"{stamp}    {_marked(terminal, event.severity, text)}"
    if event.type in ("job_started", "job_ended"):
        return stamp + text
    return None


def _marked(terminal: Terminal, severity: str, text: str) -> str:
    marks = {
        "warning": msg("cli.log.warning", "Warning: {sentence}", sentence=text),
        "error": msg("cli.log.error", "Error: {sentence}", sentence=text),
    }
    return terminal.t(marks[severity]) if severity in marks else text


class LiveLine:
    """Phase, task, a bar, elapsed and expected remaining time, each text steady with the one before it."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._attempt = -1
        self._ratio = 0.0
        self._shown_s: float | None = None
        self._elapsed_s = 0.0

    def text(self, status: JobStatus, elapsed_s: float) -> str:
        """The line at this moment of the job's own clock."""
        now = estimate(status, elapsed_s)
        if status.attempt != self._attempt:
            self._attempt, self._ratio, self._shown_s = status.attempt, 0.0, None
        self._ratio = max(self._ratio, now.ratio)
        self._shown_s = steady_remaining(self._shown_s, max(0.0, elapsed_s - self._elapsed_s), now)
        self._elapsed_s = elapsed_s
        names = [phase.id for phase in status.phases]
        place = f"{names.index(status.phase) + 1}/{len(names)}" if status.phase in names else f"0/{len(names)}"
        phase, progress = status.current(), status.progress
        task = status.task or (phase.title if phase else status.title)
        own = f" {100 * progress.done / progress.total:.0f} %" if progress and progress.total else ""
        times = self._terminal.t(_times(elapsed_s, self._shown_s, now))
        return f"{place} {bar(self._ratio)} {times}  {self._terminal.t(task)}{own}"


def _times(elapsed_s: float, left_s: float, now: Estimate) -> Message:
    elapsed, left = clock(elapsed_s), clock(left_s)
    if now.overdue:
        return msg("cli.times_overdue", "{elapsed}, taking longer than expected", elapsed=elapsed)
    # No more precise than what is shown before it, and nothing where it would say nothing.
    unsure_s = round(min(now.unsure_s, left_s) / _UNSURE_STEP_S) * _UNSURE_STEP_S
    if unsure_s < _UNSURE_STEP_S:
        return msg("cli.times", "{elapsed}, about {left} left", elapsed=elapsed, left=left)
    return msg(
        "cli.times_unsure",
        "{elapsed}, about {left} (± {unsure}) left",
        elapsed=elapsed,
        left=left,
        unsure=clock(unsure_s),
    )
