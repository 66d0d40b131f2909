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
            "one": [
                {"name": "Do nothing", "say": {}},
                {"name": "Change something", "say": {"given": {"changed": True}}},
            ],
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


FAILURE = {
    "code": "image.checksum",
    "message": {"id": "image.checksum", "text": "{file} is damaged.", "params": {"file": "a.qcow2"}},
    "hint": {"id": "image.checksum.hint", "text": "Fetch it again.", "params": {}},
    "detail": "sha256 differs",
}


def test_an_rhv_error_becomes_the_jobs_error(store: JobStore, launcher: PlainLauncher, tmp_path: Path) -> None:
    status = run(
        store,
        launcher,
        tmp_path,
        {
            "one": [{"name": "Work", "say": {}}],
            "two": [
                {"name": "Fail without harm", "say": {"given": {"failed": True}}, "ignore_errors": True},
                {
                    "name": "Fail",
                    "say": {"given": {"failed": True, "rhv_error": FAILURE, "secret": "marker-in-result"}},
                },
            ],
            "three": [{"name": "Never come here", "say": {}}],
        },
        {"say": "result = given or {}"},
    )
    assert status.state == "failed"
    assert status.resumable
    assert [phase.state for phase in status.phases] == ["done", "failed", "pending"]
    assert status.phase == "two"
    assert str(status.task) == "Fail"
    assert status.error is not None
    assert status.error.to_json() == FAILURE
    events = store.events(status.id)
    assert [(e.severity, e.outcome) for e in events if e.type == "task_ended"] == [
        ("info", "ok"),
        ("warning", "failed"),
        ("error", "failed"),
    ]
    assert (events[-1].type, events[-1].severity, str(events[-1].message)) == (
        "job_ended",
        "error",
        "a.qcow2 is damaged.",
    )
    conforms(status.to_json(), "JobStatus")


def test_a_failed_item_of_a_loop_tells_why(store: JobStore, launcher: PlainLauncher, tmp_path: Path) -> None:
    loop = {
        "name": "Work on each",
        "say": {"given": "{{ item }}"},
        "loop": [{}, {"failed": True, "rhv_error": FAILURE}],
    }
    status = run(store, launcher, tmp_path, {"one": [loop]}, {"say": "result = given or {}"})
    assert status.error is not None
    assert status.error.code == "image.checksum"


def test_a_failure_without_rhv_error_names_the_task(store: JobStore, launcher: PlainLauncher, tmp_path: Path) -> None:
    fail = {"name": "Open the {door}", "ansible.builtin.fail": {"msg": "x" * 10000}}
    status = run(store, launcher, tmp_path, {"one": [fail]})
    assert status.error is not None
    assert status.error.code == "job.task_failed"
    assert str(status.error.message) == 'The step "Open the {door}" failed.'
    assert status.error.detail == "x" * 4096


def test_a_malformed_rhv_error_is_still_a_failure(store: JobStore, launcher: PlainLauncher, tmp_path: Path) -> None:
    fail = {"name": "Fail", "say": {"given": {"failed": True, "msg": "why", "rhv_error": {"code": 1}, "rhv_log": [3]}}}
    status = run(store, launcher, tmp_path, {"one": [fail]}, {"say": "result = given"})
    assert status.error is not None
    assert (status.error.code, status.error.detail) == ("job.task_failed", "why")
    assert "malformed rhv_error" in journal(store, status.id)


def test_a_playbook_that_cannot_be_read(store: JobStore, launcher: PlainLauncher, tmp_path: Path) -> None:
    job = spec("one")
    (playbooks(tmp_path / "playbooks", {}) / "one.yml").write_text("- name: one\n  hosts: [")
    job_id = start_job(job, tmp_path / "playbooks", store=store, launcher=launcher)
    assert launcher.wait(store.load(job_id).unit) == 1
    status = store.load(job_id)
    assert status.error is not None
    assert status.error.code == "job.ansible_failed"
    assert "one.yml" in (status.error.detail or "")
    assert [phase.state for phase in status.phases] == ["pending"]


