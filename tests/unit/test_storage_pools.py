# SPDX-License-Identifier: Apache-2.0
"""Pools that hang, each in its own way, and the others meanwhile."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, TypeVar

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.messages import msg
from cockpit_rhv.storage import pool_store
from cockpit_rhv.storage.pool_store import PoolStore
from cockpit_rhv.storage.pool_xml import pool_xml
from cockpit_rhv.workers import Workers

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")
UUIDS = [f"5a0c1a2e-0000-4000-8000-{number:012d}" for number in range(10)]
_XML = (
    "<pool type='{kind}'><name>{name}</name><uuid>{uuid}</uuid>"
    "<source><host name='nfs'/><dir path='/x'/></source><target><path>/srv/{name}</path></target></pool>"
)


class Space(NamedTuple):
    total_bytes: int = 100
    free_bytes: int = 40


class FakePool:
    """As of libvirt. While :attr:`hangs` is set nothing is said of it."""

    def __init__(self, uuid: str) -> None:
        self.uuid, self.state, self.asked = uuid, 2, 0
        self.goes_on = threading.Event()
        self.goes_on.set()

    def info(self) -> list[int]:
        self.asked += 1
        self.goes_on.wait(20)
        return [self.state, 1000, 400, 600]

    def XMLDesc(self) -> str:
        return _XML.format(kind="netfs", name=f"p{self.uuid[-1]}", uuid=self.uuid)

    def UUIDString(self) -> str:
        return self.uuid

    def name(self) -> str:
        return f"p{self.uuid[-1]}"

    def autostart(self) -> int:
        return 1

    def isPersistent(self) -> int:
        return 1


class FakeLibvirt:
    """A connection whose calls run in threads, as the real one's."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self.pools = {uuid: FakePool(uuid) for uuid in UUIDS}
        self.lists = threading.Event()
        self.lists.set()

    def submit(self, function: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        return self._workers.submit(function, self, *args)

    def listAllStoragePools(self) -> list[FakePool]:
        self.lists.wait(20)
        return list(self.pools.values())

    def storagePoolLookupByUUIDString(self, uuid: str) -> FakePool:
        return self.pools[uuid]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds takes tenths here."""
    monkeypatch.setattr(pool_store, "READ_LIMIT_S", 0.3)
    monkeypatch.setattr(pool_store, "SETTLE_S", 0.1)
    monkeypatch.setattr(pool_store, "RETRY_S", 0.1)


class Setting:
    """A store on a fake libvirt. Made inside a running event loop."""

    def __init__(self) -> None:
        self.workers = Workers(most=16)
        self.libvirt = FakeLibvirt(self.workers)
        self.dead: set[str] = set()
        self.store = PoolStore(self.libvirt, self.workers, self.space)

    def space(self, folder: Path) -> Space:
        if str(folder) in self.dead:
            time.sleep(0.2)
            raise TimeoutError(f"{folder} does not answer")
        return Space()

    async def until(self, accept: Callable[[], bool], limit_s: float = 60.0) -> None:
        before = time.monotonic()
        while not accept():
            assert time.monotonic() - before < limit_s, {one.name: one.state for one in self.store.pools.values()}
            await asyncio.sleep(0.01)

    def states(self) -> dict[str, str]:
        return {pool.name: pool.state for pool in self.store.pools.values()}

    async def close(self) -> None:
        self.libvirt.lists.set()
        for pool in self.libvirt.pools.values():
            pool.goes_on.set()
        await self.store.close()
        self.workers.close()


async def test_two_dead_pools_hold_up_no_other_and_are_not_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_store, "READ_LIMIT_S", 2.0)
    setting = Setting()
    stuck = setting.libvirt.pools[UUIDS[3]]
    stuck.goes_on.clear()
    setting.dead.add("/srv/p7")
    before = time.monotonic()
    setting.store.connected()
    await setting.until(lambda: list(setting.states().values()).count("active") == 8)
    assert time.monotonic() - before < 2.0, "the others waited for the dead ones"
    await setting.until(lambda: {setting.states()["p3"], setting.states()["p7"]} == {"silent"})
    for uuid in (UUIDS[3], UUIDS[7]):
        error = setting.store.pools[uuid].error
        assert error is not None
        assert error.code == "storage.silent"
    for _ in range(3):
        setting.store.refresh_all()
        await asyncio.sleep(0.05)
    assert stuck.asked == 1
    assert setting.store.pools[UUIDS[0]].allocation_bytes == 60  # by its file system, not by libvirt's last look
    # and they come back by themselves
    stuck.goes_on.set()
    setting.dead.clear()
    setting.store.refresh(UUIDS[7])
    await setting.until(lambda: set(setting.states().values()) == {"active"})
    await setting.close()


async def test_a_list_that_hangs_is_said_and_asked_for_once() -> None:
    setting = Setting()
    setting.libvirt.lists.clear()
    setting.store.connected()
    await setting.until(lambda: setting.store.error is not None)
    assert setting.store.error is not None
    assert setting.store.error.code == "storage.list_silent"
    assert not setting.store.complete
    setting.libvirt.lists.set()
    await setting.until(lambda: setting.store.complete and setting.store.error is None)
    await setting.close()


async def test_without_libvirt_the_last_known_stays_as_unknown() -> None:
    setting = Setting()
    setting.store.connected()
    await setting.until(lambda: setting.store.complete and set(setting.states().values()) == {"active"})
    setting.store.lost(RhvError("libvirt.unreachable", msg("x", "gone")))
    pool = setting.store.pools[UUIDS[0]]
    assert (pool.state, pool.capacity_bytes, pool.name) == ("unknown", 100, "p0")
    setting.store.connected()
    await setting.until(lambda: set(setting.states().values()) == {"active"})
    await setting.close()


async def test_a_folder_that_is_gone_is_unknown_with_the_reason() -> None:
    setting = Setting()

    def gone(_folder: Path) -> Space:
        raise OSError(116, "Stale file handle")

    store = PoolStore(setting.libvirt, setting.workers, gone)
    setting.store = store
    store.connected()
    await setting.until(lambda: set(setting.states().values()) == {"unknown"})
    error = store.pools[UUIDS[0]].error
    assert error is not None
    assert error.code == "storage.unreadable"
    assert "Stale" in str(error.detail)
    await setting.close()


@pytest.mark.parametrize(
    ("wanted", "parts"),
    [
        ({"kind": "dir", "target": "/a & b"}, ["<path>/a &amp; b</path>"]),
        (
            {"kind": "netfs", "target": "/m", "host": "fd00::1", "source": "/e", "nfs_version": "4.2"},
            ['<host name="fd00::1" />', '<dir path="/e" />', '<format type="nfs" />', '<protocol ver="4.2" />'],
        ),
        (
            {"kind": "iscsi", "host": "h", "port": 3261, "source": "iqn.2024-01.org.example:x"},
            ['<host name="h" port="3261" />', '<device path="iqn.2024-01.org.example:x" />', "/dev/disk/by-path"],
        ),
        ({"kind": "logical", "source": "vg0"}, ["<name>vg0</name>", '<format type="lvm2" />', "<path>/dev/vg0</path>"]),
    ],
)
def test_definitions_of_new_pools(wanted: dict[str, Any], parts: list[str]) -> None:
    text = pool_xml({"name": "n", "autostart": False, **wanted})
    for part in (f' type="{wanted["kind"]}">', *parts):
        assert part in text
