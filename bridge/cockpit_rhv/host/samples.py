# SPDX-License-Identifier: Apache-2.0
"""Load of the host: counters read now and then, and what two readings amount to."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .files import read_optional, read_optional_int, read_text
from .memory import read_meminfo

if TYPE_CHECKING:
    from collections.abc import Mapping

TICKS_PER_S = 100
"""USER_HZ: /proc/stat counts in hundredths of a second on every architecture Linux knows."""

# the order of NicCounters' fields
_COUNTERS = ("rx_bytes", "tx_bytes", "rx_errors", "tx_errors", "rx_dropped", "tx_dropped")


class CpuTimes(NamedTuple):
    """Hundredths of seconds since boot, from one line of /proc/stat."""

    user: int
    nice: int
    system: int
    idle: int
    iowait: int


class NicCounters(NamedTuple):
    """Totals since the interface exists (bytes, packets), and its state; ``speed_mbps`` None when unknown.

    ``duplex``: full, half or unknown.
    """

    up: bool
    speed_mbps: int | None
    duplex: str
    rx_bytes: int
    tx_bytes: int
    rx_errors: int
    tx_errors: int
    rx_dropped: int
    tx_dropped: int


class HostSample(NamedTuple):
    """One reading. ``taken_at`` is monotonic seconds, ``wall_s`` epoch seconds of the same moment.

    ``own_ticks`` are (user, system) of this very process. ``meminfo`` in KiB.
    """

    taken_at: float
    wall_s: float
    total: CpuTimes
    cpus: Mapping[int, CpuTimes]
    own_ticks: tuple[int, int]
    meminfo: Mapping[str, int]
    nics: Mapping[str, NicCounters]
    load_5min: str


class CpuLoad(NamedTuple):
    """Percent of the time between two samples; ``idle`` is the rest, waiting for disks included (vdsm's rule)."""

    user: float
    system: float
    idle: float


class HostRates(NamedTuple):
    """What happened between two samples. ``total``: percent of all CPUs. ``own``: percent of one CPU, by us."""

    interval_s: float
    total: CpuLoad
    cpus: Mapping[int, CpuLoad]
    own: CpuLoad


def take_sample(root: Path = Path("/")) -> HostSample:
    """Read all counters; some 2 ms. Raises OSError when /proc cannot be read."""
    total, cpus = _read_cpu_times(root)
    return HostSample(
        taken_at=time.monotonic(),
        wall_s=time.time(),
        total=total,
        cpus=cpus,
        own_ticks=_read_own_ticks(root),
        meminfo=read_meminfo(root),
        nics=_read_counters(root),
        load_5min=read_text(root / "proc/loadavg").split()[1],
    )


def rates(old: HostSample, new: HostSample) -> HostRates:
    """Raises ValueError when no time has passed."""
    interval = new.taken_at - old.taken_at
    if interval <= 0:
        raise ValueError("the second sample is not newer than the first")
    own = [max(after - before, 0) / interval for before, after in zip(old.own_ticks, new.own_ticks)]
    return HostRates(
        interval_s=interval,
        total=_load(old.total, new.total, interval, max(len(new.cpus), 1)),
        # A CPU that was not online before has nothing to compare with.
        cpus={cpu: _load(old.cpus[cpu], times, interval, 1) for cpu, times in new.cpus.items() if cpu in old.cpus},
        own=CpuLoad(own[0], own[1], max(0.0, 100.0 - own[0] - own[1])),
    )


def _load(old: CpuTimes, new: CpuTimes, interval_s: float, cpus: int) -> CpuLoad:
    # Counters step back when a CPU goes offline.
    factor = 100 / TICKS_PER_S / interval_s / cpus
    user = max(new.user + new.nice - old.user - old.nice, 0) * factor
    system = max(new.system - old.system, 0) * factor
    return CpuLoad(user, system, max(0.0, 100.0 - user - system))


def _read_cpu_times(root: Path) -> tuple[CpuTimes, dict[int, CpuTimes]]:
    total = CpuTimes(0, 0, 0, 0, 0)
    cpus: dict[int, CpuTimes] = {}
    for line in read_text(root / "proc/stat").splitlines():
        name, *values = line.split()
        if not name.startswith("cpu"):
            break  # the CPU lines come first, and the interrupt line is long
        times = CpuTimes(*(int(value) for value in values[:5]))
        if name == "cpu":
            total = times
        else:
            cpus[int(name[3:])] = times
    return total, cpus


def _read_own_ticks(root: Path) -> tuple[int, int]:
    # The command name in parentheses may hold blanks and parentheses of its own.
    fields = read_text(root / "proc/self/stat").rpartition(")")[2].split()
    return int(fields[11]), int(fields[12])


def _read_counters(root: Path) -> dict[str, NicCounters]:
    nics: dict[str, NicCounters] = {}
    for device in (root / "sys/class/net").iterdir():
        counters = [value for value in map(read_optional_int, _counter_files(device)) if value is not None]
        if len(counters) != len(_COUNTERS):
            continue  # a plain file, or an interface that went while we were reading it
        speed = read_optional_int(device / "speed")
        nics[device.name] = NicCounters(
            read_optional(device / "operstate") in ("up", "unknown"),
            speed if speed is not None and 0 < speed < 2**31 else None,
            read_optional(device / "duplex") or "unknown",
            *counters,
        )
    return nics


def _counter_files(device: Path) -> list[Path]:
    return [device / "statistics" / name for name in _COUNTERS]


def free_mib(path: Path) -> int | None:
    """Space an ordinary user can still take on the file system of ``path``, in MiB; None when there is no such path."""
    try:
        found = os.statvfs(path)
    except FileNotFoundError:
        return None
    return found.f_bavail * found.f_bsize // 2**20
