# SPDX-License-Identifier: Apache-2.0
"""Control groups: what libvirt limits and measures guests with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..host.files import read_text
from ..messages import msg
from .model import OK, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from pathlib import Path

    from .context import Context

#: The ones libvirt's QEMU driver uses for shares, pinning, limits and statistics.
NEEDED = ("cpu", "cpuset", "io", "memory")
#: Version 1 has other names for some.
_OLD_NAMES = {"io": "blkio"}


def check_cgroups(context: Context) -> Outcome:
    """Version 2 says it in one file; version 1 in /proc/cgroups, as columns."""
    source, found = _controllers(context.probes.root)
    evidence = [Evidence(source, " ".join(sorted(found)) or "none")]
    missing = [name for name in NEEDED if name not in found and _OLD_NAMES.get(name) not in found]
    if missing:
        return Outcome(
            WARNING,
            msg("checks.cgroups.missing", "Missing cgroup controllers: {names}", names=", ".join(missing)),
            evidence,
            msg(
                "checks.cgroups.remedy",
                "Look for cgroup_disable on the kernel's command line; in a container, give it the controllers.",
            ),
        )
    return Outcome(OK, msg("checks.cgroups.ok", "All cgroup controllers that libvirt uses are there."), evidence)


def _controllers(root: Path) -> tuple[str, set[str]]:
    unified = root / "sys/fs/cgroup/cgroup.controllers"
    if unified.exists():
        return "/sys/fs/cgroup/cgroup.controllers", set(read_text(unified).split())
    rows = [line.split() for line in read_text(root / "proc/cgroups").splitlines() if not line.startswith("#")]
    return "/proc/cgroups", {row[0] for row in rows if len(row) == 4 and row[3] == "1"}


CHECKS = (
    Check(
        "kernel.cgroups",
        msg("checks.cgroups.title", "Control groups"),
        msg(
            "checks.cgroups.why",
            "Without its controllers libvirt cannot limit guests, and a guest that asks for a limit does not start.",
        ),
        check_cgroups,
        health_only=True,
    ),
)
