# SPDX-License-Identifier: Apache-2.0
"""What a check says: a severity, a sentence, what it read, why it matters, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

# as they are named here: whoever judges takes them with what it makes of them
from ..severity import ERROR as ERROR
from ..severity import OK as OK
from ..severity import UNKNOWN as UNKNOWN
from ..severity import WARNING as WARNING
from ..severity import worst

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..errors import Remedy
    from ..messages import Message

NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True)
class Evidence:
    """``source``: what was read (a path, a command, a libvirt call). ``value``: what it said, verbatim."""

    source: str
    value: str

    def to_json(self) -> dict[str, str]:
        """Item of ``CheckResult.evidence`` in ``schemas/common.json``."""
        return {"source": self.source, "value": self.value}


@dataclass(frozen=True)
class Outcome:
    """What a check function returns; the registry adds what is the same at every run.

    ``path``: dotted path of the answer it is about, when that differs from the check's own. ``remedy_job``: the host
    task that mends it, where one can.
    """

    severity: str
    summary: Message
    evidence: Sequence[Evidence] = ()
    remedy: Message | None = None
    path: str | None = None
    remedy_job: Remedy | None = None


@dataclass(frozen=True)
class CheckResult:
    """Definition ``CheckResult`` of ``schemas/common.json``."""

    id: str
    title: Message
    severity: str
    summary: Message
    evidence: Sequence[Evidence]
    why: Message
    remedy: Message | None
    remedy_job: Remedy | None
    path: str | None

    def to_json(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": self.id,
            "title": self.title.to_json(),
            "severity": self.severity,
            "summary": self.summary.to_json(),
            "evidence": [item.to_json() for item in self.evidence],
            "why": self.why.to_json(),
            "remedy": self.remedy.to_json() if self.remedy else None,
            "remedy_job": self.remedy_job.to_json() if self.remedy_job else None,
            "path": self.path,
        }


@dataclass(frozen=True)
class CheckReport:
    """Checks that ran together; ``elapsed_s`` by the monotonic clock."""

    results: Sequence[CheckResult]
    elapsed_s: float

    @property
    def verdict(self) -> str:
        """The worst severity in it; ``ok`` when nothing applied."""
        return worst({result.severity for result in self.results}) or OK

    def failed(self) -> list[CheckResult]:
        """Results that forbid to go on, in the order they ran. What could not be read does not forbid."""
        return [result for result in self.results if result.severity == ERROR]

    def to_json(self) -> dict[str, Any]:
        """Definition ``CheckReport`` of ``schemas/common.json``."""
        return {
            "verdict": self.verdict,
            "results": [result.to_json() for result in self.results],
            "elapsed_s": round(self.elapsed_s, 3),
        }
