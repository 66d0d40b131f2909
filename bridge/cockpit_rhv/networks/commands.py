# SPDX-License-Identifier: Apache-2.0
"""Programs that are asked, and how it is told that one could not be."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Callable, Protocol

from ..errors import RhvError
from ..messages import msg

if TYPE_CHECKING:
    from collections.abc import Sequence


class Ended(Protocol):
    """How a program ended: its exit status, and what it said on both of its streams."""

    @property
    def code(self) -> int:
        """Exit status."""

    @property
    def output(self) -> str:
        """Both streams, without surrounding white space."""


Run = Callable[["Sequence[str]", float], Ended]
"""Runs a program, its words untranslated, for so many seconds at most; ``checks.context.run_command``."""

READ_LIMIT_S = 10.0


def ask(run: Run, argv: Sequence[str], limit_s: float = READ_LIMIT_S) -> str:
    """What the program says; raises RhvError ``networks.command`` when it cannot be run, hangs or fails."""
    try:
        ended = run(argv, limit_s)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(argv, str(error)) from error
    if ended.code != 0:
        raise _failed(argv, f"exit status {ended.code}: {ended.output}")
    return ended.output


def order(run: Run, argv: Sequence[str], limit_s: float) -> None:
    """Have the program change something; raises RhvError ``networks.refused`` with its words when it does not."""
    try:
        ask(run, argv, limit_s)
    except RhvError as error:
        text = msg("networks.refused", "NetworkManager did not carry out a step of the change.")
        hint = msg("networks.refused.hint", "Its own words are in the details; its log: journalctl -u NetworkManager")
        raise RhvError("networks.refused", text, hint, error.detail) from error


def _failed(argv: Sequence[str], detail: str) -> RhvError:
    text = msg("networks.command", "The host's networks could not be read: {command} failed.", command=argv[0])
    return RhvError("networks.command", text, None, f"{' '.join(argv)}: {detail}")
