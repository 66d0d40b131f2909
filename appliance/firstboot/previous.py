# SPDX-License-Identifier: Apache-2.0
"""Finds the disk of the engine VM before its upgrade and mounts it. docs/architecture.md, "Upgrade"."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .drive import DriveError

if TYPE_CHECKING:
    from collections.abc import Iterator

SERIAL = "rhv-previous"


def find(sys_block: Path = Path("/sys/block"), dev: Path = Path("/dev")) -> Path | None:
    """The first partition of the disk with that serial number. Read from the kernel: udev may not have got to it."""
    for name in sorted(os.listdir(sys_block)):
        try:
            serial = (sys_block / name / "serial").read_text().strip()
        except OSError:
            # Only virtio disks have one here; a device may also just be going away.
            continue
        if serial == SERIAL:
            return dev / f"{name}1"
    return None


@contextmanager
def mounted(device: Path, mount_point: Path) -> Iterator[Path]:
    """The old root file system, read-only, for the time of the block. Raises DriveError.

    What the VM sees is a layer over the old disk that is thrown away, so an engine VM that was switched off without
    warning gets its journal replayed there, and the old disk itself is never written.
    """
    mount_point.mkdir(parents=True, exist_ok=True)
    # Replays the journal, and checks the rest only where the file system is marked as damaged.
    checked = _run("e2fsck", "-p", str(device))
    if checked.returncode >= 4:
        raise DriveError(f"the previous disk {device} is damaged: {' '.join(checked.stdout.split())}")
    result = _run("mount", "-t", "ext4", "-o", "ro,nosuid,nodev,noexec", str(device), str(mount_point))
    if result.returncode:
        raise DriveError(f"cannot mount the previous disk {device}: {result.stdout.strip()}")
    try:
        yield mount_point
    finally:
        subprocess.run(["umount", str(mount_point)], check=True)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
