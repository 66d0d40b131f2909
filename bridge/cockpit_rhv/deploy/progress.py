# SPDX-License-Identifier: Apache-2.0
"""Tells the job's runner how far a long step is, through the job's ``progress.json``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Callable

from ..jobs.files import write_json
from ..jobs.model import Progress

if TYPE_CHECKING:
    from pathlib import Path

    from ..messages import Message

#: Seconds between two writes; the runner looks a few times a second.
INTERVAL_S = 0.25


class ProgressFile:
    """``path`` None: nobody wants to know."""

    def __init__(self, path: Path | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._next = 0.0

    def report(self, done: float, total: float | None, unit: str, message: Message | None = None) -> None:
        """Write unless the last writing was just now. ``unit``: bytes, items or seconds. Raises OSError."""
        now = self._clock()
        if self._path is None or now < self._next:
            return
        self._next = now + INTERVAL_S
        write_json(self._path, Progress(done, total, unit, message).to_json(), 0o600, gid=0)

    def close(self) -> None:
        """The step is over."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
