# SPDX-License-Identifier: Apache-2.0
"""Topics that follow something by a task of their own while somebody is subscribed."""

from __future__ import annotations

import asyncio

from .topics import Topic


class FollowingTopic(Topic):
    """A subclass gives :meth:`follow`, and :meth:`prepare` and :meth:`leave` where it takes something."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._follower: asyncio.Task[None] | None = None

    async def prepare(self) -> None:
        """Before the first snapshot is read. What this raises is the answer to the subscriber."""

    async def follow(self) -> None:
        """Run from the first subscription to the end of the last one; cancelled then."""
        raise NotImplementedError

    async def leave(self) -> None:
        """Let go of what :meth:`prepare` took; also called when that failed half way."""

    async def start(self) -> None:
        try:
            await self.prepare()
        except BaseException:
            await self.leave()
            raise
        self._follower = asyncio.get_running_loop().create_task(self.follow())

    async def stop(self) -> None:
        follower, self._follower = self._follower, None
        if follower is not None:
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)
        await self.leave()


async def heard(event: asyncio.Event, limit_s: float) -> bool:
    """Wait for an event, a while at most; whether it came."""
    # Not wait_for: before Python 3.12 it can lose the cancellation by which a topic is left (bpo-42130).
    news = asyncio.get_running_loop().create_task(event.wait())
    try:
        done, _ = await asyncio.wait({news}, timeout=limit_s)
    finally:
        news.cancel()
    return bool(done)
