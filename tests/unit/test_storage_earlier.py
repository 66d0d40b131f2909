# SPDX-License-Identifier: Apache-2.0
"""What an earlier engine left: found with its size, known to be in use, and deleted all or not at all."""

from __future__ import annotations

import fcntl
import os
import platform
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.deploy import earlier as deploy_earlier
from cockpit_rhv.deploy.state import new_record
from cockpit_rhv.errors import RhvError
from cockpit_rhv.messages import msg
from cockpit_rhv.storage.document import Nfs
from cockpit_rhv.storage.earlier import Earlier
from cockpit_rhv.storage.nfs import NfsTest
from cockpit_rhv.storage.programs import Programs
from cockpit_rhv.storage.steps import OK, Found
from cockpit_rhv.storage.testing import try_storage, wipe_earlier

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cockpit_rhv.storage.steps import Report

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="other users' rights need root")


@pytest.fixture
def folder() -> Iterator[Path]:
    """On a disk, and reachable for everybody."""
    path = Path("/var/tmp") / f"storage-earlier-{os.getpid()}"
    path.mkdir(mode=0o711)
    yield path
    subprocess.run(["rm", "-rf", str(path)], check=True)


def disk(folder: Path, name: str = "HostedEngine.qcow2") -> Path:
    """The header of a disk of 10 GiB."""
    path = folder / name
    path.write_bytes(struct.pack(">4sIQIIQ", b"QFI\xfb", 3, 0, 0, 16, 10 * 2**30) + bytes(72))
    return path


def place_of(folder: Path, engine: str = "HostedEngine", own: tuple[str, ...] = ()) -> Report:
    return try_storage({"type": "directory", "path": str(folder)}, earlier=Earlier(engine, own))


def content(report: Report) -> str:
    return next(result.found.summary.id for result in report.results if result.step.id == "content")


def told(report: Report) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = report.to_json()["earlier"]
    return files


def test_an_earlier_engine_is_found_and_deleted(folder: Path) -> None:
    disk(folder)
    disk(folder, "HostedEngine.previous.qcow2")
    (folder / "HostedEngine-cidata.iso").write_bytes(b"x" * 5000)
    (folder / "guest.qcow2").write_text("somebody else's")
    report = place_of(folder)
    assert (content(report), report.verdict) == ("storage.earlier.found", "error")
    files = told(report)
    assert [file["name"] for file in files] == [
        "HostedEngine.qcow2", "HostedEngine-cidata.iso", "HostedEngine.previous.qcow2",
    ]  # fmt: skip
    assert [file["virtual_bytes"] for file in files] == [10 * 2**30, None, 10 * 2**30]
    assert not any(file["in_use"] for file in files)
    wipe_earlier(report.document, files)
    assert [path.name for path in folder.iterdir()] == ["guest.qcow2"]
    again = place_of(folder)
    assert (content(again), told(again)) == ("storage.content.disks", [])


def test_nothing_stands_in_the_way_of_another_name(folder: Path) -> None:
    disk(folder)
    report = place_of(folder, "Other")
    assert (content(report), told(report)) == ("storage.content.disks", [])


def test_what_an_unfinished_deployment_made_is_no_earlier_engine(folder: Path) -> None:
    disk(folder)
    assert told(place_of(folder, own=("HostedEngine.qcow2",))) == []


def test_a_disk_that_a_virtual_machine_has_open_stays(folder: Path) -> None:
    path = disk(folder)
    report = place_of(folder)
    with path.open("rb") as stream:
        # as QEMU does it: byte 100 + permission, for reading
        fcntl.fcntl(stream, 37, struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 101, 1, 0))
        seen = place_of(folder)
        assert (content(seen), told(seen)[0]["in_use"]) == ("storage.earlier.in_use", True)
        with pytest.raises(RhvError) as caught:
            wipe_earlier(report.document, told(report))
    assert caught.value.code == "storage.earlier.busy"
    assert path.exists()


@pytest.mark.parametrize("byte", [0, 101], ids=["virtlockd", "QEMU"])
def test_whoever_has_locked_a_byte_of_it_keeps_it(folder: Path, byte: int) -> None:
    """virtlockd has the first one, and holds it while QEMU is only just being started."""
    path = disk(folder)
    report = place_of(folder)
    with path.open("rb") as stream:
        fcntl.fcntl(stream, 37, struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, byte, 1, 0))
        assert told(place_of(folder))[0]["in_use"] is True
        with pytest.raises(RhvError) as caught:
            wipe_earlier(report.document, told(report))
    assert caught.value.code == "storage.earlier.busy"
    assert path.exists()


def test_the_signature_goes_with_the_disk(folder: Path) -> None:
    """Else it would be the next engine's."""
    disk(folder)
    (folder / ".HostedEngine.qcow2.host").write_text(platform.node())
    (folder / ".guest.qcow2.host").write_text("another's")
    report = place_of(folder)
    wipe_earlier(report.document, told(report))
    assert [path.name for path in folder.iterdir()] == [".guest.qcow2.host"]


