# SPDX-License-Identifier: Apache-2.0
"""Topics `health` and `load` of hosts that are well, ill, or just being looked at."""

from __future__ import annotations

import math
import time
from typing import Any

from .texts import Json, error, msg

_STOPPED = "Failed to connect socket to '/var/run/libvirt/libvirt-sock': Connection refused"


def result(
    id: str,
    severity: str,
    title: str,
    why: str,
    summary: Json,
    evidence: tuple[tuple[str, str], ...],
    remedy: Json | None = None,
    remedy_job: Json | None = None,
) -> Json:
    return {
        "id": id,
        "title": msg(f"{id}.title", title),
        "severity": severity,
        "summary": summary,
        "evidence": [{"source": source, "value": value} for source, value in evidence],
        "why": msg(f"{id}.why", why),
        "remedy": remedy,
        "remedy_job": remedy_job,
        "path": None,
    }


def task(name: str, title: Json, **params: str) -> Json:
    return {"task": name, "params": params, "title": title}


def memory(free: int) -> Json:
    text = (
        "{free} MiB of {total} MiB are available." if free > 7000 else "Only {free} MiB of {total} MiB are available."
    )
    return result(
        "memory.available",
        "ok" if free > 7000 else "warning",
        "Available memory",
        "A host that runs out of memory kills its largest process, which is nearly always a guest.",
        msg("memory", text, free=free, total=65_536),
        (("/proc/meminfo", f"MemAvailable {free} MiB of 65536 MiB"),),
        None if free > 7000 else msg("remedy", "Stop or move guests, or give some of them less memory."),
    )


def fine() -> list[Json]:
    return [
        result(
            "cpu.kvm",
            "ok",
            "Hardware virtualization",
            "Without it guests run ten to a hundred times slower: enough to try things out, not to work.",
            msg("kvm.ok", "Guests run with hardware virtualization ({flag}).", flag="svm"),
            (("/proc/cpuinfo", "flag svm"), ("/dev/kvm", "answers with the expected interface version")),
        ),
        result(
            "network.members",
            "ok",
            "Bridges and bonds",
            "Guests reach the network through them; a bond that lost a member has no spare left.",
            msg("links.ok", "All members of bridges and bonds have a link."),
            (("/sys/class/net/br0", "eno1 up"),),
        ),
        result(
            "kernel.taint",
            "ok",
            "Kernel",
            "After an oops or a machine check the kernel goes on with what is left; guests may be hit next.",
            msg("taint.ok", "The kernel is unharmed."),
            (("/proc/sys/kernel/tainted", "0"),),
        ),
    ]


def absent() -> list[Json]:
    return [
        result(
            "memory.swap",
            "not_applicable",
            "Swap space",
            "A guest whose memory is swapped out answers after seconds; with swap full the kernel kills.",
            msg("swap.none", "This host has no swap space."),
            (("/proc/meminfo", "SwapFree 0 MiB of 0 MiB"),),
        ),
        result(
            "vdsm.services",
            "not_applicable",
            "vdsm's services",
            "The Manager works on an oVirt or RHV host through them; the hosted engine moves with their help.",
            msg("vdsm.none", "This host has no vdsm, or does not use it."),
            (),
        ),
    ]


def clock() -> Json:
    return result(
        "clock.synchronized",
        "warning",
        "Clock",
        "Certificates are refused and logs of several hosts cannot be compared when clocks differ.",
        msg("clock.free", "Nothing keeps the clock of this host right."),
        (("timedatectl show --property=NTPSynchronized --value", "no"),),
        msg("clock.remedy", "Switch on a time service: timedatectl set-ntp true, or install chrony."),
        task("sync_clock", msg("sync", "Turn on time synchronization")),
    )


