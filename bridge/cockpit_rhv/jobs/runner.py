# SPDX-License-Identifier: Apache-2.0
"""The main program of a job's unit: ``python3 -m cockpit_rhv.jobs.runner <job folder>``.

Exit codes: 0 the job succeeded; 1 it failed or was stopped, and ``status.json`` says how; 74 the end could not be
written, the disk is full; 75 another runner has the job.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import msg
from .eventlog import EventLog
from .files import Locked, file_lock
from .playbook import Outcome, run_phases
from .proctree import adopt_orphans, stop_descendants
from .recorder import Recorder
from .store import JobStore, interrupted
from .translate import Translator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .model import JobStatus

logger = logging.getLogger(__name__)
_TICK_S = 0.5
# Somebody who only asks whether a runner lives holds the lock for a moment.
_LOCK_PATIENCE_S = 5.0


def main(arguments: list[str]) -> int:
    """Run the job in the folder given as the only argument; returns the exit code."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    folder = Path(arguments[0]).resolve()
    try:
        with file_lock(folder / "private" / "lock", _LOCK_PATIENCE_S):
            return _run(JobStore(folder.parent), folder.name)
    except Locked:
        logger.error("job %s already has a runner", folder.name)
        return 75


def _run(store: JobStore, job_id: str) -> int:
    private = store.folder(job_id) / "private"
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    adopt_orphans()
    (private / "cancel").unlink(missing_ok=True)
    log = EventLog(private.parent / "events.ndjson")
    recorder = Recorder(store, store.stored(job_id), log, private / "progress.json")
    recorder.attempt_started()
    with _ticking(recorder):
        state, error = _attempt(recorder, private, stop)
    written = recorder.ended(state, error)
    log.close()
    if not written:
        logger.error("the end of job %s (%s) could not be written", job_id, state)
        return 74
    return 0 if state == "succeeded" else 1


def _attempt(recorder: Recorder, private: Path, stop: threading.Event) -> tuple[str, RhvError | None]:
    translator = Translator(recorder)

    def should_stop() -> bool:
        if stop.is_set():
            stop_descendants()
        return stop.is_set()

    status = recorder.status
    phases = [phase.id for phase in status.unfinished()]
    try:
        outcome = (
            Outcome(0, "")
            if not phases
            else run_phases(private, phases, status.attempt, translator.handle, should_stop)
        )
    except ImportError as error:
        return "failed", _ansible_missing(str(error))
    except Exception as error:
        logger.exception("job %s", status.id)
        return "failed", RhvError(
            "job.runner_failed",
            msg("job.runner_failed", "The program that runs the job failed."),
            msg("job.runner_failed.hint", "The journal of the unit {unit} tells more.", unit=status.unit),
            f"{type(error).__name__}: {error}"[:4096],
        )
    finally:
        # What a task left running ends with the job, as systemd would see to it anyway.
        stop_descendants()
    if outcome.code == 0:
        return _verify_all_ran(status)
    if stop.is_set():
        return _stopped(private)
    if outcome.code == 127:
        return "failed", _ansible_missing(outcome.tail)
    return "failed", translator.failure or RhvError(
        "job.ansible_failed",
        msg("job.ansible_failed", "Ansible ended before the job was done."),
        msg("job.ansible_failed.hint", "The raw output of the job tells more; then resume the job."),
        outcome.tail,
        # A process that a signal ended has no exit code.
        cause=msg("job.cause.ansible_killed", "Somebody or something killed Ansible's process.")
        if outcome.code is None
        else None,
    )


def _verify_all_ran(status: JobStatus) -> tuple[str, RhvError | None]:
    # Ansible may be content although a playbook had no play of its phase's name; the job is not.
    missing = [phase.id for phase in status.unfinished() if phase.id != status.phase]
    if not missing:
        return "succeeded", None
    return "failed", RhvError(
        "job.phase_missing",
        msg("job.phase_missing", "The phase {phase} did not run.", phase=missing[0]),
        msg("job.phase_missing.hint", "The playbooks of this job are damaged; install the package again."),
        ", ".join(missing),
    )


def _stopped(private: Path) -> tuple[str, RhvError | None]:
    if not (private / "cancel").exists() and _host_is_stopping():
        return "interrupted", RhvError(
            "job.host_stopped",
            msg("job.host_stopped", "The host was shut down while the job ran."),
            interrupted(None).hint,
        )
    return "cancelled", None


def _host_is_stopping() -> bool:
    try:
        asked = subprocess.run(
            ["systemctl", "is-system-running"], capture_output=True, text=True, timeout=3, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        logger.info("systemd does not say whether the host is stopping: %s", error)
        return False
    return asked.stdout.strip() == "stopping"


def _ansible_missing(detail: str) -> RhvError:
    return RhvError(
        "job.ansible_missing",
        msg("job.ansible_missing", "Ansible cannot be started on this host."),
        msg("job.ansible_missing.hint", "Install the packages ansible-core and ansible-runner, then resume the job."),
        detail,
    )


@contextlib.contextmanager
def _ticking(recorder: Recorder) -> Iterator[None]:
    done = threading.Event()

    def tick() -> None:
        while not done.wait(_TICK_S):
            recorder.tick()

    thread = threading.Thread(target=tick, name="ticker", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
