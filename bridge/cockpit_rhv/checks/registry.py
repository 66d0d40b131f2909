# SPDX-License-Identifier: Apache-2.0
"""Runs checks side by side, each within its time limit; a check that crashes or hangs is `unknown`, never `ok`."""

from __future__ import annotations

import importlib
import logging
import queue
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

from ..errors import RhvError
from ..messages import msg
from .model import NOT_APPLICABLE, UNKNOWN, CheckReport, CheckResult, Evidence, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping, Sequence

    from ..messages import Message
    from .context import Context

logger = logging.getLogger(__name__)

#: One file a subject; each has a ``CHECKS`` tuple. The order is the order a reader sees.
_SUBJECTS = (
    "virtualization",
    "processor_features",
    "tools",
    "resources",
    "clock",
    "agent_port",
    "engine_vm",
    "image",
    "storage",
    "shared_storage",
    "engine_lease",
    "disk_file",
    "network",
    "address",
    "names",
    "libvirt_daemons",
    "guest_states",
    "coredumps",
    "guest_load",
    "guest_macs",
    "vhost",
    "cgroups",
    "confinement",
    "memory_health",
    "memory_pages",
    "space",
    "pools",
    "thin_pools",
    "multipath",
    "smart",
    "links",
    "host_name",
    "firewall",
    "certificates",
    "agent_link",
    "units",
    "vdsm_units",
    "vdsm_report",
    "hosted_engine",
    "node_image",
    "kernel_state",
    "hardware_events",
    "reboot",
    "updates",
)


@dataclass(frozen=True)
class Check:
    """One check. ``needs_answers``: it judges a planned deployment and says nothing about a host without one.

    ``health_only``: it judges a host's daily work; a planned deployment is neither held up nor warned by it. A check
    with neither is asked for both. ``limit_s``: seconds after which the check counts as not answering.
    """

    id: str
    title: Message
    why: Message
    function: Callable[[Context], Outcome]
    needs_answers: bool = False
    health_only: bool = False
    path: str | None = None
    limit_s: float = 10.0

    def applies(self, context: Context) -> bool:
        """Whether a run of all checks includes it: a deployment's preflight, or the health of the host as it is."""
        return not self.health_only if context.has_answers else not self.needs_answers

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


def run_checks(
    ids: Iterable[str] | None,
    context: Context,
    checks: Sequence[Check] | None = None,
    *,
    tell: Callable[[CheckResult], None] | None = None,
    hanging: MutableMapping[str, threading.Thread] | None = None,
) -> CheckReport:
    """Run the checks named, or all that apply; blocks for at most the longest time limit among them.

    ``tell`` is given each result as it comes, so that one check that hangs holds up none of the others. ``hanging``
    belongs to whoever runs checks again and again: a check whose last thread has not come back is not started anew, or
    a dead file server would cost a thread a minute. Raises RhvError ``checks.unknown`` for an id nobody registered.
    """
    known = all_checks() if checks is None else checks
    chosen = [check for check in known if check.applies(context)] if ids is None else _named(known, ids)
    began = time.monotonic()
    threads = {} if hanging is None else hanging
    answers: queue.SimpleQueue[tuple[str, Outcome]] = queue.SimpleQueue()
    results: dict[str, CheckResult] = {}

    def settle(check: Check, outcome: Outcome) -> None:
        results[check.id] = check.result(outcome)
        if tell is not None:
            tell(results[check.id])

    waiting: dict[str, Check] = {}
    for check in chosen:
        former = threads.get(check.id)
        if former is not None and former.is_alive():
            settle(check, Outcome(UNKNOWN, _STILL_HANGS))
        elif check.id not in waiting:
            waiting[check.id] = check
            threads[check.id] = _start(check, context, answers)
    while waiting:
        next_end = min(check.limit_s for check in waiting.values()) + began
        try:
            name, outcome = answers.get(timeout=max(0.0, next_end - time.monotonic()))
        except queue.Empty:
            for check in [check for check in waiting.values() if check.limit_s + began <= time.monotonic()]:
                settle(waiting.pop(check.id), _overdue(check))
            continue
        # An answer that comes after its limit is dropped: it has been said that there was none.
        if name in waiting:
            settle(waiting.pop(name), outcome)
    return CheckReport([results[check.id] for check in chosen], time.monotonic() - began)


def _named(known: Sequence[Check], ids: Iterable[str]) -> list[Check]:
    by_id = {check.id: check for check in known}
    wanted = list(ids)
    for name in wanted:
        if name not in by_id:
            raise RhvError("checks.unknown", msg("checks.unknown", "There is no check named {name}.", name=name[:64]))
    return [by_id[name] for name in wanted]


def _start(check: Check, context: Context, answers: queue.SimpleQueue[tuple[str, Outcome]]) -> threading.Thread:
    # A daemon: a check that hangs in the kernel must not keep the process alive.
    thread = threading.Thread(
        target=lambda: answers.put((check.id, _ask(check, context))), name=f"check {check.id}", daemon=True
    )
    thread.start()
    return thread


def _overdue(check: Check) -> Outcome:
    logger.warning("check %s did not answer within %s s", check.id, check.limit_s)
    return Outcome(
        UNKNOWN, msg("checks.timeout", "The check did not finish within {seconds} s.", seconds=check.limit_s)
    )


def _ask(check: Check, context: Context) -> Outcome:
    if check.needs_answers and not context.has_answers:
        return Outcome(NOT_APPLICABLE, msg("checks.needs_answers", "This check judges a planned deployment."))
    try:
        return check.function(context)
    except RhvError as error:
        return Outcome(UNKNOWN, error.message, _raw(error), error.hint)
    except OSError as error:
        # What it wanted to read is not there or not readable: an answer, not a fault of ours.
        text = msg("checks.unreadable", "What the check reads cannot be read: {reason}", reason=str(error))
        return Outcome(UNKNOWN, text, (Evidence(type(error).__name__, str(error)),))
    except subprocess.TimeoutExpired as error:
        command = error.cmd if isinstance(error.cmd, str) else " ".join(map(str, error.cmd))
        text = msg("checks.timeout", "The check did not finish within {seconds} s.", seconds=error.timeout)
        return Outcome(UNKNOWN, text, (Evidence(command, str(error)),))
    except Exception as error:
        logger.exception("check %s crashed", check.id)
        text = msg("checks.crashed", "The check itself failed: {reason}", reason=f"{type(error).__name__}: {error}")
        return Outcome(UNKNOWN, text)


_STILL_HANGS = msg("checks.still_hangs", "The check hangs since an earlier run; what it asks does not answer.")


def _raw(error: RhvError) -> tuple[Evidence, ...]:
    return (Evidence(error.code, error.detail),) if error.detail else ()
