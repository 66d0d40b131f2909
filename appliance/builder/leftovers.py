# SPDX-License-Identifier: Apache-2.0
"""Removes a root file system that an interrupted build has left, with what is still mounted in it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def remove_tree(folder: Path) -> None:
    """Delete ``folder``. A killed mmdebstrap leaves /proc, /sys and /dev mounted: they are let go first.

    Raises CalledProcessError, OSError.
    """
    below = f"{folder.resolve()}/"
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for place in reversed([place for place in mounts if place.startswith(below)]):
        subprocess.run(["umount", place], check=True)
    shutil.rmtree(folder)
