# SPDX-License-Identifier: Apache-2.0
"""The parts of the library that one session uses, each made when it is first needed."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, TypeVar

from ..workers import Workers

if TYPE_CHECKING:
    from ..jobs.store import JobStore
    from ..machines.agent_addresses import AgentAddresses
    from ..machines.bulk import BulkActions
    from ..machines.connection import Connection
    from ..machines.details import DiskSizes
    from ..machines.sampler import Sampler
    from ..machines.store import MachineStore
    from ..storage.pool_store import PoolStore

T = TypeVar("T")

#: Seconds that an action waits for the first connection to libvirt.
CONNECT_LIMIT_S = 5.0


class _Machines(NamedTuple):
    connection: Connection
    store: MachineStore
    sampler: Sampler
    bulk: BulkActions
    sizes: DiskSizes
    agents: AgentAddresses
    agent_connection: Connection
    agent_workers: Workers


class _Storage(NamedTuple):
    connection: Connection
    workers: Workers
    pools: PoolStore


class Library:
    """``uri`` of libvirt: ``COCKPIT_RHV_LIBVIRT_URI`` for tests, else this host's QEMU."""

    def __init__(self) -> None:
        self._workers = Workers(name="helper")
        self._machines: _Machines | None = None
        self._storage: _Storage | None = None
        self._details_watchers: list[Callable[[str], None]] = []
        self._recording: asyncio.Task[None] | None = None

    @property
    def uses_libvirt(self) -> bool:
        """Whether the connection to libvirt has been asked for."""
        return self._machines is not None

    @property
    def connection(self) -> Connection:
        """The connection to libvirt; the first use starts it."""
        return self._parts().connection

    @property
    def machines(self) -> MachineStore:
        """The guests."""
        return self._parts().store

    @property
    def sampler(self) -> Sampler:
        """The guests' load."""
        return self._parts().sampler

    @property
    def bulk_actions(self) -> BulkActions:
        """What can be done with many guests."""
        return self._parts().bulk

    @property
    def disk_sizes(self) -> DiskSizes:
        """Sizes of the disks of guests that are off."""
        return self._parts().sizes

    @property
    def storage_connection(self) -> Connection:
        """The connection to libvirt for storage, where calls may hang with a dead server; the first use starts it."""
        return self._storage_parts().connection

    @property
    def pools(self) -> PoolStore:
        """The storage pools."""
        return self._storage_parts().pools

    def on_details(self, watcher: Callable[[str], None]) -> Callable[[], None]:
        """Call ``watcher`` with the uuid of a guest that a method has changed; returns a function that ends this.

        libvirt has no event for most of what a definition says.
        """
        self._details_watchers.append(watcher)
        return lambda: self._details_watchers.remove(watcher)

    def details_changed(self, uuid: str) -> None:
        """A method has changed this guest."""
        self.machines.refresh(uuid)
        for watcher in list(self._details_watchers):
            watcher(uuid)

    def job_store(self) -> JobStore:
        """This host's jobs."""
        from ..jobs.store import JobStore

        return JobStore()

    def record_events(self) -> None:
        """Keep what happens to the guests and jobs from now on, while nobody else does and we are root."""
        connection = self.connection  # the first use of it comes here again
        if self._recording is None:
            from ..events.recorder import Recorder

            recorder = Recorder(connection, self._workers, "page")
            self._recording = asyncio.get_running_loop().create_task(recorder.run(), name="events")

    async def run(self, function: Callable[..., T], *args: Any, limit_s: float) -> T:
        """Call something that blocks; raises what it raises, or :class:`RhvError` ``call.overdue``."""
        return await self._workers.run(function, *args, limit_s=limit_s)

    async def libvirt(self, function: Callable[..., T], *args: Any, limit_s: float = 30.0) -> T:
        """``function(conn, *args)``; raises :class:`RhvError`."""
        await self.connected()
        return await self.connection.call(function, *args, limit_s=limit_s)

    async def storage(self, function: Callable[..., T], *args: Any, limit_s: float) -> T:
        """``function(conn, *args)`` on the connection for storage; raises :class:`RhvError`."""
        connection = self.storage_connection
        await connection.settled(CONNECT_LIMIT_S)
        return await connection.call(function, *args, limit_s=limit_s)

    async def connected(self) -> None:
        """Wait until libvirt has been connected or could not be: who asks early is not refused for that."""
        await self.connection.settled(CONNECT_LIMIT_S)

    async def close(self) -> None:
        """Let go of everything."""
        if self._recording is not None:
            self._recording.cancel()
            await asyncio.gather(self._recording, return_exceptions=True)
        if self._machines is not None:
            await self._machines.sampler.close()
            await self._machines.agents.close()
            await self._machines.agent_connection.close()
            self._machines.agent_workers.close()
            await self._machines.store.close()
            await self._machines.connection.close()
        if self._storage is not None:
            await self._storage.pools.close()
            await self._storage.connection.close()
            self._storage.workers.close()
        self._workers.close()

    def _storage_parts(self) -> _Storage:
        if self._storage is None:
            from ..host.space import read_space
            from ..machines.connection import Connection
            from ..machines.opening import DEFAULT_URI
            from ..machines.store import not_connected
            from ..storage.pool_store import PoolStore

            workers = Workers(name="storage", most=16)
            uri = os.environ.get("COCKPIT_RHV_LIBVIRT_URI", DEFAULT_URI)
            connection = Connection(workers, uri, pools=True)
            pools = PoolStore(connection, workers, read_space)
            connection.on_state(
                lambda state: pools.connected()
                if state.state == "connected"
                else pools.lost(state.error or not_connected())
            )
            connection.on_pool(pools.refresh)
            self._storage = _Storage(connection, workers, pools)
            connection.start()
        return self._storage

    def _parts(self) -> _Machines:
        if self._machines is None:
            from ..machines.addresses import AddressBook
            from ..machines.agent_addresses import AgentAddresses
            from ..machines.bulk import BulkActions
            from ..machines.connection import Connection
            from ..machines.details import DiskSizes
            from ..machines.opening import DEFAULT_URI
            from ..machines.sampler import Sampler
            from ..machines.store import MachineStore

            uri = os.environ.get("COCKPIT_RHV_LIBVIRT_URI", DEFAULT_URI)
            connection = Connection(self._workers, uri)
            store = MachineStore(connection)
            # An agent may be stopped in the middle of an answer: nobody else waits on this connection and its threads.
            agent_workers = Workers(name="agents", most=8)
            agent_connection = Connection(agent_workers, uri, pools=True)
            agents = AgentAddresses(agent_connection)
            sampler = Sampler(connection, store, AddressBook(self._workers), agents)
            bulk, sizes = BulkActions(connection), DiskSizes(connection)
            self._machines = _Machines(connection, store, sampler, bulk, sizes, agents, agent_connection, agent_workers)
            connection.start()
            self.record_events()
        return self._machines
