# SPDX-License-Identifier: Apache-2.0
"""When a guest was started: libvirt does not say, but its QEMU process does."""

from __future__ import annotations

import os
import time
from pathlib import Path

RUN_FOLDER = Path("/run/libvirt/qemu")
PROC = Path("/proc")


def host_clock_s() -> float:
    """Seconds since the host's boot, by the clock in which the kernel keeps the start of processes."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def started_s(name: str, run_folder: Path = RUN_FOLDER, proc: Path = PROC) -> float | None:
    """When the guest's process started, by :func:`host_clock_s`.

    None where the process cannot be found: another driver than QEMU, or a user who may not read libvirt's pid files.
    """
    try:
        pid = int((run_folder / f"{name}.pid").read_text())
        stat = (proc / str(pid) / "stat").read_text()
    except (OSError, ValueError):
        return None
    # the second field is the program's name in parentheses, which may hold spaces and parentheses itself
    ticks = int(stat[stat.rindex(")") + 2 :].split()[19])
    return ticks / os.sysconf("SC_CLK_TCK")


def uptime_s(name: str, run_folder: Path = RUN_FOLDER, proc: Path = PROC) -> float | None:
    """Seconds since the guest's process started; None as of :func:`started_s`."""
    started = started_s(name, run_folder, proc)
    return None if started is None else max(0.0, host_clock_s() - started)
