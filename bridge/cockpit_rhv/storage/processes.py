# SPDX-License-Identifier: Apache-2.0
"""Names for files that belong to a process, so that others see whether it still lives."""

from __future__ import annotations

import os
from pathlib import Path


def process_name() -> str:
    """``<pid>-<start>`` of this process: a number alone is given out again."""
    return f"{os.getpid()}-{_started(os.getpid())}"


def owner_lives(name: str) -> bool:
    """Whether the process that a name beginning with :func:`process_name` belongs to is still there."""
    pid, _, rest = name.partition("-")
    return pid.isdigit() and _started(int(pid)) == rest.partition("-")[0]


def _started(pid: int) -> str:
    """When the process began, in the kernel's ticks; "" when there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]
