# SPDX-License-Identifier: Apache-2.0
"""Topic ``events``: that something happened; the page asks for what by ``events.list``."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from ..events.files import stamp
from ..events.recorder import recording
from ..rpc.following import FollowingTopic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .library import Library

logger = logging.getLogger(__name__)

#: Seconds between two looks at the event log; however much happens, the page asks no more often than this.
LOOK_S = 1.0
READ_LIMIT_S = 10.0


class EventsTopic(FollowingTopic):
    """Looks while the page is visible."""

    def __init__(self, library: Library, is_visible: Callable[[], bool]) -> None:
        super().__init__("events")
        self._library = library
        self._is_visible = is_visible
        self._value: Mapping[str, Any] = {}
        self._error: RhvError | None = None

    def read(self) -> Mapping[str, Any]:
        if self._error is not None:
            raise self._error
        return self._value

    async def prepare(self) -> None:
        self._library.record_events()
        self._value = await self._library.run(_look, limit_s=READ_LIMIT_S)

    async def follow(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            if not self._is_visible():
                continue
            before = (self._value, str(self._error))
            try:
                self._value, self._error = await self._library.run(_look, limit_s=READ_LIMIT_S), None
            except RhvError as error:
                self._error = error
            if before != (self._value, str(self._error)):
                self.touch()


def _look() -> dict[str, Any]:
    return {"stamp": stamp(), "recording": recording()}
