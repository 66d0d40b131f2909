# SPDX-License-Identifier: Apache-2.0
"""Host.getStats: vdsm's keys, types and units (shared fact sheet vdsm.md, 3.1).

Left out, as vdsm leaves them out without the service behind them: KSM (MOM), haScore. What only vdsm's storage or
hosted-engine services could tell is reported as what it is here: none.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..host.facts import read_boot_time
from ..host.kernel import read_transparent_huge_pages
from ..host.numa import read_huge_pages, read_nodes
from ..host.samples import free_mib

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..host.samples import CpuLoad, NicCounters
    from .host_monitor import HostLoad

DISK_PATHS = ("/tmp", "/var/log", "/run/vdsm/", "/run/cockpit-rhv/")  # noqa: S108 - asked for their free space
"""vdsm watches the first three; the third exists on its hosts only, the fourth is where ours keeps its state."""


def host_stats(load: HostLoad, root: Path = Path("/")) -> dict[str, Any]:
    """All but the counts of guests. Blocks for some milliseconds. Raises OSError when /proc or /sys cannot be read."""
    sample = load.sample
    stats: dict[str, Any] = {
        "cpuLoad": sample.load_5min,
        "elapsedTime": f"{load.elapsed_s:.2f}",
        "dateTime": time.strftime("%Y-%m-%dT%H:%M:%S GMT", time.gmtime()),
        "momStatus": "inactive",
        "netConfigDirty": "False",
        "haStats": {
            "configured": False,
            "active": False,
            "globalMaintenance": False,
            "localMaintenance": False,
            "score": 0,
        },
        "storageDomains": {},
        "v2vJobs": {},
        **_memory(sample.meminfo),
        **_cpu(load),
    }
    if load.rates is not None:
        stats.update(_second_sample_on(load, root))
    return stats


def _memory(meminfo: Mapping[str, int]) -> dict[str, Any]:
    # The kernel gives back page cache and reclaimable slab before a guest's start fails.
    free = sum(meminfo.get(key, 0) for key in ("MemFree", "Cached", "Buffers", "SReclaimable"))
    return {
        "memUsed": str(100 - 100 * free // meminfo["MemTotal"]),
        "memFree": free // 1024,
        "swapTotal": meminfo.get("SwapTotal", 0) // 1024,
        "swapFree": meminfo.get("SwapFree", 0) // 1024,
        "anonHugePages": str(meminfo.get("AnonHugePages", 0) // 1024),
    }


def _cpu(load: HostLoad) -> dict[str, str]:
    if load.rates is None:
        zeros = dict.fromkeys(("cpuUser", "cpuSys", "cpuUserVdsmd", "cpuSysVdsmd"), "0.00")
        return {**zeros, "cpuIdle": "100.00"}
    total, own = load.rates.total, load.rates.own
    return {**_percent(total), "cpuUserVdsmd": f"{own.user:.2f}", "cpuSysVdsmd": f"{own.system:.2f}"}


def _percent(load: CpuLoad) -> dict[str, str]:
    return {"cpuUser": f"{load.user:.2f}", "cpuSys": f"{load.system:.2f}", "cpuIdle": f"{load.idle:.2f}"}


def _second_sample_on(load: HostLoad, root: Path) -> dict[str, Any]:
    """What vdsm has from its second sample on; its clients know the keys as absent before."""
    assert load.rates is not None
    sample = load.sample
    nodes = read_nodes(root)
    node_of = {cpu: node.node_id for node in nodes for cpu in node.cpus}
    return {
        "network": {name: _nic(name, nic, sample.wall_s) for name, nic in sample.nics.items()},
        # vdsm has these two the wrong way round (netstats.py:21)
        "rxDropped": str(sum(nic.rx_dropped for nic in sample.nics.values())),
        "txDropped": str(sum(nic.tx_dropped for nic in sample.nics.values())),
        "cpuStatistics": {
            str(cpu): {"nodeIndex": node_of.get(cpu, 0), **_percent(percent)}
            for cpu, percent in load.rates.cpus.items()
        },
        "diskStats": _disks(root),
        "bootTime": str(read_boot_time(root)),
        "hugepages": {
            str(size): {**counters, "vm.free_hugepages": counters.get("free_hugepages", 0)}
            for size, counters in read_huge_pages(root).items()
        },
        "numaNodeMemFree": {
            str(node.node_id): {
                "memFree": str(node.free_kib // 1024),
                "memPercent": 100 - 100 * node.free_kib // node.total_kib if node.total_kib else 0,
                "hugepages": {str(size): {"freePages": pages.free} for size, pages in node.huge_pages.items()},
            }
            for node in nodes
        },
        **_thp(root),
    }


def _thp(root: Path) -> dict[str, str]:
    state = read_transparent_huge_pages(root)
    return {} if state is None else {"thpState": state}


def _disks(root: Path) -> dict[str, dict[str, str]]:
    found = ((path, free_mib(root / path.lstrip("/"))) for path in DISK_PATHS)
    return {path: {"free": str(free)} for path, free in found if free is not None}


def _nic(name: str, nic: NicCounters, wall_s: float) -> dict[str, Any]:
    return {
        "name": name,
        "state": "up" if nic.up else "down",
        # vdsm's rule: a link that does not tell its speed counts as 1 Gb/s
        "speed": str(nic.speed_mbps or 1000),
        "duplex": nic.duplex,
        "rx": str(nic.rx_bytes),
        "tx": str(nic.tx_bytes),
        "rxErrors": str(nic.rx_errors),
        "txErrors": str(nic.tx_errors),
        "rxDropped": str(nic.rx_dropped),
        "txDropped": str(nic.tx_dropped),
        "sampleTime": wall_s,
    }
