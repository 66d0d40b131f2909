# SPDX-License-Identifier: Apache-2.0
"""The event log: written whole, bounded, read back, filtered; the recorder's places to know things from."""

from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.events import files, recorder
from cockpit_rhv.events.files import EventWriter, read_events, stamp
from cockpit_rhv.events.job_events import job_events
from cockpit_rhv.events.lifecycle import meaning
from cockpit_rhv.events.model import Event
from cockpit_rhv.events.qemu_log import logged_events, parse_log
from cockpit_rhv.events.query import Query, list_events
from cockpit_rhv.events.recorder import Recorder, recording
from cockpit_rhv.jobs import JobSpec, JobStore, PhaseSpec
from cockpit_rhv.machines.connection import REBOOTED, Lifecycle
from cockpit_rhv.machines.model import LibvirtState
from cockpit_rhv.messages import msg
from cockpit_rhv.workers import Workers
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

UUID = "4b0c1a2e-0000-4000-8000-000000000001"
STARTED, PAUSED, RESUMED, STOPPED = 2, 3, 4, 5


def event(time_s: float = 0.0, name: str = "web", what: str = "started", severity: str = "info") -> Event:
    return Event(
        0, time_s, "guest", what, severity, "libvirt", msg("event.started", "The guest was started."), name, UUID
    )


def write(folder: Path, *events: Event, **more: Any) -> None:
    writer = EventWriter(folder, **more)
    for one in events:
        writer.append(one)
    writer.close()


# -- the files -----------------------------------------------------------------------------------------------------


def test_events_come_back_newest_first_and_numbers_go_on(tmp_path: Path) -> None:
    write(tmp_path, event(1), event(2, "db"))
    write(tmp_path, event(3, 'a "guest" <b> 😀'))
    assert [(one.seq, one.name) for one in read_events(tmp_path)] == [(3, 'a "guest" <b> 😀'), (2, "db"), (1, "web")]
    assert ((tmp_path / "events.ndjson").stat().st_mode & 0o777, tmp_path.stat().st_mode & 0o777) == (0o640, 0o750)


def test_the_log_is_bounded_and_loses_the_oldest(tmp_path: Path) -> None:
    write(tmp_path, *[event(number) for number in range(500)], file_bytes=10_000)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= files.KEPT_FILES * 10_000
    seqs = [one.seq for one in read_events(tmp_path)]
    assert seqs == list(range(500, 500 - len(seqs), -1))
    assert 50 < len(seqs) < 500


def test_half_a_line_of_a_power_cut_is_dropped(tmp_path: Path) -> None:
    write(tmp_path, event(1))
    with (tmp_path / "events.ndjson").open("ab") as stream:
        stream.write(b'{"seq": 2, "ti')
    write(tmp_path, event(2))
    assert [one.seq for one in read_events(tmp_path)] == [2, 1]


@given(content=st.binary(max_size=300))
def test_whatever_stands_in_the_file_the_rest_is_read(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("events")
    write(folder, event(1))
    with (folder / "events.ndjson").open("ab") as stream:
        stream.write(content + b"\n")
    assert 1 in [one.seq for one in read_events(folder)]


def test_a_full_disk_writes_nothing_or_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = EventWriter(tmp_path)
    writer.append(event(1))
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, line: real(descriptor, line[:20]))
    with pytest.raises(OSError, match="No space"):
        writer.append(event(2))
    monkeypatch.undo()
    writer.append(event(3))
    assert [(one.seq, one.time_s) for one in read_events(tmp_path)] == [(2, 3.0), (1, 1.0)]


def test_the_stamp_changes_with_each_event(tmp_path: Path) -> None:
    seen = [stamp(tmp_path)]
    for number in range(3):
        write(tmp_path, event(number))
        seen.append(stamp(tmp_path))
    assert len(set(seen)) == 4


# -- asking --------------------------------------------------------------------------------------------------------


def asked(folder: Path, **params: Any) -> list[int]:
    return [one["seq"] for one in list_events(Query.from_json(params), folder)["events"]]


