# SPDX-License-Identifier: Apache-2.0
"""The one writer of a running job: turns what happens into ``status.json`` and ``events.ndjson``.

The status is written at each event, at each change of progress and at least every two seconds, so ``elapsed_s``
is right without any clock but the monotonic one; a reader may count on between two writes.
A full disk loses nothing: what could not be written is kept and tried again.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from ..messages import Message, msg
from .files import read_json
from .model import RESUMABLE_STATES, JobEvent, JobStatus, Progress

if TYPE_CHECKING:
    from pathlib import Path

    from ..errors import RhvError
    from .eventlog import EventLog
    from .store import JobStore

logger = logging.getLogger(__name__)
HEARTBEAT_S = 2.0
FINAL_WRITE_PATIENCE_S = 30.0

_ENDINGS = {
    "succeeded": msg("job.ended.succeeded", "The job is done."),
    "failed": msg("job.ended.failed", "The job failed."),
    "cancelled": msg("job.ended.cancelled", "The job was cancelled."),
    "interrupted": msg("job.ended.interrupted", "The job was interrupted."),
}
_PHASE_ENDINGS = {"failed": "failed", "interrupted": "failed", "cancelled": "cancelled"}
_SEVERITIES = {"failed": "error", "interrupted": "error", "cancelled": "warning"}


class Recorder:
    """Records one attempt. Its methods may be called from any thread; none raises when the disk is full."""

    def __init__(self, store: JobStore, status: JobStatus, log: EventLog, progress_file: Path) -> None:
        self._store = store
        self._log = log
        self._progress_file = progress_file
        self._seen_progress = _signature(progress_file)
        self._lock = threading.RLock()
        self._pending: list[JobEvent] = []
        self._started = time.monotonic()
        self._base_s = status.elapsed_s
        current = status.current()
        self._phase_base_s = (current.elapsed_s if current else None) or 0.0
        # None while the running phase was begun by an earlier process, whose end we only note.
        self._phase_started: float | None = None
        self._written = self._started
        self._task: str | None = None
        self.status = status

    # -- what happens ------------------------------------------------------------------------------------------

    def attempt_started(self) -> None:
        """A runner has the job: unfinished phases are pending again, whatever an earlier attempt left."""
        with self._lock:
            status = self.status
            status.attempt += 1
            status.state = "running"
            status.started_s = status.started_s or time.time()
            status.ended_s = status.error = status.phase = status.task = status.progress = None
            status.resumable = False
            for phase in status.unfinished():
                phase.state = "pending"
            if status.attempt == 1:
                self._emit("job_started", msg("job.started", "The job started."))
            else:
                again = msg("job.resumed", "The job goes on, attempt {attempt}.", attempt=status.attempt)
                self._emit("job_started", again)
            self._write()

    def phase_started(self, phase_id: str) -> None:
        """A phase begins; the one before it is done. An id that is no phase of this job changes nothing."""
        with self._lock:
            if phase_id == self.status.phase or all(phase.id != phase_id for phase in self.status.phases):
                return
            self._end_phase("done", "ok")
            self.status.phase = phase_id
            phase = self.status.current()
            assert phase is not None
            phase.state = "running"
            phase.started_s = time.time()
            self._phase_started = time.monotonic()
            self._phase_base_s = phase.elapsed_s or 0.0
            self._emit("phase_started", phase.title)
            self._write()

    def task_started(self, name: Message) -> None:
        """A task begins."""
        with self._lock:
            self._task = name.text
            self.status.task = name
            self._emit("task_started", name)
            self._write()

    def task_ended(self, name: Message, outcome: str, duration_s: float | None, *, ignored: bool = False) -> None:
        """A task ended with ``outcome`` ok, changed, skipped or failed; ``ignored``: its failure does not matter."""
        with self._lock:
            self._task = name.text
            # What the next task writes counts, what this one left behind does not.
            self._seen_progress = _signature(self._progress_file)
            self.status.progress = None
            severity = "info" if outcome != "failed" else "warning" if ignored else "error"
            self._emit("task_ended", name, severity=severity, outcome=outcome, duration_s=duration_s)
            self._write()

    def log(self, message: Message, severity: str = "info") -> None:
        """A task has something to tell."""
        with self._lock:
            self._emit("log", message, severity=severity)

    def ended(self, state: str, error: RhvError | None = None) -> bool:
        """The attempt ended as ``state``; waits for the disk and returns False when it stayed full for 30 s."""
        with self._lock:
            status = self.status
            self._refresh()
            if state == "succeeded":
                self._end_phase("done", "ok")
            else:
                self._end_phase(_PHASE_ENDINGS[state], "cancelled" if state == "cancelled" else "failed")
            status.state = state
            status.ended_s = time.time()
            status.error = error
            status.progress = None
            status.task = None if state == "succeeded" else status.task
            status.phase = None if state == "succeeded" else status.phase
            status.resumable = state in RESUMABLE_STATES and not status.once
            self._task = None
            message = error.message if error and state != "cancelled" else _ENDINGS[state]
            outcome = {"succeeded": "ok", "cancelled": "cancelled"}.get(state, "failed")
            self._emit("job_ended", message, severity=_SEVERITIES.get(state, "info"), outcome=outcome)
            deadline = time.monotonic() + FINAL_WRITE_PATIENCE_S
            while not self._write(durable=True):
                if time.monotonic() >= deadline:
                    return False
                time.sleep(0.5)
            return True

    # -- time and progress -------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Look at the progress file and keep the heartbeat; call it twice a second while the job runs."""
        with self._lock:
            if self.status.state != "running":
                return
            if self._read_progress() or time.monotonic() - self._written >= HEARTBEAT_S:
                self._write()

    def _read_progress(self) -> bool:
        signature = _signature(self._progress_file)
        if signature is None or signature == self._seen_progress:
            return False
        self._seen_progress = signature
        try:
            self.status.progress = Progress.from_json(read_json(self._progress_file))
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("the progress file holds no progress: %s", error)
            return False
        return True

    # -- writing -----------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        now = time.monotonic()
        self.status.elapsed_s = self._base_s + now - self._started
        phase = self.status.current()
        if phase is not None and phase.state == "running" and self._phase_started is not None:
            phase.elapsed_s = round(self._phase_base_s + now - self._phase_started, 3)

    def _end_phase(self, state: str, outcome: str) -> None:
        phase = self.status.current()
        if phase is None or phase.state != "running":
            return
        self._refresh()
        phase.state = state
        if state == "done":
            self._task = self.status.task = None
        spent_s = None if self._phase_started is None else time.monotonic() - self._phase_started
        severity = _SEVERITIES.get(outcome, "info")
        self._emit("phase_ended", phase.title, severity=severity, outcome=outcome, duration_s=spent_s)

    def _emit(
        self,
        type: str,
        message: Message,
        *,
        severity: str = "info",
        outcome: str | None = None,
        duration_s: float | None = None,
    ) -> None:
        task = self._task if type in ("task_started", "task_ended", "log") else None
        elapsed_s = self._base_s + time.monotonic() - self._started
        self._pending.append(
            JobEvent(0, time.time(), elapsed_s, type, message, self.status.phase, task, severity, outcome, duration_s)
        )

    def _write(self, *, durable: bool = False) -> bool:
        self._refresh()
        try:
            while self._pending:
                self._log.append(self._pending[0])
                del self._pending[0]
            self._store.write_status(self.status, durable=durable)
        except OSError as error:
            logger.warning("the state of job %s cannot be written now: %s", self.status.id, error)
            return False
        finally:
            self._written = time.monotonic()
        return True


def _signature(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino
