# SPDX-License-Identifier: Apache-2.0
"""``summary.json``: what anybody on the host may know of a job, and the status that is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..messages import Message
from .files import read_json
from .model import JobStatus, is_awaited, unit_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ..errors import RhvError


def public_summary(status: JobStatus) -> dict[str, Any]:
    """What, since when and whether it runs; neither who started it nor any answer."""
    return {
        "id": status.id,
        "kind": status.kind,
        "title": status.title.to_json(),
        "state": status.state,
        "created_s": status.created_s,
        "started_s": status.started_s,
        "ended_s": status.ended_s,
        "resumable": status.resumable,
    }


def from_summary(summary: Mapping[str, Any], why: RhvError) -> JobStatus:
    """A status without phases, for a job whose own status cannot be had; ``why``: access.denied or job.unreadable."""
    # A job whose status we may not read is what its summary says; one whose status is damaged has lost its runner.
    denied = why.code == "access.denied"
    return JobStatus(
        id=summary["id"],
        kind=summary["kind"],
        profile=None,
        title=Message.from_json(summary["title"]),
        state=summary["state"] if denied or summary["state"] not in ("queued", "running") else "interrupted",
        user="",
        created_s=summary["created_s"],
        unit=unit_name(summary["id"]),
        version="",
        phases=[],
        started_s=summary["started_s"],
        ended_s=summary["ended_s"],
        error=None if denied else why,
        # Version 0.1.0 did not write it.
        resumable=not denied or summary.get("resumable", False),
    )


class Awaited:
    """Tells which job folders are of jobs that run or wait to be resumed, by their summaries.

    It is asked of every old job twice a second while somebody watches, so a summary is read once as long as it stays
    the same file: 70 ms for 2,000 of them the first time, then 25 ms.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, int, bool]] = {}

    def __call__(self, folder: Path) -> bool:
        path = folder / "summary.json"
        try:
            found = path.stat()
            known = self._known.get(folder.name)
            if known is not None and known[:2] == (found.st_ino, found.st_mtime_ns):
                return known[2]
            summary = read_json(path)
            # Version 0.1.0 did not write whether a job can be resumed.
            awaited = is_awaited(summary["kind"], summary["state"], summary.get("resumable", True))
        except (OSError, ValueError, KeyError, TypeError):
            # Its status may be readable, and say more.
            return True
        self._known[folder.name] = (found.st_ino, found.st_mtime_ns, awaited)
        return awaited
