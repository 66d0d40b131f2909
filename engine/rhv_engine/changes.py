# SPDX-License-Identifier: Apache-2.0
"""Hints that something changed, for whoever shows it live."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Change = tuple[str, str]
"""Collection (as in the URL: ``hosts``, ``vms``, ``events``) and id."""


class Subscription:
    """What changed since the last look. A hint repeated before it was read counts once, so a slow reader costs no more
    memory than there are objects."""

    def __init__(self) -> None:
        self.closed = False
        self._pending: dict[Change, None] = {}
        self._wake = asyncio.Event()

    def add(self, change: Change) -> None:
        """Called by the hub."""
        self._pending[change] = None
        self._wake.set()

    def close(self) -> None:
        """Called by the hub."""
        self.closed = True
        self._wake.set()

    async def take(self) -> list[Change]:
        """Wait for at least one hint and take them all; empty when there will be no more."""
        await self._wake.wait()
        if not self.closed:
            self._wake.clear()
        changes = list(self._pending)
        self._pending.clear()
        return changes


class Changes:
    """The hub."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    def publish(self, collection: str, id: str) -> None:
        """Tell every subscriber."""
        for subscription in self._subscriptions:
            subscription.add((collection, id))

    def close(self) -> None:
        """The Manager ends: whoever waits is told to go."""
        for subscription in self._subscriptions:
            subscription.close()

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """A subscription for the length of a block."""
        subscription = Subscription()
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
