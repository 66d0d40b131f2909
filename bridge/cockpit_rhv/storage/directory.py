# SPDX-License-Identifier: Apache-2.0
"""A directory of this host tested as a place for disks."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..messages import msg
from .earlier import wipe_files
from .files import Files
from .links import LINK_HINT, link_text, strangers_link
from .steps import ERROR, OK, Found, Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .document import Directory
    from .earlier import Earlier
    from .programs import Programs

_MEMORY = ("tmpfs", "ramfs", "devtmpfs")
_NO_IMAGES = ("proc", "sysfs", "cgroup", "cgroup2", "iso9660", "squashfs")
_LIMIT_S = 5.0


class DirectoryTest:
    """One test of one directory. Only programs look at it: it may lie on a server that has died."""

    def __init__(
        self, document: Directory, programs: Programs, need_gib: float | None, earlier: Earlier | None = None
    ) -> None:
        self._path = document.path
        self._make = document.make
        self._programs = programs
        self._files = Files(document.path, programs, need_gib, given=True, earlier=earlier)

    def steps(self) -> list[Step]:
        """In the order they are done."""
        shared = [
            replace(step, function=self.content) if step.id == "content" else step for step in self._files.steps()
        ]
        return [
            Step(
                "path",
                msg("storage.directory.title", "Directory"),
                msg("storage.directory.why", "Disks must be on a real file system, and still be there after a reboot."),
                self.path,
            ),
            *shared,
        ]

    def path(self) -> Found:
        """It is there, a directory, on a disk, and no stranger's link leads to it."""
        place = self._place()
        done = self._programs.run(["stat", "--file-system", "--format=%T", "--", place], _LIMIT_S)
        evidence = [(f"stat -f {place}", done.said)]
        another = msg("storage.directory.remedy", "Make the directory, or choose another one on a disk of this host.")
        if done.code != 0:
            text = msg("storage.directory.missing", "{path} cannot be reached.", path=self._path)
            return Found(ERROR, text, evidence, another, stop=True)
        # Only now: a lookup on a server that does not answer would not end.
        if not Path(place).is_dir():
            text = msg("storage.not_directory", "{path} is not a directory.", path=place)
            return Found(ERROR, text, evidence, another, stop=True)
        link = strangers_link(Path(self._path))
        if link is not None:
            evidence.append((f"readlink {link.path}", f"{link.target}, made by user {link.owner}"))
            return Found(ERROR, link_text(link), evidence, LINK_HINT, stop=True)
        if done.out in _MEMORY:
            text = msg(
                "storage.directory.memory", "{path} lies in memory and is empty after a reboot.", path=self._path
            )
            return Found(ERROR, text, evidence, another, stop=True)
        if done.out in _NO_IMAGES:
            text = msg("storage.directory.kind", "{path} cannot hold disks ({kind}).", path=self._path, kind=done.out)
            return Found(ERROR, text, evidence, another, stop=True)
        self._files.path = place
        if place != self._path:
            text = msg("storage.directory.made", "{path} does not exist yet; it will be made.", path=self._path)
            return Found(OK, text, [*evidence, (f"stat {self._path}", "ENOENT")])
        real = os.path.realpath(self._path)
        if real != self._path:
            evidence.append((f"realpath {self._path}", real))
        return Found(OK, msg("storage.directory.ok", "{path} is a directory of this host.", path=self._path), evidence)

    def content(self) -> Found:
        """Nothing, of one that does not exist yet."""
        if self._files.path != self._path:
            text = msg("storage.directory.none", "It does not exist yet.")
            return Found(OK, text, [(f"stat {self._path}", "ENOENT")])
        return self._files.content()

    def wipe(self, files: Sequence[Mapping[str, str]], confirmed: bool) -> list[str]:
        """As :func:`wipe_files`."""
        return wipe_files(self._path, self._programs, files, confirmed)

    def _place(self) -> str:
        """The directory, or the nearest one above it that exists where it may be made."""
        place = self._path
        while self._make and place != "/":
            done = self._programs.run(["stat", "--format=%F", "--", place], _LIMIT_S)
            if done.code == 0 or "No such file or directory" not in done.said:
                break
            place = os.path.dirname(place)
        return place
