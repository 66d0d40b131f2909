# SPDX-License-Identifier: Apache-2.0
"""Host tasks: only those there are, only with what they ask for, and each is a playbook of its own name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polib
import pytest
import yaml
from cockpit_rhv.checks import remedies
from cockpit_rhv.checks.remedies import host_tasks, start_task
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs import JobStore
from cockpit_rhv.jobs.files import read_json

from .jobs_support import PaperLauncher

if TYPE_CHECKING:
    from collections.abc import Mapping

TOP = Path(__file__).parents[2]
ENTRY = {"address": "192.0.2.20", "fqdn": "engine.example.com"}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobStore:
    small = tmp_path / "cockpit_rhv"
    small.mkdir()
    monkeypatch.setattr("cockpit_rhv.jobs.store._LIBRARY", small)
    return JobStore(tmp_path / "jobs")


def start(store: JobStore, task: str, params: Mapping[str, Any]) -> str:
    return start_task(task, params, "tester", store=store, launcher=PaperLauncher())


@pytest.mark.parametrize(
    ("task", "params", "given"),
    [
        ("start_libvirt", {}, {}),
        ("open_port", {"port": 54321, "zone": ""}, {"port": "54321", "zone": ""}),
        ("open_port", {"port": "1", "zone": "libvirt"}, {"port": "1", "zone": "libvirt"}),
        # kept with a job from before there were zones
        ("open_port", {"port": 54321}, {"port": "54321", "zone": ""}),
        ("hosts_entry", ENTRY, ENTRY),
        ("hosts_entry", {**ENTRY, "address": "2001:db8::1"}, {**ENTRY, "address": "2001:db8::1"}),
    ],
)
def test_a_task_gets_its_parameters_as_text(store: JobStore, task: str, params: Any, given: Any) -> None:
    job_id = start(store, task, params)
    private = store.folder(job_id) / "private"
    assert read_json(private / "vars.json")["rhv_task"] == given
    status = store.stored(job_id)
    assert (status.kind, status.user, [phase.id for phase in status.phases]) == ("task", "tester", [task])
    assert (private / "project" / f"{task}.yml").is_file()
    assert (private / "project" / "plugins" / "action").is_dir()


@pytest.mark.parametrize("task", ["", "none", "../embedded/cleanup", "tasks", "x" * 5000])
def test_a_task_that_does_not_exist(store: JobStore, task: str) -> None:
    with pytest.raises(RhvError) as caught:
        start(store, task, {})
    assert caught.value.code == "task.unknown"
    assert len(str(caught.value.message)) < 200
    assert list(store.ids()) == []


@pytest.mark.parametrize(
    ("task", "params", "wrong"),
    [
        ("open_port", {}, "port"),
        ("open_port", {"port": "x", "zone": ""}, "port"),
        ("open_port", {"port": "", "zone": ""}, "port"),
        ("open_port", {"port": "54321; reboot", "zone": ""}, "port"),
        ("open_port", {"port": "54321\n", "zone": ""}, "port"),
        ("open_port", {"port": "x54321", "zone": ""}, "port"),
        ("open_port", {"port": "123456", "zone": ""}, "port"),
        ("open_port", {"port": 54321.5, "zone": ""}, "port"),
        ("open_port", {"port": -1, "zone": ""}, "port"),
        ("open_port", {"port": 1, "zone": "", "more": 1}, "more"),
        ("open_port", {"port": 1, "zone": "public --panic-on"}, "zone"),
        ("open_port", {"port": 1, "zone": "{{ 1 }}"}, "zone"),
        ("start_libvirt", {"unit": "x"}, "unit"),
        ("hosts_entry", {"address": "192.0.2.20"}, "fqdn"),
        ("hosts_entry", {**ENTRY, "fqdn": "a b"}, "fqdn"),
        ("hosts_entry", {**ENTRY, "fqdn": "a\n0.0.0.0 bank"}, "fqdn"),
        ("hosts_entry", {**ENTRY, "fqdn": "{{ lookup('pipe', 'id') }}"}, "fqdn"),
        ("hosts_entry", {**ENTRY, "fqdn": "-a"}, "fqdn"),
        ("hosts_entry", {**ENTRY, "address": "engine"}, "address"),
        ("hosts_entry", {"address": "engine", "fqdn": " "}, "address, fqdn"),
    ],
)
def test_wrong_missing_and_additional_parameters_start_nothing(
    store: JobStore, task: str, params: Any, wrong: str
) -> None:
    with pytest.raises(RhvError) as caught:
        start(store, task, params)
    assert (caught.value.code, caught.value.detail) == ("task.params", wrong)
    assert list(store.ids()) == []


def test_only_root_starts_one(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(RhvError) as caught:
        start(store, "start_libvirt", {})
    assert caught.value.code == "access.denied"


@pytest.mark.parametrize("content", [None, "{", "[]", '{"a": {}}', '{"a": {"title": {}, "params": {}}}', '{"a": 1}'])
def test_a_package_without_its_tasks_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    folder = tmp_path / "ansible" / "host"
    folder.mkdir(parents=True)
    if content is not None:
        (folder / "tasks.json").write_text(content)
    monkeypatch.setattr(remedies, "data_dir", lambda: tmp_path)
    with pytest.raises(RhvError) as caught:
        host_tasks()
    assert caught.value.code == "task.none"


# -- what is shipped --------------------------------------------------------------------------------------------------

TASKS = json.loads((TOP / "ansible/host/tasks.json").read_text())


@pytest.mark.parametrize("task", sorted(TASKS))
def test_each_task_is_one_play_of_its_name_on_this_host(task: str) -> None:
    (play,) = yaml.safe_load((TOP / f"ansible/host/{task}.yml").read_text())
    assert (play["name"], play["hosts"]) == (task, "localhost")
    used = (TOP / f"ansible/host/{task}.yml").read_text()
    assert all(f"rhv_task.{name}" in used for name in TASKS[task]["params"])


def test_no_playbook_without_a_description() -> None:
    assert {path.stem for path in (TOP / "ansible/host").glob("*.yml")} == set(TASKS)


@pytest.mark.parametrize("task", sorted(TASKS))
def test_title_and_steps_are_spanish_too(task: str) -> None:
    known = {entry.msgid for entry in polib.pofile(str(TOP / "po/es.po")).translated_entries()}
    (play,) = yaml.safe_load((TOP / f"ansible/host/{task}.yml").read_text())
    texts = {TASKS[task]["title"]["text"], *(step["name"] for step in play["tasks"])}
    assert texts <= known
