# SPDX-License-Identifier: Apache-2.0
"""Load of all running guests: one bulk call a tick, and addresses beside it."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Callable, NamedTuple

from ..errors import RhvError
from ..workers import within
from .addresses import AddressBook, addresses_of
from .connection import CALL_LIMIT_S, Connection
from .cpu_times import fill_cpu_times
from .devices import NOTHING, Devices, devices_of
from .model import LibvirtState, Load
from .rates import Stats, bytes_rate, cpu_percent, memory_used_mib
from .states import state_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    import libvirt

    from .agent_addresses import AgentAddresses
    from .store import MachineStore

logger = logging.getLogger(__name__)

TICK_S = 3.0
#: A load is the difference of two answers: whoever opens the page need not wait a whole tick for the second.
SECOND_TICK_S = 0.3
#: Calls that may hang at a time, each in a guest whose QEMU does not answer; libvirt serves a client five.
MOST_OVERDUE = 2


class Taken(NamedTuple):
    """One answer of libvirt. ``at_s``: monotonic clock when it came. ``stats``: uuid to virTypedParams by name."""

    at_s: float
    stats: Mapping[str, Stats]


class Sampler:
    """Samples while :meth:`set_active` says so; off at first.

    A call that is overdue hangs in a guest and holds that guest's lock: the next one passes it over, because it asks
    without waiting, and brings the others. So one hung guest costs the rest a single time limit.
    """

    def __init__(
        self,
        connection: Connection,
        store: MachineStore,
        addresses: AddressBook,
        agents: AgentAddresses,
        tick_s: float = TICK_S,
    ) -> None:
        self._connection = connection
        self._store = store
        self._addresses = addresses
        self._agents = agents
        self._tick_s = tick_s
        self._overdue: set[asyncio.Future[Taken]] = set()
        self._last: Taken | None = None
        self._before: Taken | None = None
        self._task: asyncio.Task[None] | None = None
        self._watchers: list[Callable[[], None]] = []
        self._connected = asyncio.Event()
        connection.on_state(self._on_state)

    def set_active(self, active: bool) -> None:
        """Begin or end the ticks."""
        if active and self._task is None:
            self._last = self._before = None  # a difference over a pause would be a mean, not a load
            self._task = asyncio.get_running_loop().create_task(self._run())
        elif not active and self._task is not None:
            self._task.cancel()
            self._task = None

    def devices(self, uuid: str) -> Devices:
        """What the disks and network cards of a guest did between the last two samples."""
        if self._last is None:
            return NOTHING
        before = self._before
        old = before.stats.get(uuid, {}) if before else {}
        elapsed_s = self._last.at_s - before.at_s if before else 0.0
        return devices_of(old, self._last.stats.get(uuid, {}), elapsed_s)

    def addresses(self, uuid: str, macs: tuple[str, ...]) -> tuple[str, ...]:
        """The addresses behind network cards of a guest, as far as this host and the guest's agent know."""
        return addresses_of(macs, self._addresses.known, self._agents.known.get(uuid, {}))

    def on_sample(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call ``watcher`` after each sample, one that failed too; returns a function that ends this."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    async def close(self) -> None:
        """End the ticks and wait for the end."""
        task = self._task
        self.set_active(False)
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        self._on_state(self._connection.state)
        while True:
            await self._connected.wait()
            before = self._last
            await self._tick()
            begins = before is None and self._last is not None
            await asyncio.sleep(min(SECOND_TICK_S, self._tick_s) if begins else self._tick_s)

    def _on_state(self, state: LibvirtState) -> None:
        if state.state == "connected":
            self._connected.set()
        else:
            self._connected.clear()

    async def _tick(self) -> None:
        self._overdue = {call for call in self._overdue if not call.done()}
        if len(self._overdue) >= MOST_OVERDUE:
            return  # nothing is known of anybody, and said so when the last one became overdue
        self._addresses.refresh()
        call = None
        try:
            call = self._connection.submit(take)
            self._accept(await within(call, CALL_LIMIT_S))
        except RhvError as error:
            logger.warning("no load of the guests: %s", error.detail or error)
            self._last = self._before = None
            self._store.apply_loads({})
            self._tell()
        finally:
            if call is not None and not call.done():
                self._overdue.add(call)

    def _accept(self, taken: Taken) -> None:
        before = self._before = self._last
        self._last = taken
        self._agents.refresh(taken.stats)
        elapsed_s = taken.at_s - before.at_s if before else 0.0
        loads = {}
        for uuid, stats in taken.stats.items():
            old = before.stats.get(uuid, {}) if before else {}
            known = self._store.machines.get(uuid)
            loads[uuid] = Load(
                cpu_percent=cpu_percent(old, stats, elapsed_s),
                memory_used_mib=memory_used_mib(stats),
                disk_read_bytes_s=bytes_rate(old, stats, elapsed_s, "block", "rd.bytes"),
                disk_write_bytes_s=bytes_rate(old, stats, elapsed_s, "block", "wr.bytes"),
                net_rx_bytes_s=bytes_rate(old, stats, elapsed_s, "net", "rx.bytes"),
                net_tx_bytes_s=bytes_rate(old, stats, elapsed_s, "net", "tx.bytes"),
                addresses=self.addresses(uuid, known.macs) or None if known else None,
            )
            self._look_for_missed_event(uuid, stats)
        self._store.apply_loads(loads)
        self._tell()

    def _tell(self) -> None:
        for watcher in list(self._watchers):
            watcher()

    def _look_for_missed_event(self, uuid: str, stats: Stats) -> None:
        if not self._store.complete:
            return  # everything is being read
        known = self._store.machines.get(uuid)
        number = stats.get("state.state")
        if known is None or (known.error is None and number is not None and state_name(number) != known.state):
            self._store.refresh(uuid)


def take(conn: libvirt.virConnect) -> Taken:
    """Ask for the statistics of all active guests. Blocks; a guest that is busy comes with fewer of them."""
    import libvirt

    wanted = (
        libvirt.VIR_DOMAIN_STATS_STATE
        | libvirt.VIR_DOMAIN_STATS_CPU_TOTAL
        | libvirt.VIR_DOMAIN_STATS_BALLOON
        | libvirt.VIR_DOMAIN_STATS_VCPU
        | libvirt.VIR_DOMAIN_STATS_INTERFACE
        | libvirt.VIR_DOMAIN_STATS_BLOCK
    )
    flags = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
    taken: dict[str, Stats] = {}
    for domain, stats in conn.getAllDomainStats(wanted, flags):
        fill_cpu_times(domain.name(), stats)
        taken[domain.UUIDString()] = stats
    return Taken(time.monotonic(), taken)
