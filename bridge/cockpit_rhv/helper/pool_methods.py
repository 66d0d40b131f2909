# SPDX-License-Identifier: Apache-2.0
"""``storage.*``: pools, their volumes, and uploads into them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .session import Call


READ_LIMIT_S = 10.0


async def create(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A new pool, active."""
    from ..storage.pool_actions import ACTION_LIMIT_S, create_pool

    deadline = time.monotonic() + ACTION_LIMIT_S
    pool = await call.session.library.storage(create_pool, params, deadline, limit_s=ACTION_LIMIT_S)
    call.session.library.pools.refresh(pool)
    return {"pool": pool}


async def act(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """One thing done to a pool."""
    from ..checks.volume_users import act_on_pool
    from ..storage.pool_actions import ACTION_LIMIT_S

    library = call.session.library
    wanted = (params["action"], params["pool"], time.monotonic() + ACTION_LIMIT_S)
    try:
        await library.storage(act_on_pool, *wanted, limit_s=ACTION_LIMIT_S)
    finally:
        # of autostart libvirt has no event, and what failed may have been done in part
        library.pools.refresh(params["pool"])
    return {}


async def volume_create(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A new empty volume."""
    from ..storage.volumes import CHANGE_LIMIT_S, create_volume

    library = call.session.library
    wanted = (params["name"], params["format"], params["capacity_bytes"], params["full"])
    await library.storage(create_volume, params["pool"], *wanted, limit_s=CHANGE_LIMIT_S)
    library.pools.refresh(params["pool"])
    return {}


async def volume_remove(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A volume is deleted, unless somebody needs it."""
    from ..checks.volume_users import REMOVAL_LIMIT_S, remove_volume

    library = call.session.library
    wanted = (params["pool"], params["name"], time.monotonic() + REMOVAL_LIMIT_S)
    await library.storage(remove_volume, *wanted, limit_s=REMOVAL_LIMIT_S)
    library.pools.refresh(params["pool"])
    return {}


async def upload_begin(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A ticket for ``helper upload``."""
    from ..storage.upload import Ticket, begin
    from ..storage.volumes import upload_folder

    library = call.session.library
    folder = await library.storage(upload_folder, params["pool"], limit_s=READ_LIMIT_S)
    ticket = Ticket(params["pool"], folder, params["name"], params["size_bytes"])
    name, have = await library.run(begin, ticket, limit_s=READ_LIMIT_S)
    return {"ticket": name, "have_bytes": have}


POOL_METHODS = {
    "storage.create": create,
    "storage.act": act,
    "storage.volume_create": volume_create,
    "storage.volume_remove": volume_remove,
    "storage.upload_begin": upload_begin,
}
