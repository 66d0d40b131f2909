# SPDX-License-Identifier: Apache-2.0
"""Topics ``storage``, all pools as they are, and ``pool/<uuid>``, what is on one of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from ..machines.usage import Usage, read_usage
from ..messages import msg
from ..rpc.following import FollowingTopic, heard
from ..storage.volumes import LIST_LIMIT_S, Volume, list_volumes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..machines.store import Change
    from .library import Library

#: Seconds between two looks at how full the pools are, and at what is on one: libvirt has no events for these.
POOLS_INTERVAL_S = 10.0
VOLUMES_INTERVAL_S = 30.0
#: Seconds until a list that is slow to come is said to be so.
FIRST_LIMIT_S = 4.0
USAGE_LIMIT_S = 10.0


class StorageTopic(FollowingTopic):
    """Answers at once, as ``connecting``, and follows with what libvirt and the file systems say."""

    def __init__(self, library: Library, is_visible: Callable[[], bool]) -> None:
        super().__init__("storage")
        self._library = library
        self._is_visible = is_visible
        self._forget: Callable[[], None] | None = None
        library.storage_connection.on_state(lambda _state: self.touch())

    def read(self) -> Mapping[str, Any]:
        store = self._library.pools
        return {
            "libvirt": self._library.storage_connection.state.to_json(),
            "complete": store.complete,
            "error": store.error.to_json() if store.error else None,
            "pools": {uuid: pool.to_json() for uuid, pool in store.pools.items()},
        }

    async def prepare(self) -> None:
        self._forget = self._library.pools.on_change(lambda _uuid: self.touch())
        self._library.pools.refresh_all()

    async def leave(self) -> None:
        if self._forget is not None:
            self._forget()
            self._forget = None

    async def follow(self) -> None:
        while True:
            await asyncio.sleep(POOLS_INTERVAL_S)
            if self._is_visible():
                self._library.pools.refresh_all()


class PoolTopic(FollowingTopic):
    """The volumes of one pool, with the guests that use them; a pool that does not answer is not asked for them."""

    def __init__(self, library: Library, uuid: str, is_visible: Callable[[], bool]) -> None:
        super().__init__(f"pool/{uuid}")
        self._library = library
        self._uuid = uuid
        self._is_visible = is_visible
        self._volumes: list[Volume] = []
        self._pool = ""
        self._usage: Usage | None = None
        self._usage_error: RhvError | None = None
        self._error: RhvError | None = None
        self._complete = False
        self._call: asyncio.Task[tuple[str, list[Volume]]] | None = None
        self._stale = asyncio.Event()
        self._forget: list[Callable[[], None]] = []

    def read(self) -> Mapping[str, Any]:
        usage = self._usage
        volumes = {}
        for volume in self._volumes:
            users = usage.of(self._pool, volume.name, volume.path) if usage else []
            volumes[volume.name] = {**volume.to_json(), "users": [user._asdict() for user in users]}
        return {
            "complete": self._complete,
            "error": self._error.to_json() if self._error else None,
            "usage_error": self._usage_error.to_json() if self._usage_error else None,
            "volumes": volumes,
        }

    async def prepare(self) -> None:
        self._forget = [
            self._library.pools.on_content(self._on_pool),
            self._library.pools.on_change(self._on_list),
            self._library.machines.on_change(self._on_guest),
        ]
        self._stale.set()

    async def leave(self) -> None:
        for forget in self._forget:
            forget()
        self._forget = []
        call, self._call = self._call, None
        if call is not None:
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)

    def _on_pool(self, uuid: str) -> None:
        if uuid == self._uuid:
            self._stale.set()

    def _on_list(self, uuid: str) -> None:
        if uuid == "" and not self._complete:
            self._stale.set()

    def _on_guest(self, change: Change) -> None:
        before, after = change.before, change.after
        if before is None or after is None or before.state != after.state or before.name != after.name:
            self._stale.set()

    async def follow(self) -> None:
        while True:
            if not await heard(self._stale, VOLUMES_INTERVAL_S) and not self._is_visible():
                continue
            self._stale.clear()
            await self._load()
            self.touch()

    async def _load(self) -> None:
        store = self._library.pools
        pool = store.pools.get(self._uuid)
        if pool.state == "reading" if pool else not store.complete:
            return  # it is told when it is known
        if pool is not None and pool.state in ("silent", "unknown", "inactive", "inaccessible", "building"):
            # what it held stays in sight while it is silent; one that is off holds nothing that could be told
            self._error, self._complete = pool.error, True
            if pool.error is None:
                self._volumes = []
            return
        await self._load_usage()
        if self._call is None:
            self._call = asyncio.get_running_loop().create_task(
                self._library.storage(list_volumes, self._uuid, limit_s=LIST_LIMIT_S)
            )
        done, _ = await asyncio.wait({self._call}, timeout=FIRST_LIMIT_S)
        if not done:
            self._error = _slow()
            self.touch()
            await asyncio.wait({self._call})
        call, self._call = self._call, None
        try:
            self._pool, self._volumes = call.result()
            self._error = None
        except RhvError as error:
            self._error = _slow() if error.code == "call.overdue" else error
        self._complete = True

    async def _load_usage(self) -> None:
        try:
            self._usage, self._usage_error = await self._library.libvirt(read_usage, limit_s=USAGE_LIMIT_S), None
        except RhvError as error:
            self._usage_error = error
        except ValueError as error:
            text = msg("storage.usage", "It cannot be told which guests use these volumes.")
            self._usage_error = RhvError("storage.usage", text, detail=str(error))


def _slow() -> RhvError:
    return RhvError(
        "storage.list_slow",
        msg("storage.list_slow", "This storage takes long to say what is on it."),
        msg("storage.list_slow.hint", "It may hold very much, or its server is slow or dead. It goes on by itself."),
    )