def ill() -> list[Json]:
    return [
        result(
            "storage.pools",
            "error",
            "Storage pools",
            "A guest whose disk lies in a pool that is not active, or does not answer, does not start.",
            msg("pools.inactive", "Inactive pools: {pools}", pools="images"),
            (
                ("virStoragePoolLookupByName(images)", "dir, inactive, autostart on"),
                ("virStoragePoolLookupByName(iso)", "netfs, active, autostart on"),
            ),
            msg(
                "pools.remedy",
                "Start it, or remove the pool if it is not needed: virsh pool-start {pool}",
                pool="images",
            ),
            task("start_pool", msg("start_pool", "Start the pool {pool}", pool="images"), pool="images"),
        ),
        result(
            "guests.states",
            "error",
            "Guests at a standstill",
            "QEMU pauses a guest whose disk is full or gone, to lose nothing; it does not go on by itself.",
            msg(
                "guests.paused",
                "Paused because a disk could not be read or written: {guests}",
                guests="db-1, web-with-a-rather-long-name-that-somebody-chose-in-2016",
            ),
            (("virDomainGetState(db-1)", "paused, io_error"),),
            msg(
                "guests.remedy",
                "Make room on the storage or bring it back, then resume the guest: virsh resume {guest}",
                guest="db-1",
            ),
        ),
        memory(3211),
        clock(),
    ]


def hosted_engine() -> Json:
    """Of an oVirt host, in global maintenance."""
    return result(
        "engine.ha",
        "warning",
        "Hosted engine of oVirt",
        "Without the engine nobody manages the hosts; without a second host of good score nobody brings it back.",
        msg("checks.ha.global", "Global maintenance: no host restarts the engine if it fails."),
        (
            ("h1.example.com (1)", "score 3400; engine VM up (Up), health good; EngineUp; live"),
            (
                "h2.example.com (2)",
                "score 1400; engine VM down (Down), health bad: vm not running on this host; EngineDown; "
                "STALE: not heard of for a minute",
            ),
            ("global maintenance", "on"),
        ),
        msg("remedy", "When the work is done: hosted-engine --set-maintenance --mode=none"),
        task("ha_maintenance", msg("remedy.ha_maintenance", "End maintenance"), mode="none"),
    )


def node_image() -> Json:
    """Of an oVirt Node whose thin pool is nearly full."""
    return result(
        "node.image",
        "error",
        "Image of this host",
        "A host that was installed as an image and is not in order may not start, or not update, the next time.",
        msg(
            "checks.node.wrong",
            "The image of this host is not in order: {reasons}",
            reasons="thin_storage.checking_available_space_in_thinpool: failed - data 91.2 %",
        ),
        (
            ("nodectl check: thin_storage.checking_available_space_in_thinpool", "failed - data 91.2 %"),
            ("nodectl check: vdsmd", "ok"),
            (
                "nodectl info",
                "layer ovirt-node-ng-4.5.5-0.20231130.0+1, boots ovirt-node-ng-4.5.5-0.20231130.0 (5.14.0)",
            ),
            ("nodectl info: layers", "ovirt-node-ng-4.5.5-0.20231130.0+1"),
        ),
        msg(
            "checks.node.remedy",
            "Mend what it names, then “nodectl check” again; "
            "the layer before this one is chosen with “nodectl rollback”.",
        ),
    )


def unread() -> list[Json]:
    """libvirt does not answer, so four checks have no answer; and one for another reason."""
    down = msg("libvirt.unreachable", "libvirt does not answer.")
    asked = (("libvirt.unreachable", _STOPPED),)
    left = (
        (
            "guests.memory",
            "Memory promised to guests",
            "When guests use what they were promised and the host has less, the kernel kills one of them.",
        ),
        (
            "guests.vcpus",
            "Processors promised to guests",
            "Guests whose vCPUs wait for a processor are slow, and their clocks jump.",
        ),
        (
            "guests.macs",
            "MAC addresses of guests",
            "Two guests with one address each lose half of their traffic, without any message.",
        ),
    )
    return [
        result(
            "libvirt.connection",
            "error",
            "libvirt",
            "Every guest of this host, the engine VM too, is defined and run by libvirt.",
            down,
            asked,
            msg("hint", "Start the service libvirtd (Debian) or virtqemud (Enterprise Linux), then look at its log."),
            task("start_libvirt", msg("remedy.start_libvirt", "Start libvirt")),
        ),
        *(result(name, "unknown", title, why, down, asked) for name, title, why in left),
        result(
            "network.firewall",
            "unknown",
            "Firewall",
            "The Manager comes in over port 54321, consoles over 5900-6923, migrations over 16514 and 49152-49215.",
            msg("denied", "The rules of the firewall cannot be read; only an administrator may."),
            (("nft -j list ruleset", "Operation not permitted (you must be root)"),),
        ),
    ]


