# SPDX-License-Identifier: Apache-2.0
"""Everything that can be known before anything is changed: the answers by themselves, then against this host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..checks import CheckReport, Context, run_checks
from ..checks.model import UNKNOWN, WARNING
from ..errors import RhvError
from .answers import complete
from .engine_volume import volumes_of
from .state import read_record
from .validate import validate_answers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..checks.context import Probes
    from .profile import Profile


def run_preflight(profile: Profile, answers: Mapping[str, Any], probes: Probes | None = None) -> dict[str, Any]:
    """Result of ``deploy.preflight`` in ``schemas/rpc.json``: field errors, and the report of all checks.

    With field errors the report is empty: nothing in it would be sure. Blocks for seconds; call it in a thread.
    """
    errors = validate_answers(profile, answers)
    whole = None if errors else complete(profile.schema, answers)
    report = CheckReport((), 0.0) if whole is None else check_host(whole, None, probes)
    return {"errors": [error.to_json() for error in errors], "report": report.to_json()}


def check_host(answers: Mapping[str, Any], job: str | None, probes: Probes | None = None) -> CheckReport:
    """All checks against complete, valid answers; ``job``: the deployment that asks, None before there is one."""
    files, volumes = _own(job)
    return run_checks(None, Context(answers, job, files, probes, volumes))


def _own(job: str | None) -> tuple[frozenset[str], frozenset[str]]:
    """Files and volumes of this deployment, or of an unfinished one whose place it may take.

    A finished one's are in use.
    """
    try:
        record = read_record()
    except PermissionError:
        # An ordinary user cannot see the state; a leftover then looks like a foreign file until root looks.
        return frozenset(), frozenset()
    if record is None or (record.finished and record.job != job):
        return frozenset(), frozenset()
    return record.files(), frozenset(volumes_of(record))


def refuse_failed(report: CheckReport) -> None:
    """Raise RhvError ``preflight.failed`` with every failed check in its detail."""
    failed = report.failed()
    if not failed:
        return
    first = failed[0]
    raise RhvError(
        "preflight.failed",
        first.summary,  # a sentence that stands by itself, and that the reader's catalogue knows
        first.remedy,
        "\n".join(
            f"{result.title}: {result.summary}" + (f" {result.remedy}" if result.remedy else "") for result in failed
        ),
    )


def warnings(report: CheckReport) -> list[dict[str, Any]]:
    """Entries for the job's log: what does not forbid the deployment, but somebody should know."""
    return [
        {**item.summary.to_json(), "severity": "warning"}
        for item in report.results
        if item.severity in (WARNING, UNKNOWN)
    ]
