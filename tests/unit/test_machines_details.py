# SPDX-License-Identifier: Apache-2.0
"""Sizes of disks whose storage does not answer: unknown in time, and asked no more than can hang."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any, Callable

from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines.details import MOST_HUNG, DiskSizes
from cockpit_rhv.workers import Workers

if TYPE_CHECKING:
    from cockpit_rhv.machines.devices import Size

UUID = "00000000-0000-4000-8000-000000000000"


class Storage:
    """Answers for the disks in ``dead`` only when it is revived."""

    def __init__(self, *dead: str) -> None:
        self.dead = dead
        self.revived = threading.Event()
        self.asked: list[str] = []

    def lookupByUUIDString(self, _uuid: str) -> Storage:
        return self

    def blockInfo(self, target: str) -> list[int]:
        self.asked.append(target)
        if target in self.dead:
            self.revived.wait(60)
        return [1000, 10, 10]


class Connection:
    def __init__(self, storage: Storage) -> None:
        self._workers = Workers()
        self._storage = storage

    def submit(self, function: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        return self._workers.submit(function, self._storage, *args)


def codes(found: dict[str, Size | RhvError]) -> dict[str, str]:
    return {target: one.code if isinstance(one, RhvError) else "known" for target, one in found.items()}


async def test_a_dead_storage_makes_its_disks_unknown_and_no_others() -> None:
    storage = Storage("vdb")
    sizes = DiskSizes(Connection(storage), limit_s=1.0)  # type: ignore[arg-type]
    assert codes(await sizes.read(UUID, ["vda", "vdb", "vdc"])) == {
        "vda": "known", "vdb": "disk.no_answer", "vdc": "known",
    }  # fmt: skip
    await sizes.read(UUID, ["vdb"])
    assert storage.asked.count("vdb") == 1  # it hangs still
    storage.revived.set()
    while codes(await sizes.read(UUID, ["vdb"])) != {"vdb": "known"}:
        await asyncio.sleep(0.01)


async def test_no_more_calls_hang_than_libvirt_can_spare() -> None:
    names = [f"vd{sign}" for sign in "abcdef"]
    storage = Storage(*names)
    sizes = DiskSizes(Connection(storage), limit_s=0.05)  # type: ignore[arg-type]
    assert set(codes(await sizes.read(UUID, names)).values()) == {"disk.no_answer"}
    assert len(storage.asked) == MOST_HUNG
    storage.revived.set()
