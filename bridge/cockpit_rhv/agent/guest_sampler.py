# SPDX-License-Identifier: Apache-2.0
"""Statistics and XML of all running guests, as libvirt gives them: one bulk call a tick, never two at once.

The page's sampler (machines/sampler.py) asks for what a page shows; vdsm's clients want network and disks, too.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RhvError
from ..machines.cpu_times import fill_cpu_times
from ..machines.states import ACTIVE, state_name
from ..workers import within
from .guest_xml import GuestXml, read_guest_xml

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import libvirt

    from ..machines.connection import Connection
    from ..machines.store import MachineStore

logger = logging.getLogger(__name__)

TICK_S = 5.0
_LIMIT_S = 30.0

Stats = dict[str, Any]
"""virTypedParams by name, as of virConnectGetAllDomainStats."""


class Taken(NamedTuple):
    """One reading of all active guests. ``at_s``: monotonic."""

    at_s: float
    stats: Mapping[str, Stats]
    xml: Mapping[str, str]


class GuestSample(NamedTuple):
    """What is known of one guest; ``before`` is the previous sample, ``interval_s`` older, None with the first."""

    at_s: float
    stats: Stats
    before: Stats | None
    interval_s: float


class GuestSampler:
    """Samples every :data:`TICK_S` while :meth:`run` runs and libvirt is connected."""

    def __init__(self, connection: Connection, store: MachineStore, tick_s: float = TICK_S) -> None:
        self._connection = connection
        self._store = store
        self._tick_s = tick_s
        self._last: Taken | None = None
        self._samples: dict[str, GuestSample] = {}
        self._xml: dict[str, GuestXml] = {}
        self._changed: set[str] = set()
        connection.on_domain(self._note_event)

    def sample(self, uuid: str) -> GuestSample | None:
        """The newest statistics of a guest; None when it has not been running at a tick."""
        return self._samples.get(uuid)

    def xml(self, uuid: str) -> GuestXml | None:
        """The live XML as of the last tick."""
        return self._xml.get(uuid)

    def _note_event(self, uuid: str) -> None:
        self._changed.add(uuid)

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            if self._connection.state.state == "connected":
                await self.tick()
            await asyncio.sleep(self._tick_s)

    async def tick(self) -> None:
        """Sample once. A failure is logged; the samples stay and grow old."""
        # Taken before the call, so that an event during it makes the guest stale for the next tick.
        changed, self._changed = self._changed, set()
        call = None
        try:
            call = self._connection.submit(take, self._xml.keys() - changed)
            self._accept(await within(call, _LIMIT_S))
        except RhvError as error:
            logger.warning("no statistics of the guests: %s", error.detail or error)
            self._changed |= changed
            if call is not None:
                await asyncio.wait({call})

    def _accept(self, taken: Taken) -> None:
        before, self._last = self._last, taken
        self._samples = {
            uuid: GuestSample(
                taken.at_s,
                stats,
                before.stats.get(uuid) if before else None,
                taken.at_s - before.at_s if before else 0.0,
            )
            for uuid, stats in taken.stats.items()
        }
        self._xml = {uuid: xml for uuid, xml in self._xml.items() if uuid in taken.stats}
        for uuid, text in taken.xml.items():
            try:
                self._xml[uuid] = read_guest_xml(text)
            except ValueError as error:
                logger.warning("guest %s: %s", uuid, error)
        self._look_for_missed_events(taken)

    def _look_for_missed_events(self, taken: Taken) -> None:
        """libvirt drops events when a client is slow to take them; what is running tells of it."""
        for uuid, stats in taken.stats.items():
            known = self._store.machines.get(uuid)
            number = stats.get("state.state")
            if known is None or (known.error is None and number is not None and state_name(number) != known.state):
                self._store.refresh(uuid)
        for uuid, machine in self._store.machines.items():
            if machine.state in ACTIVE and uuid not in taken.stats:
                self._store.refresh(uuid)


def take(conn: libvirt.virConnect, known: Collection[str]) -> Taken:
    """All groups of statistics of the active guests, and the XML of those not ``known``. Blocks."""
    import libvirt

    flags = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
    answer = conn.getAllDomainStats(0, flags)
    at_s = time.monotonic()
    xml = {}
    for domain, stats in answer:
        uuid = domain.UUIDString()
        fill_cpu_times(domain.name(), stats)
        if uuid not in known:
            try:
                xml[uuid] = domain.XMLDesc()
            except libvirt.libvirtError as error:
                # It ended meanwhile, or it is busy: the next tick asks again.
                logger.debug("guest %s: %s", uuid, error)
    return Taken(at_s, {domain.UUIDString(): stats for domain, stats in answer}, xml)
