# SPDX-License-Identifier: Apache-2.0
"""udev rules for the disks of a test's sessions: what is on them, LVM and RAID above all, is left alone.

Activated by an event of udev, a volume group of somebody else would be written to by this host, and have its disks
pulled away at the end of the test.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import msg
from .processes import owner_lives, process_name
from .programs import Overdue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .programs import Programs

FOLDER = Path("/run/udev/rules.d")
_STEM = "cockpit-rhv-storage-test"
#: Before every rule about disks; and behind those of device mapper and multipath, which set some of it anew, but before
#: those of partitions, md and LVM (60, 64, 69).
_EARLY, _LATE = "00", "57"
_LIMIT_S = 10.0

#: LVM and udisks pass over what has the flag, mdadm and btrfs over what is not ready; systemd mounts neither.
_LEAVE = 'ENV{DM_UDEV_DISABLE_OTHER_RULES_FLAG}="1", ENV{SYSTEMD_READY}="0", ENV{UDISKS_IGNORE}="1"'
#: A map of ours is one whose every path is: a host's own map must not vanish from systemd. FLAG1: no kpartx.
_MAP = (
    'SUBSYSTEM=="block", KERNEL=="dm-*", ATTR{{dm/uuid}}=="mpath-*", '
    "PROGRAM==\"/bin/sh -c 'for s in /sys%p/slaves/*; do case $$(readlink -f $$s) in {paths}) f=1;; *) exit 1;; esac; "
    "done; test x$$f = x1'\", "
    '{leave}, ENV{{DM_ACTIVATION}}="0", ENV{{DM_SUBSYSTEM_UDEV_FLAG1}}="1"\n'
)


class UdevRules:
    """The rules of one test, in files that name the process."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._name = f"{_STEM}-{process_name()}-{id(self):x}"

    def put(self, sids: Sequence[int], programs: Programs) -> None:
        """Have udev leave the disks of these sessions alone. Raises RhvError ``storage.udev``, Cancelled."""
        try:
            self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            for path, text in zip(self._paths(), (disk_rules(sids), map_rules(sids))):
                partial = self._folder / f".{self._name}.new"
                partial.write_text(text, "ascii")
                partial.replace(path)
            done = programs.run(["udevadm", "control", "--reload"], _LIMIT_S)
        except (OSError, Overdue) as error:
            raise _refused(str(error)) from error
        if done.code != 0:
            raise _refused(f"udevadm control --reload ended with {done.code}: {done.said}")

    def remove(self, programs: Programs) -> None:
        """Take them away. Raises OSError, Overdue."""
        _remove(self._paths(), programs)

    def _paths(self) -> list[Path]:
        return [self._folder / f"{number}-{self._name}.rules" for number in (_EARLY, _LATE)]


def remove_stale(programs: Programs, sids: Sequence[int], folder: Path = FOLDER) -> None:
    """Take away those of dead tests, except where one of ``sids``, which goes on, is meant. Raises OSError, Overdue."""
    stale = []
    for path in folder.glob(f"*-{_STEM}-*.rules"):
        if owner_lives(path.name.partition(f"{_STEM}-")[2]):
            continue
        try:
            text = path.read_text("ascii")
        except FileNotFoundError:
            continue  # another test was quicker
        meant = {int(number) for number in re.findall(r"session(\d+)", text)}
        if not meant.intersection(sids):
            stale.append(path)
    _remove(stale, programs)


def disk_rules(sids: Sequence[int]) -> str:
    """For disks and partitions: the session is a parent of theirs in /sys. Its number is never given out again."""
    return "".join(f'SUBSYSTEM=="block", KERNELS=="session{sid}", {_LEAVE}\n' for sid in sids)


def map_rules(sids: Sequence[int]) -> str:
    """For multipath maps over these disks, which have no parent in /sys."""
    return _MAP.format(paths="|".join(f"*/session{sid}/*" for sid in sids), leave=_LEAVE)


def _remove(paths: Sequence[Path], programs: Programs) -> None:
    there = [path for path in paths if path.exists()]
    for path in there:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
    if there:
        # Rules of sessions that are gone match nothing; udev also sees by itself, if later, that they are gone.
        with contextlib.suppress(FileNotFoundError):
            programs.run(["udevadm", "control", "--reload"], _LIMIT_S)


def _refused(detail: str) -> RhvError:
    return RhvError(
        "storage.udev",
        msg("storage.udev", "The LUNs are not looked at: udev would activate LVM or RAID on them."),
        msg("storage.udev.hint", "Rules that keep it from that could not be loaded; see whether systemd-udevd runs."),
        detail,
    )
