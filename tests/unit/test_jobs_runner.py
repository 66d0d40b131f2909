# SPDX-License-Identifier: Apache-2.0
"""A job from its start to its end, with the real ansible-runner."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from cockpit_rhv.jobs import JobStore, read_output, start_job

from .jobs_support import ROOT, PlainLauncher, journal, playbooks, plugins, spec

if TYPE_CHECKING:
    from pathlib import Path

    from cockpit_rhv.jobs import JobStatus

COMMON = json.loads((ROOT / "schemas" / "common.json").read_text())


def conforms(value: Any, definition: str) -> None:
    jsonschema.Draft7Validator({**COMMON, "$ref": f"#/definitions/{definition}"}).validate(value)


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(tmp_path / "jobs")


@pytest.fixture
def launcher() -> PlainLauncher:
    return PlainLauncher()


def run(
    store: JobStore,
    launcher: PlainLauncher,
    tmp_path: Path,
    tasks: dict[str, list[dict[str, Any]]],
    modules: dict[str, str] | None = None,
    variables: dict[str, Any] | None = None,
) -> JobStatus:
    job_id = start_job(
        spec(*tasks),
        playbooks(tmp_path / "playbooks", tasks),
        plugins(tmp_path / "plugins", modules or {}),
        variables,
        store=store,
        launcher=launcher,
    )
    launcher.wait(store.load(job_id).unit)
    return store.load(job_id)


def test_three_phases(store: JobStore, launcher: PlainLauncher, tmp_path: Path) -> None:
    status = run(
        store,
        launcher,
        tmp_path,
        {
            "one": [{"name": "Do nothing", "say": {}}, {"name": "Change something", "say": {"given": {"changed": True}}}],
            "two": [{"name": "Be left out", "say": {}, "when": False}],
            "three": [
                {"name": "Tell", "say": {"given": {"rhv_log": [{"id": "t", "text": "{n} files", "params": {"n": 2}}]}}}
            ],
        },
        {"say": "result = given or {}"},
    )
    assert status.state == "succeeded", journal(store, status.id)
    assert [(phase.id, phase.state) for phase in status.phases] == [("one", "done"), ("two", "done"), ("three", "done")]
    assert status.error is None
    assert not status.resumable
    assert status.attempt == 1
    assert status.elapsed_s >= sum(phase.elapsed_s or 0 for phase in status.phases) > 0
    events = store.events(status.id)
    told = [(event.type, event.phase, str(event.message), event.outcome) for event in events]
    assert told == [
        ("job_started", None, "The job started.", None),
        ("phase_started", "one", "One", None),
        ("task_started", "one", "Do nothing", None),
        ("task_ended", "one", "Do nothing", "ok"),
        ("task_started", "one", "Change something", None),
        ("task_ended", "one", "Change something", "changed"),
        ("phase_ended", "one", "One", "ok"),
        ("phase_started", "two", "Two", None),
        ("task_started", "two", "Be left out", None),
        ("task_ended", "two", "Be left out", "skipped"),
        ("phase_ended", "two", "Two", "ok"),
        ("phase_started", "three", "Three", None),
        ("task_started", "three", "Tell", None),
        ("log", "three", "2 files", None),
        ("task_ended", "three", "Tell", "ok"),
        ("phase_ended", "three", "Three", "ok"),
        ("job_ended", None, "The job is done.", "ok"),
    ]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    conforms(status.to_json(), "JobStatus")
    conforms(store.list().to_json(), "Jobs")
    for event in events:
        conforms(event.to_json(), "JobEvent")
    assert "PLAY RECAP" in read_output(store, status.id).text
