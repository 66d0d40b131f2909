# SPDX-License-Identifier: Apache-2.0
"""What a job is: the types behind ``status.json``, ``events.ndjson`` and ``private/spec.json``.

The first two cross the wire; their JSON form is ``JobStatus`` and ``JobEvent`` of ``schemas/common.json``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A job in one of these has, or should have, a live runner.
ACTIVE_STATES = frozenset({"queued", "running"})
JOB_STATES = ("queued", "running", "succeeded", "failed", "cancelled", "interrupted")
#: A job in one of these can go on at its first unfinished phase.
RESUMABLE_STATES = frozenset({"failed", "cancelled", "interrupted"})
#: What these change is the same engine: one job of them at a time.
EXCLUSIVE_KINDS = frozenset({"deploy", "cleanup", "upgrade"})
#: Of a figure nobody has measured on this host, this share may be wrong.
UNMEASURED_SHARE = 0.5


def is_awaited(kind: str, state: str, resumable: bool) -> bool:
    """A job of this kind and state runs, or has left something only its resume or a cleanup takes care of.

    A host task that failed is no such job: it is begun anew, and each of these would wait for ever.
    """
    return state in ACTIVE_STATES or (resumable and kind in EXCLUSIVE_KINDS)


def unit_name(job_id: str) -> str:
    """The systemd unit of a job."""
    return f"cockpit-rhv-job-{job_id}.service"


@dataclass
class Progress:
    """How far the current task is. ``unit``: bytes, items or seconds; ``total`` None when unknown."""

    done: float
    total: float | None
    unit: str
    message: Message | None = None

    def to_json(self) -> dict[str, Any]:
        """Wire form: definition ``Progress``."""
        return {
            "done": self.done,
            "total": self.total,
            "unit": self.unit,
            "message": self.message.to_json() if self.message else None,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Progress:
        """Inverse of :meth:`to_json`; raises KeyError, TypeError or ValueError when a field is missing or wrong."""
        if value["unit"] not in ("bytes", "items", "seconds"):
            raise ValueError(f"unknown unit {value['unit']!r}")
        total = value.get("total")
        message = value.get("message")
        return cls(
            float(value["done"]),
            None if total is None else float(total),
            value["unit"],
            Message.from_json(message) if message else None,
        )


@dataclass(frozen=True)
class PhaseSpec:
    """One phase as its profile describes it; ``expected_s`` is the shipped figure in seconds.

    ``scale``: what it depends on: ``cpu``, ``guest`` (a VM's speed) or ``none``.
    """

    id: str
    title: Message
    expected_s: float
    scale: str = "none"

    def to_json(self) -> dict[str, Any]:
        """Form in ``profile.json`` and ``spec.json``."""
        return {
            "id": self.id,
            "title": self.title.to_json(),
            "expected_s": self.expected_s,
            "scale": self.scale,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PhaseSpec:
        """Inverse of :meth:`to_json`; raises KeyError when a field is missing."""
        title = Message.from_json(value["title"])
        return cls(value["id"], title, float(value["expected_s"]), value.get("scale", "none"))


@dataclass(frozen=True)
class JobSpec:
    """Everything needed to run a job; kept root-only in ``private/spec.json``.

    ``kind``: deploy, cleanup, upgrade or task. ``answers``: the answers document, without plaintext secrets.
    ``guests``: UUIDs of the guests it works on or makes. ``once``: it is never resumed, but asked for and judged anew.
    """

    kind: str
    title: Message
    user: str
    phases: tuple[PhaseSpec, ...]
    profile: str | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    guests: tuple[str, ...] = ()
    once: bool = False

    def to_json(self) -> dict[str, Any]:
        """Form in ``spec.json``."""
        return {
            "kind": self.kind,
            "title": self.title.to_json(),
            "user": self.user,
            "phases": [phase.to_json() for phase in self.phases],
            "profile": self.profile,
            "answers": dict(self.answers),
            "guests": list(self.guests),
            "once": self.once,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> JobSpec:
        """Inverse of :meth:`to_json`; raises KeyError when a field is missing."""
        return cls(
            value["kind"],
            Message.from_json(value["title"]),
            value["user"],
            tuple(PhaseSpec.from_json(phase) for phase in value["phases"]),
            value["profile"],
            value["answers"],
            # Version 0.1.0 wrote neither.
            tuple(value.get("guests", ())),
            value.get("once", False),
        )


@dataclass
class PhaseStatus:
    """One phase of a job. ``elapsed_s``: monotonic seconds, summed over attempts; None before its first start.

    ``unsure_s``: by how much ``expected_s`` may be wrong.
    """

    id: str
    title: Message
    state: str
    started_s: float | None
    elapsed_s: float | None
    expected_s: float
    unsure_s: float

    def to_json(self) -> dict[str, Any]:
        """Wire form: definition ``PhaseStatus``."""
        return {
            "id": self.id,
            "title": self.title.to_json(),
            "state": self.state,
            "started_s": self.started_s,
            "elapsed_s": self.elapsed_s,
            "expected_s": self.expected_s,
            "unsure_s": self.unsure_s,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PhaseStatus:
        """Inverse of :meth:`to_json`; raises KeyError when a field is missing."""
        return cls(
            value["id"],
            Message.from_json(value["title"]),
            value["state"],
            value["started_s"],
            value["elapsed_s"],
            value["expected_s"],
            # Version 0.1.0 did not write it.
            value.get("unsure_s", value["expected_s"] * UNMEASURED_SHARE),
        )


@dataclass
class JobStatus:
    """``status.json``. ``*_s`` of moments are epoch seconds, of spans monotonic seconds summed over attempts."""

    id: str
    kind: str
    profile: str | None
    title: Message
    state: str
    user: str
    created_s: float
    unit: str
    version: str
    phases: list[PhaseStatus]
    started_s: float | None = None
    ended_s: float | None = None
    elapsed_s: float = 0.0
    expected_s: float = 0.0
    phase: str | None = None
    task: Message | None = None
    progress: Progress | None = None
    error: RhvError | None = None
    attempt: int = 0
    resumable: bool = False
    guests: tuple[str, ...] = ()
    once: bool = False

    @property
    def active(self) -> bool:
        """True while a runner works, or is about to."""
        return self.state in ACTIVE_STATES

    def unfinished(self) -> list[PhaseStatus]:
        """The phases a run still has to do, in order."""
        return [phase for phase in self.phases if phase.state != "done"]

    def current(self) -> PhaseStatus | None:
        """The phase named by ``phase``, or None."""
        return next((phase for phase in self.phases if phase.id == self.phase), None)

    def to_json(self) -> dict[str, Any]:
        """Wire form: definition ``JobStatus``."""
        return {
            "id": self.id,
            "kind": self.kind,
            "profile": self.profile,
            "title": self.title.to_json(),
            "state": self.state,
            "user": self.user,
            "created_s": self.created_s,
            "started_s": self.started_s,
            "ended_s": self.ended_s,
            "elapsed_s": round(self.elapsed_s, 3),
            "expected_s": round(self.expected_s, 3),
            "phases": [phase.to_json() for phase in self.phases],
            "phase": self.phase,
            "task": self.task.to_json() if self.task else None,
            "progress": self.progress.to_json() if self.progress else None,
            "error": self.error.to_json() if self.error else None,
            "attempt": self.attempt,
            "resumable": self.resumable,
            "unit": self.unit,
            "version": self.version,
            "guests": list(self.guests),
            "once": self.once,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> JobStatus:
        """Inverse of :meth:`to_json`; raises KeyError, TypeError or ValueError when a field is missing or wrong."""
        task, progress, error = value["task"], value["progress"], value["error"]
        if value["state"] not in JOB_STATES:
            raise ValueError(f"unknown state {value['state']!r}")
        return cls(
            id=value["id"],
            kind=value["kind"],
            profile=value["profile"],
            title=Message.from_json(value["title"]),
            state=value["state"],
            user=value["user"],
            created_s=value["created_s"],
            unit=value["unit"],
            version=value["version"],
            phases=[PhaseStatus.from_json(phase) for phase in value["phases"]],
            started_s=value["started_s"],
            ended_s=value["ended_s"],
            elapsed_s=value["elapsed_s"],
            expected_s=value["expected_s"],
            phase=value["phase"],
            task=Message.from_json(task) if task else None,
            progress=Progress.from_json(progress) if progress else None,
            error=RhvError.from_json(error) if error else None,
            attempt=value["attempt"],
            resumable=value["resumable"],
            guests=tuple(value.get("guests", ())),
            once=value.get("once", False),
        )


@dataclass(frozen=True)
class JobEvent:
    """One line of ``events.ndjson``. ``elapsed_s``: the job's monotonic seconds over all attempts."""

    seq: int
    time_s: float
    elapsed_s: float
    type: str
    message: Message
    phase: str | None = None
    task: str | None = None
    severity: str = "info"
    outcome: str | None = None
    duration_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Wire form: definition ``JobEvent``."""
        return {
            "seq": self.seq,
            "time_s": round(self.time_s, 3),
            "elapsed_s": round(self.elapsed_s, 3),
            "type": self.type,
            "phase": self.phase,
            "task": self.task,
            "severity": self.severity,
            "message": self.message.to_json(),
            "outcome": self.outcome,
            "duration_s": None if self.duration_s is None else round(self.duration_s, 3),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> JobEvent:
        """Inverse of :meth:`to_json`; raises KeyError when a required field is missing."""
        return cls(
            value["seq"],
            value["time_s"],
            value["elapsed_s"],
            value["type"],
            Message.from_json(value["message"]),
            value["phase"],
            value["task"],
            value["severity"],
            value.get("outcome"),
            value.get("duration_s"),
        )
