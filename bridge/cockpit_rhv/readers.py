# SPDX-License-Identifier: Apache-2.0
"""One reader for each object that changes: it reads again when something was reported while it was reading."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from collections.abc import Awaitable


class Readers:
    """``read(key)`` is awaited; what it publishes is never older than the last :meth:`read_soon` of that key."""

    def __init__(self, read: Callable[[str], Awaitable[None]]) -> None:
        self._read = read
        self._dirty: set[str] = set()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __contains__(self, key: str) -> bool:
        """Whether it is being read."""
        return key in self._tasks

    def read_soon(self, key: str) -> None:
        """Read it, or read it once more when it is being read."""
        self._dirty.add(key)
        if key not in self._tasks:
            self._tasks[key] = asyncio.get_running_loop().create_task(self._read_while_dirty(key))

    async def settle(self, limit_s: float) -> None:
        """Wait until nothing is being read, so long at most."""
        if self._tasks:
            await asyncio.wait(set(self._tasks.values()), timeout=limit_s)

    async def close(self) -> None:
        """Stop reading."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read_while_dirty(self, key: str) -> None:
        try:
            while key in self._dirty:
                self._dirty.discard(key)
                await self._read(key)
        finally:
            # in the same step as the last look at the dirty ones, or an event in between would be lost
            del self._tasks[key]
