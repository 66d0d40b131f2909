# SPDX-License-Identifier: Apache-2.0
"""Symbolic links on the way to a file: root's lead where the administrator said, anybody else's wherever they like."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

from ..errors import RhvError
from ..messages import Message, msg

#: As many as the kernel follows (path_resolution(7)).
_MOST = 40


class Link(NamedTuple):
    """``owner``: user id. ``target``: what the link says, not resolved."""

    path: Path
    target: str
    owner: int


def links_on(path: Path) -> list[Link]:
    """Every link that is followed to reach ``path``, its last part included, also those that links lead over.

    Parts that do not exist hold none. Raises OSError when a folder cannot be looked into, and for a circle of links.
    """
    found: list[Link] = []
    here = Path("/")
    left = list(path.parts[1:])
    while left:
        part = left.pop(0)
        if part == "..":
            here = here.parent
            continue
        step = here / part
        try:
            status = os.lstat(step)
        except (FileNotFoundError, NotADirectoryError):
            return found
        if not stat.S_ISLNK(status.st_mode):
            here = step
            continue
        target = os.readlink(step)
        found.append(Link(step, target, status.st_uid))
        if len(found) > _MOST:
            raise OSError(f"{path}: too many levels of symbolic links")
        parts = Path(target).parts
        if parts and parts[0] == "/":
            here, parts = Path("/"), parts[1:]
        left = [*parts, *left]
    return found


def strangers_link(path: Path) -> Link | None:
    """The first link on the way to ``path`` that somebody other than root made, and can turn elsewhere at any time."""
    return next((link for link in links_on(path) if link.owner != 0), None)


def refuse_strangers_link(folder: Path) -> None:
    """Raise RhvError ``storage.link`` when following a stranger's link is the way to ``folder``; OSError."""
    link = strangers_link(folder)
    if link is not None:
        raise RhvError("storage.link", link_text(link), LINK_HINT, f"{link.path} -> {link.target}, user {link.owner}")


def link_text(link: Link) -> Message:
    """The sentence about a stranger's link."""
    return msg(
        "storage.link",
        "{path} is a symbolic link of the user {user} and leads to {target}.",
        path=str(link.path),
        user=link.owner,
        target=link.target,
    )


LINK_HINT = msg("storage.link.hint", "Name the directory itself, or let root own the link.")
