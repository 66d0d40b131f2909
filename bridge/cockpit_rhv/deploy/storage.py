# SPDX-License-Identifier: Apache-2.0
"""Storage for the engine's disk. Kind `directory` is a folder of this host; other kinds will stand beside it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from ..messages import msg
from .answers import get

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .state import Deployment

#: As libvirt's own image folder: QEMU's user may pass, not list.
_MODE = 0o711


def prepare_storage(deployment: Deployment, answers: Mapping[str, Any]) -> bool:
    """Make the storage usable; True when something was done. Raises RhvError ``storage.*``, OSError."""
    return _KINDS[get(answers, "storage.kind")](deployment, get(answers, "storage.path"))


def _prepare_directory(deployment: Deployment, folder: str) -> bool:
    path = Path(folder)
    if path.exists() and not path.is_dir():
        raise RhvError(
            "storage.not_directory",
            msg("storage.not_directory", "{path} is not a directory.", path=folder),
            msg("storage.not_directory.hint", "Choose another directory."),
        )
    missing = []
    while not path.exists():
        missing.append(path)
        path = path.parent
    deployment.note_new_folder(Path(folder))
    for part in reversed(missing):
        part.mkdir()
        os.chmod(part, _MODE)  # whatever the umask says
    return bool(missing)


_KINDS: dict[str, Callable[[Deployment, str], bool]] = {"directory": _prepare_directory}
