# SPDX-License-Identifier: Apache-2.0
"""Who needs what is on a storage: guests know their disks, pools their volumes. Everything here blocks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..machines.removal import needed_by
from ..machines.usage import read_usage
from ..messages import msg
from ..storage.device_users import device_user
from ..storage.pool_actions import ACTIONS, LOSING
from ..storage.pools import read_pool
from ..storage.upload_rest import not_arriving
from ..storage.volumes import Volume, delete_volume, list_volumes, volume_path

if TYPE_CHECKING:
    import libvirt

#: Seconds: all images are asked what they are based on, and a large file takes a file system some time to free.
REMOVAL_LIMIT_S = 300.0


def remove_volume(conn: libvirt.virConnect, pool: str, name: str, deadline: float) -> None:
    """Delete a volume that no guest and no other image needs. ``deadline``: monotonic seconds after which it is not.

    Raises ``volume.needed``, ``upload.busy``, ``call.too_late``.
    """
    path = volume_path(conn, pool, name)
    with not_arriving(path):
        _remove_idle(conn, pool, name, path, deadline)


def _remove_idle(conn: libvirt.virConnect, pool: str, name: str, path: str, deadline: float) -> None:
    reason = needed_by(conn, path)
    if reason is not None:
        raise RhvError(
            "volume.needed",
            msg("volume.needed", "The volume {name} is needed.", name=name),
            reason,
        )
    delete_volume(conn, pool, name, deadline)


def act_on_pool(conn: libvirt.virConnect, action: str, pool: str, deadline: float) -> None:
    """Do the action of that name, unless a guest that runs or the host itself would lose a disk.

    ``deadline``: monotonic seconds after which nothing is taken away. Raises ``storage.in_use``, ``call.too_late``.
    """
    losing = LOSING.get(action)
    if losing is None:
        ACTIONS[action](conn, pool)
        return
    _require_idle(conn, pool)
    losing(conn, pool, deadline)


def _require_idle(conn: libvirt.virConnect, uuid: str) -> None:
    pool = read_pool(conn, uuid)
    name, volumes = list_volumes(conn, uuid)
    if pool.kind == "iscsi":
        _require_unused(volumes)
    real = {os.path.realpath(volume.path) for volume in volumes}
    inside = None if pool.folder is None else os.path.realpath(pool.folder).rstrip("/") + "/"
    # last: a guest may have been started while the storage was looked at
    usage = read_usage(conn)
    users = {user for (of, _), found in usage.volumes.items() if of == name for user in found}
    for path, found in usage.paths.items():
        # people name one device in many ways
        at = os.path.realpath(path)
        # of a folder that has not been looked at for long, what guests say of it counts
        if at in real or (inside is not None and at.startswith(inside)):
            users.update(found)
    running = sorted(user.name for user in users if user.active)
    if running:
        raise RhvError(
            "storage.in_use",
            msg("storage.in_use", "Guests that run have disks on this storage: {guests}", guests=", ".join(running)),
            msg("storage.in_use.hint", "Shut them down first."),
        )


def _require_unused(volumes: list[Volume], root: Path = Path("/")) -> None:
    """libvirt logs out of a target whoever uses its disks. ``root``: of ``/sys`` and ``/proc``."""
    for volume in volumes:
        user = device_user(volume.path, root)
        if user is not None:
            raise RhvError(
                "storage.in_use",
                msg("storage.device_in_use", "The host itself uses the disk {name} of this storage.", name=volume.name),
                msg("storage.device_in_use.hint", "Unmount it, or deactivate what lies on it, first."),
                user,
            )
