# SPDX-License-Identifier: Apache-2.0
"""What can be done with a storage pool. Everything here blocks and raises :class:`RhvError`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from ..messages import msg
from ..workers import require_time
from .faults import mapped
from .pool_xml import pool_xml
from .pools import find_pool

if TYPE_CHECKING:
    from collections.abc import Mapping

    import libvirt

#: Seconds for a mount, a login to a target or a scan; libvirt has no limit of its own.
ACTION_LIMIT_S = 60.0


def create_pool(conn: libvirt.virConnect, wanted: Mapping[str, Any], deadline: float) -> str:
    """Define a pool, make its folder, activate it; returns its uuid. ``wanted``: parameters of ``storage.create``.

    When a step fails, or ``deadline`` (monotonic seconds) has passed, the definition is gone again, and so are folders
    that were made for it. Raises ``storage.bad_name``, ``storage.bad_path``, ``storage.not_empty``,
    ``storage.pool_exists``, ``call.too_late`` and libvirt's.
    """
    text = pool_xml(wanted)
    missing = _missing(wanted["target"]) if wanted["kind"] in ("dir", "netfs") else []
    if wanted["kind"] == "netfs":
        _require_empty(wanted["target"])
    with mapped():
        names = [pool.name() for pool in conn.listAllStoragePools()]
        if wanted["name"] in names:
            raise RhvError(
                "storage.pool_exists",
                msg("storage.pool_exists", "There is storage of this name already."),
                msg("storage.pool_exists.hint", "Choose another name."),
            )
        require_time(deadline)
        # libvirt would take two pools with one folder from a caller that asks twice
        pool = conn.storagePoolDefineXML(text)
    try:
        with mapped():
            if missing:
                # libvirt gives a folder that is there another owner and mode, which are somebody else's choice
                pool.build()
            require_time(deadline)
            pool.create()
            require_time(deadline)
            pool.setAutostart(int(wanted["autostart"]))
            uuid: str = pool.UUIDString()
            return uuid
    except RhvError as error:
        left = _take_back(pool, missing)
        error.detail = "\n".join(filter(None, (error.detail, *left))) or None
        raise


def activate(conn: libvirt.virConnect, uuid: str) -> None:
    """Mount it, log in to it or scan it; does nothing when it is active."""
    pool = find_pool(conn, uuid)
    with mapped():
        if not pool.isActive():
            pool.create()


def deactivate(conn: libvirt.virConnect, uuid: str, deadline: float) -> None:
    """Unmount it or log out; what is on it stays. Does nothing when it is off."""
    pool = find_pool(conn, uuid)
    with mapped():
        if pool.isActive():
            require_time(deadline)
            pool.destroy()


def refresh(conn: libvirt.virConnect, uuid: str) -> None:
    """Have libvirt look at what is on it."""
    pool = find_pool(conn, uuid)
    with mapped():
        pool.refresh()


def remove(conn: libvirt.virConnect, uuid: str, deadline: float) -> None:
    """Forget one that is off; what is on it stays. Raises ``storage.active``."""
    pool = find_pool(conn, uuid)
    with mapped():
        if pool.isActive():
            raise RhvError(
                "storage.active",
                msg("storage.active", "The storage is active."),
                msg("storage.active.hint", "Deactivate it first."),
            )
        require_time(deadline)
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
    function.__name__: function for function in (activate, refresh, autostart_on, autostart_off)
}
#: Those that take something away, and do not once the deadline (monotonic seconds) has passed: ``call.too_late``.
LOSING: dict[str, Callable[[libvirt.virConnect, str, float], None]] = {
    function.__name__: function for function in (deactivate, remove)
}


def _missing(target: str) -> list[str]:
    """The folders that have to be made for it, the innermost first."""
    missing, path = [], target.rstrip("/")
    while path and not os.path.lexists(path):
        missing.append(path)
        path = os.path.dirname(path).rstrip("/")
    return missing


def _require_empty(target: str) -> None:
    """A mount hides what is in the folder, from whoever put it there too."""
    try:
        inside = os.listdir(target)
    except FileNotFoundError:
        return
    except OSError as error:
        raise RhvError(
            "storage.bad_path", msg("storage.no_folder", "The folder cannot be looked at."), detail=str(error)
        ) from error
    if inside:
        raise RhvError(
            "storage.not_empty",
            msg("storage.not_empty", "There are files in the folder {path}; mounting would hide them.", path=target),
            msg("storage.not_empty.hint", "Choose an empty folder, or one that does not exist yet."),
        )


def _take_back(pool: libvirt.virStoragePool, made: list[str]) -> list[str]:
    """Each step is tried, whatever the one before came to; returns what could not be done."""
    import libvirt

    left = []
    try:
        if pool.isActive():
            pool.destroy()
    except libvirt.libvirtError as error:
        left.append(f"not deactivated again: {error}")
    try:
        pool.undefine()
    except libvirt.libvirtError as error:
        left.append(f"the definition stays: {error}")
    for path in made:
        try:
            # never one that anything is in
            os.rmdir(path)
        except FileNotFoundError:
            continue
        except OSError as error:
            left.append(f"the folder stays: {error}")
            break
    return left
