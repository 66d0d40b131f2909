# SPDX-License-Identifier: Apache-2.0
"""``machines.*``: what can be done with this host's guests."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from .users import asking_user

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from .session import Call

READ_LIMIT_S = 10.0


def _action(name: str) -> Callable[[Mapping[str, Any], Call], Awaitable[dict[str, Any]]]:
    async def handler(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
        from ..machines.actions import ACTION_LIMIT_S, act_on_own
        from ..machines.once import Once

        await call.session.library.connected()
        once = Once(name, time.monotonic() + ACTION_LIMIT_S)
        try:
            await call.session.library.libvirt(act_on_own, params["uuid"], once, limit_s=ACTION_LIMIT_S)
        except RhvError as error:
            raise once.told(error) from error
        return {}

    return handler


async def act(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """One thing done to many guests, with a result for each."""
    await call.session.library.connected()
    results = await call.session.library.bulk_actions.act(params["action"], params["uuids"])
    return {"results": [result.to_json() for result in results]}


async def shut_down(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Guests shut down within a time, or are powered off then."""
    from ..guest_jobs.shutdown import START_LIMIT_S, start_shut_down

    args = (params["uuids"], int(params["wait_s"]), asking_user(), time.monotonic() + START_LIMIT_S)
    return await call.session.library.libvirt(start_shut_down, *args, limit_s=START_LIMIT_S)


async def console(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A .vv file; ``host`` is how the browser reaches this host, its own name by default."""
    from ..host.facts import find_fqdn
    from ..machines.console import open_console

    hostname = socket.gethostname()
    host = params.get("host") or find_fqdn(hostname) or hostname
    file = await call.session.library.libvirt(open_console, params["uuid"], host)
    return file._asdict()


async def open_display(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Have remote-viewer reach the guest's display from elsewhere, from the guest's next start on."""
    from ..machines.viewers import open_to_viewers

    restart = await call.session.library.libvirt(open_to_viewers, params["uuid"])
    return {"restart_needed": restart}


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
    "machines.act": act,
    "machines.shut_down": shut_down,
    "machines.console": console,
    "machines.open_display": open_display,
    "machines.serial_log": serial_log,
}