def test_filters(tmp_path: Path) -> None:
    job = Event(
        0,
        40,
        "job",
        "failed",
        "error",
        "job",
        msg("x", "The image is damaged."),
        job="j1",
        user="ann",
        title=msg("t", "Collect logs"),
    )
    write(tmp_path, event(10), event(20, "db", "paused", "warning"), event(30, "db"), job)
    assert asked(tmp_path) == [4, 3, 2, 1]
    assert asked(tmp_path, kind="guest") == [3, 2, 1]
    assert asked(tmp_path, severity="warning") == [4, 2]
    assert asked(tmp_path, severity="error") == [4]
    assert asked(tmp_path, guest="db") == [3, 2]
    assert asked(tmp_path, guest=UUID) == [3, 2, 1]
    assert asked(tmp_path, since_s=20, until_s=40) == [3, 2]
    assert asked(tmp_path, text="collect DAMAGED") == [4]
    assert asked(tmp_path, text="ann") == [4]
    assert asked(tmp_path, text="nowhere") == []
    answer = list_events(Query(guest="none"), tmp_path)
    assert (answer["events"], answer["more"], answer["empty"]) == ([], False, False)
    assert list_events(Query(), tmp_path / "none")["empty"] is True


def test_words_are_sought_in_the_readers_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Spanish:
        def gettext(self, _text: str) -> str:
            return "La máquina se inició."

    monkeypatch.setattr("cockpit_rhv.events.query.gettext.translation", lambda *_args, **_more: Spanish())
    write(tmp_path, event(1))
    assert asked(tmp_path, text="INICIÓ", language="es") == [1]
    assert asked(tmp_path, text="was started", language="es") == []


def test_pages_follow_each_other_without_a_gap(tmp_path: Path) -> None:
    write(tmp_path, *[event(number) for number in range(25)])
    seen: list[int] = []
    before: dict[str, int] = {}
    while True:
        answer = list_events(Query.from_json({"limit": 10, **before}), tmp_path)
        seen += [one["seq"] for one in answer["events"]]
        # Something new meanwhile shifts nothing.
        write(tmp_path, event(100))
        if not answer["more"]:
            break
        before = {"before": seen[-1]}
    assert seen == list(range(25, 0, -1))


def test_who_may_not_read_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise PermissionError(13, "no")

    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    with pytest.raises(RhvError) as caught:
        list_events(Query(), tmp_path)
    assert caught.value.code == "access.denied"


# -- QEMU's logs ---------------------------------------------------------------------------------------------------

LOG = b"""2026-03-01 10:15:00.123+0000: starting up libvirt version: 11.3.0, package: 3
LC_ALL=C /usr/bin/qemu-system-x86_64 -name guest=web
char device redirected to /dev/pts/0 (label charserial0)
2026-03-01T10:16:00.000000Z qemu-system-x86_64: terminating on signal 15 from pid 12
2026-03-01 10:16:00.500+0000: shutting down, reason=destroyed
2026-03-01 10:17:00.000+0000: starting up libvirt version: 11.3.0
2026-03-01 10:18:00.000+0000: shutting down, reason=crashed
2026-13-99 10:18:00.000+0000: starting up
"""
AT = 1772360100.123


