# SPDX-License-Identifier: Apache-2.0
"""One change from its checkpoint to its end: kept when somebody says so, else taken back and the way back proved."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from ..errors import RhvError
from ..messages import msg
from . import checkpoint
from .commands import ask
from .commands_nm import MOVED, arguments
from .nm import fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .commands import Run
    from .plan import Plan
    from .view import Structure

#: Seconds: for nmcli to apply it, for the gateway to answer afterwards, for somebody to confirm, and for going back.
APPLY_S, REACH_S, CONFIRM_S, BACK_S = 60, 20, 45, 30
_PAUSE_S = 0.5
Tell = Callable[["Mapping[str, Any]"], None]


class Way(NamedTuple):
    """A gateway, and the interface it is reached over."""

    gateway: str
    device: str


@dataclass
class Change:
    """``confirmed``: whether somebody has said to keep it. ``tell``: takes each new state."""

    run: Run
    plan: Plan
    structure: Structure
    confirmed: Callable[[], bool]
    tell: Tell
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    confirm_s: float = CONFIRM_S
    reach_s: float = REACH_S
    back_s: float = BACK_S
    _before: Mapping[str, str] = field(default_factory=dict)

    def carry_out(self) -> bool:
        """True: kept. Raises RhvError when nothing was begun; what fails later is taken back and told."""
        calls = self._calls()
        found = default_gateway(self.structure)
        # A router that cannot be reached beforehand proves nothing afterwards.
        before = found if found is not None and self._reaches(found) else None
        after = before and Way(before.gateway, self._carrier(before.device))
        made = checkpoint.create(self.run, int(APPLY_S + self.reach_s + self.confirm_s) + 15)
        try:
            self._state("applying")
            for call in calls:
                ask(self.run, ["nmcli", "-w", "30", *call], APPLY_S)
            self._prove(after)
            until = time.time() + self.confirm_s
            self._state("confirming", until_s=until)
            if not self._wait(self.confirmed, self.confirm_s):
                text = msg("networks.unconfirmed", "Nobody confirmed the change in time.")
                raise RhvError("networks.unconfirmed", text)
            checkpoint.destroy(self.run, made)
        except RhvError as error:
            self._state("undoing", error=error)
            self._go_back(made, before, error)
            return False
        self._state("kept")
        return True

    def _prove(self, way: Way | None) -> None:
        if way is not None and not self._wait(lambda: self._reaches(way), self.reach_s):
            raise RhvError(
                "networks.cut",
                msg(
                    "networks.cut",
                    "The gateway {gateway} could not be reached over {device} after the change.",
                    gateway=way.gateway,
                    device=way.device,
                ),
            )

    def _carrier(self, device: str) -> str:
        """What the route is to lead over afterwards."""
        return self.plan.name if self.plan.kind == "bridge" and device in self.plan.on else device

    def _go_back(self, made: checkpoint.Checkpoint, watched: Way | None, error: RhvError) -> None:
        try:
            checkpoint.roll_back(self.run, made)
        except RhvError as refused:  # its time was up: it has rolled back already
            error.detail = f"{error.detail or ''}\n{refused.detail or ''}".strip()
        if self._wait(lambda: self._is_back(watched), self.back_s):
            self._state("undone", error=error)
            return
        # NetworkManager's word after a rollback is not enough: a bridge can stay down (seen with 1.52).
        for name in self._order():
            try:
                ask(self.run, ["nmcli", "-w", "20", "connection", "up", self._before[name]], 30.0)
            except RhvError as failed:
                error.detail = f"{error.detail or ''}\n{failed.detail or ''}".strip()
        self._state("undone" if self._wait(lambda: self._is_back(watched), self.back_s) else "lost", error=error)

    def _is_back(self, watched: Way | None) -> bool:
        """What was up is up, and the gateway answers."""
        try:
            told = ask(self.run, ["nmcli", "-t", "-f", "DEVICE,STATE,CON-UUID", "device", "status"])
        except RhvError:
            return False
        rows = {row[0]: row for row in map(fields, told.splitlines()) if len(row) == 3}
        up = all(
            name in rows and rows[name][1] == "connected" and rows[name][2] == uuid
            for name, uuid in self._before.items()
        )
        return up and (watched is None or self._reaches(watched))

    def _reaches(self, way: Way) -> bool:
        """It answers a ping over that interface or, where it answers none, has told its MAC address there since."""
        try:
            ask(self.run, ["ping", "-n", "-c", "1", "-W", "1", "-I", way.device, way.gateway], 5.0)
            return True
        except RhvError:
            pass  # many routers answer no ping: what they said to the question for their MAC address counts
        try:
            return "REACHABLE" in ask(self.run, ["ip", "neigh", "show", way.gateway, "dev", way.device])
        except RhvError:
            return False

    def _wait(self, condition: Callable[[], bool], limit_s: float) -> bool:
        until = self.clock() + limit_s
        while not condition():
            if self.clock() >= until:
                return False
            self.sleep(_PAUSE_S)
        return True

    def _calls(self) -> Sequence[list[str]]:
        links, devices = self.structure.kernel.links, self.structure.manager.devices
        profiles = {name: device.uuid for name, device in devices.items() if device.uuid and device.managed}
        self._before = {name: uuid for name, uuid in profiles.items() if devices[name].state == "connected"}
        macs = {name: link.mac for name, link in links.items() if link.mac}
        lower = self.plan.on[0] if self.plan.on else self.plan.name
        moved = self._read_profile(profiles[lower]) if self.plan.kind == "bridge" and lower in profiles else {}
        return arguments(self.plan, profiles, macs, moved, {name: link.kind for name, link in links.items()})

    def _read_profile(self, uuid: str) -> dict[str, str]:
        told = ask(self.run, ["nmcli", "-t", "-f", ",".join(MOVED), "connection", "show", uuid])
        rows = (fields(line) for line in told.splitlines())
        return {row[0]: ":".join(row[1:]) for row in rows if len(row) > 1 and row[1] != "--"}

    def _order(self) -> list[str]:
        """Controllers before their members."""
        links = self.structure.kernel.links
        return sorted(
            self._before, key=lambda name: (links[name].controller is not None if name in links else True, name)
        )

    def _state(self, state: str, *, until_s: float | None = None, error: RhvError | None = None) -> None:
        self.tell({"state": state, "until_s": until_s, "error": error.to_json() if error else None})


def default_gateway(structure: Structure) -> Way | None:
    """Of the best IPv4 default route."""
    found = [
        (one.metric or 0, Way(one.gateway, one.device))
        for one in structure.kernel.routes
        if one.destination == "default" and one.family == "ipv4" and one.gateway
    ]
    return min(found)[1] if found else None
