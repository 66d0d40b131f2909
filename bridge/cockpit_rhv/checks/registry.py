# SPDX-License-Identifier: Apache-2.0
"""Runs checks side by side, each within its time limit; a check that crashes or hangs is `unknown`, never `ok`."""

from __future__ import annotations

import importlib
import logging
import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

from ..errors import RhvError
from ..messages import msg
from .model import NOT_APPLICABLE, UNKNOWN, CheckReport, CheckResult, Evidence, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..messages import Message
    from .context import Context

logger = logging.getLogger(__name__)

#: One file a subject; each has a ``CHECKS`` tuple. The order is the order a reader sees.
_SUBJECTS = (
    "virtualization",
    "tools",
    "resources",
    "clock",
    "agent_port",
    "engine_vm",
    "image",
    "storage",
    "disk_file",
    "network",
    "address",
    "names",
)


@dataclass(frozen=True)
class Check:
    """One check. ``needs_answers``: it judges a planned deployment and says nothing about a host without one.

    ``limit_s``: seconds after which the check counts as not answering.
    """

    id: str
    title: Message
    why: Message
    function: Callable[[Context], Outcome]
    needs_answers: bool = False
    path: str | None = None
    limit_s: float = 10.0

    def result(self, outcome: Outcome) -> CheckResult:
        """The outcome together with what is the same at every run."""
        return CheckResult(
            self.id,
            self.title,
            outcome.severity,
            outcome.summary,
            tuple(outcome.evidence),
            self.why,
            outcome.remedy,
            outcome.remedy_job,
            outcome.path or self.path,
        )


def all_checks() -> Sequence[Check]:
    """Every check there is, in reading order."""
    subjects = (importlib.import_module(f"{__package__}.{name}") for name in _SUBJECTS)
    return [check for subject in subjects for check in subject.CHECKS]


def run_checks(ids: Iterable[str] | None, context: Context, checks: Sequence[Check] | None = None) -> CheckReport:
    """Run the checks named, or all that apply; blocks for at most the longest time limit among them.

    Raises RhvError ``checks.unknown`` for an id nobody registered.
    """
    known = all_checks() if checks is None else checks
    chosen = list(known) if ids is None else _named(known, ids)
    began = time.monotonic()
    running = [
        _Run(check, context) for check in chosen if ids is not None or context.has_answers or not check.needs_answers
    ]
    for run in running:
        run.start()
    results = [run.result(began) for run in running]
    return CheckReport(results, time.monotonic() - began)


def _named(known: Sequence[Check], ids: Iterable[str]) -> list[Check]:
    by_id = {check.id: check for check in known}
    wanted = list(ids)
    for name in wanted:
        if name not in by_id:
            raise RhvError("checks.unknown", msg("checks.unknown", "There is no check named {name}.", name=name[:64]))
    return [by_id[name] for name in wanted]


class _Run:
    """One check in a thread of its own. A daemon: a check that hangs in the kernel must not keep the process alive."""

    def __init__(self, check: Check, context: Context) -> None:
        self._check = check
        self._context = context
        self._answer: queue.SimpleQueue[Outcome] = queue.SimpleQueue()

    def start(self) -> None:
        threading.Thread(target=self._work, name=f"check {self._check.id}", daemon=True).start()

    def result(self, began: float) -> CheckResult:
        left = max(0.0, began + self._check.limit_s - time.monotonic())
        try:
            return self._check.result(self._answer.get(timeout=left))
        except queue.Empty:
            logger.warning("check %s did not answer within %s s", self._check.id, self._check.limit_s)
            text = msg("checks.timeout", "The check did not finish within {seconds} s.", seconds=self._check.limit_s)
            return self._check.result(Outcome(UNKNOWN, text))

    def _work(self) -> None:
        if self._check.needs_answers and not self._context.has_answers:
            text = msg("checks.needs_answers", "This check judges a planned deployment.")
            self._answer.put(Outcome(NOT_APPLICABLE, text))
            return
        try:
            self._answer.put(self._check.function(self._context))
        except RhvError as error:
            self._answer.put(Outcome(UNKNOWN, error.message, _raw(error), error.hint))
        except OSError as error:
            # What it wanted to read is not there or not readable: an answer, not a fault of ours.
            text = msg("checks.unreadable", "What the check reads cannot be read: {reason}", reason=str(error))
            self._answer.put(Outcome(UNKNOWN, text, (Evidence(type(error).__name__, str(error)),)))
        except Exception as error:
            logger.exception("check %s crashed", self._check.id)
            text = msg("checks.crashed", "The check itself failed: {reason}", reason=f"{type(error).__name__}: {error}")
            self._answer.put(Outcome(UNKNOWN, text))


def _raw(error: RhvError) -> tuple[Evidence, ...]:
    return (Evidence(error.code, error.detail),) if error.detail else ()
