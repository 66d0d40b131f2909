# SPDX-License-Identifier: Apache-2.0
"""How the change of the networks that goes on stands, until the host boots: written by whoever works on it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..jobs.files import read_json, write_json
from ..messages import msg

if TYPE_CHECKING:
    from collections.abc import Mapping

#: States after which nothing more comes.
FINAL = ("kept", "undone", "lost")
#: Seconds for which the page hears how the last change ended.
_TOLD_S = 600.0


def changes_dir() -> Path:
    """Where the change that goes on is written down until the host boots; ``COCKPIT_RHV_NETWORK_CHANGE``: another."""
    return Path(os.environ.get("COCKPIT_RHV_NETWORK_CHANGE", "/run/cockpit-rhv/network-change"))


def current_change() -> dict[str, Any] | None:
    """Definition ``NetworkChange``, None when there was none of late. Raises RhvError ``networks.no_record``."""
    try:
        record = read_json(changes_dir() / "state.json")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        text = msg("networks.no_record", "How the last change of the networks stands cannot be read.")
        raise RhvError("networks.no_record", text, detail=str(error)) from error
    now = time.monotonic()
    written_s, until_s, back_by_s = (record.pop(name) for name in ("written_s", "until_s", "back_by_s"))
    runner, _ = record.pop("runner"), record.pop("checkpoint", None)
    left_s = None if until_s is None else max(0, round(until_s - now))
    if record["state"] in FINAL:
        return {**record, "left_s": None} if now - written_s < _TOLD_S else None
    if record["state"] == "starting":  # its playbook never came so far when the time is up: the list of jobs says why
        return {**record, "left_s": None} if left_s else None
    if not lives(*runner):  # whoever watches over it takes it back, at the latest NetworkManager
        over_s = now - (written_s if back_by_s is None else back_by_s)
        return {**record, "state": "ended", "left_s": max(0, round(-over_s))} if over_s < _TOLD_S else None
    return {**record, "left_s": left_s}


def write_state(record: Mapping[str, Any], until_in_s: float | None, back_in_s: float | None = None) -> None:
    """Replace it. Seconds from now: until somebody must have confirmed, until it is taken back. Raises OSError."""
    now = time.monotonic()
    times = {
        "written_s": now,
        "until_s": None if until_in_s is None else now + until_in_s,
        "back_by_s": None if back_in_s is None else now + back_in_s,
    }
    empty: dict[str, Any] = {"error": None, "gateway": None, "runner": None, "checkpoint": None, "left": []}
    changes_dir().mkdir(mode=0o755, parents=True, exist_ok=True)
    write_json(changes_dir() / "state.json", {**empty, **record, **times}, 0o644)


def lives(pid: int, since: str | None) -> bool:
    """Whether the process that :func:`started` then still runs."""
    return started(pid) == since


def started(pid: int) -> str | None:
    """When the process was started, in the kernel's ticks; None when there is none: a number may be given anew."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    words = stat.rpartition(")")[2].split()
    return None if words[0] == "Z" else words[19]
