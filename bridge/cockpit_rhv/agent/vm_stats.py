# SPDX-License-Identifier: Apache-2.0
"""A guest in vdsm's words: keys, types and units of the shared fact sheet vdsm.md, 2.4.

What vdsm has from its own storage, MOM or the guest agent is left out: no client may take a made-up value for a fact.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .vm_status import pause_code, status

if TYPE_CHECKING:
    from ..machines.model import Graphics, Machine
    from .guest_sampler import GuestSample, Stats
    from .guest_xml import GuestXml

STALE_S = 60.0
"""vdsm's: a guest whose statistics are older does not answer."""


def vm_stats(
    machine: Machine,
    status_time: int,
    sample: GuestSample | None,
    xml: GuestXml | None,
    *,
    uptime_s: float | None,
    answers: bool,
) -> dict[str, Any]:
    """``status_time``: :func:`~cockpit_rhv.agent.clock.event_time` of its last change; ``answers``: it can be read."""
    fresh = sample is not None and time.monotonic() - sample.at_s <= STALE_S
    stats: dict[str, Any] = {
        "vmId": machine.uuid,
        "vmName": machine.name,
        "status": status(machine),
        "statusTime": str(status_time),
        "vmType": "kvm",
        "kvmEnable": "false" if machine.emulated else "true",
        "monitorResponse": "0" if answers and fresh else "-1",
        "vcpuCount": str(machine.vcpus),
        "displayInfo": [_display(graphics) for graphics in machine.graphics],
    }
    code = pause_code(machine)
    if code is not None:
        stats["pauseCode"] = code
    if uptime_s is not None:
        stats["elapsedTime"] = str(int(uptime_s))
    if xml is not None:
        stats.update(acpiEnable=_flag(xml.acpi), timeOffset=str(xml.time_offset_s), hash=xml.devices_hash)
    if sample is not None:
        stats.update(_cpu(sample))
        stats["network"] = _network(sample, xml)
        stats["disks"] = _disks(sample, xml)
        stats.update(_memory(sample, xml))
    return stats


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _display(graphics: Graphics) -> dict[str, str]:
    return {
        "type": graphics.type,
        "ipAddress": graphics.address or "",
        "port": str(graphics.port or -1),
        "tlsPort": str(graphics.tls_port or -1),
    }


def _cpu(sample: GuestSample) -> dict[str, Any]:
    """Percent of one core; system is what the guest's own threads spend in the host's kernel and in QEMU."""
    new, old = sample.stats, sample.before
    usage = {"cpuUsage": str(new["cpu.time"])} if "cpu.time" in new else {}
    if old is None or any(key not in stats for stats in (old, new) for key in ("cpu.time", "cpu.user", "cpu.system")):
        return {**usage, "cpuActual": False, "cpuUser": "0.00", "cpuSys": "0.00"}
    factor = 100 / 1e9 / sample.interval_s
    system = max(_delta(old, new, "cpu.user") + _delta(old, new, "cpu.system"), 0) * factor
    user = max(_delta(old, new, "cpu.time") * factor - system, 0.0)
    return {**usage, "cpuActual": True, "cpuUser": f"{user:.2f}", "cpuSys": f"{system:.2f}"}


def _delta(old: Stats, new: Stats, key: str) -> int:
    return int(new.get(key, 0)) - int(old.get(key, 0))


def _network(sample: GuestSample, xml: GuestXml | None) -> dict[str, dict[str, Any]]:
    found = {}
    for prefix in _items(sample.stats, "net"):
        name = sample.stats[f"{prefix}.name"]
        model = xml.models.get(name, "") if xml else ""
        found[name] = {
            "name": name,
            "macAddr": xml.macs.get(name, "") if xml else "",
            # vdsm's rule: the speed the emulated hardware would have
            "speed": "100" if model in ("rtl8139", "ne2k_pci") else "1000",
            "state": "unknown",
            "sampleTime": sample.at_s,
            **{
                key: str(sample.stats.get(f"{prefix}.{source}", 0))
                for key, source in (
                    ("rx", "rx.bytes"),
                    ("tx", "tx.bytes"),
                    ("rxErrors", "rx.errs"),
                    ("txErrors", "tx.errs"),
                    ("rxDropped", "rx.drop"),
                    ("txDropped", "tx.drop"),
                )
            },
        }
    return found


