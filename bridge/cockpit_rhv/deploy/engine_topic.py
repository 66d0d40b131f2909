# SPDX-License-Identifier: Apache-2.0
"""Topic `engine`: the hosted engine, followed while somebody looks."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import RhvError
from ..jobs.watch import JobWatcher
from ..rpc.topics import Topic
from .engine_state import NOT_CHECKED, Health, Local, compose, read_health, read_local

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..jobs.store import JobStore
    from ..machines.connection import Connection
    from ..machines.store import Change, MachineStore
    from .config import EngineConfig

#: Seconds between two looks at the Manager's health and at what sends no events (units, networks).
INTERVAL_S = 5.0
_READ_LIMIT_S = 20.0


class Parts(Protocol):
    """What the topic takes from a front door: its libvirt connection, guests, jobs and worker threads."""

    @property
    def connection(self) -> Connection: ...
    @property
    def machines(self) -> MachineStore: ...
    def job_store(self) -> JobStore: ...
    async def run(self, function: Any, *args: Any, limit_s: float) -> Any: ...


class EngineTopic(Topic):
    """Read anew at each event of the engine VM, of libvirt and of a job, and every five seconds."""

    def __init__(self, parts: Parts) -> None:
        super().__init__("engine")
        self._parts = parts
        self._local: Local | None = None
        self._error: RhvError | None = None
        self._health: Health = NOT_CHECKED
        self._poke = asyncio.Event()
        self._jobs: JobWatcher | None = None
        self._tasks: list[asyncio.Task[None]] = []
        parts.connection.on_state(lambda _state: self._poke.set())
        parts.machines.on_change(self._on_machine)

    def read(self) -> Mapping[str, Any]:
        """Definition ``Engine``; raises RhvError ``engine.config_damaged``."""
        if self._error is not None:
            raise self._error
        if self._local is None:
            return compose(Local(None, None), NOT_CHECKED)
        return compose(self._local, self._health)

    async def start(self) -> None:
        """Read once, then follow."""
        self._jobs = JobWatcher(self._parts.job_store(), self._on_job)
        self._jobs.subscribe()
        await self._look()
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._follow_host()), loop.create_task(self._follow_health())]

    async def stop(self) -> None:
        """Follow no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if self._jobs is not None:
            await self._jobs.close()
            self._jobs = None

    def _on_machine(self, change: Change) -> None:
        config = self._local.config if self._local else None
        before, after = change.before, change.after
        # Samples of load change every guest every few seconds; only a state is news here.
        if config is not None and change.uuid == config.uuid and (before and before.state) != (after and after.state):
            self._poke.set()

    async def _on_job(self, _job_id: str) -> None:
        self._poke.set()

    async def _follow_host(self) -> None:
        while True:
            # Units and networks send no events: without one it is time for a look all the same.
            await self._poked()
            self._poke.clear()
            await self._look()
            self.touch()

    async def _poked(self) -> None:
        """At the next event, or after a while.

        Before Python 3.12 ``wait_for`` swallows a cancellation that comes together with its event: a follower would go
        on, and whoever waits for its end would wait for ever.
        """
        event = asyncio.ensure_future(self._poke.wait())
        try:
            await asyncio.wait({event}, timeout=INTERVAL_S)
        finally:
            event.cancel()

    async def _follow_health(self) -> None:
        while True:
            config = self._local.config if self._local else None
            if config is None:
                self._health = NOT_CHECKED
            else:
                self._health = await self._ask(config)
                self.touch()
            await asyncio.sleep(INTERVAL_S)

    async def _ask(self, config: EngineConfig) -> Health:
        try:
            health: Health = await self._parts.run(read_health, config, limit_s=_READ_LIMIT_S)
        except RhvError as error:
            return Health("unknown", error.message, time.time())
        return health

    async def _look(self) -> None:
        try:
            self._local = await self._parts.run(read_local, limit_s=_READ_LIMIT_S)
            self._error = None
        except RhvError as error:
            self._error = error
