# SPDX-License-Identifier: Apache-2.0
"""The ordered steps of a storage test, told as checks are: severity, sentence, evidence, why it matters, what to do."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from ..messages import msg

# as they are named here: whoever judges takes them with what it makes of them
from ..severity import ERROR as ERROR
from ..severity import OK as OK
from ..severity import UNKNOWN as UNKNOWN
from ..severity import WARNING as WARNING
from ..severity import worst
from .programs import Cancelled, Overdue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..messages import Message
    from .earlier import Earlier

logger = logging.getLogger(__name__)

SKIPPED = "skipped"


@dataclass(frozen=True)
class Found:
    """What a step found. ``evidence``: pairs of what was read and what it said. ``stop``: later steps make no sense."""

    severity: str
    summary: Message
    evidence: Sequence[tuple[str, str]] = ()
    remedy: Message | None = None
    stop: bool = False


@dataclass(frozen=True)
class Step:
    """One step. ``always``: it is done even when a step before it failed (undoing)."""

    id: str
    title: Message
    why: Message
    function: Callable[[], Found]
    always: bool = False


def space_step(function: Callable[[], Found]) -> Step:
    """Room, on whatever it is."""
    why = msg("storage.space.why", "A guest whose disk cannot grow is paused in the middle of its work.")
    return Step("space", msg("storage.space.title", "Free space"), why, function)


def content_step(function: Callable[[], Found]) -> Step:
    """What lies there."""
    why = msg("storage.content.why", "What lies there already may belong to another engine.")
    return Step("content", msg("storage.content.title", "Contents"), why, function)


def undone_step(function: Callable[[], Found]) -> Step:
    """The last one, done whatever went wrong before."""
    why = msg("storage.undone.why", "A test leaves this host as it was.")
    return Step("undone", msg("storage.undone.title", "Undone"), why, function, always=True)


@dataclass(frozen=True)
class StepResult:
    """Definition ``StorageStep`` of ``schemas/storage.json``."""

    step: Step
    found: Found
    elapsed_s: float

    def to_json(self) -> dict[str, Any]:
        """Wire form."""
        found = self.found
        return {
            "id": self.step.id,
            "title": self.step.title.to_json(),
            "severity": found.severity,
            "summary": found.summary.to_json(),
            "evidence": [{"source": source, "value": value} for source, value in found.evidence],
            "why": self.step.why.to_json(),
            "remedy": found.remedy.to_json() if found.remedy else None,
            "elapsed_s": round(self.elapsed_s, 3),
        }


@dataclass
class Report:
    """Definition ``StorageReport``; ``document`` is without secrets. ``earlier``: what an engine left there."""

    document: Mapping[str, Any]
    results: list[StepResult] = field(default_factory=list)
    elapsed_s: float = 0.0
    cancelled: bool = False
    earlier: Earlier | None = None

    @property
    def verdict(self) -> str:
        """The worst severity; a test that was cancelled has proved nothing."""
        found = worst({result.found.severity for result in self.results}) or UNKNOWN
        return UNKNOWN if self.cancelled and found != ERROR else found

    def to_json(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "verdict": self.verdict,
            "cancelled": self.cancelled,
            "steps": [result.to_json() for result in self.results],
            "elapsed_s": round(self.elapsed_s, 3),
            "document": dict(self.document),
            "earlier": [file.to_json() for file in self.earlier.files] if self.earlier else [],
            "earlier_host": self.earlier.signed if self.earlier else "",
            "earlier_elsewhere": self.earlier.elsewhere if self.earlier else False,
        }


def run_steps(steps: Sequence[Step], report: Report, tell: Callable[[StepResult], None] | None = None) -> Report:
    """Do the steps in their order and add what they found to ``report``; ``tell`` is given each as it comes.

    After a step that found an error and says so, the others are skipped, except those that undo.
    """
    began = time.monotonic()
    failed = False
    for step in steps:
        since = time.monotonic()
        if report.cancelled and not step.always:
            found = Found(SKIPPED, msg("storage.step.cancelled", "The test was cancelled."))
        elif failed and not step.always:
            found = Found(SKIPPED, msg("storage.step.skipped", "Not tried, because a step before it failed."))
        else:
            try:
                found = _do(step)
            except Cancelled:
                report.cancelled = True
                found = Found(SKIPPED, msg("storage.step.cancelled", "The test was cancelled."))
            failed = failed or found.stop
        result = StepResult(step, found, time.monotonic() - since)
        report.results.append(result)
        if tell is not None:
            tell(result)
    report.elapsed_s = time.monotonic() - began
    return report


def _do(step: Step) -> Found:
    try:
        return step.function()
    except Overdue as error:
        return Found(
            ERROR,
            msg("storage.step.overdue", "No answer within {seconds} s.", seconds=error.limit_s),
            [(" ".join(error.argv[:6]), str(error))],
            msg("storage.step.overdue.remedy", "See whether the server is up and the way to it is free; try again."),
            stop=True,
        )
    except RhvError as error:
        return Found(UNKNOWN, error.message, [(error.code, error.detail or "")], error.hint, stop=True)
    except OSError as error:
        text = msg("storage.step.unreadable", "What the step needs cannot be read: {reason}", reason=str(error))
        return Found(UNKNOWN, text, [(type(error).__name__, str(error))], stop=True)
    except Cancelled:  # ours to tell, not a crash
        raise
    except Exception as error:
        # A defect of ours must not keep the steps that undo from being done.
        logger.exception("storage step %s crashed", step.id)
        text = msg("storage.step.crashed", "The step itself failed: {reason}", reason=type(error).__name__)
        return Found(UNKNOWN, text, stop=True)


def missing_program(program: str, package: str) -> Found:
    """A program this step needs is not installed. ``package``: what brings it, on Debian and on EL."""
    return Found(
        ERROR,
        msg("storage.program_missing", "The program {program} is not installed.", program=program),
        [("PATH", program)],
        msg("storage.program_missing.remedy", "Install the package {package}.", package=package),
        stop=True,
    )
