# SPDX-License-Identifier: Apache-2.0
"""One thing done to many guests, a few at a time, with a result for each."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from .actions import ACTION_LIMIT_S, SAVE_LIMIT_S, act_on_local
from .faults import unreadable
from .once import Once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .connection import Connection

logger = logging.getLogger(__name__)

#: Calls at a time. libvirt serves a client five, and reading and sampling go on beside this.
MOST_AT_ONCE = 3


@dataclass(frozen=True)
class ActionResult:
    """``outcome``: done, or failed, then with ``error``."""

    uuid: str
    outcome: str
    error: RhvError | None = None

    def to_json(self) -> dict[str, Any]:
        """Definition ``ActionResult`` of ``schemas/common.json``."""
        return {
            "uuid": self.uuid,
            "outcome": self.outcome,
            "error": self.error.to_json() if self.error else None,
        }


class BulkActions:
    """For one connection; made inside a running event loop. Requests side by side share what is done at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._free = asyncio.Semaphore(MOST_AT_ONCE)

    async def act(self, action: str, uuids: Sequence[str]) -> list[ActionResult]:
        """The results in the order of ``uuids``; a guest named twice is acted on once.

        ``action``: a name of ``machines.act`` in ``schemas/rpc.json``. When the caller is cancelled nothing more is
        done.
        """
        return list(await asyncio.gather(*(self._outcome(action, uuid) for uuid in dict.fromkeys(uuids))))

    async def _outcome(self, action: str, uuid: str) -> ActionResult:
        try:
            await self._call(action, uuid)
        except RhvError as error:
            return ActionResult(uuid, "failed", error)
        except ValueError as error:  # its definition is no XML that we can read: whose it is cannot be known
            logger.warning("guest %s: %s", uuid, error)
            return ActionResult(uuid, "failed", unreadable(error))
        return ActionResult(uuid, "done")

    async def _call(self, action: str, uuid: str) -> None:
        async with self._free:
            limit_s = SAVE_LIMIT_S if action == "save" else ACTION_LIMIT_S
            once = Once(action, time.monotonic() + limit_s)
            try:
                await self._connection.call(act_on_local, uuid, once, limit_s=limit_s)
            except RhvError as error:
                raise once.told(error) from error
