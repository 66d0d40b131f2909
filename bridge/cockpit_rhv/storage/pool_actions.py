# SPDX-License-Identifier: Apache-2.0
"""What can be done with a storage pool. Everything here blocks and raises :class:`RhvError`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from ..messages import msg
from .faults import mapped
from .pool_xml import pool_xml
from .pools import find_pool

if TYPE_CHECKING:
    from collections.abc import Mapping

    import libvirt

#: Seconds for a mount, a login to a target or a scan; libvirt has no limit of its own.
ACTION_LIMIT_S = 60.0


def create_pool(conn: libvirt.virConnect, wanted: Mapping[str, Any]) -> str:
    """Define a pool, make its folder, activate it; returns its uuid. ``wanted``: parameters of ``storage.create``.

    When a step fails the definition is gone again, and so is a folder that was made for it. Raises
    ``storage.bad_name``, ``storage.bad_path``, ``storage.pool_exists`` and libvirt's.
    """
    import libvirt

    text = pool_xml(wanted)
    target = wanted.get("target")
    made = target is not None and not os.path.lexists(target)
    with mapped():
        names = [pool.name() for pool in conn.listAllStoragePools()]
        if wanted["name"] in names:
            raise RhvError(
                "storage.pool_exists",
                msg("storage.pool_exists", "There is storage of this name already."),
                msg("storage.pool_exists.hint", "Choose another name."),
            )
        # libvirt would take two pools with one folder from a caller that asks twice
        pool = conn.storagePoolDefineXML(text)
        try:
            if wanted["kind"] in ("dir", "netfs"):
                pool.build()
            pool.create()
            pool.setAutostart(int(wanted["autostart"]))
        except libvirt.libvirtError:
            _take_back(pool, target if made else None)
            raise
        uuid: str = pool.UUIDString()
        return uuid


def activate(conn: libvirt.virConnect, uuid: str) -> None:
    """Mount it, log in to it or scan it; does nothing when it is active."""
    pool = find_pool(conn, uuid)
    with mapped():
        if not pool.isActive():
            pool.create()


def deactivate(conn: libvirt.virConnect, uuid: str) -> None:
    """Unmount it or log out; what is on it stays. Does nothing when it is off."""
    pool = find_pool(conn, uuid)
    with mapped():
        if pool.isActive():
            pool.destroy()


def refresh(conn: libvirt.virConnect, uuid: str) -> None:
    """Have libvirt look at what is on it."""
    pool = find_pool(conn, uuid)
    with mapped():
        pool.refresh()


def remove(conn: libvirt.virConnect, uuid: str) -> None:
    """Forget one that is off; what is on it stays. Raises ``storage.active``."""
    pool = find_pool(conn, uuid)
    with mapped():
        if pool.isActive():
            raise RhvError(
                "storage.active",
                msg("storage.active", "The storage is active."),
                msg("storage.active.hint", "Deactivate it first."),
            )
        pool.undefine()


def autostart_on(conn: libvirt.virConnect, uuid: str) -> None:
    """Have libvirt activate it with the host."""
    _set_autostart(conn, uuid, True)


def autostart_off(conn: libvirt.virConnect, uuid: str) -> None:
    """Have libvirt leave it off when the host starts."""
    _set_autostart(conn, uuid, False)


def _set_autostart(conn: libvirt.virConnect, uuid: str, on: bool) -> None:
    pool = find_pool(conn, uuid)
    with mapped():
        pool.setAutostart(int(on))


#: By the names of ``storage.act`` in ``schemas/rpc.json``.
ACTIONS: dict[str, Callable[[libvirt.virConnect, str], None]] = {
    function.__name__: function for function in (activate, deactivate, refresh, remove, autostart_on, autostart_off)
}


def _take_back(pool: libvirt.virStoragePool, made: str | None) -> None:
    if pool.isActive():
        pool.destroy()
    pool.undefine()
    if made is not None and os.path.isdir(made) and not os.listdir(made):
        os.rmdir(made)
