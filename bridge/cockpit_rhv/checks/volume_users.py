# SPDX-License-Identifier: Apache-2.0
"""Who needs what is on a storage: guests know their disks, pools their volumes. Everything here blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import RhvError
from ..machines.removal import needed_by
from ..machines.usage import read_usage
from ..messages import msg
from ..storage.pool_actions import ACTIONS
from ..storage.pools import read_pool
from ..storage.upload_rest import not_arriving
from ..storage.volumes import delete_volume, list_volumes, volume_path

if TYPE_CHECKING:
    import libvirt

#: Seconds: all images are asked what they are based on, and a large file takes a file system some time to free.
REMOVAL_LIMIT_S = 300.0
#: What takes the ground from under a guest that runs.
_TAKES_AWAY = frozenset({"deactivate", "remove"})


def remove_volume(conn: libvirt.virConnect, pool: str, name: str) -> None:
    """Delete a volume that no guest and no other image needs; raises ``volume.needed``, ``upload.busy``."""
    path = volume_path(conn, pool, name)
    with not_arriving(path):
        _remove_idle(conn, pool, name, path)


def _remove_idle(conn: libvirt.virConnect, pool: str, name: str, path: str) -> None:
    reason = needed_by(conn, path)
    if reason is not None:
        raise RhvError(
            "volume.needed",
            msg("volume.needed", "The volume {name} is needed.", name=name),
            reason,
        )
    delete_volume(conn, pool, name)


def act_on_pool(conn: libvirt.virConnect, action: str, pool: str) -> None:
    """Do the action of that name, unless a guest that runs would lose its disk; raises ``storage.in_use``."""
    if action in _TAKES_AWAY:
        _require_idle(conn, pool)
    ACTIONS[action](conn, pool)


def _require_idle(conn: libvirt.virConnect, uuid: str) -> None:
    usage, pool = read_usage(conn), read_pool(conn, uuid)
    name, volumes = list_volumes(conn, uuid)
    users = {user for volume in volumes for user in usage.of(name, volume.name, volume.path)}
    # of a folder that does not answer or has not been looked at for long, what guests say of it counts
    if pool.folder is not None:
        inside = pool.folder.rstrip("/") + "/"
        users |= {user for path, found in usage.paths.items() if path.startswith(inside) for user in found}
    users |= {user for (of, _), found in usage.volumes.items() if of == name for user in found}
    running = sorted(user.name for user in users if user.active)
    if running:
        raise RhvError(
            "storage.in_use",
            msg("storage.in_use", "Guests that run have disks on this storage: {guests}", guests=", ".join(running)),
            msg("storage.in_use.hint", "Shut them down first."),
        )
