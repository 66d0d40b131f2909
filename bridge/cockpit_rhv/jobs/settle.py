# SPDX-License-Identifier: Apache-2.0
"""Give a job whose runner is gone its true state: interrupted, or cancelled when somebody had asked for that.

``python3 -m cockpit_rhv.jobs.settle <job folder>`` is the unit's ExecStopPost; after a power cut it is
:func:`cockpit_rhv.jobs.control.reconcile` that gets here.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import msg
from .eventlog import EventLog
from .files import Locked, file_lock
from .recorder import Recorder
from .store import JobStore

if TYPE_CHECKING:
    from .model import JobStatus

logger = logging.getLogger(__name__)


def settle(store: JobStore, job_id: str, detail: str | None = None, wait_s: float = 0.0) -> bool:
    """Settle the job unless its runner lives or it has ended; returns whether anything was written.

    ``detail``: how the runner ended, as far as known. ``wait_s``: how long a lock in use is waited for.
    Raises RhvError when the folder is damaged, OSError when it cannot be written.
    """
    private = store.folder(job_id) / "private"
    try:
        with file_lock(private / "lock", wait_s):
            status = _unsettled(store, job_id)
            if status is None:
                return False
            log = EventLog(private.parent / "events.ndjson")
            try:
                recorder = Recorder(store, status, log, private / "progress.json")
                if (private / "cancel").exists():
                    return recorder.ended("cancelled")
                return recorder.ended("interrupted", _interrupted(detail))
            finally:
                log.close()
    except Locked:
        return False


def _unsettled(store: JobStore, job_id: str) -> JobStatus | None:
    try:
        status = store.load(job_id)
    except RhvError as error:
        if error.code != "job.unreadable":
            raise
        logger.warning("job %s: %s; its status is made anew", job_id, error.detail)
        return store.rebuild(job_id)
    return status if status.active else None


def _interrupted(detail: str | None) -> RhvError:
    return RhvError(
        "job.interrupted",
        msg("job.interrupted", "The job was interrupted: its process ended without a word."),
        msg("job.interrupted.hint", "Resume the job: it goes on at its first unfinished phase."),
        detail,
    )


def _how_systemd_saw_it() -> str | None:
    said = [
        f"{name}={os.environ[name]}" for name in ("SERVICE_RESULT", "EXIT_CODE", "EXIT_STATUS") if name in os.environ
    ]
    return " ".join(said) or None


def main(arguments: list[str]) -> int:
    """Settle the job in the folder given as the only argument; returns the exit code."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    folder = Path(arguments[0]).resolve()
    settle(JobStore(folder.parent), folder.name, _how_systemd_saw_it(), wait_s=2.0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
