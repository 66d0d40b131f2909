# SPDX-License-Identifier: Apache-2.0
"""All guests of one connection, kept up to date by its events."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Callable, NamedTuple

from ..errors import RhvError
from ..messages import msg
from ..readers import Readers
from ..workers import within
from .connection import CALL_LIMIT_S, Connection
from .faults import unreadable
from .model import LibvirtState, Load, Machine
from .reading import Listed, list_machines, read_machine, read_machines
from .states import ACTIVE

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

#: Seconds after which a guest that could not be read is read again.
RETRY_S = 5.0
#: Seconds that the first list waits for guests that are slow to read; they follow as they come.
SETTLE_S = 1.0
#: A list of more guests than that is read some at a time: a task and a thread's turn for each would cost five times the
#: reading itself. So many at once, and so many calls side by side, which leaves threads to whoever samples meanwhile.
SHARE = 25
MOST_SHARES = 4


class Change(NamedTuple):
    """One guest before and after; ``before`` is None for a new guest, ``after`` for one that is gone."""

    uuid: str
    before: Machine | None
    after: Machine | None


class MachineStore:
    """Keeps :class:`Machine` records by uuid. Callbacks run in the event loop, one call for each changed guest.

    Each guest has at most one reader, which reads again when an event came while it was reading: what is published is
    never older than the last event. A guest that cannot be read stays, as unknown, and is tried again.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._machines: dict[str, Machine] = {}
        self._names: dict[str, str] = {}
        self._readers = Readers(self._read)
        self._retries: dict[str, asyncio.TimerHandle] = {}
        self._watchers: list[Callable[[Change], None]] = []
        self._listing: asyncio.Task[None] | None = None
        self._unread: set[str] = set()
        """Guests of the list that no event has asked for yet: what the list's own reading finds is new."""
        self._newer: set[str] | None = None
        """While libvirt lists, the guests that an event asks for: what comes of it may be newer than the list."""
        self._loads: Mapping[str, Load] = {}
        self.complete = False
        """Whether every guest has been listed since libvirt was connected."""
        self._complete_watchers: list[Callable[[], None]] = []
        connection.on_state(self._on_state)
        connection.on_domain(self.refresh)

    @property
    def machines(self) -> Mapping[str, Machine]:
        """The guests by uuid; not to be changed."""
        return self._machines

    def on_change(self, watcher: Callable[[Change], None]) -> Callable[[], None]:
        """Call ``watcher`` with each change; returns a function that ends this."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def on_complete(self, watcher: Callable[[], None]) -> None:
        """Call ``watcher`` when :attr:`complete` changes."""
        self._complete_watchers.append(watcher)

    def refresh(self, uuid: str) -> None:
        """Read one guest anew, soon."""
        self._unread.discard(uuid)
        if self._newer is not None:
            self._newer.add(uuid)
        timer = self._retries.pop(uuid, None)
        if timer is not None:
            timer.cancel()
        self._readers.read_soon(uuid)

    def apply_loads(self, loads: Mapping[str, Load]) -> None:
        """Take over samples; a guest that is not in ``loads`` has none."""
        self._loads = loads
        for uuid, machine in list(self._machines.items()):
            load = loads.get(uuid, Load()) if machine.state in ACTIVE else Load()
            self._publish(uuid, replace(machine, load=load))

    async def close(self) -> None:
        """Stop reading."""
        for timer in self._retries.values():
            timer.cancel()
        if self._listing is not None:
            self._listing.cancel()
            await asyncio.gather(self._listing, return_exceptions=True)
        await self._readers.close()

    def _on_state(self, state: LibvirtState) -> None:
        if self._listing is not None:
            self._listing.cancel()
            self._listing = None
        if state.state == "connected":
            self._listing = asyncio.get_running_loop().create_task(self._list())
            return
        self._unread.clear()
        self._loads = {}
        self._become_complete(False)
        for uuid, machine in list(self._machines.items()):
            self._publish(uuid, machine.unknown(state.error or not_connected()))

    async def _list(self) -> None:
        while True:
            self._newer = set()
            try:
                listed = await self._connection.call(list_machines)
                break
            except RhvError as error:
                logger.warning("the guests cannot be listed: %s", error.detail or error)
                await asyncio.sleep(RETRY_S)
        newer, self._newer = self._newer, None
        self._names = {uuid: one.name for uuid, one in listed.items()}
        if len(listed) > SHARE:
            await self._read_list({uuid: one for uuid, one in listed.items() if uuid not in newer})
        else:
            for uuid in self._names:
                self.refresh(uuid)
        for uuid in self._machines.keys() - self._names.keys():
            self.refresh(uuid)  # finds out by itself that one is gone
        await self._readers.settle(SETTLE_S)
        self._become_complete(True)

    async def _read_list(self, listed: Mapping[str, Listed]) -> None:
        """Read many guests in the order of their names, in which the page shows them."""
        self._unread = {uuid for uuid in listed if uuid not in self._readers}
        uuids = sorted(self._unread, key=lambda uuid: self._names[uuid])
        shares = iter([uuids[start : start + SHARE] for start in range(0, len(uuids), SHARE)])

        async def take_turns() -> None:
            for share in shares:
                await self._read_share({uuid: listed[uuid] for uuid in share})

        await asyncio.gather(*(take_turns() for _ in range(MOST_SHARES)))

    async def _read_share(self, listed: Mapping[str, Listed]) -> None:
        found: Mapping[str, Machine | RhvError | None] = {}
        try:
            found = await self._connection.call(read_machines, list(listed.values()), limit_s=SETTLE_S)
        except RhvError as error:
            logger.warning("guests are read one by one: %s", error.detail or error)
        for uuid in listed:
            if uuid not in self._unread:
                continue  # an event came: its own reader knows better
            self._unread.discard(uuid)
            read = found.get(uuid)
            if uuid not in found or isinstance(read, RhvError):
                self.refresh(uuid)  # says what is wrong, and tries again
            else:
                self._publish_read(uuid, read)

    async def _read(self, uuid: str) -> None:
        try:
            reading = self._connection.submit(read_machine, uuid)
        except RhvError as error:
            self._publish_unknown(uuid, error)
            return  # everything is read anew when the connection is back
        try:
            machine = await within(reading, CALL_LIMIT_S)
        except (RhvError, ValueError) as error:
            self._publish_unknown(uuid, error if isinstance(error, RhvError) else unreadable(error))
            # a call that hangs is waited for: another one would hang beside it
            await asyncio.wait({reading})
            self._retries[uuid] = asyncio.get_running_loop().call_later(RETRY_S, self.refresh, uuid)
            return
        if self._connection.state.state == "connected":
            self._publish_read(uuid, machine)

    def _publish_read(self, uuid: str, machine: Machine | None) -> None:
        before = self._machines.get(uuid)
        if machine is not None and machine.state in ACTIVE:
            # a read brings no load; the sampler's stays until its next tick, and may have come before the guest itself
            machine = replace(machine, load=before.load if before else self._loads.get(uuid, Load()))
        self._publish(uuid, machine)

    def _publish_unknown(self, uuid: str, error: RhvError) -> None:
        known = self._machines.get(uuid) or Machine(uuid, self._names.get(uuid, uuid), "unknown")
        self._publish(uuid, known.unknown(error))

    def _publish(self, uuid: str, after: Machine | None) -> None:
        before = self._machines.get(uuid)
        if before == after:
            return
        if after is None:
            del self._machines[uuid]
            self._names.pop(uuid, None)
        else:
            self._machines[uuid] = after
        change = Change(uuid, before, after)
        for watcher in list(self._watchers):
            watcher(change)

    def _become_complete(self, complete: bool) -> None:
        self.complete = complete
        for watcher in self._complete_watchers:
            watcher()


def not_connected() -> RhvError:
    """libvirt has not been reached yet."""
    return RhvError("libvirt.unreachable", msg("libvirt.connecting", "There is no connection to libvirt yet."))