@pytest.mark.parametrize("host", ["host7.example.com", None], ids=["signed", "unreadable"])
def test_an_engine_that_another_host_started_last_goes_only_when_that_is_confirmed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, host: str | None
) -> None:
    """Switched off it looks free, and may be a working one."""
    path = disk(folder)
    signature = folder / ".HostedEngine.qcow2.host"
    if host is None:
        signature.mkdir()
    else:
        signature.write_text(host + "\x1b\n")
    report = place_of(folder)
    said = report.to_json()
    assert content(report) == "storage.earlier.elsewhere"
    assert (said["earlier_host"], said["earlier_elsewhere"]) == (host, True)
    monkeypatch.setattr(deploy_earlier, "needed_by", lambda _conn, _path: None)
    monkeypatch.setattr(deploy_earlier, "read_record", lambda: None)
    connection: Any = None
    for typed in (None, "", "hostedengine"):
        with pytest.raises(RhvError) as caught:
            deploy_earlier.wipe_engine(connection, report.document, "HostedEngine", told(report), typed)
        assert caught.value.code == "storage.earlier.unconfirmed"
        assert path.exists()
        assert signature.exists()
    if host is not None:
        deploy_earlier.wipe_engine(connection, report.document, "HostedEngine", told(report), "HostedEngine")
        assert list(folder.iterdir()) == []


def test_one_that_this_host_started_last_or_nobody_needs_no_name(folder: Path) -> None:
    disk(folder)
    for signed in ("", platform.node()):
        (folder / ".HostedEngine.qcow2.host").write_text(signed)
        report = place_of(folder)
        assert content(report) == "storage.earlier.found"
        assert report.to_json()["earlier_elsewhere"] is False
    wipe_earlier(report.document, told(report))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("options", ["nolock", "local_lock=posix"])
def test_where_locks_stay_on_this_host_nobody_says_it_is_free(folder: Path, options: str) -> None:
    disk(folder)
    earlier = Earlier("HostedEngine")
    NfsTest(Nfs("127.0.0.1", "/e", "auto", (options,)), Programs(), None, earlier)
    found = earlier.look(str(folder), Programs())
    assert found is not None
    assert (found.summary.id, found.summary.params["option"]) == ("storage.earlier.unseen", options)
    assert [file.in_use for file in earlier.files] == [None]


def test_what_has_changed_since_is_kept_and_all_the_rest_too(folder: Path) -> None:
    disk(folder)
    drive = folder / "HostedEngine-cidata.iso"
    drive.write_bytes(b"x")
    report = place_of(folder)
    drive.write_bytes(b"another")
    with pytest.raises(RhvError) as caught:
        wipe_earlier(report.document, told(report))
    assert caught.value.code == "storage.earlier.changed"
    assert len(list(folder.iterdir())) == 2
    drive.unlink()
    with pytest.raises(RhvError):
        wipe_earlier(report.document, told(report))
    assert len(list(folder.iterdir())) == 1


def test_a_link_is_never_followed(folder: Path) -> None:
    (folder / "target").write_text("x")
    (folder / "HostedEngine.qcow2").symlink_to(folder / "target")
    report = place_of(folder)
    assert (content(report), told(report)) == ("storage.earlier.strange", [])


def test_only_an_engines_files_that_nobody_needs_are_deleted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = disk(folder)
    other = disk(folder, "guest.qcow2")
    place = {"type": "directory", "path": str(folder)}
    needed: list[str] = []
    monkeypatch.setattr(deploy_earlier, "needed_by", lambda _conn, path: needed.append(path))
    monkeypatch.setattr(deploy_earlier, "read_record", lambda: None)
    connection: Any = None

    def refused(name: str) -> str:
        with pytest.raises(RhvError) as caught:
            deploy_earlier.wipe_engine(connection, place, "HostedEngine", [{"name": name, "mark": "1:2:3"}])
        return caught.value.code

    assert refused("guest.qcow2") == "storage.earlier.foreign"
    assert refused("../HostedEngine.qcow2") == "storage.earlier.foreign"
    assert refused("HostedEngine.qcow2") == "storage.earlier.changed"
    assert needed == [str(path)]
    record = new_record("job", [str(path)])
    monkeypatch.setattr(deploy_earlier, "read_record", lambda: record)
    assert refused("HostedEngine.qcow2") == "storage.earlier.foreign"
    assert told(try_storage(place, earlier=deploy_earlier.earlier_of(place, "HostedEngine"))) == []
    for name in ("../HostedEngine", "a/b", "", ".hidden", "x\n"):
        with pytest.raises(RhvError) as caught:
            deploy_earlier.earlier_of(place, name)
        assert caught.value.code == "storage.earlier.name"
    assert path.exists()
    assert other.exists()


@pytest.mark.parametrize("options", ["nolock", "rsize=65536,local_lock=all", "local_lock=posix"])
def test_where_locks_stay_on_this_host_nothing_is_deleted(options: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that another host's QEMU has open looks free here."""
    asked: list[str] = []
    monkeypatch.setattr("cockpit_rhv.storage.nfs.refuse_silent", lambda *_: asked.append("server"))
    monkeypatch.setattr("cockpit_rhv.storage.nfs.wipe_files", lambda *_: asked.append("wiped"))
    monkeypatch.setattr(NfsTest, "mount", lambda _self: Found(OK, msg("x", "x")))
    document = {"type": "nfs", "server": "127.0.0.1", "path": "/e", "options": options}
    with pytest.raises(RhvError) as caught:
        wipe_earlier(document, [{"name": "HostedEngine.qcow2", "mark": "1:2:3"}])
    assert (caught.value.code, asked) == ("storage.earlier.local", [])
