# SPDX-License-Identifier: Apache-2.0
"""Give a job whose runner is gone its true state: interrupted, or cancelled when somebody had asked for that.

``stopped`` gets here when systemd has seen a unit end, :func:`cockpit_rhv.jobs.control.reconcile` after a power cut.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from ..errors import RhvError
from .boot import from_before_boot
from .eventlog import EventLog
from .files import Locked, file_lock
from .recorder import Recorder
from .store import REBOOTED, JobStore, interrupted

if TYPE_CHECKING:
    from ..messages import Message
    from .model import JobStatus

logger = logging.getLogger(__name__)


def settle(
    store: JobStore, job_id: str, detail: str | None = None, wait_s: float = 0.0, cause: Message | None = None
) -> bool:
    """Settle the job unless its runner lives or it has ended; returns whether anything was written.

    ``detail``: how the runner ended, as far as known; ``cause``: in words. ``wait_s``: how long a lock in use is
    waited for.
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
                if cause is None and from_before_boot(private.parent):
                    cause = REBOOTED
                return recorder.ended("interrupted", interrupted(detail, cause))
            finally:
                log.close()
    except Locked:
        return False


def _unsettled(store: JobStore, job_id: str) -> JobStatus | None:
    try:
        status = store.stored(job_id)
    except RhvError as error:
        if error.code != "job.unreadable":
            raise
        logger.warning("job %s: %s; its status is made anew", job_id, error.detail)
        return store.rebuild(job_id)
    return status if status.active else None
