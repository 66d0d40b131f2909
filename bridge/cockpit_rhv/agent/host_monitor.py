# SPDX-License-Identifier: Apache-2.0
"""Samples the host's load in the background; the answer to getStats is computed from the last two."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..host.samples import rates, take_sample

if TYPE_CHECKING:
    from ..host.samples import HostRates, HostSample
    from ..workers import Workers

logger = logging.getLogger(__name__)

INTERVAL_S = 5.0
"""vdsm samples every 15 s; ours is shorter so that a Manager sees a load sooner."""
_LIMIT_S = 10.0


class HostLoad(NamedTuple):
    """``rates`` is None until there are two samples. ``elapsed_s``: since sampling began."""

    sample: HostSample
    rates: HostRates | None
    elapsed_s: float


class HostMonitor:
    """Keeps two samples, :data:`INTERVAL_S` apart while :meth:`run` runs."""

    def __init__(self, workers: Workers, root: Path = Path("/"), interval_s: float = INTERVAL_S) -> None:
        self._workers = workers
        self._root = root
        self._interval_s = interval_s
        self._started_at = time.monotonic()
        self._samples: list[HostSample] = []

    async def run(self) -> None:
        """Sample until cancelled. A sample that fails is left out and said in the log."""
        while True:
            try:
                await self.sample()
            except (OSError, ValueError) as error:
                logger.warning("no sample of the host's load: %s", error)
            await asyncio.sleep(self._interval_s)

    async def sample(self) -> None:
        """Take one sample now. Raises OSError or ValueError when /proc is not as it should be."""
        # Some drivers ask their hardware when the speed of a link is read, and take their time.
        sample = await self._workers.run(take_sample, self._root, limit_s=_LIMIT_S)
        self._samples = [*self._samples[-1:], sample]

    async def load(self) -> HostLoad:
        """The newest sample and what happened before it. Raises OSError, ValueError as :meth:`sample`."""
        if not self._samples:
            await self.sample()
        newest = self._samples[-1]
        between = rates(*self._samples) if len(self._samples) == 2 else None
        return HostLoad(newest, between, time.monotonic() - self._started_at)