def test_starts_and_ends_from_qemus_log(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_bytes(LOG)
    (tmp_path / "web-serial0.log").write_bytes(LOG)
    (tmp_path / "link.log").symlink_to(tmp_path / "web.log")
    found = logged_events(0.0, tmp_path)
    assert [(one.name, one.meaning.what, one.meaning.severity) for one in found] == [
        ("web", "started", "info"),
        ("web", "stopped", "info"),
        ("web", "started", "info"),
        ("web", "crashed", "error"),
    ]
    assert found[0].time_s == pytest.approx(AT)
    assert [one.meaning.what for one in logged_events(AT + 61, tmp_path)] == ["started", "crashed"]
    assert logged_events(0.0, tmp_path / "none") == []


@given(st.binary(max_size=500))
def test_a_log_of_anything(content: bytes) -> None:
    assert len(list(parse_log("web", LOG + content))) >= 4


def test_every_event_of_libvirt_is_understood_or_left_out() -> None:
    libvirt = pytest.importorskip("libvirt")
    left_out = {libvirt.VIR_DOMAIN_EVENT_SHUTDOWN}
    for number in range(9):
        for detail in range(12):
            assert (meaning(number, detail) is None) == (number in left_out), (number, detail)
    assert meaning(99, 0) is None
    paused = meaning(libvirt.VIR_DOMAIN_EVENT_SUSPENDED, libvirt.VIR_DOMAIN_EVENT_SUSPENDED_IOERROR)
    assert paused is not None
    assert (paused.what, paused.severity) == ("paused", "error")


# -- jobs ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobStore:
    small = tmp_path / "cockpit_rhv"
    small.mkdir()
    monkeypatch.setattr("cockpit_rhv.jobs.store._LIBRARY", small)
    (tmp_path / "playbooks").mkdir()
    return JobStore(tmp_path / "jobs")


def job(store: JobStore, tmp_path: Path) -> Any:
    title = msg("t", "Collect logs")
    with store.lock():
        return store.create(JobSpec("task", title, "ann", (PhaseSpec("a", title, 1.0),)), tmp_path / "playbooks")


def test_a_jobs_beginning_and_end_are_told_once(store: JobStore, tmp_path: Path) -> None:
    told: dict[str, str] = {}
    status = job(store, tmp_path)
    status.state, status.attempt = "running", 1
    assert [one.what for one in job_events([status], told)] == ["started"]
    assert job_events([status], told) == []
    status.state, status.ended_s = "failed", time.time()
    status.error = RhvError("x", msg("x", "The image is damaged."))
    (ended,) = job_events([status], told)
    assert (ended.what, ended.severity, str(ended.message), ended.user) == (
        "failed",
        "error",
        "The image is damaged.",
        "ann",
    )
    status.state, status.attempt, status.error, status.ended_s = "succeeded", 2, None, time.time() + 1
    assert [one.what for one in job_events([status], told)] == ["resumed", "succeeded"]
    assert job_events([status], told) == []
    assert [one.what for one in job_events([status], {})] == ["started", "succeeded"]


# -- the recorder --------------------------------------------------------------------------------------------------


class FakeConnection:
    def __init__(self) -> None:
        self.lifecycle: list[Callable[[Lifecycle], None]] = []
        self.states: list[Callable[[LibvirtState], None]] = []

    def on_lifecycle(self, watcher: Callable[[Lifecycle], None]) -> None:
        self.lifecycle.append(watcher)

    def on_state(self, watcher: Callable[[LibvirtState], None]) -> None:
        self.states.append(watcher)

    def tell(self, number: int, detail: int = 0, name: str = "web") -> None:
        for watcher in self.lifecycle:
            watcher(Lifecycle(UUID, name, number, detail, time.time()))

    def become(self, state: str) -> None:
        for watcher in self.states:
            watcher(LibvirtState(state, "none", "test"))


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "TRY_S", 0.02)
    monkeypatch.setattr(recorder, "LOOK_S", 0.02)


def record(
    folder: Path, store: JobStore, body: Callable[[FakeConnection], Coroutine[Any, Any, None]], by: str = "page"
) -> list[tuple[str, str]]:
    """What a recorder has written while ``body`` ran, the oldest first."""

    async def main() -> None:
        connection = FakeConnection()
        workers = Workers()
        one = Recorder(connection, workers, by, folder / "events", folder / "qemu", store)  # type: ignore[arg-type]
        task = asyncio.ensure_future(one.run())
        began_s = round(time.time(), 3)

        async def work() -> None:
            while (recording(folder / "events")["since_s"] or 0.0) < began_s:
                await asyncio.sleep(0.01)
            await body(connection)

        try:
            await asyncio.wait_for(work(), 60)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            workers.close()

    asyncio.run(main())
    return [(one.source, one.what) for one in read_events(folder / "events")][::-1]


async def nothing(_connection: FakeConnection) -> None:
    return