def test_a_phase_that_did_not_run_is_no_success(store: JobStore, launcher: PlainLauncher, tmp_path: Path) -> None:
    folder = playbooks(tmp_path / "playbooks", {"one": [{"name": "Work", "ansible.builtin.meta": "noop"}]})
    (folder / "two.yml").write_text('[{"name": "another name", "hosts": "localhost", "tasks": []}]')
    job_id = start_job(spec("one", "two"), folder, store=store, launcher=launcher)
    launcher.wait(store.load(job_id).unit)
    status = store.load(job_id)
    assert (status.state, status.error and status.error.code) == ("failed", "job.phase_missing")


def test_a_rescued_failure_is_none(store: JobStore, launcher: PlainLauncher, tmp_path: Path) -> None:
    block = {
        "block": [{"name": "Fail", "ansible.builtin.fail": {"msg": "no"}}],
        "rescue": [{"name": "Mend", "ansible.builtin.meta": "noop"}],
    }
    status = run(store, launcher, tmp_path, {"one": [block]})
    assert (status.state, status.error) == ("succeeded", None)


WRITER = """
import json, os, time
for done in given["steps"]:
    with open(given["file"] + ".new", "w") as stream:
        json.dump({"done": done, "total": 100, "unit": "bytes", "message": None}, stream)
    os.replace(given["file"] + ".new", given["file"])
    time.sleep(3)
"""


def test_progress_is_shown_while_it_lasts(store: JobStore, launcher: PlainLauncher, tmp_path: Path) -> None:
    tasks = {
        "one": [
            {"name": "Copy", "write": {"given": {"file": "{{ rhv_job.progress }}", "steps": [10, 60]}}},
            {"name": "Rest", "write": {"given": {"file": "{{ rhv_job.progress }}", "steps": []}}},
        ]
    }
    folder = playbooks(tmp_path / "playbooks", tasks)
    modules = plugins(tmp_path / "plugins", {"write": WRITER})
    job_id = start_job(spec("one"), folder, modules, store=store, launcher=launcher)
    seen = set()
    while launcher.is_active(store.load(job_id).unit):
        status = store.load(job_id)
        conforms(status.to_json(), "JobStatus")
        seen.add((str(status.task), status.progress.done if status.progress else None))
    assert {("Copy", 10.0), ("Copy", 60.0)} <= seen
    assert {progress for task, progress in seen if task == "Rest"} <= {None}
    assert store.load(job_id).progress is None


TYPED = ["{{ lookup('pipe', 'id') }}", "{% raw %}", "plain", "'\"\\\n$(id) é", "{# #}"]


def test_answers_reach_the_tasks_as_typed(store: JobStore, launcher: PlainLauncher, tmp_path: Path) -> None:
    tasks = {
        "one": [{"name": "Keep", "keep": {"given": {"typed": "{{ rhv_answers }}", "file": str(tmp_path / "kept")}}}]
    }
    keep = "import json\nopen(given['file'], 'w').write(json.dumps(given['typed']))"
    variables = {"rhv_answers": {"list": TYPED, "{{ key }}": TYPED[0]}}
    status = run(store, launcher, tmp_path, tasks, {"keep": keep}, variables)
    assert status.state == "succeeded", journal(store, status.id)
    assert json.loads((tmp_path / "kept").read_text()) == variables["rhv_answers"]


def test_the_hosts_ansible_settings_have_no_say(store: JobStore, tmp_path: Path) -> None:
    launcher = PlainLauncher(
        {"ANSIBLE_GATHERING": "implicit", "ANSIBLE_LIBRARY": "/nowhere", "LANG": "C", "LC_ALL": "POSIX"}
    )
    tasks = {
        "one": [{"name": "Keep", "keep": {"given": {"facts": "{{ ansible_facts }}", "file": str(tmp_path / "kept")}}}]
    }
    keep = "open(given['file'], 'w').write(repr(given['facts']))"
    status = run(store, launcher, tmp_path, tasks, {"keep": keep})
    assert status.state == "succeeded", journal(store, status.id)
    assert (tmp_path / "kept").read_text() == "{}"
