# SPDX-License-Identifier: Apache-2.0
"""Job folders: made whole, listed however damaged, read by whoever may, and never half."""

from __future__ import annotations

import dataclasses
import errno
import grp
import json
import os
import shutil
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs import JobEvent, JobStatus, JobStore, PhaseSpec, Progress, read_output
from cockpit_rhv.jobs.eventlog import EventLog, EventTail
from cockpit_rhv.jobs.expected import expected_phase_s
from cockpit_rhv.jobs.files import read_json
from cockpit_rhv.jobs.model import JobSpec
from cockpit_rhv.jobs.recorder import Recorder
from cockpit_rhv.messages import msg

from .jobs_support import ROOT, playbooks, spec

if TYPE_CHECKING:
    from pathlib import Path

COMMON = json.loads((ROOT / "schemas" / "common.json").read_text())


def conforms(value: Any, definition: str) -> None:
    jsonschema.Draft7Validator({**COMMON, "$ref": f"#/definitions/{definition}"}).validate(value)


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(tmp_path / "jobs")


def create(store: JobStore, tmp_path: Path, **more: Any) -> JobStatus:
    with store.lock():
        return store.create(spec("one", "two", **more), playbooks(tmp_path / "playbooks", {"one": [], "two": []}))


def recorder(store: JobStore, status: JobStatus) -> tuple[Recorder, EventLog]:
    folder = store.folder(status.id)
    log = EventLog(folder / "events.ndjson")
    return Recorder(store, status, log, folder / "private" / "progress.json"), log


# -- model -----------------------------------------------------------------------------------------------------


def test_the_wire_form_is_the_schemas(store: JobStore, tmp_path: Path) -> None:
    status = create(store, tmp_path)
    conforms(status.to_json(), "JobStatus")
    status.task = msg("task", "Copy")
    status.progress = Progress(1.0, None, "bytes", msg("m", "Copying"))
    status.error = RhvError("a.b", msg("a.b", "No."), msg("a.b.hint", "Do it."), "raw")
    status.phase = "one"
    status.phases[0].started_s = 1.5
    status.phases[0].elapsed_s = 2.5
    conforms(status.to_json(), "JobStatus")
    assert JobStatus.from_json(status.to_json()).to_json() == status.to_json()
    event = JobEvent(1, 2.0, 3.0, "task_ended", msg("task", "Copy"), "one", "Copy", "error", "failed", 4.0)
    conforms(event.to_json(), "JobEvent")
    assert JobEvent.from_json(event.to_json()) == event
    assert JobSpec.from_json(spec("one").to_json()) == spec("one")


def test_a_progress_of_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="parsecs"):
        Progress.from_json({"done": 1, "total": 2, "unit": "parsecs", "message": None})


# -- creating and listing --------------------------------------------------------------------------------------


def test_nothing_is_listed_before_the_first_job(store: JobStore) -> None:
    assert store.list().to_json() == {"jobs": {}, "access": None}


def test_a_job_is_made_whole_or_not_at_all(store: JobStore, tmp_path: Path) -> None:
    with store.lock(), pytest.raises(FileNotFoundError):
        store.create(spec("one"), tmp_path / "no playbooks")
    assert [path.name for path in store.root.iterdir()] == [".lock"]


def test_what_a_dead_creator_left_is_removed(store: JobStore, tmp_path: Path) -> None:
    (store.root / ".new-dead").mkdir(parents=True)
    create(store, tmp_path)
    assert not (store.root / ".new-dead").exists()


def test_a_job_keeps_its_own_playbooks_and_python(store: JobStore, tmp_path: Path) -> None:
    status = create(store, tmp_path)
    shutil.rmtree(tmp_path / "playbooks")
    private = store.folder(status.id) / "private"
    assert (private / "project" / "one.yml").is_file()
    environment = {"PYTHONPATH": str(private / "lib"), "PATH": os.environ["PATH"]}
    code = "import cockpit_rhv.jobs.runner as r; print(r.__file__)"
    ran = subprocess.run([sys.executable, "-c", code], env=environment, cwd="/", capture_output=True, check=True)
    assert ran.stdout.decode().startswith(str(private))


