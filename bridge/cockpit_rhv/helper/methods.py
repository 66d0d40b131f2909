# SPDX-License-Identifier: Apache-2.0
"""The methods of ``schemas/rpc.json``: each calls the library and shapes what it returns, nothing more."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..errors import RhvError
from ..messages import msg
from .users import user_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..rpc.dispatcher import Dispatcher
    from .session import Call

#: Version of what this front door speaks; the page asks for a reload when it expects another.
PROTOCOL = 1


def register(dispatcher: Dispatcher[Call]) -> None:
    """Serve every method."""
    from .create_methods import CREATE_METHODS
    from .deploy_methods import DEPLOY_METHODS
    from .device_methods import DEVICE_METHODS
    from .guest_methods import GUEST_METHODS
    from .job_methods import JOB_METHODS
    from .lasting_methods import LASTING_METHODS
    from .log_methods import LOG_METHODS
    from .machine_methods import MACHINE_METHODS
    from .network_methods import NETWORK_METHODS
    from .pool_methods import POOL_METHODS
    from .storage_methods import STORAGE_METHODS
    from .upgrade_methods import UPGRADE_METHODS

    of_guests = (MACHINE_METHODS, GUEST_METHODS, DEVICE_METHODS, CREATE_METHODS, LOG_METHODS)
    of_storage = (STORAGE_METHODS, POOL_METHODS)
    of_engine = (DEPLOY_METHODS, LASTING_METHODS, UPGRADE_METHODS)
    for table in (SESSION_METHODS, JOB_METHODS, NETWORK_METHODS, *of_guests, *of_storage, *of_engine):
        for name, handler in table.items():
            dispatcher.register(name, handler)


def access_denied() -> RhvError:
    """A method for root was called without being root."""
    return RhvError(
        "access.denied",
        msg("access.denied", "Only an administrator may do this."),
        msg("access.denied.hint", "Turn on administrative access."),
    )


async def hello(_params: Mapping[str, Any], _call: Call) -> dict[str, Any]:
    """Who serves the page."""
    uid = os.geteuid()
    return {
        "version": __version__,
        "protocol": PROTOCOL,
        "user": user_name(uid),
        "uid": uid,
        "privileged": uid == 0,
        "hostname": socket.gethostname(),
    }


async def leave(_params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """End after this answer."""
    call.afterwards.append(lambda: call.session.end("the page asked for it"))
    return {}


async def subscribe(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A topic's snapshot; its patches follow."""
    answer, release = await call.session.subscriptions.subscribe(params["topic"])
    call.session.update_sampler()
    call.afterwards.append(release)
    return answer


async def unsubscribe(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """No more of a topic."""
    await call.session.subscriptions.unsubscribe(params["topic"])
    call.session.update_sampler()
    return {}


async def visible(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Whether the page is looked at."""
    call.session.set_visible(params["visible"])
    return {}


SESSION_METHODS = {
    "hello": hello,
    "exit": leave,
    "subscribe": subscribe,
    "unsubscribe": unsubscribe,
    "visible": visible,
}