def _disks(sample: GuestSample, xml: GuestXml | None) -> dict[str, dict[str, str]]:
    disks = {}
    for prefix in _items(sample.stats, "block"):
        name = sample.stats[f"{prefix}.name"]
        disks[name] = _disk(sample, prefix)
        # libvirt does not tell the length of an image's file; that of a raw one is the disk's.
        if xml is not None and name in xml.raw_disks and f"{prefix}.capacity" in sample.stats:
            disks[name]["apparentsize"] = str(sample.stats[f"{prefix}.capacity"])
    return disks


def _disk(sample: GuestSample, prefix: str) -> dict[str, str]:
    new = sample.stats
    disk = {
        key: str(new[f"{prefix}.{source}"])
        for key, source in (
            # of an image that is in use libvirt calls physical what it takes on the disk
            ("truesize", "physical"),
            ("readOps", "rd.reqs"),
            ("writeOps", "wr.reqs"),
            ("readBytes", "rd.bytes"),
            ("writtenBytes", "wr.bytes"),
        )
        if f"{prefix}.{source}" in new
    }
    old = sample.before
    if old is None or old.get(f"{prefix}.name") != new[f"{prefix}.name"]:
        return disk  # a disk that was plugged in or out has shifted the numbers
    for key, source in (("readRate", "rd.bytes"), ("writeRate", "wr.bytes")):
        disk[key] = f"{max(_delta(old, new, f'{prefix}.{source}'), 0) / sample.interval_s:.2f}"
    for key, source in (("readLatency", "rd"), ("writeLatency", "wr"), ("flushLatency", "fl")):
        operations = _delta(old, new, f"{prefix}.{source}.reqs")
        spent_ns = _delta(old, new, f"{prefix}.{source}.times")
        disk[key] = str(spent_ns // operations) if operations > 0 and spent_ns > 0 else "0"
    return disk


def _memory(sample: GuestSample, xml: GuestXml | None) -> dict[str, Any]:
    new, old = sample.stats, sample.before
    result: dict[str, Any] = {}
    if "balloon.current" in new and "balloon.maximum" in new:
        target = xml.balloon_target_kib if xml and xml.balloon_target_kib is not None else new["balloon.current"]
        result["balloonInfo"] = {
            "balloon_max": str(new["balloon.maximum"]),
            "balloon_min": "0",
            "balloon_cur": str(new["balloon.current"]),
            "balloon_target": str(target),
            "ballooning_enabled": bool(xml and xml.ballooning),
        }
    # The rest comes from the guest's own balloon driver, when it runs one.
    if new.get("balloon.available") and "balloon.unused" in new:
        total, unused = int(new["balloon.available"]), int(new["balloon.unused"])
        free = int(new.get("balloon.usable", unused))
        result["memUsage"] = str(100 - 100 * free // total)
        result["memoryStats"] = {
            "mem_total": str(total),
            "mem_unused": str(unused),
            "mem_free": str(free),
            **(_paging(old, new, sample.interval_s) if old else {}),
        }
    return result


def _paging(old: Stats, new: Stats, interval_s: float) -> dict[str, int]:
    sources = {"swap_in": "swap_in", "swap_out": "swap_out", "majflt": "major_fault", "minflt": "minor_fault"}
    rates = {
        key: int(max(_delta(old, new, f"balloon.{source}"), 0) / interval_s)
        for key, source in sources.items()
        if f"balloon.{source}" in new and f"balloon.{source}" in old
    }
    if "majflt" in rates and "minflt" in rates:
        rates["pageflt"] = rates["majflt"] + rates["minflt"]
    return rates


def _items(stats: Stats, group: str) -> list[str]:
    """Prefixes of the group's items that have a name; a CD drive without a medium has no statistics but a name."""
    count = int(stats.get(f"{group}.count", 0))
    return [f"{group}.{index}" for index in range(count) if f"{group}.{index}.name" in stats]
