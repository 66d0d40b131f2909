# SPDX-License-Identifier: Apache-2.0
"""How long a guest has been running: libvirt does not say, but its QEMU process does."""

from __future__ import annotations

import os
from pathlib import Path

RUN_FOLDER = Path("/run/libvirt/qemu")
PROC = Path("/proc")


def uptime_s(name: str, run_folder: Path = RUN_FOLDER, proc: Path = PROC) -> float | None:
    """Seconds since the guest's process started, by the clock that counts from boot.

    None where the process cannot be found: another driver than QEMU, or a user who may not read libvirt's pid files.
    """
    try:
        pid = int((run_folder / f"{name}.pid").read_text())
        stat = (proc / str(pid) / "stat").read_text()
        booted_s = float((proc / "uptime").read_text().split()[0])
    except (OSError, ValueError):
        return None
    # the second field is the program's name in parentheses, which may hold spaces and parentheses itself
    started_ticks = int(stat[stat.rindex(")") + 2 :].split()[19])
    return max(0.0, booted_s - started_ticks / os.sysconf("SC_CLK_TCK"))
