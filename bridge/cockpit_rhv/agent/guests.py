# SPDX-License-Identifier: Apache-2.0
"""The guests as vdsm's clients see them: the list, when each status began, and an event for each change.

A guest that no Manager made is listed while it runs. Its end is told by one Down event; then it is forgotten, for
nobody would ever send the VM.destroy that makes vdsm forget.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from ..machines.states import ACTIVE
from ..machines.uptime import host_clock_s
from .clock import event_time
from .verb_errors import initializing, no_such_vm
from .vm_stats import vm_stats
from .vm_status import DOWN, exit_of, pause_code, status

if TYPE_CHECKING:
    from ..machines.connection import Connection
    from ..machines.model import Machine
    from ..machines.store import Change, MachineStore
    from .guest_sampler import GuestSampler

logger = logging.getLogger(__name__)

SETTLE_S = 5.0
"""A Manager that asks right after the agent's start waits as long for libvirt, rather than being told to retry."""

Publish = Callable[[str, Any], None]


class Guest(NamedTuple):
    """``machine``: as last known for certain; ``since``: event time of its status."""

    machine: Machine
    status: str
    since: int

    def uptime_s(self) -> float | None:
        """Seconds since its start; None when nobody can tell."""
        started_s = self.machine.started_s
        return None if started_s is None else host_clock_s() - started_s


class Guests:
    """Follows the store; ``publish(method, params)`` sends an event to the clients."""

    def __init__(self, connection: Connection, store: MachineStore, sampler: GuestSampler, publish: Publish) -> None:
        self._connection = connection
        self._store = store
        self._sampler = sampler
        self._publish = publish
        self._guests: dict[str, Guest] = {}
        self._stop_reasons: dict[str, str | None] = {}
        self._settled = asyncio.Event()
        connection.on_state(self._on_settling)
        connection.on_stop(self._on_stop)
        store.on_change(self._on_change)
        store.on_complete(self._on_settling)

    async def settle(self) -> None:
        """Wait a little for a libvirt that is just being read; returns anyway, for the caller to find out."""
        try:
            await asyncio.wait_for(self._settled.wait(), SETTLE_S)
        except asyncio.TimeoutError:
            logger.info("libvirt has not been read within %g s", SETTLE_S)

    @property
    def complete(self) -> bool:
        """Whether libvirt's guests have all been read since the connection was made."""
        return self._store.complete

    @property
    def running(self) -> dict[str, Guest]:
        """By uuid.

        Raises the RhvError that keeps libvirt from being read, or VerbError 99 while it has not been read once.
        """
        state = self._connection.state
        if state.error is not None:
            raise state.error
        if not self._store.complete:
            raise initializing()
        return self._guests

    def get(self, uuid: str) -> Guest:
        """Raises VerbError 1 when no such guest runs, and as :attr:`running`."""
        try:
            return self.running[uuid]
        except KeyError:
            raise no_such_vm(uuid) from None

    def stats(self, guest: Guest) -> dict[str, Any]:
        """An item of getAllVmStats."""
        uuid = guest.machine.uuid
        # The store's record says when it could not be read lately; the guest's status is the last certain one.
        machine = self._store.machines.get(uuid, guest.machine)
        return vm_stats(
            guest.machine,
            guest.since,
            self._sampler.sample(uuid),
            self._sampler.xml(uuid),
            uptime_s=guest.uptime_s(),
            answers=machine.error is None,
        )

    def counts(self) -> dict[str, int]:
        """The guest counts of getStats; empty while libvirt cannot be read, for nobody knows them then."""
        if self._connection.state.error is not None or not self._store.complete:
            return {}
        statuses = [guest.status for guest in self._guests.values()]
        outgoing = statuses.count("Migration Source")
        return {
            "vmCount": len(statuses),
            "vmActive": statuses.count("Up"),
            "vmMigrating": outgoing,
            "incomingVmMigrations": 0,
            "outgoingVmMigrations": outgoing,
        }

    def _on_settling(self, *_: object) -> None:
        if self._store.complete or self._connection.state.error is not None:
            self._settled.set()
        else:
            self._settled.clear()

    def _on_stop(self, uuid: str, reason: str | None) -> None:
        if uuid in self._guests:
            self._stop_reasons[uuid] = reason

    def _on_change(self, change: Change) -> None:
        before, after = self._guests.get(change.uuid), change.after
        if after is not None and after.state == "unknown":
            return  # it may well be running: nothing is told until something is known
        if after is not None and after.state in ACTIVE:
            self._run(before, after)
        elif before is not None:
            self._end(before, after)

    def _run(self, before: Guest | None, machine: Machine) -> None:
        self._stop_reasons.pop(machine.uuid, None)
        word = status(machine)
        if before is not None and before.status == word:
            self._guests[machine.uuid] = before._replace(machine=machine)
            return
        guest = Guest(machine, word, event_time())
        self._guests[machine.uuid] = guest
        params: dict[str, Any] = {"status": word}
        code = pause_code(machine)
        if code is not None:
            params["pauseCode"] = code
        self._tell(guest, params)

    def _end(self, before: Guest, after: Machine | None) -> None:
        uuid = before.machine.uuid
        del self._guests[uuid]
        told = self._stop_reasons.pop(uuid, None)
        end = exit_of(told if after is None else after.reason or told)
        self._tell(
            before._replace(status=DOWN, since=event_time()),
            {"status": DOWN, "exitCode": end.code, "exitReason": end.reason, "exitMessage": end.message},
        )

    def _tell(self, guest: Guest, params: dict[str, Any]) -> None:
        uuid = guest.machine.uuid
        logger.info("guest %s (%s): %s", guest.machine.name, uuid, params["status"])
        told = {"vmId": uuid, "statusTime": str(guest.since), **params}
        self._publish(f"|virt|VM_status|{uuid}", {uuid: told, "notify_time": guest.since})
