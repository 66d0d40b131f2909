# SPDX-License-Identifier: Apache-2.0
"""Old jobs are kept for a while: the newest twenty whole enough to be read, those before them not at all.

A job that runs, or a deployment, upgrade or cleanup that can be resumed, is never touched. Of one that succeeded the
copies of playbooks and Python go at once, and with them the variables, which hold the hashes of passwords: nothing will
ever run from there again.
"""

from __future__ import annotations

import logging
import shutil
from typing import TYPE_CHECKING

from .model import is_awaited

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .model import JobStatus

logger = logging.getLogger(__name__)

KEPT_JOBS = 20
_COPIES = ("lib", "project", "vars.json", "extra_vars.yml", "env", "inventory")


def prune(root: Path, jobs: Sequence[JobStatus]) -> None:
    """``jobs``: all of this host's, newest first. What cannot be removed now is tried again at the next job."""
    ended = [job for job in jobs if not job.active]
    for job in ended[KEPT_JOBS:]:
        if not is_awaited(job.kind, job.state, job.resumable) and not _is_unreadable(job):
            _remove(root / job.id)
    for job in ended[:KEPT_JOBS]:
        if job.state == "succeeded":
            for name in _COPIES:
                _remove(root / job.id / "private" / name)


def _is_unreadable(job: JobStatus) -> bool:
    # What state it is in is not known, so it may have to be resumed.
    return job.resumable and job.error is not None and job.error.code == "job.unreadable"


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        logger.warning("%s of an old job is still there: %s", path, error)
