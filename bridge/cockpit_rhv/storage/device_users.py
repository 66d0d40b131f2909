# SPDX-License-Identifier: Apache-2.0
"""What the host itself does with a block device, from ``/sys`` and ``/proc``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import msg

if TYPE_CHECKING:
    from pathlib import Path


def device_user(path: str, root: Path) -> str | None:
    """Who holds the device at ``path`` or a partition of it, or where it is mounted; None: nobody and nowhere.

    ``root``: of ``/sys`` and ``/proc``. Blocks. Raises ``volume.unreadable``.
    """
    name = os.path.basename(os.path.realpath(path))
    device = root / "sys/class/block" / name
    try:
        # partitions lie in the folder of their disk
        for part in (device, *(device.glob("*/partition"))):
            folder = part if part is device else part.parent
            holders = folder / "holders"
            if holders.is_dir():
                for holder in sorted(os.listdir(holders)):
                    return f"/dev/{folder.name}: {holder}"
        names = {f"/dev/{name}", *(f"/dev/{part.parent.name}" for part in device.glob("*/partition"))}
        for table in ("proc/self/mounts", "proc/swaps"):
            for line in (root / table).read_text(errors="surrogateescape").splitlines():
                if os.path.realpath(line.split(" ", 1)[0]) in names:
                    return line
    except OSError as error:
        raise RhvError(
            "volume.unreadable", msg("volume.unreadable", "This volume cannot be looked at."), detail=str(error)
        ) from error
    return None
