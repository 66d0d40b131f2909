# SPDX-License-Identifier: Apache-2.0
"""Jobs: playbooks run detached, in folders anybody may follow, cancel and resume.

``control`` starts, resumes and cancels; ``store`` reads; ``watch`` tells of changes; ``runner`` is the program of a
job's unit. Nothing here knows what the playbooks are about.

``JobWatcher`` is to be had from ``watch``: a job's own process must not pay for importing asyncio.
"""

from .control import cancel_job, reconcile, resume_job, running_on_engine, start_job
from .model import JobEvent, JobSpec, JobStatus, PhaseSpec, PhaseStatus, Progress
from .output import read_output
from .store import JobList, JobStore

__all__ = [
    "JobEvent",
    "JobList",
    "JobSpec",
    "JobStatus",
    "JobStore",
    "PhaseSpec",
    "PhaseStatus",
    "Progress",
    "cancel_job",
    "read_output",
    "reconcile",
    "resume_job",
    "running_on_engine",
    "start_job",
]
