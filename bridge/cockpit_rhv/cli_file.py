# SPDX-License-Identifier: Apache-2.0
"""A file that a command writes for whoever asked: readable by nobody else, whole or not at all, never over another."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Callable

from .errors import RhvError
from .messages import msg

if TYPE_CHECKING:
    from typing import BinaryIO


def refuse_existing(target: str) -> None:
    """Raise RhvError ``bundle.exists`` when there is anything of that name."""
    if os.path.lexists(target):
        raise _exists(target)


def write_new(target: str, write: Callable[[BinaryIO], object]) -> None:
    """Let ``write`` fill a new file. Raises RhvError ``bundle.exists``, OSError, and what ``write`` raises."""
    try:
        # It tells much about the host; whoever made it decides who reads it.
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise _exists(target) from error
    try:
        with open(descriptor, "wb") as output:
            write(output)
    except BaseException:
        # Half an archive would only be in the way of the next try.
        os.unlink(target)
        raise


def _exists(target: str) -> RhvError:
    return RhvError(
        "bundle.exists",
        msg("bundle.exists", "{file} exists already.", file=target),
        msg("bundle.exists.hint", "Choose another name; nothing is overwritten."),
    )
