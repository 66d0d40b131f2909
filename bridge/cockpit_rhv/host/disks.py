# SPDX-License-Identifier: Apache-2.0
"""What the disks of this host have read and written since it started."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from .files import read_optional

SECTOR = 512
"""Bytes: /sys/block/…/stat counts in these, whatever the disk's own sectors are."""


class DiskCounters(NamedTuple):
    """Bytes since the disk exists."""

    read: int
    written: int


def read_disks(root: Path = Path("/")) -> dict[str, DiskCounters]:
    """Only what a bus drives: partitions, device-mapper, RAID and loop devices would count the same bytes again.

    The paths of NVMe multipath are hidden and left out for the same reason. Raises OSError when /sys cannot be read.
    """
    found: dict[str, DiskCounters] = {}
    for device in sorted((root / "sys/block").iterdir()):
        if not (device / "device").exists() or read_optional(device / "hidden") == "1":
            continue
        fields = (read_optional(device / "stat") or "").split()
        if len(fields) >= 7:
            found[device.name] = DiskCounters(int(fields[2]) * SECTOR, int(fields[6]) * SECTOR)
    return found
