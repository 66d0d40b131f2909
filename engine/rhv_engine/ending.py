# SPDX-License-Identifier: Apache-2.0
"""Ending a task for certain."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

logger = logging.getLogger(__name__)

_AGAIN_S = 0.5


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel ``task`` and wait until it is over; what it raised is logged.

    Before Python 3.12 ``asyncio.wait_for`` loses a cancellation that comes with the answer it waits for (bpo-42130): a
    task that was asked once would go on for ever, and whoever waits for it with it.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_AGAIN_S)
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("%s had failed", task.get_name(), exc_info=error)
