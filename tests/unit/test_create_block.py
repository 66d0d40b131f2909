# SPDX-License-Identifier: Apache-2.0
"""Volumes of guests that are being made: their names, what lay there before, and that none is left."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import libvirt
import pytest
from cockpit_rhv.create import block, folder, making
from cockpit_rhv.create.block import BlockPool, block_pool_at, volume_name
from cockpit_rhv.create.making import remove_leftovers
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs.stopping import Stopped
from cockpit_rhv.machines.removal import used_by_others

from tests.unit.test_create_making import UUID, Conn, Domain, error, stop

POOL = "22222222-2222-4222-8222-222222222222"
NAME = f"web-{UUID[:8]}"


class Pool:
    """A pool whose devices are files; ``active``, ``refuse``: how it is."""

    def __init__(self, folder: Path, kind: str = "logical") -> None:
        self.folder, self.kind, self.active, self.refuse = folder, kind, True, False

    def UUIDString(self) -> str:
        return POOL

    def name(self) -> str:
        return "lvm"

    def isActive(self) -> bool:
        return self.active

    def info(self) -> list[int]:
        return [0, 0, 0, 5 * block.MIB]

    def XMLDesc(self, _flags: int = 0) -> str:
        return f"<pool type='{self.kind}'><target><path>{self.folder}</path></target></pool>"

    def listAllVolumes(self) -> list[Any]:
        return []

    def createXML(self, text: str) -> Volume:
        root = ET.fromstring(text)
        assert root.findtext("allocation") == root.findtext("capacity"), "LVM would make a snapshot of it"
        path = self.folder / str(root.findtext("name"))
        path.write_bytes(b"precious".ljust(int(str(root.findtext("capacity"))), b"x"))
        return Volume(self, path)

    def storageVolLookupByName(self, name: str) -> Volume:
        if not (self.folder / name).exists():
            raise error(libvirt.VIR_ERR_NO_STORAGE_VOL)
        return Volume(self, self.folder / name)


class Volume:
    def __init__(self, pool: Pool, path: Path) -> None:
        self._pool, self._path = pool, path

    def path(self) -> str:
        return str(self._path)

    def delete(self) -> None:
        if self._pool.refuse:
            raise error(libvirt.VIR_ERR_INTERNAL_ERROR)
        self._path.unlink()


class Host(Conn):
    """With one pool, while it is known."""

    def __init__(self, pool: Pool) -> None:
        super().__init__()
        self.pool: Pool | None = pool

    def listAllStoragePools(self, _flags: int) -> list[Any]:
        return [] if self.pool is None or not self.pool.active else [self.pool]

    def storagePoolLookupByUUIDString(self, uuid: str) -> Pool:
        if self.pool is None or uuid != POOL:
            raise error(libvirt.VIR_ERR_NO_STORAGE_POOL)
        return self.pool


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pool:
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(tmp_path / "state"))
    (tmp_path / "vg").mkdir()
    return Pool(tmp_path / "vg")


@pytest.fixture
def conn(pool: Pool) -> Any:
    return Host(pool)


def make(conn: Any, then: Any) -> None:
    """``then`` comes while a volume of 3 MiB is reserved."""
    found = block_pool_at(conn, f"{conn.pool.folder}/")
    assert found is not None
    with making.making(UUID, conn) as made:
        made.reserve_volume(conn, found, "web", "", 3 * block.MIB)
        then()


def killed(conn: Any) -> Path:
    """The volume of a maker that was killed in the middle."""
    conn.dead = True
    with pytest.raises(Stopped):
        make(conn, stop)
    conn.dead = False
    path = Path(conn.pool.folder, NAME)
    assert path.exists()
    return path


def record(pool: Pool) -> Path:
    return pool.folder.parent / "state" / "making" / f"{UUID}.json"


def test_only_a_pool_of_devices_is_one(conn: Any, pool: Pool) -> None:
    assert block_pool_at(conn, str(pool.folder)) == BlockPool(POOL, "lvm", str(pool.folder), 5 * block.MIB)
    assert block_pool_at(conn, "/elsewhere") is None
    pool.kind = "dir"
    assert block_pool_at(conn, str(pool.folder)) is None


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("web", "web-11111111"),
        ("a_tdata_b", "a-tdata-b-11111111"),
        ("snapshot-of-web", "guest-snapshot-of-web-11111111"),
        ("pvmove0", "guest-pvmove0-11111111"),
        ("x" * 80, "x" * 40 + "-11111111"),
        ("-._", "guest-11111111"),
    ],
)
def test_names_that_lvm_takes(stem: str, name: str) -> None:
    assert volume_name(stem, UUID, "") == name


def test_a_new_volume_looks_empty_at_both_ends(conn: Any, pool: Pool) -> None:
    make(conn, lambda: None)
    content = Path(pool.folder, NAME).read_bytes()
    assert content == bytes(block.MIB) + b"x" * block.MIB + bytes(block.MIB)
    assert not record(pool).exists()


def test_what_does_not_fit_is_refused(conn: Any, pool: Pool) -> None:
    found = block_pool_at(conn, str(pool.folder))
    assert found is not None
    block.require_room(found, 5 * block.MIB)
    with pytest.raises(RhvError) as caught:
        block.require_room(found, 5 * block.MIB + 1)
    assert (caught.value.code, caught.value.message.params["needed"]) == ("create.no_space", 6)


def test_a_volume_goes_when_its_guest_does_not_come_to_be(conn: Any, pool: Pool) -> None:
    def fail() -> None:
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        make(conn, fail)
    assert (list(pool.folder.iterdir()), record(pool).exists()) == ([], False)


def test_a_volume_of_a_killed_maker_is_in_use_and_goes_later(conn: Any, pool: Pool) -> None:
    path = killed(conn)
    used, unclear = used_by_others(conn, None)
    assert ({name: reason.id for name, reason in used.items()}, unclear) == ({str(path): "machine.disk.making"}, None)
    assert remove_leftovers(conn) == [str(path)]
    assert (path.exists(), record(pool).exists()) == (False, False)


def test_a_volume_that_libvirt_was_still_making_is_known_from_the_record(conn: Any, pool: Pool) -> None:
    made = killed(conn)
    made.unlink()
    assert remove_leftovers(conn) == []
    assert not record(pool).exists()


def test_a_volume_that_a_guest_uses_stays(conn: Any, pool: Pool) -> None:
    path = killed(conn)
    conn.domains["2"] = Domain(conn, "2", str(path))
    assert remove_leftovers(conn) == []
    assert path.exists()


@pytest.mark.parametrize("how", ["inactive", "unknown", "refused"])
def test_a_record_stays_until_its_volume_can_be_deleted(conn: Any, pool: Pool, how: str) -> None:
    path = killed(conn)
    pool.active, pool.refuse = how != "inactive", how == "refused"
    conn.pool = None if how == "unknown" else pool
    assert remove_leftovers(conn) == []
    assert json.loads(record(pool).read_text()) == {"files": [], "volumes": [[POOL, NAME, str(path)]]}
    pool.active, pool.refuse, conn.pool = True, False, pool
    assert remove_leftovers(conn) == [str(path)]
    assert not record(pool).exists()


def test_a_seed_is_written_into_devices_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"precious")
    with pytest.raises(OSError, match="no device"):
        block.fill_volume(str(tmp_path / "file"), b"seed")
    assert (tmp_path / "file").read_bytes() == b"precious"


def test_two_disks_of_a_guest_with_a_long_name_get_two_volumes(conn: Any, pool: Pool) -> None:
    found = block_pool_at(conn, str(pool.folder))
    assert found is not None
    with making.making(UUID, conn) as made:
        paths = [made.reserve_volume(conn, found, "x" * 80 + end, "", block.MIB) for end in ("", "-vdb", "-vdc")]
    stem = "x" * 40 + f"-{UUID[:8]}"
    assert [path.name for path in paths] == [stem, f"{stem}-2", f"{stem}-3"]


def test_no_file_is_made_where_the_devices_are(conn: Any, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool has gone since it was chosen, and its directory has not."""
    monkeypatch.setattr(folder, "_DEVICES", str(pool.folder.parent))
    with pytest.raises(RhvError) as caught, making.making(UUID, conn) as made:
        made.reserve(str(pool.folder), "web", ".qcow2")
    assert caught.value.code == "create.folder"
    monkeypatch.setattr(folder, "trusted", lambda _conn: folder.Trusted(frozenset({os.getuid(), 0}), frozenset({0})))
    with pytest.raises(RhvError) as caught:
        folder.require_safe(conn, str(pool.folder))
    assert caught.value.code == "create.folder"
    assert list(pool.folder.iterdir()) == []