def test_what_libvirt_tells_is_written_without_its_echoes(tmp_path: Path, store: JobStore) -> None:
    async def body(connection: FakeConnection) -> None:
        connection.tell(RESUMED)
        connection.tell(STARTED)
        connection.tell(PAUSED, 2)
        connection.tell(RESUMED)
        connection.tell(REBOOTED)
        connection.tell(6)
        connection.tell(STOPPED, 2)

    written = record(tmp_path, store, body)
    assert written == [
        ("recorder", "recording"),
        ("libvirt", "started"),
        ("libvirt", "paused"),
        ("libvirt", "resumed"),
        ("libvirt", "rebooted"),
        ("libvirt", "crashed"),
    ]


def test_who_takes_over_catches_up(tmp_path: Path, store: JobStore) -> None:
    (tmp_path / "qemu").mkdir()
    (tmp_path / "qemu" / "web.log").write_bytes(LOG)
    status = job(store, tmp_path)
    first = record(tmp_path, store, nothing)
    assert first == [
        *[("log", what) for what in ("started", "stopped", "started", "crashed")],
        ("job", "started"),
        ("recorder", "recording"),
    ]
    assert record(tmp_path, store, nothing) == first
    # While nobody records a guest ends, the job too, and the host is started anew.
    state = json.loads((tmp_path / "events" / recorder.STATE).read_text())
    (tmp_path / "events" / recorder.STATE).write_text(json.dumps({**state, "boot": "another"}))
    status.state, status.ended_s = "succeeded", time.time() + 5
    store.write_status(status)
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 2))
    with (tmp_path / "qemu" / "web.log").open("a") as log:
        log.write(f"{moment}.000+0000: shutting down, reason=shutdown\n")
    os.utime(tmp_path / "qemu" / "web.log", (time.time() + 2,) * 2)
    later = record(tmp_path, store, nothing)[len(first) :]
    assert sorted(later) == [("job", "succeeded"), ("log", "stopped"), ("recorder", "booted")]


def test_a_damaged_state_starts_anew(tmp_path: Path, store: JobStore) -> None:
    (tmp_path / "events").mkdir()
    for content in ("", "{", "[]", '{"seen_s": "x", "jobs": [1], "boot": 3}', '{"jobs": {"a": 1}}'):
        (tmp_path / "events" / recorder.STATE).write_text(content)
        assert recording(tmp_path / "events") == {"by": None, "since_s": None}
        record(tmp_path, store, nothing)


def test_one_at_a_time_and_the_next_takes_over(tmp_path: Path, store: JobStore) -> None:
    async def body(first: FakeConnection) -> None:
        second = FakeConnection()
        workers = Workers()
        other = Recorder(second, workers, "agent", tmp_path / "events", None, store)  # type: ignore[arg-type]
        task = asyncio.ensure_future(other.run())
        await asyncio.sleep(0.1)
        first.tell(STARTED, name="told once")
        second.tell(STARTED, name="told once")
        assert recording(tmp_path / "events")["by"] == "page"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        workers.close()

    record(tmp_path, store, body)
    assert [one.name for one in read_events(tmp_path / "events") if one.kind == "guest"] == ["told once"]
    record(tmp_path, store, nothing, "agent")
    assert recording(tmp_path / "events")["by"] == "agent"


def test_the_connection_is_part_of_the_story(tmp_path: Path, store: JobStore) -> None:
    async def body(connection: FakeConnection) -> None:
        for state in ("connecting", "disconnected", "connected", "disconnected", "disconnected", "connected"):
            connection.become(state)

    written = record(tmp_path, store, body)[1:]
    assert [what for _, what in written] == ["libvirt_back", "libvirt_lost", "libvirt_back"]


def test_events_lost_to_a_full_disk_are_counted(
    tmp_path: Path, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(connection: FakeConnection) -> None:
        def full(*_: Any) -> int:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(EventWriter, "append", full)
            connection.tell(STARTED)
            connection.tell(STOPPED)
        connection.tell(STARTED)

    record(tmp_path, store, body)
    newest = list(read_events(tmp_path / "events"))
    assert [one.what for one in newest[:2]] == ["started", "lost"]
    assert newest[1].message.params == {"count": 2}


def test_an_event_survives_its_own_json() -> None:
    whole = replace(event(1.5), title=msg("t", "Title {a}", a=1), job="j", user="u")
    assert Event.from_json(json.loads(json.dumps(whole.to_json()))) == whole
