# SPDX-License-Identifier: Apache-2.0
"""A directory of this host tested as a place for disks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..messages import msg
from .files import Files
from .links import LINK_HINT, link_text, strangers_link
from .steps import ERROR, OK, Found, Step

if TYPE_CHECKING:
    from .document import Directory
    from .programs import Programs

_MEMORY = ("tmpfs", "ramfs", "devtmpfs")
_NO_IMAGES = ("proc", "sysfs", "cgroup", "cgroup2", "iso9660", "squashfs")
_LIMIT_S = 5.0


class DirectoryTest:
    """One test of one directory. Only programs look at it: it may lie on a server that has died."""

    def __init__(self, document: Directory, programs: Programs, need_gib: float | None) -> None:
        self._path = document.path
        self._programs = programs
        self._files = Files(document.path, programs, need_gib)

    def steps(self) -> list[Step]:
        """In the order they are done."""
        return [
            Step(
                "path",
                msg("storage.directory.title", "Directory"),
                msg("storage.directory.why", "Disks must be on a real file system, and still be there after a reboot."),
                self.path,
            ),
            *self._files.steps(),
        ]

    def path(self) -> Found:
        """It is there, a directory, on a disk, and no stranger's link leads to it."""
        done = self._programs.run(["stat", "--file-system", "--format=%T", "--", self._path], _LIMIT_S)
        evidence = [(f"stat -f {self._path}", done.said)]
        another = msg("storage.directory.remedy", "Make the directory, or choose another one on a disk of this host.")
        if done.code != 0:
            text = msg("storage.directory.missing", "{path} cannot be reached.", path=self._path)
            return Found(ERROR, text, evidence, another, stop=True)
        # Only now: a lookup on a server that does not answer would not end.
        if not Path(self._path).is_dir():
            text = msg("storage.not_directory", "{path} is not a directory.", path=self._path)
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
        real = os.path.realpath(self._path)
        if real != self._path:
            evidence.append((f"realpath {self._path}", real))
        return Found(OK, msg("storage.directory.ok", "{path} is a directory of this host.", path=self._path), evidence)
