# SPDX-License-Identifier: Apache-2.0
"""The agent put together: library, verbs, server."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..events.recorder import Recorder
from ..machines.connection import Connection
from ..machines.opening import DEFAULT_URI
from ..machines.store import MachineStore
from ..rpc.dispatcher import Dispatcher
from ..workers import Workers
from .guest_sampler import GuestSampler
from .guests import Guests
from .host_monitor import HostMonitor
from .host_verbs import HostVerbs
from .load_recorder import LoadRecorder
from .pki import PkiFiles
from .server import AgentServer
from .state import StateFile
from .vm_verbs import VmVerbs

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from .requests import Asker

logger = logging.getLogger(__name__)

PORT = 54321


class Settings(NamedTuple):
    """``config``: folder with ``pki/``; ``bind``: an address, None for all; ``state_file``: what the page reads,
    and beside it the file of the load.

    ``events``: folder of the host's event log, None for an agent that records nothing.
    """

    config: Path = Path("/etc/cockpit-rhv")
    bind: str | None = None
    port: int = PORT
    libvirt_uri: str = DEFAULT_URI
    state_file: Path = Path("/run/cockpit-rhv/agent.json")
    tick_s: float = 5.0
    events: Path | None = None


class Agent:
    """Made inside a running event loop; :meth:`start`, then :meth:`stop`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._workers = Workers(name="agent")
        dispatcher: Dispatcher[Asker] = Dispatcher()
        self.server = AgentServer(PkiFiles.in_folder(settings.config), dispatcher)
        self.connection = Connection(self._workers, settings.libvirt_uri)
        self._store = MachineStore(self.connection)
        self._sampler = GuestSampler(self.connection, self._store, settings.tick_s)
        self._monitor = HostMonitor(self._workers, interval_s=settings.tick_s)
        self.guests = Guests(self.connection, self._store, self._sampler, self.server.publish)
        self._load = LoadRecorder(self._workers, settings.state_file.with_name("load.json"))
        recorded = settings.events
        self._recorder = Recorder(self.connection, self._workers, "agent", recorded) if recorded else None
        self._state = StateFile(settings.state_file, self.server, time.time())
        HostVerbs(self._workers, self.connection, self.guests, self._monitor, settings.config).register(dispatcher)
        VmVerbs(self.connection, self.guests).register(dispatcher)
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Listen, and begin to watch; libvirt may come later.

        Raises RhvError ``tls.files_missing``, ``tls.files_unusable``, ``agent.port_taken``.
        """
        await self.server.start(self._settings.bind, self._settings.port)
        self.connection.start()
        self._spawn(self._monitor.run(), "host monitor")
        self._spawn(self._load.run(), "load")
        self._spawn(self._sampler.run(), "guest sampler")
        self._spawn(self._state.run(), "state file")
        self._spawn(self.server.watch_certificates(), "certificates")
        if self._recorder is not None:
            self._spawn(self._recorder.run(), "events")
        logger.info("listening on port %d", self.server.port)

    async def wait(self) -> None:
        """Until one of the background tasks fails, which is a defect: raises what it raised."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """End everything that :meth:`start` began."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.server.stop()
        await self._store.close()
        await self.connection.close()
        self._workers.close()

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(asyncio.create_task(work, name=name))
