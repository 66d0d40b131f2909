# SPDX-License-Identifier: Apache-2.0
"""What NetworkManager manages, and by which profile in which file: nmcli's terse output."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ..errors import RhvError
from .commands import ask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .commands import Run

_FIELD = re.compile(r"((?:[^:\\]|\\.)*)(?::|$)")


class Device(NamedTuple):
    """One interface as NetworkManager sees it. ``state``: in English. ``profile``, ``uuid``: what is active on it."""

    name: str
    state: str
    profile: str | None
    uuid: str | None

    @property
    def managed(self) -> bool:
        """NetworkManager configures it; one that it merely found configured is somebody else's."""
        return self.state != "unmanaged" and "externally" not in self.state


class Profile(NamedTuple):
    """A stored connection. ``file``: None where it is in memory only."""

    uuid: str
    name: str
    type: str
    file: str | None


class Manager(NamedTuple):
    """``state``: running, stopped, absent or unknown. ``devices`` by interface, ``profiles`` by uuid."""

    state: str
    devices: Mapping[str, Device]
    profiles: Mapping[str, Profile]
    error: RhvError | None = None


def fields(line: str) -> list[str]:
    """One line of terse output: colons between fields, a backslash before those within one."""
    found, at = [], 0
    while at <= len(line):
        match = _FIELD.match(line, at)
        if match is None:
            break
        found.append(re.sub(r"\\(.)", r"\1", match.group(1)))
        if match.end() == len(line) and not match.group(0).endswith(":"):
            break
        at = match.end()
    return found


def read_manager(run: Run) -> Manager:
    """NetworkManager's own view; what went wrong is in ``error``, nothing is raised."""
    try:
        devices = ask(run, ["nmcli", "-t", "-f", "DEVICE,STATE,CONNECTION,CON-UUID", "device", "status"])
        profiles = ask(run, ["nmcli", "-t", "-f", "UUID,NAME,TYPE,FILENAME", "connection", "show"])
    except RhvError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            return Manager("absent", {}, {})
        # nmcli(1), EXIT STATUS: 8 is "NetworkManager is not running"
        stopped = "exit status 8:" in (error.detail or "")
        return Manager("stopped" if stopped else "unknown", {}, {}, None if stopped else error)
    return Manager("running", parse_devices(devices), parse_profiles(profiles))


def parse_devices(text: str) -> dict[str, Device]:
    """By interface; a line that is not understood is left out."""
    rows = (fields(line) for line in text.splitlines())
    return {row[0]: Device(row[0], row[1], row[2] or None, row[3] or None) for row in rows if len(row) == 4}


def parse_profiles(text: str) -> dict[str, Profile]:
    """By uuid; a line that is not understood is left out."""
    rows = (fields(line) for line in text.splitlines())
    return {row[0]: Profile(row[0], row[1], row[2], row[3] or None) for row in rows if len(row) == 4}
