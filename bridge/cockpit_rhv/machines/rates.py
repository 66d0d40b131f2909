# SPDX-License-Identifier: Apache-2.0
"""What two samples of a guest's statistics amount to, rounded to what a person sees: an idle guest is silent."""

from __future__ import annotations

from typing import Any

Stats = dict[str, Any]
"""virTypedParams by name, as of virConnectGetAllDomainStats."""

#: Bytes a second below which a guest counts as idle: broadcasts of its network, a clock written to its disk.
IDLE_BYTES_S = 512


def cpu_percent(old: Stats, new: Stats, elapsed_s: float) -> int | None:
    """Percent of all vCPUs used between two samples; None when either lacks the numbers or the guest restarted."""
    if "cpu.time" not in old or "cpu.time" not in new or elapsed_s <= 0:
        return None
    used_ns: int = new["cpu.time"] - old["cpu.time"]
    if used_ns < 0:
        return None
    vcpus: int = max(1, new.get("vcpu.current", 1))
    return round(min(100.0, used_ns / 1e9 / elapsed_s / vcpus * 100))


def memory_used_mib(stats: Stats) -> int | None:
    """What the guest's own kernel says it uses; None without its balloon driver, for then only the guest knows.

    In steps of less than a percent of what it has.
    """
    total = stats.get("balloon.available")
    free = stats.get("balloon.usable", stats.get("balloon.unused"))
    if total is None or free is None:
        return None
    step_kib = max(1024, total // 128)
    return int(max(0, total - free) // step_kib * step_kib) // 1024


def bytes_rate(old: Stats, new: Stats, elapsed_s: float, group: str, counter: str) -> int | None:
    """Bytes a second that a counter of all devices of a group grew by, to two digits.

    ``group``: block or net. ``counter``: rd.bytes, wr.bytes, rx.bytes, tx.bytes. None when either sample lacks it or it
    went backwards: a device was removed, or the guest restarted.
    """
    return rounded_rate(_total(old, group, counter), _total(new, group, counter), elapsed_s)


def rounded_rate(before: int | None, after: int | None, elapsed_s: float) -> int | None:
    """Bytes a second between two counts, to two digits; None when either is unknown or it went backwards."""
    if before is None or after is None or after < before or elapsed_s <= 0:
        return None
    rate = (after - before) / elapsed_s
    return 0 if rate < IDLE_BYTES_S else int(float(f"{rate:.1e}"))


def _total(stats: Stats, group: str, counter: str) -> int | None:
    """0 for a guest that has no such device; None when there are devices and none of them is counted."""
    count = stats.get(f"{group}.count")
    if count is None:
        return None
    counted = [stats[name] for name in (f"{group}.{n}.{counter}" for n in range(count)) if name in stats]
    return sum(counted) if counted or count == 0 else None
