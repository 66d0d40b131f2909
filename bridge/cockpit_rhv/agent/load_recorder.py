# SPDX-License-Identifier: Apache-2.0
"""Keeps the host's load of the last minutes at all times, so that a page that is opened has a past to show."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..host.history import STEP_S, LoadHistory
from ..host.load_file import LoadFile

if TYPE_CHECKING:
    from pathlib import Path

    from ..workers import Workers

logger = logging.getLogger(__name__)

_LIMIT_S = 10.0


class LoadRecorder:
    """``path``: the file of the load."""

    def __init__(self, workers: Workers, path: Path, step_s: float = STEP_S) -> None:
        self._workers = workers
        self._history = LoadHistory(file=LoadFile(path, writable=True))
        self._step_s = step_s

    async def run(self) -> None:
        """Sample until cancelled. A sample that fails is left out and said in the log."""
        while True:
            try:
                await self._workers.run(self._history.take, limit_s=_LIMIT_S)
            except (OSError, ValueError, LookupError, RhvError) as error:
                logger.warning("no sample of the load for the page: %s", error)
            await asyncio.sleep(self._step_s)
