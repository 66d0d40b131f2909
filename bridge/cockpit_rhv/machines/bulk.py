# SPDX-License-Identifier: Apache-2.0
"""One thing done to many guests, a few at a time, with a result for each."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import msg
from .actions import ACTION_LIMIT_S, SAVE_LIMIT_S, act_on_local
from .faults import unreadable
from .states import ACTIVE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .connection import Connection
    from .store import MachineStore

logger = logging.getLogger(__name__)

#: Calls at a time. libvirt serves a client five, and reading and sampling go on beside this.
MOST_AT_ONCE = 3


@dataclass(frozen=True)
class ActionResult:
    """``outcome``: done, powered_off (it did not shut down in time) or failed, then with ``error``."""

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

    def __init__(self, connection: Connection, store: MachineStore) -> None:
        self._connection = connection
        self._store = store
        self._free = asyncio.Semaphore(MOST_AT_ONCE)

    async def act(
        self, action: str, uuids: Sequence[str], wait_s: float | None = None, then_power_off: bool = False
    ) -> list[ActionResult]:
        """The results in the order of ``uuids``; a guest named twice is acted on once.

        ``action``: a name of ``machines.act`` in ``schemas/rpc.json``. ``wait_s``, of ``shutdown`` only: how long each
        guest may take from when it was asked; one that takes longer has failed, or with ``then_power_off`` is switched
        off. When the caller is cancelled nothing more is done.
        """
        wanted = list(dict.fromkeys(uuids))
        if action == "shutdown" and wait_s is not None:
            work = (self._shut_down(uuid, wait_s, then_power_off) for uuid in wanted)
        else:
            work = (self._outcome(action, uuid) for uuid in wanted)
        return list(await asyncio.gather(*work))

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
            await self._connection.call(act_on_local, action, uuid, limit_s=limit_s)

    async def _shut_down(self, uuid: str, wait_s: float, then_power_off: bool) -> ActionResult:
        off = asyncio.Event()

        def look() -> None:
            machine = self._store.machines.get(uuid)
            # what cannot be read may well run, and what has not been listed yet, too
            if self._store.complete if machine is None else machine.state not in ACTIVE | {"unknown"}:
                off.set()

        forget = self._store.on_change(lambda change: look() if change.uuid == uuid else None)
        try:
            asked = await self._outcome("shutdown", uuid)
            if asked.error is not None:
                return asked
            look()
            await asyncio.wait_for(off.wait(), wait_s)
        except asyncio.TimeoutError:
            if not then_power_off:
                return ActionResult(uuid, "failed", _still_running(wait_s))
            forced = await self._outcome("power_off", uuid)
            return forced if forced.error else ActionResult(uuid, "powered_off")
        finally:
            forget()
        return asked


def _still_running(wait_s: float) -> RhvError:
    return RhvError(
        "machine.still_running",
        msg("machine.still_running", "The guest has not shut down within {seconds} seconds.", seconds=wait_s),
        msg("machine.still_running.hint", "Its system may need longer or ignore the request; power it off then."),
    )
