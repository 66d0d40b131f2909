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
_CALL = ("busctl", "--system", "call", _NM, "/org/freedesktop/NetworkManager", _NM)
# NMCheckpointCreateFlags: DESTROY_ALL | DELETE_NEW_CONNECTIONS | DISCONNECT_NEW_DEVICES
_FLAGS = 1 | 2 | 4


class Checkpoint(NamedTuple):
    """``path``: of its object on the bus."""

    path: str


def create(run: Run, seconds: int) -> Checkpoint:
    """Of all devices; rolls back after ``seconds``. Raises RhvError ``networks.checkpoint``."""
    words = shlex.split(_ask(run, "CheckpointCreate", "aouu", "0", str(seconds), str(_FLAGS)))
    if len(words) != 2 or words[0] != "o":
        raise _failed(f"CheckpointCreate answered {words}")
    return Checkpoint(words[1])


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
