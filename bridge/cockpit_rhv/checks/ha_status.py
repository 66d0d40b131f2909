# SPDX-License-Identifier: Apache-2.0
"""What the hosted engine's agents of oVirt know of each other: ``hosted-engine --vm-status --json`` and their log."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RhvError
from ..messages import msg
from .asking import json_in, shown

if TYPE_CHECKING:
    from pathlib import Path

#: The best score a host can have.
BASE_SCORE = 3400
#: Bytes of the agent's log that are read, and seconds of it that count: each penalty is logged once a minute.
_LOG_TAIL, _LOG_SPAN_S = 65536, 300
STRANGE = msg("checks.ha.strange", "The agents of the hosted engine do not tell their state.")
LOG = "var/log/ovirt-hosted-engine-ha/agent.log"
_PENALTY = re.compile(
    r"::(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d),\d+::.*(?:Penalizing score by (\d+)|Score is (0)) due to (.+)$"
)


class HaHost(NamedTuple):
    """``vm``: up, down, down_unexpected, down_missing or unknown. ``health``: good, bad or unknown.

    ``state``: the agent's own word (EngineUp, EngineDown…), None in old metadata. ``live``: it was heard of in the
    last minute; whatever else is said of a host that is not live is past.
    """

    id: int
    name: str
    score: int
    vm: str
    health: str
    detail: str
    reason: str | None
    maintenance: bool
    stopped: bool
    state: str | None
    live: bool

    def said(self) -> str:
        """All of it, for a reader."""
        parts = [
            f"score {self.score}",
            f"engine VM {self.vm} ({self.detail}), health {self.health}" + (f": {self.reason}" if self.reason else ""),
            self.state or "state not told",
            "local maintenance" if self.maintenance else "",
            "agent stopped" if self.stopped else "",
            "live" if self.live else "STALE: not heard of for a minute",
        ]
        return "; ".join(part for part in parts if part)


class HaStatus(NamedTuple):
    """All hosts that ever shared the hosted engine's storage, by their id."""

    hosts: tuple[HaHost, ...]
    global_maintenance: bool


def parse_status(output: str) -> HaStatus:
    """What ``hosted-engine --vm-status --json`` printed; without a broker that is no JSON.

    Raises RhvError ``checks.ha.strange``.
    """
    try:
        told = json_in(output, dict)
        hosts = [_host(key, value) for key, value in told.items() if key.isdecimal()]
        if not hosts and "global_maintenance" not in told:
            raise ValueError("neither hosts nor the mode")
        return HaStatus(tuple(sorted(hosts)), told.get("global_maintenance") is True)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise RhvError("checks.ha.strange", STRANGE, detail=shown(output)) from error


def _host(key: str, told: dict[str, Any]) -> HaHost:
    engine = told["engine-status"]
    if isinstance(engine, str):  # before 4.3
        engine = json.loads(engine)
    state = re.search(r"^state=(\w+)$", str(told.get("extra", "")), re.MULTILINE)
    reason = engine.get("reason")
    return HaHost(
        int(key),
        str(told["hostname"]),
        int(told["score"]),
        str(engine["vm"]),
        str(engine["health"]),
        str(engine.get("detail", "unknown")),
        None if reason is None else str(reason),
        told.get("maintenance") is True,
        told.get("stopped") is True,
        state[1] if state else None,
        told["live-data"] is True,
    )


def penalties(log: str) -> dict[str, int]:
    """Why a host has less than the best score, by its agent's newest lines: reason to points, 0 for no score at all."""
    found: list[tuple[int, str, int]] = []
    for line in log.splitlines():
        match = _PENALTY.search(line)
        if match:
            year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
            # The log is in local time, and only differences matter: days of a month are as good as any.
            at = (((year * 12 + month) * 31 + day) * 24 + hour) * 3600 + minute * 60 + second
            found.append((at, match[9].strip(), int(match[7] or 0)))
    newest = max((at for at, _, _ in found), default=0)
    # "free memory 812 being lower…": the figure changes, the reason does not.
    kept = {re.split(r" \d", reason)[0]: (reason, points) for at, reason, points in found if newest - at <= _LOG_SPAN_S}
    return dict(kept.values())


def read_penalties(root: Path) -> dict[str, int]:
    """From the end of the agent's log. Raises OSError."""
    with (root / LOG).open("rb") as log:
        size = log.seek(0, 2)
        log.seek(max(0, size - _LOG_TAIL))
        return penalties(log.read().decode("utf-8", "replace"))
