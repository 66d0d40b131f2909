# SPDX-License-Identifier: Apache-2.0
"""Runs on the bench's host as root: makes the guests, tells when libvirt reports an event, measures the helper's ticks.

``guests_inside.py define FIRST LAST RUNNING``: guests ``bench-NNNN`` of that range, every tenth of them running until
``RUNNING`` are; ``events``: a line of JSON for each lifecycle event, with the clock when it came; ``ticks``: what the
helper's ticks cost, as one JSON object.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import statistics
import subprocess
import sys
import threading
import time
from typing import Any

import libvirt

_GUEST = """<domain type='qemu'><name>bench-{number:04d}</name><memory unit='MiB'>8</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices>
<emulator>/usr/bin/qemu-system-x86_64</emulator>
<interface type='bridge'><source bridge='ovirtmgmt'/>
<mac address='52:54:00:be:{high:02x}:{low:02x}'/><model type='virtio'/></interface>
<graphics type='vnc' port='-1' autoport='yes'/><memballoon model='virtio'/>
</devices></domain>"""
HELPER = "/usr/libexec/cockpit-rhv/helper"
TICKS_MEASURED = 20
SOAK_TICKS = 300


def define(first: int, last: int, running: int) -> None:
    """Guests of that range; the first ``running`` of every tenth are started."""
    conn = libvirt.open("qemu:///system")
    for number in range(first, last):
        domain = conn.defineXML(_GUEST.format(number=number, high=number // 256, low=number % 256))
        if number % 10 == 0 and number // 10 < running:
            domain.create()
    conn.close()


def events() -> None:
    """Print each lifecycle event until stdin closes."""
    libvirt.virEventRegisterDefaultImpl()
    conn = libvirt.open("qemu:///system")

    def tell(_conn: Any, domain: Any, event: int, detail: int, _opaque: Any) -> None:
        print(json.dumps({"at_s": time.time(), "name": domain.name(), "event": event, "detail": detail}), flush=True)

    conn.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, tell, None)
    print(json.dumps({"ready": True}), flush=True)

    def run() -> None:
        while True:
            libvirt.virEventRunDefaultImpl()

    threading.Thread(target=run, daemon=True).start()
    sys.stdin.read()


def ticks() -> None:
    """CPU and bytes of the installed helper for each tick, and its memory; then the bare call beside a whole tick."""
    helper = subprocess.Popen([HELPER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert helper.stdin is not None
    assert helper.stdout is not None
    for number, (method, params) in enumerate(
        [("hello", {"client_version": "", "language": "en"}), ("subscribe", {"topic": "machines"})]
    ):
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        helper.stdin.write(json.dumps(request).encode() + b"\n")
    helper.stdin.flush()
    sizes: list[int] = []
    begun_cpu_s = 0.0
    for line in helper.stdout:
        if b'"topic.patch"' not in line or (b"cpu_percent" not in line and b"memory_used_mib" not in line):
            continue
        sizes.append(len(line))
        if len(sizes) == 3:  # what comes before belongs to the start
            begun_cpu_s = _cpu_s(helper.pid)
        if len(sizes) == 3 + TICKS_MEASURED:
            break
    cpu_ms = (_cpu_s(helper.pid) - begun_cpu_s) / TICKS_MEASURED * 1000
    helper.stdin.close()
    helper.wait(10)
    print(json.dumps({"tick_cpu_ms": cpu_ms, "tick_bytes": statistics.median(sizes[3:]), **asyncio.run(in_process())}))


async def in_process() -> dict[str, float]:
    """``tick_ratio``: from libvirt's call to the bytes written, over the same call alone, in turns; and memory.

    ``helper_growth_kb``: what a thousand ticks, one after the other, add to the process.
    """
    from cockpit_rhv.helper.session import Session
    from cockpit_rhv.machines import sampler
    from cockpit_rhv.rpc.lines import LineChannel

    take, called_s, ticks_s = sampler.take, [0.0], []

    def timed(conn: Any) -> Any:
        called_s.append(time.monotonic())
        return take(conn)

    class Channel(LineChannel):
        async def send(self, message: Any) -> None:
            await super().send(message)
            if message.get("method") == "topic.patch" and called_s[-1]:
                ticks_s.append(time.monotonic() - called_s[-1])
                called_s.append(0.0)

    loop = asyncio.get_running_loop()
    read_fd, write_fd = os.pipe()
    threading.Thread(target=_drain, args=(read_fd,), daemon=True).start()
    reader = asyncio.StreamReader()
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(write_fd, "wb", 0)
    )
    session = Session(Channel(reader, asyncio.StreamWriter(transport, protocol, None, loop)))
    _, release = await session.subscriptions.subscribe("machines")
    release()
    session.update_sampler()
    await session.library.connected()
    await asyncio.sleep(5)
    session.library.sampler.set_active(False)  # from here on, when we say so
    ticker = session.library.sampler
    setattr(sampler, "take", timed)  # noqa: B010 - a module's function, which mypy would have stay what it is
    ticks_s.clear()
    bare_s = []
    for _ in range(TICKS_MEASURED):
        await ticker._tick()
        await asyncio.sleep(0.5)
        bare_s.append(await session.library.libvirt(_bare))
        await asyncio.sleep(0.5)
    taken_s = list(ticks_s)
    for _ in range(SOAK_TICKS):
        await ticker._tick()  # what a first use costs once is no growth
    before_kb = _rss_kb()
    for _ in range(SOAK_TICKS):
        await ticker._tick()
    growth_kb = (_rss_kb() - before_kb) / SOAK_TICKS * 1000
    await session.close()
    return {
        "tick_ms": statistics.median(taken_s) * 1000,
        "tick_ratio": statistics.median(taken_s) / statistics.median(bare_s),
        "ticks_written": len(taken_s),
        "helper_growth_kb": growth_kb,
    }


def _bare(conn: libvirt.virConnect) -> float:
    """Seconds of libvirt's bulk call alone, with the sampler's own flags."""
    wanted = (
        libvirt.VIR_DOMAIN_STATS_STATE | libvirt.VIR_DOMAIN_STATS_CPU_TOTAL | libvirt.VIR_DOMAIN_STATS_BALLOON
        | libvirt.VIR_DOMAIN_STATS_VCPU | libvirt.VIR_DOMAIN_STATS_INTERFACE | libvirt.VIR_DOMAIN_STATS_BLOCK
    )  # fmt: skip
    flags = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
    begun_s = time.monotonic()
    conn.getAllDomainStats(wanted, flags)
    return time.monotonic() - begun_s


def _drain(fd: int) -> None:
    while os.read(fd, 1 << 20):
        pass


def _rss_kb() -> float:
    gc.collect()
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024


def _cpu_s(pid: int) -> float:
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    commands: dict[str, Any] = {"define": define, "events": events, "ticks": ticks}
    commands[sys.argv[1]](*map(int, sys.argv[2:]))
