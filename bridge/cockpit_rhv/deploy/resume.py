# SPDX-License-Identifier: Apache-2.0
"""Resumes an unfinished deployment with other answers: what they affect is made anew, the rest is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..jobs.control import require_root, resume_job
from ..jobs.files import read_json, write_json
from ..jobs.model import RESUMABLE_STATES, JobSpec
from ..jobs.store import JobStore
from ..messages import Message, msg
from .answers import complete, fields, get
from .discard import discard_unfinished
from .profile import Profile, read_profile
from .secrets import hash_admin_password, hash_root_password
from .start import deployment_title
from .state import Deployment, read_record
from .validate import FieldError, refuse_invalid, validate_answers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..jobs.launch import Launcher
    from ..jobs.model import JobStatus

#: A schema of version 0.1.0 does not say which phase an answer is first used in: everything is then done again.
_NO_PHASE = ""
#: The last phase in which what is made of the answers still lies inside the unfinished engine VM.
_LAST_OF_VM = "vm"
_FIRST_OF_VM = "storage"
_PASSWORD_PHASE = "image"  # noqa: S105 - a phase's name


@dataclass(frozen=True)
class Change:
    """One answer that is not what it was."""

    path: str
    old: Any
    new: Any
    phase: str


@dataclass(frozen=True)
class Plan:
    """Definition ``ResumePlan``. ``phases`` will run, the first first; of them ``again`` were done before."""

    errors: Sequence[FieldError]
    changes: Sequence[Change]
    phases: Sequence[str]
    again: Sequence[str]
    discards: Message | None

    def to_json(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "errors": [error.to_json() for error in self.errors],
            "changes": [{"path": item.path, "old": item.old, "new": item.new} for item in self.changes],
            "phases": list(self.phases),
            "again": list(self.again),
            "discards": self.discards.to_json() if self.discards else None,
        }


def deployment_answers(job_id: str, store: JobStore | None = None) -> dict[str, Any]:
    """Result of ``deploy.answers``. Raises RhvError ``job.*``, ``deploy.not_resumable``."""
    store = store or JobStore()
    spec = _spec(store, job_id)
    return {"profile": spec.profile, "answers": dict(_answers(store, job_id, spec))}


def plan_resume(
    job_id: str, answers: Mapping[str, Any], new_password: bool = False, store: JobStore | None = None
) -> Plan:
    """What resuming with these answers would do; changes nothing. Raises RhvError ``job.*``, ``profile.damaged``."""
    store = store or JobStore()
    spec = _spec(store, job_id)
    profile = _job_profile(store, job_id)
    errors = validate_answers(profile, answers)
    if errors:
        return Plan(errors, [], [], [], None)
    changes = _changes(profile, _answers(store, job_id, spec), complete(profile.schema, answers))
    return _plan(store.stored(job_id), changes, new_password)


def resume_deployment(
    job_id: str,
    answers: Mapping[str, Any],
    secrets: Mapping[str, str],
    *,
    store: JobStore | None = None,
    launcher: Launcher | None = None,
) -> str:
    """Resume with these answers, and with new passwords where they are given; returns the job's id.

    No plaintext leaves this function. Raises RhvError ``access.denied``, ``answers.invalid``, ``secrets.*``, ``job.*``.
    """
    require_root()
    store = store or JobStore()
    spec = _spec(store, job_id)
    profile = _job_profile(store, job_id)
    refuse_invalid(profile, answers)
    whole = complete(profile.schema, answers)
    hashes = {}
    if "admin_password" in secrets:
        hashes["rhv_admin_password_hash"] = hash_admin_password(secrets["admin_password"])
    if "root_password" in secrets:
        hashes["rhv_root_password_hash"] = hash_root_password(secrets["root_password"])

    def change(status: JobStatus) -> None:
        plan = _plan(status, _changes(profile, _answers(store, job_id, spec), whole), bool(hashes))
        if not plan.changes and not hashes:
            return
        private = store.folder(job_id) / "private"
        title = deployment_title(whole)
        fresh = JobSpec(spec.kind, title, spec.user, spec.phases, spec.profile, whole)
        write_json(private / "spec.json", fresh.to_json(), 0o600, gid=0, durable=True)
        # The new answers count once vars.json has them. What they make necessary is written before: after a kill in
        # between the job does again what it did with the old ones.
        if plan.discards is not None:
            deployment = Deployment.open(job_id)
            deployment.update(discard=True)
            if not _knows_discard(profile):
                discard_unfinished(deployment)
        for phase in status.phases:
            if phase.id in plan.phases:
                phase.state = "pending"
        store.write_status(status, durable=True)
        variables = {**read_json(private / "vars.json"), "rhv_answers": whole, **hashes}
        write_json(private / "vars.json", variables, 0o600, gid=0, durable=True)
        status.title = title

    return resume_job(job_id, change, store=store, launcher=launcher)


def _spec(store: JobStore, job_id: str) -> JobSpec:
    status = store.load(job_id)
    if status.kind != "deploy" or status.state not in RESUMABLE_STATES or not status.resumable:
        raise RhvError(
            "deploy.not_resumable",
            msg("deploy.not_resumable", "The job {job} is no unfinished deployment.", job=job_id),
            msg("deploy.not_resumable.hint", "A finished engine is changed by other means than its deployment."),
        )
    return store.spec(job_id)


def _answers(store: JobStore, job_id: str, spec: JobSpec) -> Mapping[str, Any]:
    """What the job runs with. ``spec.json`` may be ahead of it, see :func:`resume_deployment`."""
    try:
        answers: Mapping[str, Any] = read_json(store.folder(job_id) / "private" / "vars.json")["rhv_answers"]
    except (OSError, ValueError, KeyError):
        return spec.answers
    return answers


def _knows_discard(profile: Profile) -> bool:
    # A job of version 0.1.0 runs its own copy of that version's Python, which does not know the mark.
    return any("x-phase" in field for _path, field in fields(profile.schema))


def _job_profile(store: JobStore, job_id: str) -> Profile:
    # The job runs from its own copy of the playbooks, so its own copy of the schema says what they understand.
    project = store.folder(job_id) / "private" / "project"
    return read_profile(project, project / "plugins")


def _changes(profile: Profile, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    return [
        Change(path, get(old, path), get(new, path), field.get("x-phase", _NO_PHASE))
        for path, field in fields(profile.schema)
        if get(old, path) != get(new, path)
    ]


def _plan(status: JobStatus, changes: Sequence[Change], new_password: bool) -> Plan:
    order = [phase.id for phase in status.phases]
    unfinished = [phase.id for phase in status.unfinished()]
    if not changes and not new_password:
        return Plan([], [], unfinished, [], None)
    # What only the checks ask for has left nothing behind that would have to be made anew.
    touched = [item.phase for item in changes if item.phase != order[0]] + ([_PASSWORD_PHASE] if new_password else [])
    first = min((order.index(phase) if phase in order else 1 for phase in touched), default=len(order))
    record = read_record()
    if record is not None and record.job == status.id:
        made = bool(record.disk or record.drive or record.started)
        # A Manager that has forgotten the job's key takes nothing more from it.
        discards = made and (first <= order.index(_LAST_OF_VM) or (record.closing and bool(touched)))
    else:
        discards = False
    if discards:
        first = min(first, order.index(_FIRST_OF_VM))
    # The host is judged once more by what is wanted now.
    phases = [phase for number, phase in enumerate(order) if number == 0 or number >= first or phase in unfinished]
    again = [phase for phase in phases if phase not in unfinished]
    text = msg("resume.discards", "The unfinished engine VM and its disk are thrown away and made anew.")
    return Plan([], changes, phases, again, text if discards else None)