def test_damaged_and_foreign_folders_do_not_hide_the_others(
    store: JobStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = create(store, tmp_path)
    half = create(store, tmp_path)
    (store.folder(half.id) / "status.json").write_text('{"id": "')
    foreign = store.root / "20200101-000000-abcd"
    foreign.mkdir()
    (store.root / "notes").mkdir()
    shown = {job.id: job for job in store.list().jobs}
    assert set(shown) == {good.id, half.id}
    assert shown[half.id].state == "interrupted"
    conforms(store.list().to_json(), "Jobs")
    assert foreign.name in caplog.text


def test_the_newest_fifty_are_listed(store: JobStore, tmp_path: Path) -> None:
    status = create(store, tmp_path)
    sixty_that_are_over(store, status)
    listed = [job.id for job in store.list().jobs]
    assert len(listed) == 50
    assert listed[:2] == [status.id, "20200101-000059-abcd"]


def sixty_that_are_over(store: JobStore, status: JobStatus) -> None:
    for number in range(60):
        one_more(store, status, f"20200101-0000{number:02d}-abcd", "succeeded")


def one_more(store: JobStore, status: JobStatus, name: str, state: str, **changes: Any) -> Path:
    """A job like ``status`` without its playbooks and Python, which are four hundred files."""
    folder = store.root / name
    shutil.copytree(store.folder(status.id), folder, ignore=shutil.ignore_patterns("private"))
    status_of(folder, status, state, **changes)
    return folder


def status_of(folder: Path, status: JobStatus, state: str, **changes: Any) -> None:
    """Another job's folder."""
    JobStore._write(folder, dataclasses.replace(status, id=folder.name, state=state, **changes), durable=False)


@pytest.mark.parametrize(
    ("kind", "state", "resumable", "listed"),
    [
        ("task", "running", False, True),
        ("task", "failed", True, False),
        ("deploy", "queued", False, True),
        ("deploy", "failed", True, True),
        ("deploy", "failed", False, False),
        ("upgrade", "interrupted", True, True),
        ("cleanup", "cancelled", True, True),
        ("cleanup", "succeeded", False, False),
    ],
)
def test_an_older_job_that_is_not_over_is_listed_too(
    store: JobStore, tmp_path: Path, kind: str, state: str, resumable: bool, listed: bool
) -> None:
    status = create(store, tmp_path)
    sixty_that_are_over(store, status)
    old = one_more(store, status, "20190101-000000-abcd", state, kind=kind, resumable=resumable)
    assert (old.name in [job.id for job in store.list().jobs]) == listed
    status_of(old, status, "succeeded", kind=kind)
    assert old.name not in store.ids(), "it has ended meanwhile"


def test_old_jobs_that_are_over_cost_one_reading(
    store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = create(store, tmp_path)
    for number in range(80):
        one_more(store, status, f"20200101-00{number // 60:02d}{number % 60:02d}-abcd", "succeeded")
    read = []

    def counting(path: Path) -> Any:
        read.append(path.parent.name)
        return read_json(path)

    monkeypatch.setattr("cockpit_rhv.jobs.summary.read_json", counting)
    assert len(store.ids()) == 50
    assert len(read) == 31
    for _ in range(3):
        assert len(store.ids()) == 50
    assert len(read) == 31


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"kind": "deploy"}'])
def test_an_old_job_whose_summary_is_damaged_is_looked_at(store: JobStore, tmp_path: Path, damage: str) -> None:
    status = create(store, tmp_path)
    sixty_that_are_over(store, status)
    (store.root / "20200101-000000-abcd" / "summary.json").write_text(damage)
    assert store.ids()[-1] == "20200101-000000-abcd"


@pytest.mark.parametrize(
    "job_id", ["", "..", "../../etc", "20200101-000000-abcd", "20200101-000000-abcd/private", "x" * 999]
)
def test_an_id_is_no_path(store: JobStore, job_id: str) -> None:
    store.root.mkdir(parents=True)
    with pytest.raises(RhvError, match=r"job\.not_found"):
        store.load(job_id)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_others_see_that_there_is_a_job_and_what_they_need(store: JobStore, tmp_path: Path) -> None:
    status = create(store, tmp_path)
    status.state = "running"
    store.write_status(status)
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(0o755)
    seen = as_user(65534, [65534], store, status.id)
    assert seen["code"] == "access.denied"
    shown = seen["list"]["jobs"][status.id]
    conforms(seen["list"], "Jobs")
    assert (shown["kind"], shown["state"], shown["created_s"]) == ("deploy", "running", status.created_s)
    assert (shown["user"], shown["phases"]) == ("", [])
    assert "libvirt" in seen["list"]["access"]["text"]

    member = as_user(65534, [grp.getgrnam("libvirt").gr_gid], store, status.id)
    assert member["code"] is None
    assert member["list"] == {"jobs": {status.id: status.to_json()}, "access": None}
    assert member["spec"] == "access.denied"


def as_user(uid: int, groups: list[int], store: JobStore, job_id: str) -> dict[str, Any]:
    """What this user sees, from a process of its own; uses the job's copy of our Python, made readable for it."""
    code = textwrap.dedent(
        f"""
        import json, os, sys
        sys.path.insert(0, {str(ROOT / "bridge")!r})
        from cockpit_rhv.jobs import JobStore
        from cockpit_rhv.errors import RhvError
        os.setgroups({groups!r}); os.setgid(65534); os.setuid({uid})
        from pathlib import Path
        store = JobStore(Path({str(store.root)!r}))
        def code(call):
            try:
                call({job_id!r})
            except RhvError as error:
                return error.code
        seen = {{"list": store.list().to_json(), "code": code(store.load), "spec": code(store.spec)}}
        print(json.dumps(seen))
        """
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd="/")
    result: dict[str, Any] = json.loads(ran.stdout)
    return result


# -- events ----------------------------------------------------------------------------------------------------


def event(text: str = "x") -> JobEvent:
    return JobEvent(0, 1.0, 1.0, "log", msg("log", text))


def test_numbers_go_on_after_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    log = EventLog(path)
    log.append(event("a"))
    log.append(event("b\n\u2028é"))
    log.close()
    tail = EventTail(path)
    assert [found.seq for found in tail.read()] == [1, 2]
    with path.open("ab") as stream:
        stream.write(b'{"seq": 3, "to')
    assert tail.read() == []
    log = EventLog(path)
    log.append(event("c"))
    log.close()
    assert [(found.seq, str(found.message)) for found in tail.read()] == [(3, "c")]
    assert [str(found.message) for found in EventTail(path).read()] == ["a", "b\n\u2028é", "c"]


def test_a_short_write_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events.ndjson"
    log = EventLog(path)
    log.append(event("a"))
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:10]))
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        log.append(event("b"))
    monkeypatch.undo()
    assert log.append(event("c")).seq == 2
    assert [str(found.message) for found in EventTail(path).read()] == ["a", "c"]


