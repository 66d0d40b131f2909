# SPDX-License-Identifier: Apache-2.0
"""One change from its checkpoint to its end: kept when somebody says so, else taken back and the way back proved."""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from ..messages import msg
from . import checkpoint
from .before import Before, Way, default_gateway
from .calls import planned
from .commands import order
from .links import read_kernel
from .saved_profiles import digests, read_profiles
from .way_back import BACK_S, REACH_S, SETTLE_S, WayBack, not_as_before

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .commands import Run
    from .plan import Plan
    from .saved_profiles import Saved
    from .view import Structure

#: Seconds for nmcli to do one thing.
APPLY_S = 60
#: Seconds by which NetworkManager waits longer than we do: it goes back by itself only when we are gone.
_SPARE_S = 15
#: Seconds in which a gateway must have answered beforehand to be asked afterwards: a busy host may miss one answer.
_ASKED_S = 5.0
#: Seconds between two looks whether the checkpoint is still there.
_GUARDED_S = 2.0
_PAUSE_S = 0.5
Tell = Callable[["Mapping[str, Any]"], None]


class Keep:
    """What survives us on the disk, so that somebody else can take the change back. The default keeps nothing."""

    def begin(self, before: Before, profiles: Mapping[str, Saved]) -> None:
        """Durably, before anything is changed; from now on somebody watches over us. Raises RhvError, OSError."""

    def applied(self, after: Mapping[str, str]) -> None:
        """The digests of the profiles as the change left them, durably. Raises OSError."""

    def end(self) -> None:
        """Nothing has to be taken back any more. Raises OSError."""


@dataclass
class Change:
    """``reaches``: whether a gateway answers, by a look at the wire. ``answer``: keep, undo or None so far.

    ``close``: that at the last moment, after which none is taken any more.

    ``tell`` takes each new state: ``state``, ``error``, ``gateway``, ``left`` (what is not as before), ``checkpoint``
    (its path) and, in seconds from now, ``confirm_in_s`` (until somebody must have confirmed) and ``back_in_s`` (until
    it is taken back, should we be gone). ``shield``: keeps SIGTERM waiting.
    """

    run: Run
    reaches: Callable[[Way], bool]
    plan: Plan
    structure: Structure
    answer: Callable[[], str | None]
    tell: Tell
    confirm_s: float
    keep: Keep
    shield: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext
    close: Callable[[], str | None] = lambda: None
    reach_s: float = REACH_S
    back_s: float = BACK_S
    settle_s: float = SETTLE_S
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    root: Path = Path("/")

    def carry_out(self) -> None:
        """Returns when it is kept. Raises RhvError ``networks.*`` when it was not begun, or when it was taken back;
        ``networks.lost`` when the host is not as it was."""
        calls = self.calls()
        before = Before.of(self.plan, self.structure)
        # A router that cannot be reached beforehand proves nothing afterwards.
        way = before.way
        before = replace(before, answers=way is not None and self._wait(lambda: self.reaches(way), _ASKED_S))
        watched = before.way if before.answers else None
        profiles = read_profiles(self.root)
        limit_s = APPLY_S * len(calls) + self.reach_s + _SPARE_S
        checkpoint.refuse_others(self.run)
        self.keep.begin(before, profiles)
        back = WayBack(
            self.run, self.reaches, before, profiles, None, root=self.root, sleep=self.sleep, clock=self.clock
        )
        back.settle_s, back.back_s, back.reach_s = self.settle_s, self.back_s, self.reach_s
        made = None
        try:
            made = checkpoint.create(self.run, math.ceil(limit_s), new=bool(before.made))
            self._state("applying", {"back_in_s": limit_s, "checkpoint": made.path})
            for call in calls:
                order(self.run, ["nmcli", "-w", str(APPLY_S // 2), *call], APPLY_S)
            back.after = digests(read_profiles(self.root))
            self.keep.applied(back.after)
            # The gateway that answers now may be another one: that is the one to be named.
            proved = self._prove(watched) if watched is not None else None
            limit_s = self.confirm_s + _SPARE_S
            checkpoint.prolong(self.run, made, math.ceil(limit_s))
            gateway = proved.gateway if proved else None
            told = {"gateway": gateway, "checkpoint": made.path, "confirm_in_s": self.confirm_s, "back_in_s": limit_s}
            self._state("confirming", told)
            self._await_answer(made)
            self.keep.end()  # killed from here on it is NetworkManager that takes it back, when its time is up
            checkpoint.destroy(self.run, made)
        except BaseException as error:
            with self.shield():
                self._take_back(back, made, error)
            raise
        self._state("kept")

    def _take_back(self, back: WayBack, made: checkpoint.Checkpoint | None, error: BaseException) -> None:
        """Raises RhvError ``networks.lost``."""
        told = error if isinstance(error, RhvError) else _stopped(error)
        if made is None:  # nothing was changed
            self.keep.end()
            return
        limit_s = back.settle_s + back.back_s + back.reach_s + APPLY_S
        try:
            self._state("undoing", {"error": told, "back_in_s": limit_s, "checkpoint": made.path})
        except OSError as full:  # a full disk must not keep us from going back
            back.notes.append(str(full))
        left = back.take_back(made)
        _add(told, "\n".join(back.notes))
        lost = not_as_before(left, told) if left else None
        shown = [text.to_json() for text in left]
        self._state("lost" if lost else "undone", {"error": lost or told, "left": shown})
        if back.restored:  # else what is kept is all there is of a profile
            self.keep.end()
        if lost is not None:
            raise lost from error

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

    def _await_answer(self, made: checkpoint.Checkpoint) -> None:
        said: str | None = None
        looked = self.clock()

        def answered() -> bool:
            nonlocal said, looked
            if self.clock() - looked >= _GUARDED_S:
                looked = self.clock()
                checkpoint.insist(self.run, made)
            said = self.answer()
            return said is not None

        if not self._wait(answered, self.confirm_s):
            said = self.close()  # who answered since our last look was told that it counts
        if said is None:
            text = msg("networks.unconfirmed", "Nobody confirmed the change in time.")
            raise RhvError("networks.unconfirmed", text)
        if said != "keep":
            raise RhvError("networks.withdrawn", msg("networks.withdrawn", "Somebody chose to undo the change."))

    def _wait(self, condition: Callable[[], bool], limit_s: float) -> bool:
        until = self.clock() + limit_s
        while not condition():
            if self.clock() >= until:
                return False
            self.sleep(_PAUSE_S)
        return True

    def calls(self) -> Sequence[list[str]]:
        """What nmcli is asked to do, without its name. Raises RhvError ``networks.command``."""
        return planned(self.plan, self.structure, self.run)

    def _state(self, state: str, more: Mapping[str, Any] | None = None) -> None:
        self.tell({"state": state, "error": None, **(more or {})})


def _add(error: RhvError, detail: str) -> None:
    error.detail = f"{error.detail or ''}\n{detail}".strip() or None


def _stopped(error: BaseException) -> RhvError:
    text = msg("networks.stopped", "The job was ended before the change was confirmed.")
    return RhvError("networks.stopped", text, detail=type(error).__name__)
