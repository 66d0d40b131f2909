# SPDX-License-Identifier: Apache-2.0
"""Taking a change back: by NetworkManager's checkpoint, else by hand, until kernel and gateway say that it is done."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from ..errors import RhvError
from ..messages import msg
from . import checkpoint
from .commands import ask
from .links import read_kernel
from .saved_profiles import put_back

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ..messages import Message
    from .before import Before, Way
    from .checkpoint import Checkpoint
    from .commands import Run
    from .links import Kernel
    from .saved_profiles import Saved

#: Seconds: for NetworkManager's own way back to show in the kernel, for ours to, and for the gateway to answer.
SETTLE_S, BACK_S, REACH_S = 10.0, 30.0, 60.0
#: Seconds for NetworkManager to be there again after a restart.
MANAGER_S = 60.0
_UP_S = 20
_PAUSE_S = 0.5


@dataclass
class WayBack:
    """``profiles``, ``after``: see :func:`.saved_profiles.put_back`. ``booted``: the host was, since the change."""

    run: Run
    reaches: Callable[[Way], bool]
    before: Before
    profiles: Mapping[str, Saved]
    after: Mapping[str, str] | None = None
    booted: bool = False
    settle_s: float = SETTLE_S
    back_s: float = BACK_S
    reach_s: float = REACH_S
    manager_s: float = MANAGER_S
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    root: Path = Path("/")
    #: What programs said that did not do as they were told.
    notes: list[str] = field(default_factory=list)
    #: No profile's file is left to be put back: what is kept of them may go.
    restored: bool = True
    _ports: dict[str, str] = field(default_factory=dict)

    def take_back(self, made: Checkpoint | None) -> list[Message]:
        """What is not as before after all that can be done; [] when the kernel and the gateway prove that all is."""
        self._ports = self._others_ports()
        rolled_back = made is not None and self._try(lambda: checkpoint.roll_back(self.run, made))
        left = self._restore_files()
        if not (rolled_back and self._wait(self._is_as_before, self.settle_s)):
            # Its word is not enough: a bridge can stay down (seen with 1.52), and a restart forgets the checkpoint.
            self._by_hand()
            given = any(facts.given for facts in self.before.links.values())
            # A server's address comes as late as the gateway: behind spanning tree neither is there before 30 s.
            self._wait(self._is_as_before, max(self.back_s, self.reach_s) if given else self.back_s)
        way = self.before.way if self.before.answers else None
        answers = way is None or self._wait(lambda: self.reaches(way), self.reach_s)
        differences = self._differences()  # now: what came while the gateway was waited for is there
        left += [text for _, text in differences]
        wrong = {name for name, _ in differences}
        if way is not None and not answers:
            values = {"gateway": way.gateway, "device": way.device}
            left.append(msg("networks.left.gateway", "The gateway {gateway} does not answer over {device}.", **values))
            wrong.add(way.device)
        left += self._unplugged(wrong)
        return left + self._lost_ports()

    def _restore_files(self) -> list[Message]:
        try:
            restored = put_back(self.profiles, self.after, self.root, booted=self.booted)
        except OSError as error:
            self.restored = False
            text = msg("networks.left.unread", "NetworkManager's profiles cannot be read: {error}.", error=str(error))
            return [text, _again()]
        if restored.changed:
            self._nmcli("connection", "reload")
        left = []
        for path, why in restored.failed.items():
            left.append(
                msg(
                    "networks.left.profile", "The profile /{path} could not be put back: {error}.", path=path, error=why
                )
            )
        if restored.failed:
            self.restored = False
            left.append(_again())
        self.notes += [f"/{path} was changed by somebody else and stays as it is" for path in restored.others]
        return left

    def _by_hand(self) -> None:
        # It may be on its way up again just now. Without it nothing is taken away: the host may be reachable as it is.
        if not self._wait(self._manager_runs, self.manager_s):
            self._try(lambda: ask(self.run, ["nmcli", "-t", "general", "status"]))
            return
        self._nmcli("connection", "reload")
        wrong = {name for name, _ in self._differences()}
        for name in self.before.made:
            if name in wrong:
                # While it is there it has the address; its profile is gone already.
                self._ip("link", "delete", "dev", name)
        for name in self.before.order():
            if name in wrong:
                self._nmcli("connection", "up", "uuid", self.before.active[name], "ifname", name)
        self._restore_mtus()

    def _restore_mtus(self) -> None:
        """Those that no profile says: a NetworkManager started anew does not know any more which they were."""
        try:
            links = read_kernel(self.run, self.root).links
        except RhvError as error:
            self._note(error)
            return
        wrong = [name for name, facts in self.before.links.items() if name in links and links[name].mtu != facts.mtu]
        # What is below first, for nothing may be larger than that.
        upon = ("bond", "bridge", "vlan")
        for name in sorted(wrong, key=lambda name: (upon.index(links[name].kind) if links[name].kind in upon else -1)):
            self._ip("link", "set", "dev", name, "mtu", str(self.before.links[name].mtu))

    def _manager_runs(self) -> bool:
        try:
            return self.run(["nmcli", "-t", "general", "status"], 10.0).code == 0
        except (OSError, subprocess.TimeoutExpired):
            return False

    def _nmcli(self, *words: str) -> None:
        self._try(lambda: ask(self.run, ["nmcli", "-w", str(_UP_S), *words], _UP_S + 10.0))

    def _ip(self, *words: str) -> None:
        self._try(lambda: ask(self.run, ["ip", *words]))

    def _is_as_before(self) -> bool:
        return not self._differences()

    def _differences(self) -> list[tuple[str, Message]]:
        try:
            now = read_kernel(self.run, self.root)
            self._attach(now)
        except RhvError as error:
            return [("", error.message)]
        return self.before.differences(now)

    def _others_ports(self) -> dict[str, str]:
        """Guests' cables and whatever else is plugged into bridges that were there before, by interface."""
        try:
            links = read_kernel(self.run, self.root).links
        except RhvError as error:
            self._note(error)
            return {}
        known = self.before.links
        return {
            name: link.controller
            for name, link in links.items()
            if link.controller is not None and name not in known and name not in self.before.made
        }

    def _attach(self, now: Kernel) -> None:
        """NetworkManager takes cables out of a bridge when it goes back or brings it up."""
        for name, controller in self._ports.items():
            if name in now.links and now.links[name].controller is None and controller in now.links:
                self._ip("link", "set", "dev", name, "master", controller, "up")

    def _unplugged(self, wrong: Collection[str]) -> list[Message]:
        """The likely cause, of what is wrong."""
        try:
            links = read_kernel(self.run, self.root).links
        except RhvError as error:
            self._note(error)
            return []
        below = {member for name in wrong if name in links for member in links[name].members}
        known = {*wrong, *below} & {*self.before.links} & {*links}
        down = sorted(name for name in known if links[name].link == "down")
        return [msg("networks.left.cable", "{name} has no link: is its cable plugged in?", name=name) for name in down]

    def _lost_ports(self) -> list[Message]:
        if not self._ports:
            return []
        try:
            links = read_kernel(self.run, self.root).links
        except RhvError as error:
            return [error.message]
        return [
            msg(
                "networks.left.port",
                "{name}, which was plugged into {controller}, is not any more.",
                name=name,
                controller=controller,
            )
            for name, controller in self._ports.items()
            if name in links and links[name].controller != controller
        ]

    def _try(self, act: Callable[[], object]) -> bool:
        try:
            act()
        except RhvError as error:
            self._note(error)
            return False
        return True

    def _note(self, error: RhvError) -> None:
        self.notes.append(error.detail or error.code)

    def _wait(self, condition: Callable[[], bool], limit_s: float) -> bool:
        until = self.clock() + limit_s
        while not condition():
            if self.clock() >= until:
                return False
            self.sleep(_PAUSE_S)
        return True


def _again() -> Message:
    return msg(
        "networks.left.again", "The profiles of before are kept, and put back when NetworkManager is started anew."
    )


def not_as_before(left: list[Message], why: RhvError) -> RhvError:
    """What a job that could not undo everything ends with: what is left, and what to do."""
    told = [str(text) for text in left]
    return RhvError(
        "networks.lost",
        msg("networks.lost", "The change was taken back, but the host is not as it was: see the detail."),
        msg(
            "networks.lost.hint",
            "The profiles are those of before unless it says otherwise. On the host's own console: nmcli connection "
            "up for each interface named, or start the host anew.",
        ),
        "\n".join([*told, *([why.detail] if why.detail else [])]),
        cause=why.message,
    )
