# SPDX-License-Identifier: Apache-2.0
"""Load of all running guests: one bulk call a tick, never two at once."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RhvError
from ..workers import within
from .connection import CALL_LIMIT_S, Connection
from .cpu_times import fill_cpu_times
from .model import Load
from .states import state_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    import libvirt

    from .store import MachineStore

logger = logging.getLogger(__name__)

TICK_S = 3.0

Stats = dict[str, Any]


class Taken(NamedTuple):
    """One answer of libvirt. ``at_s``: monotonic clock when it came. ``stats``: uuid to virTypedParams by name."""

    at_s: float
    stats: Mapping[str, Stats]


class Sampler:
    """Samples while :meth:`set_active` says so; off at first."""

    def __init__(self, connection: Connection, store: MachineStore, tick_s: float = TICK_S) -> None:
        self._connection = connection
        self._store = store
        self._tick_s = tick_s
        self._last: Taken | None = None
        self._task: asyncio.Task[None] | None = None

    def set_active(self, active: bool) -> None:
        """Begin or end the ticks."""
        if active and self._task is None:
            self._last = None  # a difference over a pause would be a mean, not a load
            self._task = asyncio.get_running_loop().create_task(self._run())
        elif not active and self._task is not None:
            self._task.cancel()
            self._task = None

    async def close(self) -> None:
        """End the ticks and wait for the end."""
        task = self._task
        self.set_active(False)
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            if self._connection.state.state == "connected":
                await self._tick()
            await asyncio.sleep(self._tick_s)

    async def _tick(self) -> None:
        call = None
        try:
            call = self._connection.submit(take)
            self._accept(await within(call, CALL_LIMIT_S))
        except RhvError as error:
            logger.warning("no load of the guests: %s", error.detail or error)
            self._last = None
            self._store.apply_loads({})
            if call is not None:
                await asyncio.wait({call})

    def _accept(self, taken: Taken) -> None:
        before, self._last = self._last, taken
        loads = {}
        for uuid, stats in taken.stats.items():
            old = before.stats.get(uuid) if before else None
            loads[uuid] = Load(
                cpu_percent=cpu_percent(old, stats, taken.at_s - before.at_s) if before and old else None,
                memory_used_mib=memory_used_mib(stats),
            )
            self._look_for_missed_event(uuid, stats)
        self._store.apply_loads(loads)

    def _look_for_missed_event(self, uuid: str, stats: Stats) -> None:
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
    )
    flags = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
    taken: dict[str, Stats] = {}
    for domain, stats in conn.getAllDomainStats(wanted, flags):
        fill_cpu_times(domain.name(), stats)
        taken[domain.UUIDString()] = stats
    return Taken(time.monotonic(), taken)


def cpu_percent(old: Stats, new: Stats, elapsed_s: float) -> float | None:
    """Percent of all vCPUs used between two samples; None when either lacks the numbers or the guest restarted."""
    if "cpu.time" not in old or "cpu.time" not in new or elapsed_s <= 0:
        return None
    used_ns: int = new["cpu.time"] - old["cpu.time"]
    if used_ns < 0:
        return None
    vcpus: int = max(1, new.get("vcpu.current", 1))
    return round(min(100.0, used_ns / 1e9 / elapsed_s / vcpus * 100), 1)


def memory_used_mib(stats: Stats) -> int | None:
    """What the guest's own kernel says it uses; None without its balloon driver, for then only the guest knows."""
    total = stats.get("balloon.available")
    free = stats.get("balloon.usable", stats.get("balloon.unused"))
    if total is None or free is None:
        return None
    return int(max(0, total - free)) // 1024
