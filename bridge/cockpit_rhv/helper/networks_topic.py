# SPDX-License-Identifier: Apache-2.0
"""Topic ``networks``: read anew when the kernel reports a change; counters every few seconds while it is looked at."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Callable

from ..checks.context import run_command
from ..checks.network_state import current_change
from ..errors import RhvError
from ..host.dns import read_dns
from ..messages import msg
from ..networks.news import NetlinkNews
from ..networks.view import Structure, View, read_structure
from ..networks.virtual import Virtual, read_virtual
from ..rpc.following import FollowingTopic, heard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .library import Library

#: Seconds between two readings of the counters, and between two looks at everything where nothing was reported:
#: profiles and libvirt's leases change without the kernel knowing.
TICK_S = 3.0
WHOLE_S = 30.0
#: A change comes as dozens of messages.
SETTLE_S = 0.2
READ_LIMIT_S = 30.0


class NetworksTopic(FollowingTopic):
    """While the page is hidden nothing is read; what changed meanwhile is read when it is seen again."""

    def __init__(self, library: Library, is_visible: Callable[[], bool]) -> None:
        super().__init__("networks")
        self._library = library
        self._is_visible = is_visible
        self._view = View()
        self._structure: Structure | None = None
        self._virtual: Virtual | None = None
        self._libvirt_error: RhvError | None = None
        self._dns: Mapping[str, Any] = {}
        self._error: RhvError | None = None
        self._stale = asyncio.Event()
        self._read_at_s = 0.0
        self._news = NetlinkNews(self._stale.set)

    def read(self) -> Mapping[str, Any]:
        if self._error is not None:
            raise self._error
        assert self._structure is not None  # start has read it
        change = current_change()  # a small file of /run
        return self._view.to_json(self._structure, self._dns, self._virtual, self._libvirt_error, change)

    async def prepare(self) -> None:
        self._news.start()
        await self._load()
        await self._count()
        if self._error is not None:
            raise self._error

    async def leave(self) -> None:
        self._news.stop()

    async def follow(self) -> None:
        while True:
            changed = await heard(self._stale, TICK_S)
            if not self._is_visible():
                self._view.forget()
                if changed:  # kept for later; the flag would end every wait at once
                    self._stale.clear()
                    self._read_at_s = 0.0
                continue
            if changed:
                await asyncio.sleep(SETTLE_S)
            if changed or time.monotonic() - self._read_at_s >= WHOLE_S:
                await self._load()
            await self._count()
            self.touch()

    async def _count(self) -> None:
        try:
            self._view.count()  # one small file of /proc: 0.1 ms
        except (OSError, ValueError) as error:
            text = msg("networks.uncounted", "The counters of the network cards cannot be read.")
            self._error = RhvError("networks.uncounted", text, detail=f"{type(error).__name__}: {error}")

    async def _load(self) -> None:
        self._stale.clear()  # before the reading: what changes during it is news again
        self._read_at_s = time.monotonic()
        try:
            self._structure = await self._library.run(read_structure, run_command, limit_s=READ_LIMIT_S)
            self._dns = await self._library.run(_dns, limit_s=READ_LIMIT_S)
            self._error = None
        except RhvError as error:
            self._error = error
        try:
            self._virtual = await self._library.libvirt(read_virtual, limit_s=READ_LIMIT_S)
            self._libvirt_error = None
        except RhvError as error:
            self._virtual, self._libvirt_error = None, error


def _dns() -> dict[str, Any]:
    facts = read_dns()
    return {"servers": list(facts.servers), "search": list(facts.search)}
