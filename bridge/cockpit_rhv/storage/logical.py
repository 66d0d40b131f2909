# SPDX-License-Identifier: Apache-2.0
"""Logical volumes that a deployment makes: looked up, made, activated and removed by LVM's own programs.

Not by a libvirt pool: to start and stop one is to activate and deactivate *every* volume of its group, and a group that
anything else is mounted from cannot be stopped, so that the pool could never be taken away again.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import RhvError
from ..messages import msg
from .lvm import parse_report
from .programs import Done, Overdue, Programs

if TYPE_CHECKING:
    from collections.abc import Sequence

#: On each volume that a deployment has made, from its first moment: lvcreate makes both in one commit.
TAG = "cockpit-rhv"
_LOOK_S = 30.0
#: The wizard waits for it.
_FORM_S = 3.0
_CHANGE_S = 120.0
_COLUMNS = "vg_name,lv_name,lv_size,lv_active,lv_tags"


@dataclass(frozen=True)
class Volume:
    """``size`` in bytes; ``ours``: it carries the tag of a deployment."""

    group: str
    name: str
    size: int
    active: bool
    ours: bool

    @property
    def place(self) -> str:
        """``group/name``, as LVM's programs take it."""
        return f"{self.group}/{self.name}"


class Group(NamedTuple):
    """A volume group; ``free`` in bytes."""

    name: str
    free: int


def device_of(place: str) -> Path:
    """Where the volume ``group/name`` is while it is active."""
    return Path("/dev") / place


def list_volumes(programs: Programs | None = None) -> list[Volume]:
    """All volumes of this host. Raises RhvError ``storage.lvm.unread``."""
    argv = ["lvs", "--reportformat", "json", "--units", "b", "--nosuffix", "--options", _COLUMNS]
    done = _run(argv, _LOOK_S, programs)
    try:
        if done.code != 0:
            raise OSError(f"lvs ended with {done.code}: {done.said}")
        return [
            Volume(
                str(row["vg_name"]),
                str(row["lv_name"]),
                int(row["lv_size"]),
                str(row["lv_active"]).startswith("active"),
                TAG in str(row["lv_tags"]).split(","),
            )
            for row in parse_report(done.out, "lv")
        ]
    except (OSError, KeyError, ValueError) as error:
        raise _unread(str(error)) from error


def list_groups(programs: Programs | None = None) -> list[Group]:
    """All groups of this host; [] where it has no LVM. Raises RhvError ``storage.lvm.unread``."""
    if shutil.which("vgs") is None:
        return []
    argv = ["vgs", "--reportformat", "json", "--units", "b", "--nosuffix", "--options", "vg_name,vg_free"]
    done = _run(argv, _FORM_S, programs)
    try:
        if done.code != 0:
            raise OSError(f"vgs ended with {done.code}: {done.said}")
        return [Group(str(row["vg_name"]), int(row["vg_free"])) for row in parse_report(done.out, "vg")]
    except (OSError, KeyError, ValueError) as error:
        raise _unread(str(error)) from error


def find_volume(place: str, programs: Programs | None = None) -> Volume | None:
    """The volume ``group/name``, None without one. Raises RhvError ``storage.lvm.unread``."""
    return next((volume for volume in list_volumes(programs) if volume.place == place), None)


def make_volume(place: str, size: int, programs: Programs | None = None) -> None:
    """Make a volume of at least ``size`` bytes, with our tag and active. Raises RhvError ``storage.lvm.not_made``."""
    group, _, name = place.partition("/")
    # What an earlier volume left in these extents must not be taken for the new disk's.
    fresh = ["--yes", "--wipesignatures", "y", "--zero", "y", "--addtag", TAG]
    argv = ["lvcreate", *fresh, "--size", f"{size}b", "--name", name, "--", group]
    _change(argv, "storage.lvm.not_made", place, programs)


def grow_volume(place: str, size: int, programs: Programs | None = None) -> None:
    """Make the volume ``size`` bytes large or a little more. Raises RhvError ``storage.lvm.not_made``."""
    _change(["lvextend", "--size", f"{size}b", "--", place], "storage.lvm.not_made", place, programs)


def activate_volume(place: str, programs: Programs | None = None) -> None:
    """Let the kernel have it; harmless where it has. Raises RhvError ``storage.lvm.not_active``."""
    _change(["lvchange", "--activate", "y", "--", place], "storage.lvm.not_active", place, programs)


def remove_volume(place: str, programs: Programs | None = None) -> None:
    """Remove it, and what is on it.

    Raises RhvError ``storage.lvm.not_removed``, where it is in use say; ``storage.lvm.snapshots``, which would go with
    it without a question; ``storage.lvm.unread``.
    """
    snapshots = _snapshots(place, programs)
    if snapshots:
        raise RhvError(
            "storage.lvm.snapshots",
            msg(
                "storage.lvm.snapshots",
                "The volume {volume} has snapshots, which would go with it: {names}.",
                volume=place,
                names=", ".join(snapshots),
            ),
            msg("storage.lvm.snapshots.hint", "Remove them (lvremove) once nobody needs them, then resume."),
        )
    _change(["lvremove", "--yes", "--", place], "storage.lvm.not_removed", place, programs)


def _snapshots(place: str, programs: Programs | None) -> list[str]:
    argv = ["lvs", "--reportformat", "json", "--options", "vg_name,lv_name,origin"]
    done = _run(argv, _LOOK_S, programs)
    try:
        if done.code != 0:
            raise OSError(f"lvs ended with {done.code}: {done.said}")
        rows = parse_report(done.out, "lv")
        return sorted(str(row["lv_name"]) for row in rows if f"{row['vg_name']}/{row['origin']}" == place)
    except (OSError, KeyError, ValueError) as error:
        raise _unread(str(error)) from error


def _change(argv: Sequence[str], code: str, place: str, programs: Programs | None) -> None:
    done = _run(argv, _CHANGE_S, programs)
    if done.code != 0:
        text, hint = _FAILED[code]
        raise RhvError(
            code, msg(text.id, text.text, volume=place), hint, f"{argv[0]} ended with {done.code}: {done.said}"
        )


def _run(argv: Sequence[str], limit_s: float, programs: Programs | None) -> Done:
    try:
        return (programs or Programs()).run(argv, limit_s)
    except (OSError, Overdue) as error:
        raise _unread(str(error)) from error


def _unread(reason: str) -> RhvError:
    return RhvError(
        "storage.lvm.unread",
        msg("storage.lvm.unread", "LVM does not tell which volumes this host has."),
        msg("storage.lvm.unread.hint", "The package lvm2 must be installed, and every disk of its groups must answer."),
        reason,
    )


_FAILED = {
    "storage.lvm.not_made": (
        msg("storage.lvm.not_made", "The volume {volume} could not be made large enough.", volume=""),
        msg("storage.lvm.not_made.hint", "Is there room in the group? The technical details have LVM's own words."),
    ),
    "storage.lvm.not_active": (
        msg("storage.lvm.not_active", "The volume {volume} cannot be activated.", volume=""),
        msg("storage.lvm.not_active.hint", "Are all disks of its group there? The technical details say more."),
    ),
    "storage.lvm.not_removed": (
        msg("storage.lvm.not_removed", "The volume {volume} could not be removed.", volume=""),
        msg("storage.lvm.not_removed.hint", "Something may have it open. See that it is closed, then resume."),
    ),
}
