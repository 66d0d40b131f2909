# SPDX-License-Identifier: Apache-2.0
"""Topic ``load``: sampled from the first subscription to the end of the helper, and before that by whoever did."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from ..host.history import STEP_S, LoadHistory
from ..host.load_file import LoadFile, load_path
from ..messages import msg
from ..rpc.following import FollowingTopic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .library import Library

READ_LIMIT_S = 10.0


class LoadTopic(FollowingTopic):
    """While the page is hidden, or on another of its pages, samples are taken (3 ms each) and not sent."""

    def __init__(self, library: Library, is_visible: Callable[[], bool]) -> None:
        super().__init__("load")
        self._library = library
        self._is_visible = is_visible
        self._history = LoadHistory(file=LoadFile(load_path(), writable=os.geteuid() == 0))
        self._state: Mapping[str, Any] = {}
        self._error: RhvError | None = None

    def read(self) -> Mapping[str, Any]:
        if self._error is not None:
            raise self._error
        return self._state

    async def start(self) -> None:
        if self._follower is None:
            await super().start()

    async def stop(self) -> None:
        """Samples are taken on: their past is what a graph is for."""

    async def close(self) -> None:
        await super().stop()

    async def prepare(self) -> None:
        await self._take()
        if self._error is not None:
            raise self._error

    async def follow(self) -> None:
        while True:
            await asyncio.sleep(STEP_S)
            await self._take()
            if self._is_visible():
                self.touch()

    async def _take(self) -> None:
        try:
            await self._library.run(self._history.take, limit_s=READ_LIMIT_S)
            self._state, self._error = self._history.to_json(), None
        except (OSError, ValueError, LookupError) as error:
            text = msg("load.unreadable", "The load of this host cannot be read.")
            self._error = RhvError("load.unreadable", text, detail=f"{type(error).__name__}: {error}")
        except RhvError as error:
            self._error = error
