# SPDX-License-Identifier: Apache-2.0
"""``networks.*``: changes of the host's networks that are taken back unless they are confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .users import asking_user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..networks.virtual import Virtual
    from .session import Call

#: nmcli twice, ip, and an ARP probe; a job's start besides.
LOOK_LIMIT_S = 60.0
START_LIMIT_S = 120.0
CONFIRM_LIMIT_S = 10.0


async def plan(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """What a change will do."""
    from ..checks.network_change import preview
    from ..networks.plan import Plan

    wanted = Plan.from_json(params["plan"])
    return await call.session.library.run(preview, wanted, await _virtual(call), limit_s=LOOK_LIMIT_S)


async def change(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A change, as a job."""
    from ..checks.network_change import start_change

    wanted = (params["plan"], params["confirm_s"], await _virtual(call), asking_user())
    return {"job": await call.session.library.run(start_change, *wanted, limit_s=START_LIMIT_S)}


async def confirm(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Keep it, or undo it."""
    from ..checks.network_change import answer_change

    await call.session.library.run(answer_change, params["job"], params["keep"], limit_s=CONFIRM_LIMIT_S)
    return {}


async def _virtual(call: Call) -> Virtual:
    """libvirt's bridges and guests; without knowing them nothing is changed."""
    from ..networks.virtual import read_virtual_and_guests

    return await call.session.library.libvirt(read_virtual_and_guests, limit_s=LOOK_LIMIT_S)


NETWORK_METHODS = {
    "networks.plan": plan,
    "networks.change": change,
    "networks.confirm": confirm,
}
