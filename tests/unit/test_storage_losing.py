# SPDX-License-Identifier: Apache-2.0
"""Making and losing storage: what fails is taken back, what is used or was looked at too long ago is not lost."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any, Callable

import pytest
from cockpit_rhv.checks import volume_users
from cockpit_rhv.checks.volume_users import act_on_pool, remove_volume
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines.usage import Usage, User
from cockpit_rhv.storage.device_users import device_user
from cockpit_rhv.storage.pool_actions import create_pool
from cockpit_rhv.storage.pool_xml import pool_xml
from cockpit_rhv.storage.volumes import list_volumes, upload_folder

from tests.libvirt_error import libvirt_error

if TYPE_CHECKING:
    from pathlib import Path

UUID = "5a0c1a2e-0000-4000-8000-000000000001"


class FakeLibvirt:
    """Connection and its one pool; ``fails``: the calls that do, ``done``: those that were made."""

    def __init__(self, target: Path, kind: str = "netfs", volumes: tuple[str, ...] = (), fails: str = "") -> None:
        self.target, self.kind, self.fails = target, kind, fails.split()
        self.done: list[str] = []
        self.active = True
        self.volumes = [FakeVolume(self, path) for path in volumes]
        self.before: Callable[[str], None] = lambda _name: None

    def do(self, name: str) -> None:
        self.before(name)
        self.done.append(name)
        if name in self.fails:
            raise libvirt_error(f"{name} failed")

    def listAllStoragePools(self, _flags: int = 0) -> list[FakeLibvirt]:
        return []

    def storagePoolDefineXML(self, _text: str) -> FakeLibvirt:
        self.active = False
        self.do("define")
        return self

    def storagePoolLookupByUUIDString(self, _uuid: str) -> FakeLibvirt:
        return self

    def build(self) -> None:
        self.target.mkdir(parents=True)
        self.do("build")

    def create(self) -> None:
        self.active = True
        self.do("create")

    def destroy(self) -> None:
        self.do("destroy")

    def undefine(self) -> None:
        self.do("undefine")

    def setAutostart(self, _on: int) -> None:
        self.do("autostart")

    def autostart(self) -> int:
        return 0

    def isPersistent(self) -> int:
        return 1

    def isActive(self) -> int:
        return int(self.active)

    def info(self) -> list[int]:
        return [2, 1, 1, 1]

    def name(self) -> str:
        return "pool"

    def UUIDString(self) -> str:
        return UUID

    def XMLDesc(self) -> str:
        return f"<pool type='{self.kind}'><name>pool</name><target><path>{self.target}</path></target></pool>"

    def listAllVolumes(self) -> list[FakeVolume]:
        return self.volumes

    def storageVolLookupByName(self, _name: str) -> FakeVolume:
        return self.volumes[0]

    def listAllDomains(self) -> list[Any]:
        return []


class FakeVolume:
    """A volume at ``path``."""

    def __init__(self, of: FakeLibvirt, path: str) -> None:
        self._of, self._path = of, path

    def path(self) -> str:
        return self._path

    def XMLDesc(self) -> str:
        return f"<volume type='block'><name>unit</name><target><path>{self._path}</path></target></volume>"

    def delete(self) -> None:
        self._of.do("delete")


def in_time() -> float:
    return time.monotonic() + 60


def make(conn: Any, deadline: float | None = None) -> str:
    wanted = {"name": "pool", "kind": conn.kind, "host": "nfs", "source": "/x", "target": str(conn.target)}
    return create_pool(conn, {**wanted, "autostart": True}, in_time() if deadline is None else deadline)


def failed(call: Callable[[], object]) -> RhvError:
    with pytest.raises(RhvError) as caught:
        call()
    return caught.value


def test_a_mount_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    conn = FakeLibvirt(tmp_path)
    assert failed(lambda: make(conn)).code == "storage.not_empty"
    assert failed(lambda: make(FakeLibvirt(tmp_path / "file"))).code == "storage.bad_path"
    assert conn.done == []


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    conn = FakeLibvirt(tmp_path)
    assert make(conn) == UUID
    assert conn.done == ["define", "create", "autostart"]
    (tmp_path / "file").touch()
    make(FakeLibvirt(tmp_path, "dir"))


def test_all_that_was_made_is_taken_back(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    conn = FakeLibvirt(tmp_path / "mine" / "a" / "b" / "c", fails="autostart")
    assert failed(lambda: make(conn)).code == "storage.failed"
    assert conn.done == ["define", "build", "create", "autostart", "destroy", "undefine"]
    assert list(tmp_path.rglob("*")) == [tmp_path / "mine"]


def test_what_cannot_be_taken_back_is_told_and_the_rest_is(tmp_path: Path) -> None:
    conn = FakeLibvirt(tmp_path / "a" / "b", fails="autostart destroy")
    conn.before = lambda name: (tmp_path / "a" / "other").touch() if name == "destroy" else None
    error = failed(lambda: make(conn))
    assert conn.done[-2:] == ["destroy", "undefine"]
    assert "autostart failed" in str(error.detail)
    assert "destroy failed" in str(error.detail)
    assert f"not empty: '{tmp_path}/a'" in str(error.detail)
    assert not (tmp_path / "a" / "b").exists()


def test_a_pool_that_comes_too_late_is_taken_back(tmp_path: Path) -> None:
    conn = FakeLibvirt(tmp_path / "new")
    deadline = time.monotonic() + 1.0
    conn.before = lambda name: time.sleep(max(0.0, deadline + 0.1 - time.monotonic())) if name == "create" else None
    assert failed(lambda: make(conn, deadline)).code == "call.too_late"
    assert conn.done == ["define", "build", "create", "destroy", "undefine"]
    early = FakeLibvirt(tmp_path)
    assert failed(lambda: make(early, time.monotonic() - 1)).code == "call.too_late"
    assert early.done == []


def test_mount_nfs_does_not_try_for_minutes() -> None:
    text = pool_xml({"name": "a", "kind": "netfs", "host": "nfs", "source": "/x", "target": "/y"})
    assert '<fs:mount_opts><fs:option name="retry=0" /></fs:mount_opts>' in text
    assert "mount_opts" not in pool_xml({"name": "a", "kind": "dir", "target": "/y"})


@pytest.mark.parametrize("action", ["deactivate", "remove"])
def test_nothing_is_lost_when_it_is_too_late(tmp_path: Path, action: str) -> None:
    conn: Any = FakeLibvirt(tmp_path, "dir")
    conn.active = action == "deactivate"
    assert failed(lambda: act_on_pool(conn, action, UUID, time.monotonic() - 1)).code == "call.too_late"
    assert conn.done == []
    act_on_pool(conn, action, UUID, in_time())
    assert conn.done == ["destroy" if action == "deactivate" else "undefine"]


def test_no_volume_is_deleted_when_it_is_too_late(tmp_path: Path) -> None:
    conn: Any = FakeLibvirt(tmp_path, "dir", (str(tmp_path / "a"),))
    assert failed(lambda: remove_volume(conn, UUID, "a", time.monotonic() - 1)).code == "call.too_late"
    assert conn.done == []
    remove_volume(conn, UUID, "a", in_time())
    assert conn.done == ["delete"]


@pytest.mark.parametrize("way", ["link/disk", "images/alias", "other/disk"])
def test_a_disk_that_a_guest_names_in_another_way_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "images")
    (tmp_path / "other").mkdir()
    (tmp_path / "other/disk").touch()
    (tmp_path / "images/alias").symlink_to(tmp_path / "other/disk")
    usage = Usage({str(tmp_path / way): [User(UUID, "guest", "local", active=True)]}, {})
    monkeypatch.setattr(volume_users, "read_usage", lambda _conn: usage)
    conn: Any = FakeLibvirt(tmp_path / "images", "dir", (str(tmp_path / "images/alias"),))
    assert failed(lambda: act_on_pool(conn, "deactivate", UUID, in_time())).code == "storage.in_use"
    assert conn.done == []


def test_usage_is_read_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order = []

    def volumes(conn: Any, uuid: str) -> Any:
        order.append("volumes")
        return list_volumes(conn, uuid)

    def usage(_conn: Any) -> Usage:
        order.append("usage")
        return Usage({}, {})

    monkeypatch.setattr(volume_users, "list_volumes", volumes)
    monkeypatch.setattr(volume_users, "read_usage", usage)
    conn: Any = FakeLibvirt(tmp_path, "dir")
    act_on_pool(conn, "deactivate", UUID, in_time())
    assert order == ["volumes", "usage"]


def host(tmp_path: Path, mounts: str = "", swaps: str = "") -> Path:
    """``/sys`` and ``/proc`` with a disk that has one partition."""
    for name in ("sdx", "sdx/sdx1"):
        (tmp_path / "sys/class/block" / name / "holders").mkdir(parents=True)
    (tmp_path / "sys/class/block/sdx/sdx1/partition").write_text("1\n")
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mounts").write_text("proc /proc proc rw 0 0\n" + mounts)
    (tmp_path / "proc/swaps").write_text("Filename Type Size Used Priority\n" + swaps)
    return tmp_path


@pytest.mark.parametrize("name", ["sdx", "sdx/sdx1"])
def test_a_device_that_the_host_holds(tmp_path: Path, name: str) -> None:
    root = host(tmp_path)
    assert device_user("/dev/sdx", root) is None
    (root / "sys/class/block" / name / "holders/dm-3").mkdir()
    assert device_user("/dev/sdx", root) == f"/dev/{os.path.basename(name)}: dm-3"


@pytest.mark.parametrize("name", ["/dev/sdx", "/dev/sdx1"])
def test_a_device_that_is_mounted_or_swapped_to(tmp_path: Path, name: str) -> None:
    line = f"{name} /srv/x ext4 rw 0 0"
    assert device_user("/dev/sdx", host(tmp_path / "mounted", mounts=line)) == line
    assert device_user("/dev/sdx", host(tmp_path / "swap", swaps=f"{name} partition 1")) == f"{name} partition 1"
    assert device_user("/dev/sdy", host(tmp_path / "other", mounts=line)) is None


def test_what_the_host_does_with_a_device_is_not_guessed(tmp_path: Path) -> None:
    assert failed(lambda: device_user("/dev/sdx", tmp_path)).code == "volume.unreadable"


def test_a_target_whose_disk_the_host_uses_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def used(path: str, _root: Path) -> str:
        asked.append(path)
        return "/dev/sdx: dm-3"

    monkeypatch.setattr(volume_users, "device_user", used)
    conn: Any = FakeLibvirt(tmp_path, "iscsi", ("/dev/sdx",))
    assert failed(lambda: act_on_pool(conn, "deactivate", UUID, in_time())).code == "storage.in_use"
    assert (conn.done, asked) == ([], ["/dev/sdx"])
    conn = FakeLibvirt(tmp_path, "logical", ("/dev/sdx",))
    act_on_pool(conn, "deactivate", UUID, in_time())


def test_no_upload_into_the_folder_below_a_mount_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    conn: Any = FakeLibvirt(tmp_path / "link", "netfs")
    assert failed(lambda: upload_folder(conn, UUID)).code == "storage.inactive"
    monkeypatch.setattr(os.path, "ismount", lambda path: path == str(tmp_path))
    assert upload_folder(conn, UUID) == str(tmp_path / "link")
