# SPDX-License-Identifier: Apache-2.0
"""Storage for the engine's disk: a folder of this host (`directory`), an export it mounts (`nfs`), a volume (`lvm`)."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from ..messages import msg
from ..storage.engine_folder import mounts
from . import places
from .answers import get
from .engine_volume import activate, ensure_volume
from .storage_pool import define_storage, start_storage
from .vm import connected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .state import Deployment

#: As libvirt's own image folder: QEMU's user may pass, not list.
_MODE = 0o711


def prepare_storage(deployment: Deployment, answers: Mapping[str, Any]) -> bool:
    """Make the storage usable; True when something was done. Raises RhvError ``storage.*``, ``disk.*``; OSError."""
    return _KINDS[get(answers, "storage.kind")](deployment, answers)


def mount_storage(answers: Mapping[str, Any]) -> bool:
    """Have the engine's storage here, mounted or its volume active; True when it was not.

    Raises RhvError ``storage.gone``, ``storage.silent``, ``storage.not_mounted``, ``storage.lvm.*``, ``libvirt.*``.
    """
    if places.engine_volume(answers) is not None:
        return activate(answers)
    if places.storage_pool(answers) is None:
        return False
    with connected() as connection:
        return start_storage(connection, answers)


def _prepare_directory(deployment: Deployment, answers: Mapping[str, Any]) -> bool:
    return _make_folder(deployment, str(places.storage_folder(answers)))


def _prepare_nfs(deployment: Deployment, answers: Mapping[str, Any]) -> bool:
    made = _make_own_folder(deployment, answers)
    with connected() as connection:
        return define_storage(connection, deployment, answers) or made


def _prepare_volume(deployment: Deployment, answers: Mapping[str, Any]) -> bool:
    # For the config drive, a file.
    made = _make_own_folder(deployment, answers)
    return ensure_volume(deployment, answers) or made


def _make_own_folder(deployment: Deployment, answers: Mapping[str, Any]) -> bool:
    made = _make_folder(deployment, str(places.storage_folder(answers)))
    # Made long before, by a job under a strict umask maybe; QEMU's user must pass through it.
    ours = mounts().parent
    os.chmod(ours, stat.S_IMODE(ours.stat().st_mode) | 0o011)
    return made


def _make_folder(deployment: Deployment, folder: str) -> bool:
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


_KINDS: dict[str, Callable[[Deployment, Mapping[str, Any]], bool]] = {
    "directory": _prepare_directory,
    "nfs": _prepare_nfs,
    "lvm": _prepare_volume,
}
