# SPDX-License-Identifier: Apache-2.0
"""``machines.*``: what can be done with this host's guests."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    import libvirt

    from .session import Call

#: Starting a guest may have to wait for its disks; libvirt gives up by itself before this.
ACTION_LIMIT_S = 60.0
READ_LIMIT_S = 10.0


def _action(name: str) -> Callable[[Mapping[str, Any], Call], Awaitable[dict[str, Any]]]:
    async def handler(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
        from ..machines import actions

        act: Callable[[libvirt.virConnect, str], None] = getattr(actions, name)
        await call.session.library.libvirt(_on_own_guest, act, params["uuid"], limit_s=ACTION_LIMIT_S)
        return {}

    return handler


def _on_own_guest(conn: libvirt.virConnect, act: Callable[[libvirt.virConnect, str], None], uuid: str) -> None:
    from ..machines.actions import require_own

    require_own(conn, uuid)
    act(conn, uuid)


async def console(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A .vv file; ``host`` is how the browser reaches this host, its own name by default."""
    from ..host.facts import find_fqdn
    from ..machines.console import open_console

    hostname = socket.gethostname()
    host = params.get("host") or find_fqdn(hostname) or hostname
    file = await call.session.library.libvirt(open_console, params["uuid"], host)
    return file._asdict()


async def serial_log(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A piece of the serial console's log."""
    from ..machines.serial_log import find_log, read_piece

    library = call.session.library
    path = await library.libvirt(find_log, params["uuid"])
    piece = await library.run(read_piece, path, int(params["offset"]), limit_s=READ_LIMIT_S)
    return piece._asdict()


MACHINE_METHODS = {
    "machines.start": _action("start"),
    "machines.shutdown": _action("shutdown"),
    "machines.power_off": _action("power_off"),
    "machines.console": console,
    "machines.serial_log": serial_log,
}
