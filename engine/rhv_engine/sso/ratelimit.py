# SPDX-License-Identifier: Apache-2.0
"""Slows down guessing without ever locking anyone out."""

from __future__ import annotations

import ipaddress
from typing import Callable

BURST = 10
"""Attempts that may fail at once."""
EVERY_S = 2.0
"""Seconds until one more attempt is free."""
MAX_WAIT_S = 10.0
"""Who would have to wait longer is sent away instead, so that attempts cannot pile up here."""
_MAX_ADDRESSES = 10_000


class RateLimit:
    """A bucket of attempts per address. A failed attempt empties it by one, a good one gives its turn back: a
    playbook that logs in for each task is not slowed down, a guesser gets one attempt per two seconds. An address is a
    whole /64 with IPv6, where a single machine has that many.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock``: monotonic seconds."""
        self._clock = clock
        self._free_at: dict[str, float] = {}

    def take(self, address: str) -> float | None:
        """Take a turn: seconds to wait before trying, or None when it would be more than :data:`MAX_WAIT_S`."""
        now = self._clock()
        key = _bucket(address)
        # The moment at which the bucket would be full again; one turn moves it by EVERY_S.
        full_at = max(self._free_at.get(key, now), now) + EVERY_S
        wait = max(0.0, full_at - now - BURST * EVERY_S)
        if wait > MAX_WAIT_S:
            return None
        self._forget_full(now)
        self._free_at[key] = full_at
        return wait

    def give_back(self, address: str) -> None:
        """The attempt was good: it does not count."""
        key = _bucket(address)
        if key in self._free_at:
            self._free_at[key] -= EVERY_S

    def _forget_full(self, now: float) -> None:
        if len(self._free_at) < _MAX_ADDRESSES:
            return
        self._free_at = {key: full_at for key, full_at in self._free_at.items() if full_at > now}
        while len(self._free_at) >= _MAX_ADDRESSES:
            # Still too many: the one closest to full loses the least.
            del self._free_at[min(self._free_at, key=self._free_at.__getitem__)]


def _bucket(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
