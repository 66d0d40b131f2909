# SPDX-License-Identifier: Apache-2.0
"""Events and log archives of hosts in several states, and the job that collects."""

from __future__ import annotations

import time
from typing import Any, Callable

from . import jobs
from .texts import JOB, TASK, Json, error, msg

WEB = "4b0c1a2e-0000-4000-8000-000000000001"
_STARTED = "The guest was started."
_OFF = "The guest was powered off."


def event(seq: int, age_s: float, what: str, text: str, **more: Any) -> Json:
    base: Json = {
        "seq": seq,
        "time_s": time.time() - age_s,
        "kind": "guest",
        "what": what,
        "severity": "info",
        "source": "libvirt",
        "message": msg(f"event.{what}", text),
        **dict.fromkeys(("name", "uuid", "job", "user", "title")),
    }
    return {**base, **more}


def some() -> list[Json]:
    title = msg("task.collect_logs", "Collect logs")
    job: Json = {"kind": "job", "source": "job", "job": TASK, "user": "ann", "title": title}
    return [
        event(9, 20, "started", _STARTED, name="web", uuid=WEB),
        event(8, 60, "failed", "The status of job {job} cannot be read.", **job, severity="error")
        | {"message": msg("job.unreadable", "The status of job {job} cannot be read.", job=JOB)},
        event(7, 90, "started", "The job was started.", **job),
        event(
            6, 300, "paused", "The guest was paused: its disk cannot be read or written.", name="db", severity="error"
        ),
        event(5, 900, "paused", "The guest was paused by its watchdog.", name="db", severity="warning"),
        event(4, 4000, "stopped", _OFF, name="web", uuid=WEB, source="log"),
        event(3, 90_000, "started", _STARTED, name='a "name" <b>&amp; 😀 ' + "x" * 60, source="log"),
        event(2, 90_001, "booted", "This host was started.", kind="host", source="recorder"),
        event(1, 90_002, "recording", "Recording begins. Before, only starts and ends of guests and jobs are known.")
        | {"kind": "host", "source": "recorder"},
    ]


def many(count: int = 120) -> list[Json]:
    return [event(seq, 10 * (count - seq), "started", _STARTED, name=f"guest{seq}") for seq in range(count, 0, -1)]


KINDS: dict[str, Callable[[], list[Json]]] = {
    "none": list,
    "some": some,
    "more": lambda: [event(10, 1, "stopped", _OFF, name="web"), *some()],
    "many": many,
}


def topic(kind: str, by: str | None) -> Json:
    return {"stamp": kind, "recording": {"by": by, "since_s": time.time() - 3600 if by else None}}


def answer(kind: str, by: str | None, params: Json) -> Json:
    """What `events.list` says; of the filters the kind, the severity, the guest and the words, in English."""
    everything = KINDS[kind]()
    at_least = {"warning": ("warning", "error"), "error": ("error",)}.get(params.get("severity", ""))

    def wanted(one: Json) -> bool:
        title = (one["title"] or {}).get("text", "")
        text = f"{one['name']} {one['message']['text']} {title}".lower()
        return (
            one["seq"] < params.get("before", 10**9)
            and params.get("kind", one["kind"]) == one["kind"]
            and (at_least is None or one["severity"] in at_least)
            and params.get("guest", one["name"]) == one["name"]
            and one["time_s"] >= params.get("since_s", 0)
            and all(word in text for word in params.get("text", "").lower().split())
        )

    found = [one for one in everything if wanted(one)]
    limit = params.get("limit", 50)
    return {
        "events": found[:limit],
        "more": len(found) > limit,
        "empty": not everything,
        "recording": topic(kind, by)["recording"],
    }


def archive(job: str, age_s: float, **more: Any) -> Json:
    created_s = time.time() - age_s
    return {
        "id": job,
        "filename": f"rhv-logs-{job}.tar.xz",
        "size_bytes": 4_812_345,
        "created_s": created_s,
        "expires_s": created_s + 14 * 86_400,
        "since": "1d",
        "guests": True,
        "sources": 132,
        "unread": 0,
        "cut": 0,
        **more,
    }


def archives(count: int) -> Json:
    found = [
        archive(TASK, 120, unread=3, cut=1),
        archive(JOB, 86_400, since="all", guests=False, size_bytes=24_000_000),
    ]
    return {"archives": found[:count], "kept": 5, "kept_s": 14 * 86_400.0}


def collecting(state: str) -> Json:
    status = jobs.remedy(state, "collect-logs", _no_space() if state == "failed" else None)
    if state == "running":
        message = msg("logs.step.storage", "Reading the state of the storage")
        status["progress"] = {"done": 3, "total": 10, "unit": "items", "message": message}
    return status


def _no_space() -> Json:
    text = "{folder} has only {free} MiB free; {needed} MiB are needed for the archive."
    return error(
        "logs.no_space",
        msg("logs.no_space", text, folder="/var/lib/cockpit-rhv/logs", free=12, needed=64),
        msg("logs.no_space.hint", "Make room, for example by removing older archives, and collect again."),
    )
