# SPDX-License-Identifier: Apache-2.0
"""All storage pools, each read by itself: one whose server is dead is silent within seconds and holds up no other."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, Protocol, TypeVar

from ..errors import RhvError
from ..messages import msg
from ..readers import Readers
from ..workers import Workers, within
from .pools import Pool, list_pools, read_pool

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Seconds for libvirt to tell what it knows of a pool, and for the list of them.
READ_LIMIT_S = 3.0
#: Seconds that the first list waits for pools that are slow to read; they follow as they come.
SETTLE_S = 0.8
RETRY_S = 5.0


class Space(Protocol):
    """How full a file system is, in bytes."""

    @property
    def total_bytes(self) -> int: ...

    @property
    def free_bytes(self) -> int: ...


class Libvirt(Protocol):
    """What is asked of a connection to libvirt."""

    def submit(self, function: Callable[..., T], *args: Any) -> asyncio.Future[T]: ...


class PoolStore:
    """``read_space(folder)`` blocks for a few seconds at most, raises OSError, TimeoutError for no answer.

    Each pool has at most one reader. What hangs in libvirt is not asked again before it has come back: it costs one
    thread. :meth:`connected`, :meth:`lost` and :meth:`refresh` are called by whoever hears libvirt's events.
    """

    def __init__(self, libvirt: Libvirt, workers: Workers, read_space: Callable[[Path], Space]) -> None:
        self._libvirt = libvirt
        self._workers = workers
        self._read_space = read_space
        self._pools: dict[str, Pool] = {}
        self._readers = Readers(self._read)
        self._watchers: list[Callable[[str], None]] = []
        self._content_watchers: list[Callable[[str], None]] = []
        self._listing: asyncio.Task[None] | None = None
        self._list_call: asyncio.Future[dict[str, str]] | None = None
        self.complete = False
        """Whether all pools have been listed since libvirt was connected."""
        self.error: RhvError | None = None
        """Why they could not be listed."""

    @property
    def pools(self) -> Mapping[str, Pool]:
        """The pools by uuid; not to be changed."""
        return self._pools

    def on_change(self, watcher: Callable[[str], None]) -> Callable[[], None]:
        """Call ``watcher`` with the uuid of a pool that changed, "" for the list; returns a function that ends this."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def on_content(self, watcher: Callable[[str], None]) -> Callable[[], None]:
        """Call ``watcher`` with the uuid of a pool on which other things may lie now; returns a function as above."""
        self._content_watchers.append(watcher)
        return lambda: self._content_watchers.remove(watcher)

    def connected(self) -> None:
        """There is a connection: list them."""
        if self._listing is None:
            self._listing = asyncio.get_running_loop().create_task(self._list())

    def lost(self, error: RhvError) -> None:
        """There is none any more: what they are is not known."""
        self._end_listing()
        self._list_call = None
        self.complete = False
        for uuid, pool in list(self._pools.items()):
            self._publish(uuid, pool.unknown(error))

    def refresh(self, uuid: str) -> None:
        """Something was reported of it: read it anew, soon; a new one appears, one that is gone goes."""
        self._readers.read_soon(uuid)
        self._tell_content(uuid)

    def refresh_all(self) -> None:
        """Read them all anew; one that still hangs is not asked a second time."""
        for uuid in list(self._pools):
            if uuid not in self._readers:
                self._readers.read_soon(uuid)

    async def close(self) -> None:
        """Stop reading."""
        self._end_listing()
        await self._readers.close()

    def _end_listing(self) -> None:
        if self._listing is not None:
            self._listing.cancel()
            self._listing = None

    async def _list(self) -> None:
        while True:
            try:
                if self._list_call is None or self._list_call.done():
                    self._list_call = self._libvirt.submit(list_pools)
                names = await within(self._list_call, READ_LIMIT_S)
                break
            except RhvError as error:
                logger.warning("the storage pools cannot be listed: %s", error.detail or error)
                self._become(False, _list_silent() if error.code == "call.overdue" else error)
                await asyncio.sleep(RETRY_S)
        for uuid, name in names.items():
            self._pools.setdefault(uuid, Pool(uuid, name))
        for uuid in list(self._pools):
            self._readers.read_soon(uuid)  # finds out by itself that one is gone
        await self._readers.settle(SETTLE_S)
        self._become(True, None)

    def _become(self, complete: bool, error: RhvError | None) -> None:
        self.complete, self.error = complete, error
        self._tell("")

    async def _read(self, uuid: str) -> None:
        try:
            call = self._libvirt.submit(read_pool, uuid)
            try:
                pool = await within(call, READ_LIMIT_S)
            except RhvError as error:
                if error.code != "call.overdue":
                    raise
                self._publish_silent(uuid)
                await asyncio.wait({call})
                self._readers.read_soon(uuid)  # it is back: what it said is old
                return
        except RhvError as error:
            if error.code == "storage.no_pool":
                if self._pools.pop(uuid, None) is not None:
                    self._tell(uuid)
                    self._tell_content(uuid)
            elif uuid in self._pools:
                self._publish(uuid, self._pools[uuid].unknown(error))
            return
        self._publish(uuid, await self._measured(pool))

    async def _measured(self, pool: Pool) -> Pool:
        """With what its file system says now: libvirt's own figures are those of its last refresh."""
        if pool.folder is None:
            return pool
        before = time.monotonic()
        try:
            space = await self._workers.run(self._read_space, Path(pool.folder), limit_s=2 * READ_LIMIT_S)
        except (TimeoutError, RhvError) as error:
            return pool.silent(_silent(str(error)))
        except PermissionError:
            return pool  # it answers, if not to this user: libvirt's figures stand
        except OSError as error:
            return pool.unknown(_unreadable(error))
        return replace(
            pool,
            capacity_bytes=space.total_bytes,
            allocation_bytes=space.total_bytes - space.free_bytes,
            available_bytes=space.free_bytes,
            answer_ms=round((time.monotonic() - before) * 1000, 1) if pool.kind == "netfs" else None,
        )

    def _publish_silent(self, uuid: str) -> None:
        if uuid in self._pools:
            self._publish(uuid, self._pools[uuid].silent(_silent("libvirt")))

    def _publish(self, uuid: str, pool: Pool) -> None:
        before = self._pools.get(uuid)
        if before != pool:
            self._pools[uuid] = pool
            self._tell(uuid)
        if before is None or before.state != pool.state:
            self._tell_content(uuid)

    def _tell(self, uuid: str) -> None:
        for watcher in list(self._watchers):
            watcher(uuid)

    def _tell_content(self, uuid: str) -> None:
        for watcher in list(self._content_watchers):
            watcher(uuid)


def _silent(detail: str) -> RhvError:
    return RhvError(
        "storage.silent",
        msg("storage.silent", "This storage does not answer."),
        msg(
            "storage.silent.hint",
            "Look at its server and at the network to it. It is asked again by itself; guests with disks on it wait.",
        ),
        detail,
    )


def _list_silent() -> RhvError:
    return RhvError(
        "storage.list_silent",
        msg("storage.list_silent", "libvirt does not say which storage there is."),
        msg("storage.list_silent.hint", "It may be waiting for a server that is dead. It is asked again by itself."),
    )


def _unreadable(error: OSError) -> RhvError:
    return RhvError(
        "storage.unreadable",
        msg("storage.unreadable", "The folder of this storage is not there."),
        msg("storage.unreadable.hint", "Bring back the disk or the file server it lies on, then activate it anew."),
        str(error),
    )
