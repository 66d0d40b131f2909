# SPDX-License-Identifier: Apache-2.0
"""NetworkManager's checkpoints: whatever happens to us, it goes back by itself when the time is up."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, NamedTuple

from ..errors import RhvError
from ..messages import msg
from .commands import ask

if TYPE_CHECKING:
    from .commands import Run

_NM = "org.freedesktop.NetworkManager"
_GET = ("busctl", "--system", "get-property", _NM, "/org/freedesktop/NetworkManager", _NM)
_CALL = ("busctl", "--system", "call", _NM, "/org/freedesktop/NetworkManager", _NM)
# NMCheckpointCreateFlags: DELETE_NEW_CONNECTIONS | DISCONNECT_NEW_DEVICES. Not DESTROY_ALL: others' are theirs.
_NEW = 2 | 4


class Checkpoint(NamedTuple):
    """``path``: of its object on the bus."""

    path: str


def create(run: Run, seconds: int, *, new: bool) -> Checkpoint:
    """Of all devices; rolls back after ``seconds``. Raises RhvError ``networks.checkpoint``.

    ``new``: what is new then goes, whoever made it: only for a change that makes something.
    """
    words = shlex.split(_ask(run, "CheckpointCreate", "aouu", "0", str(seconds), str(_NEW if new else 0)))
    if len(words) != 2 or words[0] != "o":
        raise _failed(f"CheckpointCreate answered {words}")
    return Checkpoint(words[1])


def existing(run: Run) -> list[Checkpoint]:
    """All there are, whoever made them. Raises RhvError ``networks.checkpoint``."""
    try:
        words = shlex.split(ask(run, [*_GET, "Checkpoints"], 30.0))
    except RhvError as error:
        raise _failed(error.detail) from error
    if words[:1] != ["ao"]:
        raise _failed(f"Checkpoints are {words}")
    return [Checkpoint(path) for path in words[2:]]


def refuse_others(run: Run) -> None:
    """Raises RhvError ``networks.busy`` while there is one: somebody else is changing the networks, and two ways back
    would cross."""
    found = existing(run)
    if found:
        raise RhvError(
            "networks.busy",
            msg("networks.busy_others", "Somebody else is changing the networks: NetworkManager has a checkpoint."),
            msg("networks.busy_others.hint", "Wait until that change is confirmed or taken back, then try again."),
            " ".join(one.path for one in found),
        )


def insist(run: Run, checkpoint: Checkpoint) -> None:
    """Raises RhvError ``networks.unguarded`` when it is gone: by a restart of NetworkManager, or by somebody's hand."""
    if checkpoint not in existing(run):
        raise RhvError(
            "networks.unguarded",
            msg(
                "networks.unguarded",
                "NetworkManager was started anew, or somebody else ended its checkpoint, before the change was "
                "confirmed.",
            ),
        )


def prolong(run: Run, checkpoint: Checkpoint, seconds: int) -> None:
    """It rolls back ``seconds`` from now. Raises RhvError ``networks.checkpoint``."""
    _ask(run, "CheckpointAdjustRollbackTimeout", "ou", checkpoint.path, str(seconds))


def destroy(run: Run, checkpoint: Checkpoint) -> None:
    """Keep what was changed. Raises RhvError ``networks.checkpoint``, for one that has rolled back too."""
    _ask(run, "CheckpointDestroy", "o", checkpoint.path)


def roll_back(run: Run, checkpoint: Checkpoint) -> None:
    """Go back now; its own word on the result is not worth anything. Raises RhvError ``networks.checkpoint``."""
    _ask(run, "CheckpointRollback", "o", checkpoint.path)


def _ask(run: Run, *call: str) -> str:
    try:
        return ask(run, [*_CALL, *call], 30.0)
    except RhvError as error:
        raise _failed(error.detail) from error


def _failed(detail: str | None) -> RhvError:
    text = msg(
        "networks.checkpoint", "NetworkManager's checkpoint could not be made or used: nothing is changed without."
    )
    return RhvError("networks.checkpoint", text, None, detail)