_RANK = ("error", "unknown", "warning", "ok")


def health(kind: str) -> Json:
    """``kind``: well, ill, blind, ovirt, or checking."""
    results = {
        "well": [*fine(), memory(51_200), *absent()],
        "ill": [*fine(), *ill(), *absent()],
        "blind": [*fine(), *unread(), clock(), *absent()],
        "ovirt": [*fine(), hosted_engine(), node_image(), *absent()],
        "checking": fine(),
        "failed": [],
    }[kind]
    order = [item["id"] for item in results] + (["storage.pools", "guests.states"] if kind == "checking" else [])
    done = kind not in ("checking", "failed")
    found = {item["severity"] for item in results}
    overdue = error("call.overdue", msg("overdue", "No answer within {seconds} seconds.", seconds=60))
    return {
        "verdict": next(severity for severity in _RANK if severity in found) if done else None,
        "results": {item["id"]: item for item in results},
        "order": order,
        "running": kind == "checking",
        "checked_s": time.time() - 20 if done else None,
        "elapsed_s": 0.9 if done else None,
        "error": overdue if kind == "failed" else None,
    }


def point(number: int, nodes: int) -> Json:
    rates: dict[str, Any] = {
        "user": round(22 + 14 * math.sin(number / 9) + number % 7, 1),
        "system": round(6 + 3 * math.sin(number / 5), 1),
        "waiting": round(max(0.0, 9 * math.sin(number / 15)), 1),
        "read_bps": int(18e6 * max(0.05, math.sin(number / 11))),
        "written_bps": int(6e6 * (1.1 + math.sin(number / 4))),
        "received_bps": int(3e6 * (1.5 + math.sin(number / 6))),
        "sent_bps": int(1e6 * (1.5 + math.cos(number / 8))),
    }
    return {
        "at_s": number * 4.0,
        "memory_mib": 14_336 * nodes + 40 * number,
        "swap_mib": 0 if nodes == 1 else 210,
        **(rates if number > 1 else {}),
    }


def load(kind: str) -> Json:
    """``short``: the page has just been opened; ``long``: a big host that has been watched for a while."""
    big = kind == "long"
    first, last = (40, 219) if big else (1, 12)
    waits = {"some_10": 2.4, "some_60": 1.9, "full_10": 0.4, "full_60": 0.2}
    return {
        "step_s": 4,
        "kept": 180,
        "points": {str(number): point(number, 2 if big else 1) for number in range(first, last + 1)},
        "memory": {"total_mib": 65_536, "swap_total_mib": 8192 if big else 0},
        "uptime_s": 86_400 + 60,
        "load_5min": 6.43,
        "disks": ["nvme0n1", "nvme1n1"] if big else ["sda"],
        "nics": ["eno1", "eno2"] if big else ["eno1"],
        "pressure": {"cpu": waits, "memory": waits, "io": waits} if big else {"cpu": None, "memory": None, "io": None},
        "ksm": {"running": True, "saved_mib": 1834.5} if big else {"running": False, "saved_mib": 0.0},
        "huge_pages": [{"size_kib": 2048, "total": 1024, "free": 512}] if big else [],
        "numa": [{"node": node, "cpus": 16, "total_mib": 32_768, "free_mib": 9_000 + node} for node in range(2)]
        if big
        else [{"node": 0, "cpus": 32, "total_mib": 65_536, "free_mib": 40_000}],
    }
