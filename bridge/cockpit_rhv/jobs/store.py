# SPDX-License-Identifier: Apache-2.0
"""The job folders: created whole, listed however damaged, read by whoever may.

``<root>/<id>/`` is 0751, so that anybody can reach ``summary.json`` (0644: kind, title, start, state) by name.
``status.json`` and ``events.ndjson`` are 0640 for the libvirt group; ``private/`` is 0700.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..errors import RhvError
from ..messages import Message, msg
from .boot import from_before_boot
from .eventlog import EventTail
from .expected import expected_phase_s
from .files import file_lock, hand_to_group, read_json, sync_folder, write_json
from .model import JobEvent, JobSpec, JobStatus, PhaseStatus, unit_name
from .prune import prune
from .summary import Awaited, from_summary, public_summary

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

logger = logging.getLogger(__name__)

DEFAULT_ROOT = Path("/var/lib/cockpit-rhv/jobs")
LISTED_JOBS = 50
_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
_LIBRARY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class JobList:
    """The jobs that are listed, newest first; ``access`` says what is needed to see more, or None."""

    jobs: list[JobStatus]
    access: Message | None

    def to_json(self) -> dict[str, Any]:
        """Wire form: definition ``Jobs``."""
        return {
            "jobs": {job.id: job.to_json() for job in self.jobs},
            "access": self.access.to_json() if self.access else None,
        }


class JobStore:
    """All jobs of this host. ``root`` defaults to $COCKPIT_RHV_JOBS, else /var/lib/cockpit-rhv/jobs."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or Path(os.environ.get("COCKPIT_RHV_JOBS") or DEFAULT_ROOT)
        self._awaited = Awaited()

    def folder(self, job_id: str) -> Path:
        """The folder of a job; raises RhvError ``job.not_found`` for anything that is no id of ours."""
        folder = self.root / job_id
        if not _ID.fullmatch(job_id) or not folder.is_dir():
            raise RhvError(
                "job.not_found",
                msg("job.not_found", "There is no job {job}.", job=job_id[:64]),
                msg("job.not_found.hint", "The list of jobs shows those that are kept on this host."),
            )
        return folder

    @contextlib.contextmanager
    def lock(self, wait_s: float = 10.0) -> Iterator[None]:
        """Whoever starts, resumes or settles jobs holds this; raises :class:`files.Locked` after ``wait_s``."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o755)
        with file_lock(self.root / ".lock", wait_s):
            yield

    # -- creating ----------------------------------------------------------------------------------------------

    def create(
        self,
        spec: JobSpec,
        playbooks: Path,
        plugins: Path | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> JobStatus:
        """Create the folder of a new job, whole or not at all, and return its first status (``queued``).

        ``playbooks``: folder with ``<phase>.yml``, copied to ``private/project``. ``plugins``: folder with
        ``modules/``, ``module_utils/``, …, copied to ``private/project/plugins``. Our own Python goes along to
        ``private/lib``, so that an upgrade during the job changes nothing under it. ``variables``: extra vars of
        the playbooks; ``rhv_job`` is added. Call it while holding :meth:`lock`. Raises OSError.
        """
        for stale in self.root.glob(".new-*"):
            # We hold the lock, so whoever began this one is dead.
            shutil.rmtree(stale)
        building = self.root / f".new-{os.urandom(8).hex()}"
        earlier = self._read(self._all_ids()).jobs
        prune(self.root, earlier)
        created_s = time.time()
        job_id = self._free_id(created_s)
        folder = self.root / job_id
        private = building / "private"
        private.mkdir(parents=True, mode=0o700)
        try:
            shutil.copytree(playbooks, private / "project")
            if plugins is not None:
                shutil.copytree(plugins, private / "project" / "plugins", dirs_exist_ok=True)
            shutil.copytree(_LIBRARY, private / "lib" / _LIBRARY.name)
            write_json(private / "spec.json", spec.to_json(), 0o600, gid=0)
            write_json(private / "vars.json", {**(variables or {}), "rhv_job": _job_variable(folder)}, 0o600, gid=0)
            status = _first_status(spec, job_id, created_s, earlier)
            self._write(building, status, durable=True)
            hand_to_group(building, 0o751)
            os.rename(building, folder)
            sync_folder(self.root)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
        return status

    def _free_id(self, created_s: float) -> str:
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(created_s))
        while True:
            job_id = f"{stamp}-{os.urandom(2).hex()}"
            if not (self.root / job_id).exists():
                return job_id

    # -- writing -----------------------------------------------------------------------------------------------

    def write_status(self, status: JobStatus, *, durable: bool = False) -> None:
        """Replace ``status.json`` (and ``summary.json`` when the state changed) atomically. Raises OSError."""
        self._write(self.root / status.id, status, durable=durable)

    @staticmethod
    def _write(folder: Path, status: JobStatus, *, durable: bool) -> None:
        write_json(folder / "status.json", status.to_json(), 0o640, durable=durable)
        summary = public_summary(status)
        path = folder / "summary.json"
        if not path.exists() or read_json(path) != summary:
            write_json(path, summary, 0o644, durable=durable)

    # -- reading -----------------------------------------------------------------------------------------------

    def load(self, job_id: str) -> JobStatus:
        """The status of one job; raises RhvError ``job.not_found``, ``access.denied`` or ``job.unreadable``.

        A job that a reboot has ended is interrupted here already, before anybody with the right to do so settles it.
        """
        status = self.stored(job_id)
        if status.active and from_before_boot(self.root / job_id):
            status.state, status.error = "interrupted", interrupted(None, REBOOTED)
            status.resumable = not status.once
        return status

    def stored(self, job_id: str) -> JobStatus:
        """The status as its file has it; raises as :meth:`load` does."""
        folder = self.folder(job_id)
        try:
            return JobStatus.from_json(read_json(folder / "status.json"))
        except PermissionError as error:
            raise denied(str(error)) from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RhvError(
                "job.unreadable",
                msg("job.unreadable", "The status of job {job} cannot be read.", job=job_id),
                msg("job.unreadable.hint", "Resume the job: phases that are already done are recognised."),
                f"{type(error).__name__}: {error}",
            ) from error

    def spec(self, job_id: str) -> JobSpec:
        """What the job was asked to do (root only); raises RhvError as :meth:`load` does."""
        try:
            return JobSpec.from_json(read_json(self.folder(job_id) / "private" / "spec.json"))
        except PermissionError as error:
            raise denied(str(error)) from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RhvError(
                "job.damaged",
                msg("job.damaged", "The folder of job {job} is damaged.", job=job_id),
                msg("job.damaged.hint", "Start a new deployment instead."),
                f"{type(error).__name__}: {error}",
            ) from error

    def rebuild(self, job_id: str) -> JobStatus:
        """A status made anew from ``spec.json``, for a job whose status.json is lost; raises RhvError."""
        summary = read_json(self.folder(job_id) / "summary.json")
        status = _first_status(self.spec(job_id), job_id, summary["created_s"], [])
        status.attempt = 1
        return status

    def events(self, job_id: str, after_seq: int = 0) -> Sequence[JobEvent]:
        """The events numbered above ``after_seq``; raises RhvError as :meth:`load` does."""
        tail = self.tail(job_id)
        try:
            return [event for event in tail.read() if event.seq > after_seq]
        except PermissionError as error:
            raise denied(str(error)) from error

    def tail(self, job_id: str) -> EventTail:
        """A reader that hands out each event once; raises RhvError ``job.not_found``."""
        return EventTail(self.folder(job_id) / "events.ndjson")

    def ids(self) -> Sequence[str]:
        """Ids of the newest 50 jobs and of every older one that runs or waits to be resumed, newest first.

        [] when there has been none yet. Raises RhvError ``access.denied``.
        """
        names = self._all_ids()
        older = (name for name in names[LISTED_JOBS:] if self._awaited(self.root / name))
        return [*names[:LISTED_JOBS], *older]

    def _all_ids(self) -> Sequence[str]:
        try:
            names = [entry.name for entry in os.scandir(self.root) if _ID.fullmatch(entry.name)]
        except FileNotFoundError:
            return []
        except PermissionError as error:
            raise denied(str(error)) from error
        return sorted(names, reverse=True)

    def list(self) -> JobList:
        """The jobs of :meth:`ids`. A job we may not read appears with what its summary says."""
        try:
            ids = self.ids()
        except RhvError as error:
            return JobList([], error.hint)
        return self._read(ids)

    def _read(self, ids: Sequence[str]) -> JobList:
        jobs: list[JobStatus] = []
        refused = False
        for job_id in ids:
            try:
                jobs.append(self.load(job_id))
                continue
            except RhvError as error:
                refused = refused or error.code == "access.denied"
                unreadable = error
            try:
                jobs.append(from_summary(read_json(self.root / job_id / "summary.json"), unreadable))
            except (OSError, ValueError, KeyError, TypeError) as error:
                logger.warning("job folder %s is left out of the list: %s; %s", job_id, unreadable, error)
        return JobList(jobs, denied(None).hint if refused else None)


def denied(detail: str | None) -> RhvError:
    return RhvError(
        "access.denied",
        msg("job.access", "You may not read the details of this job."),
        msg("job.access.hint", "Administrative access or membership in the group libvirt is needed to see more."),
        detail,
    )


def interrupted(detail: str | None, cause: Message | None = None) -> RhvError:
    """The error of a job whose runner is gone; ``detail``: how it ended, as far as known."""
    return RhvError(
        "job.interrupted",
        msg("job.interrupted", "The job was interrupted: its process ended without a word."),
        msg("job.interrupted.hint", "Resume the job: it goes on at its first unfinished phase."),
        detail,
        cause=cause,
    )


REBOOTED = msg("job.cause.reboot", "This host was restarted, or lost power, while the job ran.")


def _job_variable(folder: Path) -> dict[str, str]:
    return {"id": folder.name, "folder": str(folder), "progress": str(folder / "private" / "progress.json")}


def _first_status(spec: JobSpec, job_id: str, created_s: float, earlier: list[JobStatus]) -> JobStatus:
    phases = [
        PhaseStatus(
            phase.id, phase.title, "pending", None, None, *expected_phase_s(phase, spec.kind, spec.profile, earlier)
        )
        for phase in spec.phases
    ]
    return JobStatus(
        id=job_id,
        kind=spec.kind,
        profile=spec.profile,
        title=spec.title,
        state="queued",
        user=spec.user,
        created_s=created_s,
        unit=unit_name(job_id),
        version=__version__,
        phases=phases,
        expected_s=sum(phase.expected_s for phase in phases),
        guests=spec.guests,
        once=spec.once,
    )
