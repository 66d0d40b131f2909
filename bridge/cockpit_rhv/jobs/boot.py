# SPDX-License-Identifier: Apache-2.0
"""In which boot of the host a job was started last: one that runs since an earlier boot runs no more."""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

from .files import hand_to_group

logger = logging.getLogger(__name__)


def note_boot(folder: Path) -> None:
    """Remember in which boot of the host the job in ``folder`` was started last. Raises OSError."""
    (folder / "boot").write_text(this_boot(), encoding="ascii")
    hand_to_group(folder / "boot", 0o644)


def from_before_boot(folder: Path) -> bool:
    """The job in ``folder`` was started before this boot."""
    try:
        noted = folder / "boot"
        # A clock is asked only where nothing else is known: it may have been set in between.
        return noted.read_text(encoding="ascii") != this_boot() if noted.exists() else _written_before_boot(folder)
    except OSError as error:
        # A host that hides init from us. Whoever may settle jobs asks systemd.
        logger.debug("whether %s is older than this boot cannot be told: %s", folder, error)
        return False


def _written_before_boot(folder: Path) -> bool:
    # A job of version 0.1.0 noted no boot; its runner wrote the status every two seconds.
    ticks = int(this_boot().split()[1])
    booted_s = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")
    return (folder / "status.json").stat().st_mtime + 1 < booted_s


def this_boot() -> str:
    """Names this boot of the host or container. Raises OSError."""
    # Init's start, in ticks since the kernel's: a container boots too, and its kernel does not.
    kernel = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{kernel} {Path('/proc/1/stat').read_text(encoding='utf-8').rpartition(')')[2].split()[19]}"
