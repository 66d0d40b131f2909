# SPDX-License-Identifier: Apache-2.0
"""``statistics`` of hosts and VMs, from vdsm's numbers (vdsm.md §2.4, §3.1). What a host does not tell is left out."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from ...hosts.live import number
from ..faults import not_found
from ..tree import Items, Obj

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from ...hosts.live import Guest, HostLive

_NAMESPACE = uuid.UUID("9a3c7c1e-6e1b-4e0f-8a53-5f0b6cf4f7a1")
_MIB = 1024 * 1024
_KIB = 1024

Reading = tuple[str, str, str, str, str, "float | None"]
"""Name, description, kind, type, unit, value."""


def host_statistics(host_id: str, live: HostLive) -> list[Obj]:
    """All statistics of a host that can be told now."""
    return list(_nodes("host", host_id, f"/hosts/{host_id}", _host_readings(live.stats, live.capabilities)))


def guest_statistics(guest: Guest) -> list[Obj]:
    """All statistics of a guest that can be told now."""
    return list(_nodes("vm", guest.id, f"/vms/{guest.id}", _guest_readings(guest.stats)))


def find(statistics: list[Obj], id_: str) -> Obj:
    """One of them. Raises Fault 404."""
    for node in statistics:
        if node.id == id_:
            return node
    raise not_found("Statistic", id_)


def _host_readings(stats: Mapping[str, Any], capabilities: Mapping[str, Any]) -> Iterator[Reading]:
    total = _scaled(capabilities.get("memSize"), _MIB)
    # memUsed is the same in whole percent, too coarse for a large machine.
    free = _scaled(stats.get("memFree"), _MIB)
    yield _gauge("memory.total", "Total memory", "bytes", total)
    yield _gauge("memory.used", "Used memory", "bytes", None if total is None or free is None else total - free)
    yield _gauge("memory.free", "Free memory", "bytes", free)
    yield _gauge("memory.shared", "Shared memory", "bytes", _scaled(stats.get("memShared"), _MIB))
    swap_total, swap_free = _scaled(stats.get("swapTotal"), _MIB), _scaled(stats.get("swapFree"), _MIB)
    yield _gauge("swap.total", "Total swap", "bytes", swap_total)
    yield _gauge("swap.free", "Free swap", "bytes", swap_free)
    yield _gauge(
        "swap.used", "Used swap", "bytes", None if swap_total is None or swap_free is None else swap_total - swap_free
    )
    yield _gauge("ksm.cpu.current", "KSM CPU", "percent", number(stats.get("ksmCpu")))
    yield _gauge("cpu.current.user", "User CPU", "percent", number(stats.get("cpuUser")))
    yield _gauge("cpu.current.system", "System CPU", "percent", number(stats.get("cpuSys")))
    yield _gauge("cpu.current.idle", "Idle CPU", "percent", number(stats.get("cpuIdle")))
    yield _gauge("cpu.load.avg.5m", "CPU 5 minute load average", "none", number(stats.get("cpuLoad")), "decimal")
    yield _gauge("boot.time", "Boot time of the machine", "none", number(stats.get("bootTime")))
    network = stats.get("network")
    if isinstance(network, dict):
        for direction, what in (("rx", "received"), ("tx", "sent")):
            total_bytes = [number(nic.get(direction)) for name, nic in network.items() if _is_wire(name, nic)]
            known = [value for value in total_bytes if value is not None]
            # Ours: oVirt has these per NIC only; the portal shows them for the host.
            yield (
                f"data.total.{direction}", f"Bytes {what} by all NICs", "counter", "integer", "bytes",
                sum(known) if known else None,
            )  # fmt: skip


def _is_wire(name: str, nic: Any) -> bool:
    """NICs of the machine itself: what a bridge or a guest's tap carries passes one of them, or never leaves."""
    return isinstance(nic, dict) and name.startswith(("en", "eth", "wl", "ib", "host"))


def _guest_readings(stats: Mapping[str, Any]) -> Iterator[Reading]:
    installed = _memory(stats)
    used_percent = number(stats.get("memUsage"))
    used = None if installed is None or used_percent is None else installed * used_percent / 100
    yield _gauge("memory.installed", "Total memory configured", "bytes", installed)
    yield _gauge("memory.used", "Memory used (agent)", "bytes", used)
    memory = stats.get("memoryStats")
    if isinstance(memory, dict):
        yield _gauge("memory.free", "Memory free (agent)", "bytes", _scaled(memory.get("mem_free"), _KIB))
        yield _gauge("memory.unused", "Memory unused (agent)", "bytes", _scaled(memory.get("mem_unused"), _KIB))
    # vdsm's cpuUser is the guest's share, cpuSys what the hypervisor spends on it; both in percent of one core.
    user, system = number(stats.get("cpuUser")), number(stats.get("cpuSys"))
    yield _gauge("cpu.current.guest", "CPU used by guest", "percent", user)
    yield _gauge("cpu.current.hypervisor", "CPU overhead", "percent", system)
    total = None if user is None or system is None else user + system
    yield _gauge("cpu.current.total", "Total CPU used", "percent", total)
    yield _gauge("migration.progress", "Migration Progress", "percent", number(stats.get("migrationProgress")) or 0.0)
    yield _gauge("elapsed.time", "Elapsed VM runtime", "seconds", number(stats.get("elapsedTime")))


def _memory(stats: Mapping[str, Any]) -> float | None:
    balloon = stats.get("balloonInfo")
    return _scaled(balloon.get("balloon_max"), _KIB) if isinstance(balloon, dict) else None


def guest_memory(guest: Guest) -> int | None:
    """Bytes of memory the guest was given, None when its host does not tell."""
    value = _memory(guest.stats)
    return None if value is None else int(value)


def _scaled(value: Any, factor: int) -> float | None:
    parsed = number(value)
    return None if parsed is None else parsed * factor


def _gauge(name: str, description: str, unit: str, value: float | None, kind: str | None = None) -> Reading:
    return name, description, "gauge", kind or ("integer" if unit == "bytes" else "decimal"), unit, value


def _nodes(owner: str, owner_id: str, href: str, readings: Iterator[Reading]) -> Iterator[Obj]:
    for name, description, kind, type_, unit, value in readings:
        if value is None:
            continue
        id_ = str(uuid.uuid5(_NAMESPACE, f"{owner} {owner_id} {name}"))
        datum = float(round(value)) if type_ == "integer" else value
        yield Obj(
            {
                "name": name,
                "description": description,
                "kind": kind,
                "type": type_,
                "unit": unit,
                "values": Items("value", [Obj({"datum": datum})]),
                owner: Obj(id=owner_id, href=href),
            },
            id_,
            f"{href}/statistics/{id_}",
        )