def test_a_full_disk_loses_nothing(store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status = create(store, tmp_path)
    writer, log = recorder(store, status)
    writer.attempt_started()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(log, "append", full)
    writer.phase_started("one")
    writer.task_started(msg("task", "Copy"))
    assert store.load(status.id).phase is None
    monkeypatch.undo()
    writer.task_ended(msg("task", "Copy"), "failed", 1.0)
    assert [found.type for found in store.events(status.id)] == [
        "job_started",
        "phase_started",
        "task_started",
        "task_ended",
    ]
    assert store.load(status.id).phase == "one"


def test_the_status_beats_without_any_event(store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status = create(store, tmp_path)
    writer, _ = recorder(store, status)
    clock = [100.0]
    monkeypatch.setattr("cockpit_rhv.jobs.recorder.time.monotonic", lambda: clock[0])
    writer.attempt_started()
    writer.phase_started("one")
    before = store.load(status.id).elapsed_s
    clock[0] += 1.0
    writer.tick()
    assert store.load(status.id).elapsed_s == before
    clock[0] += 1.5
    writer.tick()
    assert store.load(status.id).elapsed_s == pytest.approx(before + 2.5)
    assert store.load(status.id).phases[0].elapsed_s == pytest.approx(2.5)


# -- expectations and output -----------------------------------------------------------------------------------


def test_the_median_of_earlier_jobs_is_expected(store: JobStore, tmp_path: Path) -> None:
    phase = PhaseSpec("one", msg("p", "One"), 60.0)
    earlier = []
    figures: list[tuple[float, dict[str, Any]]] = [
        (3.0, {}),
        (5.0, {}),
        (100.0, {}),
        (1.0, {"state": "failed"}),
        (1.0, {"attempt": 2}),
        (1.0, {"profile": "other"}),
        (1.0, {"kind": "deploy"}),
    ]
    for elapsed_s, changes in figures:
        status = create(store, tmp_path, kind="task")
        status.state, status.attempt = "succeeded", 1
        status.phases[0].elapsed_s = elapsed_s
        for name, value in changes.items():
            setattr(status, name, value)
        store.write_status(status)
        earlier.append(status)
    assert expected_phase_s(phase, "task", "tiny", []) == (60.0, 30.0)
    # 5 s, and as unsure as half the range of what was measured.
    assert expected_phase_s(phase, "task", "tiny", earlier) == (5.0, 48.5)
    assert expected_phase_s(phase, "task", "tiny", earlier[:1]) == (3.0, 0.6)
    fresh = create(store, tmp_path, kind="cleanup")
    assert (fresh.phases[0].expected_s, fresh.phases[1].expected_s, fresh.expected_s) == (5.0, 5.0, 10.0)


def test_the_output_of_all_attempts_is_one_text(store: JobStore, tmp_path: Path) -> None:
    status = create(store, tmp_path)
    status.attempt, status.state = 3, "running"
    store.write_status(status)
    for attempt, text in ((1, "first é\n"), (3, "third €")):
        folder = store.folder(status.id) / "private" / "artifacts" / str(attempt)
        folder.mkdir(parents=True)
        (folder / "stdout").write_text(text, encoding="utf-8")
    whole = "first é\nthird €"
    size = len(whole.encode())
    for limit in range(4, size + 2):
        text, offset = "", 0
        while offset < size:
            chunk = read_output(store, status.id, offset, limit)
            assert chunk.next_offset > offset
            assert not chunk.eof
            text, offset = text + chunk.text, chunk.next_offset
        assert text == whole
    status.state = "failed"
    store.write_status(status)
    assert read_output(store, status.id, size).eof
