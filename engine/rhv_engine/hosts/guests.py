# SPDX-License-Identifier: Apache-2.0
"""The guests of one host: answers and events merged so that an old answer never undoes a newer event."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Callable

from .. import events
from .live import Guest, number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..changes import Changes
    from ..db.models import Host
    from .live import HostLive

_FORGET_ENDED_S = 120.0
_EXIT_MIGRATED = 4
"""vdsm's exit reason of a guest that runs elsewhere now (vdsm.md §2.3)."""


class GuestTable:
    """Writes ``live.guests``. A guest that is down is gone: the Manager did not define it, so nothing of it is kept,
    as oVirt's engine does with guests it did not create."""

    def __init__(
        self, host: Host, live: HostLive, record: Callable[[events.Entry], None], changes: Changes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """``clock`` must be the one that the ``asked`` of :meth:`replace` comes from."""
        self._host = host
        self._live = live
        self._record = record
        self._changes = changes
        self._clock = clock
        self._ended: dict[str, float] = {}
        self._unannounced: set[str] = set()
        self._heard_once = False

    def replace(self, answer: Sequence[Any], asked: float) -> None:
        """Take a ``Host.getAllVmStats`` answer to a question asked at ``asked``."""
        reported = {str(item["vmId"]): item for item in answer if isinstance(item, dict) and item.get("vmId")}
        for vm_id, stats in reported.items():
            if self._ended.get(vm_id, -1.0) >= asked:
                continue
            if stats.get("status") == "Down":
                self._end(vm_id, stats)
            else:
                self._take(vm_id, stats, asked)
        for guest in [*self._live.guests.values()]:
            if guest.id not in reported and guest.touched < asked:
                self._end(guest.id, {})
        self._heard_once = True
        horizon = self._clock() - _FORGET_ENDED_S
        self._ended = {vm_id: ended for vm_id, ended in self._ended.items() if ended > horizon}

    def apply_event(self, id: str, status: Mapping[str, Any]) -> None:
        """Take a ``VM_status`` event."""
        now = self._clock()
        if status.get("status") == "Down":
            self._ended[id] = now
            self._end(id, status)
            return
        self._ended.pop(id, None)
        guest = self._live.guests.get(id)
        if guest is None:
            guest = self._live.guests[id] = Guest(id, self._host.id, {})
            if self._heard_once:
                # Its name comes with the next answer; the start is announced then. Before the first answer it is no
                # start but the host's own getting to know its guests.
                self._unannounced.add(id)
        before = guest.raw_status
        guest.stats = {**guest.stats, **status}
        guest.touched = now
        self._note_pause(guest, before)
        self._changes.publish("vms", id)

    def publish_all(self) -> None:
        """Every guest's status changed, because the host's did."""
        for vm_id in self._live.guests:
            self._changes.publish("vms", vm_id)

    def _take(self, id: str, stats: dict[str, Any], asked: float) -> None:
        guest = self._live.guests.get(id)
        if guest is None:
            guest = self._live.guests[id] = Guest(id, self._host.id, stats)
            guest.age_at_first_s = max(0.0, number(stats.get("elapsedTime")) or 0.0)
            if self._heard_once:
                self._unannounced.add(id)
        elif guest.touched >= asked:
            # Everything but the status, which the event knows better.
            guest.stats = {**stats, "status": guest.raw_status}
        else:
            before = guest.raw_status
            guest.stats = stats
            self._note_pause(guest, before)
        if id in self._unannounced:
            self._unannounced.discard(id)
            self._record(events.vm_started(self._host, id, guest.name))
        self._changes.publish("vms", id)

    def _end(self, id: str, status: Mapping[str, Any]) -> None:
        guest = self._live.guests.pop(id, None)
        self._unannounced.discard(id)
        if guest is None:
            return
        if str(status.get("exitReason")) == str(_EXIT_MIGRATED):
            pass  # it goes on elsewhere, where the other host reports it
        elif str(status.get("exitCode", "0")) not in ("0", ""):
            reason = str(status.get("exitMessage") or "")
            self._record(events.vm_down_error(self._host, id, guest.name, reason))
        else:
            self._record(events.vm_down(self._host, id, guest.name))
        self._changes.publish("vms", id)

    def _note_pause(self, guest: Guest, before: str) -> None:
        if guest.raw_status == "Paused" and before not in ("Paused", ""):
            self._record(events.vm_paused(self._host, guest.id, guest.name))
