# SPDX-License-Identifier: Apache-2.0
"""CPU time of a guest's QEMU process, for hosts whose libvirt does not use cgroups: its bulk statistics lack it there.

libvirt as root asks the guest's cgroup alone; with ``cgroup_controllers = [ ]`` in qemu.conf, as in a container, it
says nothing. The process itself counts the same.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .uptime import PROC, RUN_FOLDER

if TYPE_CHECKING:
    from pathlib import Path


def fill_cpu_times(name: str, stats: dict[str, Any], run_folder: Path = RUN_FOLDER, proc: Path = PROC) -> None:
    """Add ``cpu.time``, ``cpu.user`` and ``cpu.system`` (nanoseconds) to ``stats`` when they are not there.

    Leaves them out where the process cannot be found: another driver than QEMU, a guest that has just ended, or a user
    who may not read libvirt's pid files.
    """
    if "cpu.time" in stats:
        return
    try:
        pid = int((run_folder / f"{name}.pid").read_text())
        stat = (proc / str(pid) / "stat").read_text()
    except (OSError, ValueError):
        return
    # the second field is the program's name in parentheses, which may hold spaces and parentheses itself
    fields = stat[stat.rindex(")") + 2 :].split()
    tick_ns = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    user, system = int(fields[11]) * tick_ns, int(fields[12]) * tick_ns
    stats.update({"cpu.time": user + system, "cpu.user": user, "cpu.system": system})
