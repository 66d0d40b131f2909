# SPDX-License-Identifier: Apache-2.0
"""All hosts: the records of the database, their live state, and one supervisor each."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Callable

from .live import CONNECTING, INCOMING, MAINTENANCE, UP, Guest, HostLive
from .supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Iterator

    from ..changes import Changes
    from ..db.models import Host
    from ..events import Entry, EventLog
    from ..settings import Timing
    from .client import Connector

logger = logging.getLogger(__name__)


class Fleet:
    """Supervises every host that is not in maintenance."""

    def __init__(
        self, connector: Connector, timing: Timing, log: EventLog, changes: Changes,
        on_up: Callable[[Host], Coroutine[Any, Any, None]],
    ) -> None:  # fmt: skip
        """``on_up`` runs in the background each time a host becomes up."""
        self._connector = connector
        self._timing = timing
        self._log = log
        self._changes = changes
        self._live: dict[str, HostLive] = {}
        self._supervisors: dict[str, Supervisor] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._on_up = on_up

    def live(self, host_id: str) -> HostLive:
        """A host's live state."""
        return self._live[host_id]

    def start(self, hosts: Iterable[Host]) -> None:
        """Begin to supervise; in maintenance a host is only listed."""
        for host in hosts:
            live = self._live[host.id] = HostLive(MAINTENANCE if host.maintenance else CONNECTING)
            if not host.maintenance:
                self._supervise(host, live)
            self._changes.publish("hosts", host.id)

    def _supervise(self, host: Host, live: HostLive) -> None:
        supervisor = Supervisor(
            host, live, self._connector, self._timing, self._record, self._changes,
            on_up=lambda: self._background(self._on_up(host)),
        )  # fmt: skip
        self._supervisors[host.id] = supervisor
        supervisor.start()

    async def renew(self, host: Host, *, moved: bool) -> None:
        """Show a host's new name; when it has ``moved`` to another address, leave the old one and connect anew."""
        if moved:
            await self._stop(host.id)
            self.start([host])
        else:
            self._changes.publish("hosts", host.id)

    async def suspend(self, host: Host) -> None:
        """Stop supervising a host that goes to maintenance."""
        await self._stop(host.id)
        self._live[host.id] = HostLive(MAINTENANCE)
        self._changes.publish("hosts", host.id)

    async def forget(self, host: Host) -> None:
        """Stop supervising a host that was removed."""
        await self._stop(host.id)
        del self._live[host.id]
        self._changes.publish("hosts", host.id)

    async def close(self) -> None:
        """Stop everything and wait for events still being written."""
        await asyncio.gather(*(supervisor.stop() for supervisor in self._supervisors.values()))
        self._supervisors.clear()
        await asyncio.gather(*self._tasks, return_exceptions=True)  # logged by _done

    def guests(self) -> dict[str, tuple[Guest, HostLive]]:
        """Every guest by id. One that two hosts report counts where it is for certain: on a host that answers rather
        than on one that is lost, and while it migrates where it still runs."""
        found: dict[str, tuple[Guest, HostLive]] = {}
        for guest, live in self._all_guests():
            other = found.get(guest.id)
            if other is None or _certainty(guest, live) > _certainty(*other):
                found[guest.id] = (guest, live)
        return found

    def _all_guests(self) -> Iterator[tuple[Guest, HostLive]]:
        for live in self._live.values():
            for guest in live.guests.values():
                yield guest, live

    async def _stop(self, host_id: str) -> None:
        supervisor = self._supervisors.pop(host_id, None)
        if supervisor is not None:
            await supervisor.stop()

    def _record(self, entry: Entry) -> None:
        # A supervisor must go on whatever the database does; the store keeps the order.
        async def write() -> None:
            await self._log.add(entry)

        self._background(write())

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("could not be stored", exc_info=error)


def _certainty(guest: Guest, live: HostLive) -> tuple[bool, bool]:
    return live.status == UP, guest.raw_status != INCOMING
