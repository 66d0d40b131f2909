# SPDX-License-Identifier: Apache-2.0
"""Jobs of every kind, as their topic shows them."""

from __future__ import annotations

import json
import time
from typing import Any

from .texts import CLEANUP, GIB, JOB, PROFILE, TASK, UPGRADE, Json, msg

WAIT = "Wait for the Manager and prove its identity"
REGISTER = "Start the agent and register this host"
#: Tasks that are over, or run, when a phase is reached.
TASKS = [
    ("preflight", "Check memory, disks, network and names", 0.9),
    ("storage", "Create the directory for the engine's disk", 0.3),
    ("image", "Copy and verify the appliance image", 5.2),
]
HOST_TASKS = json.loads((PROFILE.parent / "host" / "tasks.json").read_text())


def profile_phases(part: str) -> list[Json]:
    """The phases of one operation of the profile, or the one of a host task."""
    if part in HOST_TASKS:
        task = HOST_TASKS[part]
        return [{"id": part, "title": task["title"], "expected_s": task["expected_s"]}]
    phases: list[Json] = json.loads((PROFILE / "profile.json").read_text())[part]
    return phases


def phases(part: str, current: str | None, end: str = "running") -> list[Json]:
    """The phases as they look while (or after) ``current`` was reached; None: all are done."""
    result: list[Json] = []
    state = "done"
    for phase in profile_phases(part):
        if phase["id"] == current:
            state = end
        result.append(
            {
                "id": phase["id"],
                "title": {**phase["title"], "params": {}},
                "state": state,
                "started_s": None if state == "pending" else time.time() - 20,
                "elapsed_s": None if state == "pending" else phase["expected_s"] * 0.9,
                "expected_s": phase["expected_s"],
                "unsure_s": phase["expected_s"] * 0.4,
            }
        )
        if phase["id"] == current:
            state = "pending"
    return result


def status(
    state: str,
    *,
    id: str = JOB,
    kind: str = "deploy",
    part: str = "phases",
    title: Json | None = None,
    current: str | None = None,
    task: str | None = None,
    error: Json | None = None,
    copying: bool = False,
    elapsed_s: float = 29.6,
    age_s: float = 30.0,
    resumable: bool | None = None,
) -> Json:
    """A job's status. ``current``: the phase it is, or ended, in."""
    now = time.time()
    ended = state not in ("running", "queued")
    word = {"running": "running", "failed": "failed", "interrupted": "failed"}.get(state, "cancelled")
    return {
        "id": id,
        "kind": kind,
        "profile": None if kind == "task" else "embedded",
        "title": title or msg("deploy.title", "Deploy the engine {fqdn}", fqdn="engine.example.com"),
        "state": state,
        "user": "admin",
        "created_s": now - age_s - 1,
        "started_s": now - age_s,
        "ended_s": now - age_s + elapsed_s if ended else None,
        "elapsed_s": elapsed_s,
        "expected_s": sum(phase["expected_s"] for phase in profile_phases(part)),
        "phases": phases(part, current, word),
        "phase": current,
        "task": msg("task", task) if task else None,
        "progress": {"done": int(1.2 * GIB), "total": 3 * GIB, "unit": "bytes", "message": None} if copying else None,
        "error": error,
        "attempt": 1,
        "resumable": state in ("failed", "cancelled", "interrupted") if resumable is None else resumable,
        "unit": f"cockpit-rhv-job-{id}.service",
        "version": "0.1.0",
    }


def remedy(state: str, part: str, error: Json | None = None) -> Json:
    """The job behind a remedy's button."""
    return status(
        state,
        id=TASK,
        kind="task",
        part=part,
        title={**HOST_TASKS[part]["title"], "params": {}},
        current=None if state == "succeeded" else part,
        task={
            "open_port": "Open the port in firewalld now",
            "hosts_entry": "Write the entry of the engine",
            "start_pool": "Start the storage pool",
            "start_libvirt": "Start libvirt's sockets",
            "ha_maintenance": "Wait until the agents know it",
            "collect-logs": "Collect logs and state of this host",
        }[part],
        error=error,
        elapsed_s=0.8,
        age_s=5,
        resumable=False,
    )


def of_guests(state: str, phase: str, title: Json, *uuids: str, **more: Any) -> Json:
    """A job that makes guests or works on them. ``more``: members of the status that are otherwise."""
    task = more.pop("task", None)
    made = status(state, id=TASK, kind="task", title=title, elapsed_s=12, age_s=14, error=more.pop("error", None))
    word = {"running": "running", "succeeded": "done", "cancelled": "cancelled"}.get(state, "failed")
    one = {"id": phase, "title": title, "state": word, "started_s": made["started_s"], "elapsed_s": 11.5}
    return {
        **made,
        "phases": [{**one, "expected_s": 60.0, "unsure_s": 30.0}],
        "phase": None if state == "succeeded" else phase,
        "task": msg("task", task) if task else None,
        "guests": list(uuids),
        **more,
    }


def cleanup(state: str) -> Json:
    return status(
        state,
        id=CLEANUP,
        kind="cleanup",
        part="cleanup",
        title=msg("cleanup.title", "Remove the engine from this host"),
        current=None if state == "succeeded" else "cleanup",
        task="Remove what the deployment made",
        elapsed_s=2.6,
        age_s=10,
    )


def upgrade(state: str, error: Json | None = None) -> Json:
    return status(
        state,
        id=UPGRADE,
        kind="upgrade",
        part="upgrade",
        title=msg(
            "upgrade.title",
            "Upgrade the engine {fqdn} to version {version}",
            fqdn="engine.example.com",
            version="0.2.0",
        ),
        current=None if state == "succeeded" else "upgrade_engine",
        task=None if state == "succeeded" else "Wait until the new Manager is healthy with the engine's data",
        error=error,
        elapsed_s=41,
    )


def events(job: Json) -> Json:
    """The events of a job in that status, keyed by number."""
    found: list[Json] = []

    def add(type: str, phase: str | None, text: str, **more: Any) -> None:
        found.append(
            {
                "seq": len(found) + 1,
                "time_s": time.time(),
                "elapsed_s": len(found) * 1.7,
                "type": type,
                "phase": phase,
                "task": None,
                "severity": "info",
                "message": msg("event", text),
                "outcome": None,
                "duration_s": None,
                **more,
            }
        )

    titles = {phase["id"]: phase["title"]["text"] for phase in job["phases"]}
    add("job_started", None, "The job started.")
    last = None
    for phase, task, took in TASKS if job["kind"] == "deploy" else []:
        if phase != last:
            add("phase_started", phase, titles[phase])
            last = phase
        add("task_started", phase, task, task=task)
        if job["state"] != "running" or task != TASKS[-1][1]:
            add("task_ended", phase, task, task=task, outcome="changed", duration_s=took)
    current = job["phase"]
    if current is not None and current != last:
        add("phase_started", current, titles[current])
        if job["task"] and job["state"] == "failed":
            task = job["task"]["text"]
            if current == "engine":
                add("log", current, "The Manager answers, and reports that it is not healthy.", severity="warning")
            add("task_ended", current, task, severity="error", outcome="failed", task=task, duration_s=2.1)
    return {str(event["seq"]): event for event in found}
