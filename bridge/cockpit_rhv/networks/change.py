# SPDX-License-Identifier: Apache-2.0
"""One change from its checkpoint to its end: kept when somebody says so, else taken back and the way back proved."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from ..errors import RhvError
from ..messages import msg
from . import checkpoint
from .calls import planned
from .commands import ask, order
from .links import read_kernel
from .nm import fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .commands import Run
    from .links import Kernel
    from .plan import Plan
    from .view import Structure

#: Seconds: for nmcli to apply it, for the gateway to answer afterwards, and for everything to be as before again.
APPLY_S, REACH_S, BACK_S = 60, 20, 30
#: Seconds by which NetworkManager waits longer than we do: it goes back by itself only when we are gone.
_SPARE_S = 15
_PAUSE_S = 0.5
Tell = Callable[["Mapping[str, Any]"], None]


class Way(NamedTuple):
    """A gateway, and the interface it is reached over."""

    gateway: str
    device: str


@dataclass
class Change:
    """``reaches``: whether a gateway answers, by a look at the wire. ``answer``: keep, undo or None so far.

    ``close``: that at the last moment, after which none is taken any more.

    ``tell`` takes each new state: ``state``, ``error``, ``gateway`` and, in seconds from now, ``confirm_in_s`` (until
    somebody must have confirmed) and ``back_in_s`` (until NetworkManager goes back by itself, should we be gone).
    """

    run: Run
    reaches: Callable[[Way], bool]
    plan: Plan
    structure: Structure
    answer: Callable[[], str | None]
    tell: Tell
    confirm_s: float
    close: Callable[[], str | None] = lambda: None
    reach_s: float = REACH_S
    back_s: float = BACK_S
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    _before: Mapping[str, str] = field(default_factory=dict)

    def carry_out(self) -> None:
        """Returns when it is kept. Raises RhvError ``networks.*`` when it was not begun, or when it was taken back."""
        calls = self.calls()
        found = default_gateway(self.structure.kernel)
        # A router that cannot be reached beforehand proves nothing afterwards.
        watched = found if found is not None and self.reaches(found) else None
        limit_s = APPLY_S * len(calls) + self.reach_s + _SPARE_S
        made = checkpoint.create(self.run, math.ceil(limit_s))
        try:
            self._state("applying", back_in_s=limit_s)
            for call in calls:
                order(self.run, ["nmcli", "-w", str(APPLY_S // 2), *call], APPLY_S)
            # The gateway that answers now may be another one: that is the one to be named.
            proved = self._prove(watched) if watched is not None else None
            limit_s = self.confirm_s + _SPARE_S
            checkpoint.prolong(self.run, made, math.ceil(limit_s))
            gateway = proved.gateway if proved else None
            self._state("confirming", confirm_in_s=self.confirm_s, back_in_s=limit_s, gateway=gateway)
            self._await_answer()
            checkpoint.destroy(self.run, made)
        except BaseException as error:
            told = error if isinstance(error, RhvError) else _stopped(error)
            self._state("undoing", error=told)
            self._go_back(made, watched, told)
            raise
        self._state("kept")

    def _prove(self, _watched: Way) -> Way:
        """The default route whose gateway answers; raises RhvError ``networks.cut`` when none does within the time."""
        way: Way | None = None

        def reached() -> bool:
            nonlocal way
            way = default_gateway(read_kernel(self.run))  # DHCP may bring it after nmcli has returned
            return way is not None and self.reaches(way)

        if self._wait(reached, self.reach_s) and way is not None:
            return way
        if way is None:
            raise RhvError(
                "networks.cut", msg("networks.no_route", "The host had no default route any more after the change.")
            )
        text = msg(
            "networks.cut",
            "The gateway {gateway} could not be reached over {device} after the change.",
            gateway=way.gateway,
            device=way.device,
        )
        raise RhvError("networks.cut", text)

    def _await_answer(self) -> None:
        said: str | None = None

        def answered() -> bool:
            nonlocal said
            said = self.answer()
            return said is not None

        if not self._wait(answered, self.confirm_s):
            said = self.close()  # who answered since our last look was told that it counts
        if said is None:
            text = msg("networks.unconfirmed", "Nobody confirmed the change in time.")
            raise RhvError("networks.unconfirmed", text)
        if said != "keep":
            raise RhvError("networks.withdrawn", msg("networks.withdrawn", "Somebody chose to undo the change."))

    def _go_back(self, made: checkpoint.Checkpoint, watched: Way | None, error: RhvError) -> None:
        try:
            checkpoint.roll_back(self.run, made)
        except RhvError as refused:  # its time was up: it has rolled back already
            _add(error, refused.detail)
        if not self._wait(self._is_up, self.back_s):
            # NetworkManager's word after a rollback is not enough: a bridge can stay down (seen with 1.52).
            for name in self._order():
                try:
                    ask(self.run, ["nmcli", "-w", "20", "connection", "up", self._before[name]], 30.0)
                except RhvError as failed:
                    _add(error, failed.detail)
        up = self._wait(self._is_up, self.back_s)
        reached = watched is None or self._wait(lambda: self.reaches(watched), self.reach_s)
        self._state("undone" if up and reached else "lost", error=error)

    def _is_up(self) -> bool:
        """Every interface has the profile that it had before, and is connected."""
        try:
            told = ask(self.run, ["nmcli", "-t", "-f", "DEVICE,STATE,CON-UUID", "device", "status"])
        except RhvError:
            return False
        rows = {row[0]: row for row in map(fields, told.splitlines()) if len(row) == 3}
        return all(
            name in rows and rows[name][1] == "connected" and rows[name][2] == uuid
            for name, uuid in self._before.items()
        )

    def _wait(self, condition: Callable[[], bool], limit_s: float) -> bool:
        until = self.clock() + limit_s
        while not condition():
            if self.clock() >= until:
                return False
            self.sleep(_PAUSE_S)
        return True

    def calls(self) -> Sequence[list[str]]:
        """What nmcli is asked to do, without its name. Raises RhvError ``networks.command``."""
        devices = self.structure.manager.devices
        known = {name: device.uuid for name, device in devices.items() if device.uuid and device.managed}
        self._before = {name: uuid for name, uuid in known.items() if devices[name].state == "connected"}
        return planned(self.plan, self.structure, self.run)

    def _order(self) -> list[str]:
        """Controllers before their members."""
        links = self.structure.kernel.links
        return sorted(
            self._before, key=lambda name: (links[name].controller is not None if name in links else True, name)
        )

    def _state(self, state: str, *, error: RhvError | None = None, **more: float | str | None) -> None:
        self.tell({"state": state, "error": error, **more})


def default_gateway(kernel: Kernel) -> Way | None:
    """Of the best IPv4 default route."""
    found = [
        (one.metric or 0, Way(one.gateway, one.device))
        for one in kernel.routes
        if one.destination == "default" and one.family == "ipv4" and one.gateway
    ]
    return min(found)[1] if found else None


def _add(error: RhvError, detail: str | None) -> None:
    error.detail = f"{error.detail or ''}\n{detail or ''}".strip()


def _stopped(error: BaseException) -> RhvError:
    text = msg("networks.stopped", "The job was ended before the change was confirmed.")
    return RhvError("networks.stopped", text, detail=type(error).__name__)
