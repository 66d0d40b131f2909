# SPDX-License-Identifier: Apache-2.0
"""Collecting logs: every source is in the manifest, whole, cut, failed or absent; bounds hold; nothing secret."""

from __future__ import annotations

import io
import json
import lzma
import os
import sys
import tarfile
import time
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.deploy.progress import ProgressFile
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs.files import file_lock
from cockpit_rhv.logs import archives, collect, sources
from cockpit_rhv.logs.reading import Call, Command, File, Source, read_source
from cockpit_rhv.logs.sources import Step, Wanted
from cockpit_rhv.messages import msg
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from cockpit_rhv.logs.reading import Reading

SECRET = "Pl4nted-Zq9"
ALL = Wanted(0.0, True)
JOBS = [f"20260301-10150{number}-a1b2" for number in range(10)]


def python(text: str) -> Command:
    return Command((sys.executable, "-c", text))


def step(*found: Source) -> Step:
    return Step(msg("x", "A step"), lambda _wanted: found)


def written(*steps: Step, wanted: Wanted = ALL) -> tuple[dict[str, bytes], dict[str, Any], collect.Collected]:
    output = io.BytesIO()
    collected = collect.write_archive(output, wanted, steps, ProgressFile(None), "all")
    output.seek(0)
    with lzma.open(output) as packed, tarfile.open(fileobj=packed) as archive:
        files = {}
        for member in archive.getmembers():
            assert member.mode == 0o600
            content = archive.extractfile(member)
            assert content is not None
            files[member.name] = content.read()
    manifest = json.loads(files.pop("rhv-logs/manifest.json"))
    return files, {entry["name"]: entry for entry in manifest["sources"]} | {"": manifest}, collected


def read(origin: Any, limit: int = 1000, limit_s: float = 60.0, room: int = 10**9) -> Reading:
    return read_source(Source("x", origin, limit, limit_s), room)


def test_a_command_that_is_not_there_one_that_fails_and_one_that_says_much() -> None:
    assert read(Command(("no-such-program-here",))).status == "absent"
    failed = read(python("print('why'); raise SystemExit(3)"))
    assert (failed.status, failed.data, failed.reason) == ("failed", b"why\n", "exit status 3")
    cut = read(python("print('a' * 5000 + 'end')"), limit=100)
    assert (cut.status, len(cut.data), cut.seen) == ("cut", 100, 5004)
    assert cut.data.endswith(b"end\n")
    assert read(python("print('whole')")).status == "ok"
    assert read(python("print('x' * 50)"), room=10).status == "cut"


def test_what_hangs_is_left_behind_with_what_it_said() -> None:
    began = time.monotonic()
    hung = read(Command(("sh", "-c", "echo first; exec sleep 600")), limit_s=2.0)  # a shell is there at once
    assert (hung.status, hung.data) == ("failed", b"first\n")
    assert "2 s" in hung.reason
    hung = read(Call("x", lambda: time.sleep(600) or b""), limit_s=0.2)  # type: ignore[func-returns-value]
    assert hung.status == "failed"
    # A program that closes its output and stays.
    hung = read(python("import os, time; os.close(1); os.close(2); time.sleep(600)"), limit_s=5.0)
    assert hung.status == "failed"
    assert time.monotonic() - began < 60


def test_files(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"x" * 5000 + b"end")
    cut = read(File(log), limit=10)
    assert (cut.status, cut.data, cut.seen) == ("cut", b"xxxxxxxend", 5003)
    assert read(File(tmp_path / "none")).status == "absent"
    assert read(File(log, since_s=time.time() + 60)).status == "absent"
    (tmp_path / "link").symlink_to("/etc/shadow")
    assert read(File(tmp_path / "link")).status == "failed"
    os.mkfifo(tmp_path / "pipe")
    assert read(File(tmp_path / "pipe")).status == "failed"
    assert read(File(tmp_path)).status == "failed"


def test_a_defect_of_ours_costs_one_source() -> None:
    def broken() -> bytes:
        raise ZeroDivisionError("ours")

    def refused() -> bytes:
        raise RhvError("x", msg("x", "libvirt does not answer."), detail="why")

    files, manifest, collected = written(
        step(Source("a", Call("a", broken)), Source("b", Call("b", refused)), Source("c", Call("c", lambda: b"well")))
    )
    assert files == {"rhv-logs/c": b"well"}
    assert "ZeroDivisionError" in manifest["a"]["reason"]
    assert manifest["b"]["reason"] == "libvirt does not answer.: why"
    assert (collected.sources, collected.unread) == (3, 2)


def test_sources_that_cannot_be_listed_are_said() -> None:
    def unlisted(_wanted: Wanted) -> Iterable[Source]:
        yield Source("a", Call("a", lambda: b"a"))
        raise PermissionError(13, "no", "/jobs")

    files, manifest, collected = written(
        Step(msg("x", "Reading jobs"), unlisted), step(Source("b", Call("b", lambda: b"b")))
    )
    assert set(files) == {"rhv-logs/a", "rhv-logs/b"}
    assert collected.unread == 1
    listed = [entry for entry in manifest[""]["sources"] if entry["status"] == "failed"]
    assert [(entry["source"], "/jobs" in entry["reason"]) for entry in listed] == [("Reading jobs", True)]


def test_secrets_are_removed_and_counted() -> None:
    text = f"<graphics passwd='{SECRET}'/>\nAuthorization: Bearer {SECRET}abcdef\n".encode()
    files, manifest, collected = written(step(Source("a", Call("a", lambda: text))))
    assert SECRET.encode() not in b"".join(files.values())
    assert manifest["a"]["removed"] == collected.removed == 2


