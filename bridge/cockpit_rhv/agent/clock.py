# SPDX-License-Identifier: Apache-2.0
"""The clock of events and statuses: vdsm's, good for putting things in order and for nothing else."""

from __future__ import annotations

import time

_OFFSET = 2**31 - 1


def event_time() -> int:
    """Monotonic milliseconds above 2^31-1; ``notify_time`` and ``statusTime``. Starts again at a reboot."""
    return _OFFSET + int(time.monotonic() * 1000)
