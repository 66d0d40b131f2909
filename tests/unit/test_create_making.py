# SPDX-License-Identifier: Apache-2.0
"""Files of guests that do not come to be go, and nobody else's; what cannot be told is kept, with its record."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

import libvirt
import pytest
from cockpit_rhv.create import folder as folders
from cockpit_rhv.create import guest, making
from cockpit_rhv.create.images import Image
from cockpit_rhv.create.making import remove_leftovers
from cockpit_rhv.create.wanted import Wanted
from cockpit_rhv.deploy.progress import ProgressFile
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs.stopping import Stopped
from cockpit_rhv.machines import images
from cockpit_rhv.machines.removal import used_by_others

if TYPE_CHECKING:
    from pathlib import Path

UUID = "11111111-1111-4111-8111-111111111111"


class Domain:
    """A guest of :class:`Conn`, with one disk."""

    def __init__(self, conn: Conn, uuid: str, disk: str = "", start: Any = None) -> None:
        self.conn, self.uuid, self.disk, self.start = conn, uuid, disk, start

    def UUIDString(self) -> str:
        return self.uuid

    def name(self) -> str:
        return "guest"

    def XMLDesc(self, _flags: int = 0) -> str:
        if self.disk == "gone":
            raise error(libvirt.VIR_ERR_NO_DOMAIN)
        return f"""<domain><uuid>{self.uuid}</uuid><devices><disk><source file='{self.disk}'/></disk>
        <interface><mac address='52:54:00:AA:00:01'/></interface></devices></domain>"""

    def create(self) -> None:
        self.start()

    def isActive(self) -> bool:
        return True

    def destroy(self) -> None:
        pass

    def undefineFlags(self, _flags: int) -> None:
        del self.conn.domains[self.uuid]


class Conn:
    """What these functions ask libvirt. ``dead``: it answers nothing any more."""

    def __init__(self) -> None:
        self.domains: dict[str, Domain] = {}
        self.dead = False
        self.defined: Any = lambda: None
        self.start: Any = lambda: None
        self.asked: Any = lambda: None

    def lookupByUUIDString(self, uuid: str) -> Domain:
        self.asked()
        if self.dead:
            raise error(libvirt.VIR_ERR_SYSTEM_ERROR)
        if uuid not in self.domains:
            raise error(libvirt.VIR_ERR_NO_DOMAIN)
        return self.domains[uuid]

    def listAllDomains(self) -> list[Domain]:
        return list(self.domains.values())

    def listAllStoragePools(self, _flags: int) -> list[Any]:
        if self.dead:
            raise error(libvirt.VIR_ERR_SYSTEM_ERROR)
        return []

    def defineXML(self, _xml: str) -> Domain:
        self.domains[UUID] = Domain(self, UUID, "", self.start)
        self.defined()
        return self.domains[UUID]


def error(code: int) -> libvirt.libvirtError:
    class Answer(libvirt.libvirtError):  # type: ignore[misc]
        def get_error_code(self) -> int:
            return code

    return Answer("no")


@pytest.fixture
def conn() -> Any:
    return Conn()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(tmp_path / "state"))
    (tmp_path / "images").mkdir()
    return tmp_path / "images"


def records(folder: Path) -> set[str]:
    return {path.name for path in (folder.parent / "state" / "making").iterdir()}


def make(conn: Any, folder: Path, then: Any) -> None:
    """``then`` goes wrong while a.qcow2 is reserved."""
    with making.making(UUID, conn) as made:
        made.reserve(str(folder), "a", ".qcow2")
        then()
    raise AssertionError("it did not go wrong")


def stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


def killed(conn: Any, folder: Path) -> Path:
    """The file of a maker that was killed in the middle."""
    conn.dead = True
    with pytest.raises(Stopped):
        make(conn, folder, stop)
    conn.dead = False
    path = folder / "a.qcow2"
    assert (path.exists(), records(folder)) == (True, {f"{UUID}.json"})
    return path


def change_record(folder: Path, device: int = 0, inode: int = 0) -> None:
    """As if the file had had other numbers."""
    path = folder.parent / "state" / "making" / f"{UUID}.json"
    record = json.loads(path.read_text())
    record["files"] = [[name, dev + device, ino + inode] for name, dev, ino in record["files"]]
    path.write_text(json.dumps(record))


def test_files_go_when_their_guest_does_not_come_to_be(conn: Any, folder: Path) -> None:
    (folder / "a.qcow2").write_text("precious")

    def fail() -> None:
        with making.making("1", conn) as made:
            assert made.reserve(str(folder), "a", ".qcow2").name == "a-2.qcow2"
            stolen = made.reserve(str(folder), "b", ".qcow2")
            stolen.rename(folder / "elsewhere")
            stolen.write_text("somebody else's")
            (made.scratch() / "hash").write_text("$6$")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert {path.name for path in folder.iterdir()} == {"a.qcow2", "b.qcow2", "elsewhere"}
    assert (folder / "a.qcow2").read_text() == "precious"
    assert records(folder) == set()
    with making.making("2", conn) as made:
        kept = made.reserve(str(folder), "c", ".qcow2")
    assert kept.exists()


def test_files_of_a_guest_that_may_be_defined_stay(conn: Any, folder: Path) -> None:
    path = killed(conn, folder)
    assert remove_leftovers(conn) == [str(path)]
    assert records(folder) == set()
    conn.domains[UUID] = Domain(conn, UUID)
    with pytest.raises(Stopped):
        make(conn, folder, stop)
    assert path.exists()
    assert remove_leftovers(conn) == []
    assert (path.exists(), records(folder)) == (True, set())


def test_a_leftover_that_another_guest_uses_stays(conn: Any, folder: Path) -> None:
    path = killed(conn, folder)
    conn.domains["2"] = Domain(conn, "2", str(path))
    assert remove_leftovers(conn) == []
    assert path.exists()


def test_a_leftover_stays_while_it_cannot_be_told_who_uses_it(conn: Any, folder: Path) -> None:
    path = killed(conn, folder)
    (folder / "odd").write_bytes(b"QFI\xfb\0\0\0\3" + (64).to_bytes(8, "big") + (9).to_bytes(4, "big"))
    conn.domains["2"] = Domain(conn, "2", str(folder / "odd"))
    assert remove_leftovers(conn) == []
    assert (path.exists(), records(folder)) == (True, {f"{UUID}.json"})
    del conn.domains["2"]
    assert remove_leftovers(conn) == [str(path)]


def test_a_record_stays_while_its_file_system_is_away(conn: Any, folder: Path) -> None:
    path = killed(conn, folder)
    folder.rename(folder.parent / "unmounted")
    assert remove_leftovers(conn) == []
    assert records(folder) == {f"{UUID}.json"}
    folder.mkdir()  # the mount point, on another file system
    change_record(folder, device=1)
    assert remove_leftovers(conn) == []
    assert records(folder) == {f"{UUID}.json"}
    folder.rmdir()
    (folder.parent / "unmounted").rename(folder)
    change_record(folder, inode=1)  # another file, on another file system
    assert remove_leftovers(conn) == []
    assert (path.exists(), records(folder)) == (True, {f"{UUID}.json"})
    change_record(folder, inode=-1)  # itself, on a file system with another number
    assert remove_leftovers(conn) == [str(path)]
    assert records(folder) == set()


def test_what_is_being_made_is_in_use(conn: Any, folder: Path) -> None:
    path = killed(conn, folder)
    used, unclear = used_by_others(conn, None)
    assert ({name: reason.id for name, reason in used.items()}, unclear) == ({str(path): "machine.disk.making"}, None)
    record = folder.parent / "state" / "making" / f"{UUID}.json"
    record.write_text("[]")
    used, unclear = used_by_others(conn, None)
    assert (used, unclear and unclear.id) == ({}, "machine.disk.making_unclear")


def test_nothing_is_written_into_what_took_the_place_of_a_reserved_file(conn: Any, folder: Path) -> None:
    secret = folder / "secret"
    secret.write_text("precious")
    (folder / "content").write_text("seed")
    with making.making(UUID, conn) as made:
        path = made.reserve(str(folder), "a", ".iso")
        made.fill(path, folder / "content")
        assert path.read_text() == "seed"
        path.unlink()
        path.symlink_to(secret)
        with pytest.raises(OSError, match="symbolic"):
            made.fill(path, folder / "content")
        path.unlink()
        os.link(secret, path)
        with pytest.raises(FileExistsError):
            made.fill(path, folder / "content")
    assert secret.read_text() == "precious"


@pytest.mark.parametrize("when", ["defined", "start"])
def test_who_is_stopped_while_the_guest_is_defined_leaves_nothing(conn: Any, folder: Path, when: str) -> None:
    setattr(conn, when, stop)
    with pytest.raises(Stopped):
        make(conn, folder, lambda: guest.define_guest(conn, "<domain/>", UUID, False, True))
    assert (conn.domains, list(folder.iterdir()), records(folder)) == ({}, [], set())


def test_who_cleans_up_is_not_stopped(conn: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise error(libvirt.VIR_ERR_NO_NETWORK)

    conn.start = refuse
    monkeypatch.setattr(Domain, "destroy", lambda _self: stop())
    with pytest.raises(Stopped):
        make(conn, folder, lambda: guest.define_guest(conn, "<domain/>", UUID, False, True))
    assert (conn.domains, list(folder.iterdir()), records(folder)) == ({}, [], set())


def test_who_removes_files_is_not_stopped(conn: Any, folder: Path) -> None:
    def fail() -> None:
        conn.asked = stop  # by the cleaning up
        raise OSError("full")

    with pytest.raises(Stopped):
        make(conn, folder, fail)
    assert (list(folder.iterdir()), records(folder)) == ([], set())


def test_a_guest_that_goes_meanwhile_has_no_macs(conn: Any) -> None:
    conn.domains = {"1": Domain(conn, "1", "gone"), "2": Domain(conn, "2")}
    assert guest.known_macs(conn) == {"52:54:00:aa:00:01"}


def test_pools_that_do_not_answer_do_not_undo_a_guest(conn: Any, caplog: pytest.LogCaptureFixture) -> None:
    conn.dead = True
    guest.refresh_pool(conn, "/images")
    assert "not refreshed" in caplog.text


@pytest.mark.parametrize("source", ["disk", "image"])
def test_an_image_is_looked_at_again_when_it_is_used(
    conn: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    params = {
        "name": "new",
        "source": {"kind": source, "path": "/layer"},
        "folder": str(folder),
        "disk_gib": None,
        "memory_mib": 64,
        "vcpus": 1,
        "network": None,
        "firmware": "bios",
        "autostart": False,
        "start": False,
        "cloud": None,
    }
    monkeypatch.setattr(guest, "read_limits", lambda _conn: None)
    monkeypatch.setattr(guest, "inspect_image", lambda path: Image(path, "file", "qcow2", 1024, True))
    with pytest.raises(RhvError) as caught:
        guest.make_guest(conn, Wanted.from_params(params), UUID, ProgressFile(None))
    assert (caught.value.code, list(folder.iterdir())) == ("image.backed", [])


def test_who_runs_guests_is_trusted_with_their_disks(conn: Any, tmp_path: Path) -> None:
    conn.getURI = lambda: f"qemu+unix:///session?socket={tmp_path}"
    conn.getCapabilities = (
        lambda: """<capabilities><host>
    <secmodel><model>selinux</model><baselabel type='kvm'>system_u</baselabel></secmodel>
    <secmodel><model>dac</model><baselabel type='kvm'>+4107:+4108</baselabel></secmodel></host></capabilities>"""
    )
    found = folders.trusted(conn)
    assert {0, 36, 4107, tmp_path.stat().st_uid} <= found.uids
    assert 0 in found.gids
    assert not {1000, 4108} & (found.uids | found.gids)


def unsafe(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """Code of why no disks are made there."""
    who = folders.Trusted(frozenset({0, 36, os.geteuid()}), frozenset({0, os.getegid()}))
    monkeypatch.setattr(folders, "trusted", lambda _conn: who)
    try:
        folders.require_safe(None, str(folder))
    except RhvError as error:
        return error.code
    return None


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files away")
def test_disks_are_made_only_where_nobody_else_can_replace_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(name: str, mode: int, uid: int, gid: int) -> str | None:
        path = tmp_path / name
        path.mkdir()
        os.chown(path, uid, gid)
        path.chmod(mode)
        return unsafe(path, monkeypatch)

    assert made("libvirts", 0o711, 0, 0) is None
    assert made("vdsms", 0o755, 36, 36) is None
    assert made("vdsms-group", 0o775, 36, 36) is None
    assert made("sticky", 0o1777, 0, 0) is None
    assert made("users", 0o755, 1000, 0) == "create.unsafe_folder"
    assert made("groups", 0o775, 0, 1000) == "create.unsafe_folder"
    assert made("everybodys", 0o777, 0, 0) == "create.unsafe_folder"
    (tmp_path / "users" / "roots").mkdir()
    assert unsafe(tmp_path / "users" / "roots", monkeypatch) == "create.unsafe_folder"
    (tmp_path / "users" / "link").symlink_to(tmp_path / "libvirts")
    (tmp_path / "link").symlink_to("users/link")
    assert unsafe(tmp_path / "link", monkeypatch) == "create.unsafe_folder"
    (tmp_path / "fine").symlink_to("./vdsms/../libvirts")
    assert unsafe(tmp_path / "fine", monkeypatch) is None
    os.lchown(tmp_path / "fine", 1000, 1000)
    assert unsafe(tmp_path / "fine", monkeypatch) == "create.unsafe_folder"
    (tmp_path / "loop").symlink_to("loop")
    assert unsafe(tmp_path / "loop", monkeypatch) == "create.folder"


def test_a_device_that_the_host_uses_is_no_guests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []

    def busy(path: str, flags: int, *_more: int) -> int:
        opened.append((path, bool(flags & os.O_EXCL), flags & os.O_ACCMODE))
        raise OSError(16, "Device or resource busy")

    file = tmp_path / "file"
    file.touch()
    assert images.host_use(str(file)) is None
    monkeypatch.setattr("cockpit_rhv.machines.images.stat.S_ISBLK", lambda _mode: True)
    monkeypatch.setattr("cockpit_rhv.machines.images.os.open", busy)
    reason = images.host_use(str(file))
    monkeypatch.undo()
    assert reason is not None
    assert (reason.id, opened) == ("image.host_uses", [(str(file), True, os.O_RDONLY)])