def test_the_whole_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collect, "MOST_BYTES", 1500)
    big = [Source(name, Call(name, lambda: b"z" * 1000), 1000) for name in "abcd"]
    files, manifest, collected = written(step(*big))
    assert [len(content) for content in files.values()] == [1000, 500]
    assert [manifest[name]["status"] for name in "abcd"] == ["ok", "cut", "left_out", "left_out"]
    assert manifest[""]["full"] is True
    assert collected.cut == 3


@given(st.binary(max_size=3000), st.integers(0, 2000), st.integers(0, 2000))
def test_no_reading_is_longer_than_it_may_be(data: bytes, limit: int, room: int) -> None:
    reading = read_source(Source("x", Call("x", lambda: data), limit), room)
    assert len(reading.data) <= min(limit, room)
    assert data.endswith(reading.data)
    assert (reading.status == "ok") == (len(reading.data) == len(data))


def test_every_path_of_the_host_is_asked_for_below_the_root_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps as they are, on a small tree: guests' logs only when asked for, vdsm's where present."""
    for name in ("var/log/libvirt/qemu/web.log", "var/log/libvirt/libvirtd.log", "var/log/vdsm/vdsm.log"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("COCKPIT_RHV_JOBS", str(tmp_path / "jobs"))
    wanted = [
        step
        for step in sources.STEPS
        if step.title.id in ("logs.step.libvirt", "logs.step.vdsm", "logs.step.guest_logs")
    ]
    files, manifest, _ = written(*wanted, wanted=Wanted(0.0, True, tmp_path))
    assert {"rhv-logs/" + name for name in ("var/log/libvirt/qemu/web.log", "var/log/vdsm/vdsm.log")} <= set(files)
    assert manifest["var/log/ovirt-hosted-engine-ha/*.log"]["status"] == "absent"
    files, _, _ = written(*wanted, wanted=Wanted(0.0, False, tmp_path))
    assert "rhv-logs/var/log/libvirt/libvirtd.log" in files
    assert "rhv-logs/var/log/libvirt/qemu/web.log" not in files


# -- the archives ------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(tmp_path))
    monkeypatch.setattr(collect, "STEPS", (step(Source("a", Call("a", lambda: b"a"))),))
    return tmp_path / "logs"


def collected(job: str, since: str = "1d", guests: str = "no") -> dict[str, Any]:
    return collect.collect_logs({"job": {"id": job}, "since": since, "guests": guests}, ProgressFile(None))


def test_an_archive_is_listed_had_and_removed(folder: Path) -> None:
    told = collected(JOBS[0])
    assert [entry["id"] for entry in told["rhv_log"]] == ["logs.done", "logs.removed"]
    (one,) = archives.list_archives()
    assert (one.id, one.since, one.guests, one.sources, one.unread) == (JOBS[0], "1d", False, 1, 0)
    assert one.expires_s == one.created_s + archives.KEPT_S
    path = archives.archive_path(one.id)
    assert (path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    output = io.BytesIO()
    archives.copy_archive(one.id, output)
    assert len(output.getvalue()) == one.size_bytes
    archives.delete_archive(one.id)
    assert archives.list_archives() == []
    assert [path.name for path in folder.iterdir()] == [".lock"]


@pytest.mark.parametrize("name", ["", "..", "../../etc/shadow", JOBS[9], "x" * 5000, JOBS[0] + "\n"])
@pytest.mark.parametrize("ask", [archives.open_archive, archives.delete_archive])
def test_an_archive_that_is_not_there(folder: Path, ask: Callable[[str], Any], name: str) -> None:
    with pytest.raises(RhvError) as caught:
        ask(name)
    assert caught.value.code == "logs.not_found"
    assert len(str(caught.value.message)) < 200


def test_old_ones_expire_by_number_and_by_age(folder: Path) -> None:
    for job in JOBS[:7]:
        collected(job)
        os.utime(archives.archive_path(job), (0, time.time() - 1000 + int(job[14])))
    assert [one.id for one in archives.list_archives()] == JOBS[6:1:-1]
    os.utime(archives.archive_path(JOBS[3]), (0, time.time() - archives.KEPT_S - 1))
    assert JOBS[3] not in [one.id for one in archives.list_archives()]
    assert not archives.about_path(JOBS[3]).exists()


def test_what_a_killed_collection_left_goes_and_a_running_one_stays(folder: Path) -> None:
    collected(JOBS[0])
    archives.partial_path(JOBS[1]).write_bytes(b"half")
    with file_lock(archives.partial_path(JOBS[2])):
        assert [one.id for one in archives.list_archives()] == [JOBS[0]]
        assert not archives.partial_path(JOBS[1]).exists()
        assert archives.partial_path(JOBS[2]).exists()


def test_a_damaged_description_hides_no_archive(folder: Path) -> None:
    collected(JOBS[0])
    for content in ("", "{", "[]", '{"since": 1}'):
        archives.about_path(JOBS[0]).write_text(content)
        (one,) = archives.list_archives()
        assert (one.id, one.sources) == (JOBS[0], 0)


def test_two_at_once_and_a_full_disk_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(parents=True)
    with file_lock(folder / ".lock"), pytest.raises(RhvError) as caught:
        collected(JOBS[0])
    assert caught.value.code == "logs.busy"
    monkeypatch.setattr(collect, "LEAST_FREE", 2**60)
    with pytest.raises(RhvError) as caught:
        collected(JOBS[0])
    assert caught.value.code == "logs.no_space"
    assert archives.list_archives() == []


def test_an_archive_that_cannot_be_written_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(collect, "write_archive", full)
    with pytest.raises(OSError, match="No space"):
        collected(JOBS[0])
    assert [path.name for path in folder.iterdir()] == [".lock"]
