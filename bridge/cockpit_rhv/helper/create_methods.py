# SPDX-License-Identifier: Apache-2.0
"""``machines.*`` that make guests: what there is for a new one, a new one, a copy of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .users import asking_user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .session import Call


async def create_options(_params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """What this host has for a new guest."""
    from ..create.guest import CREATE_LIMIT_S
    from ..create.host import create_options as read

    return await call.session.library.libvirt(read, limit_s=CREATE_LIMIT_S)


async def create(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A new guest."""
    from ..create.guest import CREATE_LIMIT_S
    from ..create.guest import create as make

    return await call.session.library.libvirt(make, params, asking_user(), limit_s=CREATE_LIMIT_S)


async def clone_plan(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """What a copy of a guest would be."""
    from ..create.clone import CLONE_LIMIT_S
    from ..create.clone import clone_plan as read

    return await call.session.library.libvirt(read, params["uuid"], limit_s=CLONE_LIMIT_S)


async def clone(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A copy of a guest."""
    from ..create.clone import CLONE_LIMIT_S
    from ..create.clone import clone as make

    return await call.session.library.libvirt(make, params, asking_user(), limit_s=CLONE_LIMIT_S)


CREATE_METHODS = {
    "machines.create_options": create_options,
    "machines.create": create,
    "machines.clone_plan": clone_plan,
    "machines.clone": clone,
}
