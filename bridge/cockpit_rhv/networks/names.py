# SPDX-License-Identifier: Apache-2.0
"""The name of a new interface, which the kernel, NetworkManager and every tool that writes files by it must take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..messages import msg
from .addresses import refuse

if TYPE_CHECKING:
    from collections.abc import Container

    from ..messages import Message

#: IFNAMSIZ less its final zero.
MOST_CHARACTERS = 15
#: The kernel refuses blanks, slashes and colons; the rest of this is what every tool that writes files by name takes.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
#: Folders and a file of the kernel's beside those of interfaces; NetworkManager refuses them too late.
_RESERVED = ("all", "default", "bonding_masters")


def judge_name(name: str, taken: Container[str]) -> None:
    """Raises RhvError ``networks.name``, ``.name_long``, ``.name_reserved`` or ``.name_taken``."""
    if not _NAME.fullmatch(name):
        text = msg(
            "networks.name", "A name has letters, digits, dots, hyphens and underscores, and begins with a letter."
        )
        raise refuse("name", text, msg("networks.name.hint", "Such as ovirtmgmt, bond0 or eth0.100."))
    if len(name) > MOST_CHARACTERS:
        text = msg("networks.name_long", "A name has {most} characters at most.", most=MOST_CHARACTERS)
        raise refuse("name_long", text, msg("networks.name_long.hint", "Shorten it: the kernel takes no more."))
    if name in _RESERVED:
        text = msg("networks.name_reserved", "The kernel keeps the name {name} for itself.", name=name)
        raise refuse("name_reserved", text, another())
    if name in taken:
        text = msg("networks.name_taken", "There is an interface {name} already.", name=name)
        raise refuse("name_taken", text, another())


def another() -> Message:
    """The hint for a name that somebody has."""
    return msg("networks.name_taken.hint", "Choose another name.")
