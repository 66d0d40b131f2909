# SPDX-License-Identifier: Apache-2.0
"""Topics: a snapshot first, then merge patches; a slow reader gets one merged patch, never a queue."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from typing import Any, Callable

from ..errors import RhvError
from . import faults, merge

logger = logging.getLogger(__name__)

#: Characters of JSON in one snapshot or patch; below what a line may hold, with room for its envelope.
PART_LIMIT = 900_000
#: Seconds between two patches of one subscription: a storm of changes becomes one patch.
PATCH_INTERVAL_S = 0.05

Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Topic:
    """Something that can be subscribed to. A subclass gives :meth:`read` and calls :meth:`touch` after each change.

    :meth:`start` runs before the first subscriber's snapshot is read, :meth:`stop` after the last one has gone.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._watchers: list[Callable[[], None]] = []
        self._turn = asyncio.Lock()

    def read(self) -> Mapping[str, Any]:
        """The whole state, as JSON values; must not block. May raise :class:`RhvError`."""
        raise NotImplementedError

    async def start(self) -> None:
        """Begin to watch what the topic is about."""

    async def stop(self) -> None:
        """Let go of everything :meth:`start` took."""

    async def close(self) -> None:
        """At the very end: let go of what outlives its subscriptions, where a topic has such a thing."""

    def touch(self) -> None:
        """Tell the subscribers that the state may have changed; cheap, call it as often as you like."""
        for watcher in self._watchers:
            watcher()

    async def attach(self, watcher: Callable[[], None]) -> None:
        """Call ``watcher`` after each change. Raises what :meth:`start` raises, and then nothing is attached."""
        async with self._turn:
            if not self._watchers:
                await self.start()
            self._watchers.append(watcher)

    async def detach(self, watcher: Callable[[], None]) -> None:
        """Undo :meth:`attach`."""
        async with self._turn:
            self._watchers.remove(watcher)
            if not self._watchers:
                await self.stop()


class Subscription:
    """What one peer knows of one topic, and the task that tells it more.

    ``revision`` counts what was sent to this peer: 1 is the snapshot, each patch is one more.
    """

    def __init__(self, topic: Topic, send: Send) -> None:
        self.topic = topic
        self.revision = 0
        self._send = send
        self._changed = asyncio.Event()
        self._known: merge.JsonObject = {}
        self._unsent: list[merge.JsonObject] = []
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._failed = False

    async def open(self) -> dict[str, Any]:
        """Attach and answer ``{topic, revision, snapshot}``; nothing else is sent before :meth:`release`."""
        await self.topic.attach(self._changed.set)
        try:
            self._known = merge.strip_nulls(self.topic.read())
        except BaseException:
            await self.topic.detach(self._changed.set)
            raise
        first, *self._unsent = merge.split(self._known, PART_LIMIT)
        self.revision = 1
        return {"topic": self.topic.name, "revision": 1, "snapshot": first}

    def release(self) -> None:
        """The snapshot is on its way: patches may follow it."""
        if self._task is None and not self._closed:
            self._task = asyncio.get_running_loop().create_task(self._pump())

    async def close(self) -> None:
        """Send no more and detach."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.topic.detach(self._changed.set)

    async def _pump(self) -> None:
        try:
            for part in self._unsent:
                await self._send_patch(part)
            self._unsent = []
            while True:
                await self._changed.wait()
                self._changed.clear()
                await self._send_changes()
                await asyncio.sleep(PATCH_INTERVAL_S)
        except ConnectionError as error:
            # its session notices by itself and closes us
            logger.debug("no more of %s: %s", self.topic.name, error)

    async def _send_changes(self) -> None:
        try:
            state = merge.strip_nulls(self.topic.read())
            patch = merge.diff(self._known, state)
            if self._failed and not patch:
                # the peer was told of an error: it must hear that it is over even where all is as before
                await self._send_patch({})
            self._failed = False
            if patch:
                for part in merge.split(patch, PART_LIMIT):
                    await self._send_patch(part)
            self._known = state
        except ConnectionError:
            raise
        except RhvError as error:
            await self._send_error(error)
        except Exception as error:
            logger.exception("topic %s failed", self.topic.name)
            await self._send_error(faults.internal(error))

    async def _send_patch(self, patch: merge.JsonObject) -> None:
        self.revision += 1
        params = {"topic": self.topic.name, "revision": self.revision, "patch": patch}
        await self._send({"jsonrpc": "2.0", "method": "topic.patch", "params": params})

    async def _send_error(self, error: RhvError) -> None:
        self._failed = True
        params = {"topic": self.topic.name, "error": error.to_json()}
        await self._send({"jsonrpc": "2.0", "method": "topic.error", "params": params})


class Subscriptions:
    """All subscriptions of one connection. ``find(name)`` gives the topic or raises :class:`RhvError`."""

    def __init__(self, find: Callable[[str], Topic], send: Send) -> None:
        self._find = find
        self._send = send
        self._open: dict[str, Subscription] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._open

    async def subscribe(self, name: str) -> tuple[dict[str, Any], Callable[[], None]]:
        """The answer to ``subscribe``, and what to call once that answer has been written.

        Subscribing again starts afresh with a new snapshot. Raises what the topic raises.
        """
        topic = self._find(name)
        async with self._turns.setdefault(name, asyncio.Lock()):
            await self._close(name)
            subscription = Subscription(topic, self._send)
            answer = await subscription.open()
            self._open[name] = subscription
            return answer, subscription.release

    async def unsubscribe(self, name: str) -> None:
        """End a subscription; without one, do nothing."""
        turn = self._turns.get(name)
        if turn is not None:
            async with turn:
                await self._close(name)

    async def close(self) -> None:
        """End them all."""
        for name in list(self._turns):
            await self.unsubscribe(name)

    async def _close(self, name: str) -> None:
        subscription = self._open.pop(name, None)
        if subscription is not None:
            await subscription.close()
