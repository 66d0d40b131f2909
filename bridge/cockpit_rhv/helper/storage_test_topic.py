# SPDX-License-Identifier: Apache-2.0
"""Topic ``storage_test``: the steps of the storage test that runs in this helper, each as it comes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Callable

from ..rpc.topics import Topic
from .storage_methods import running

if TYPE_CHECKING:
    from collections.abc import Mapping


class StorageTestTopic(Topic):
    """Empty while none runs: what a test found is the answer to ``storage.test``."""

    def __init__(self) -> None:
        super().__init__("storage_test")
        self._forget: Callable[[], None] | None = None

    def read(self) -> Mapping[str, Any]:
        return running().to_json()

    async def start(self) -> None:
        loop = asyncio.get_running_loop()

        def touch() -> None:
            loop.call_soon_threadsafe(self.touch)  # the steps are done in a thread

        self._forget = running().on_change(touch)

    async def stop(self) -> None:
        if self._forget is not None:
            self._forget()
            self._forget = None
