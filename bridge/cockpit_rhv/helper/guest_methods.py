# SPDX-License-Identifier: Apache-2.0
"""``machines.*`` of one guest's page: what it is made of, its media, snapshots, definition and agent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Callable

from .users import asking_user

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from .session import Call

#: Seconds for a change; libvirt itself gives up after 30 on a guest that is busy.
CHANGE_LIMIT_S = 60.0


async def change_guest(call: Call, uuid: str, function: Any, *args: Any, limit_s: float = CHANGE_LIMIT_S) -> Any:
    """What ``function`` returns, for a guest whose page is told of it."""
    library = call.session.library
    try:
        return await library.libvirt(function, uuid, *args, limit_s=limit_s)
    finally:
        # what failed may have been done in part
        library.details_changed(uuid)


async def _change(call: Call, uuid: str, function: Any, *args: Any, limit_s: float = CHANGE_LIMIT_S) -> dict[str, Any]:
    await change_guest(call, uuid, function, *args, limit_s=limit_s)
    return {}


async def set_vcpus(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Another number of vCPUs."""
    from ..machines.resources import Amounts
    from ..machines.resources import set_vcpus as change

    amounts = Amounts(params.get("now"), params.get("next"), params.get("most"))
    return await _change(call, params["uuid"], change, amounts)


async def set_memory(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Another amount of memory."""
    from ..machines.resources import Amounts
    from ..machines.resources import set_memory as change

    amounts = Amounts(params.get("now_mib"), params.get("next_mib"), params.get("most_mib"))
    return await _change(call, params["uuid"], change, amounts)


async def media(_params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """What could be put into a drive."""
    from ..machines.media import list_media

    return {"media": [medium._asdict() for medium in await call.session.library.libvirt(list_media)]}


async def change_medium(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Another medium, or none."""
    from ..machines.media import When
    from ..machines.media import change_medium as change

    when = When(params["now"], params["next"], params.get("force", False))
    return await _change(call, params["uuid"], change, params["target"], params["path"], when)


def _snapshot(what: str) -> Callable[[Mapping[str, Any], Call], Awaitable[dict[str, Any]]]:
    async def handler(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
        from ..guest_jobs.snapshot import SNAPSHOT_LIMIT_S, snapshot

        deadline = time.monotonic() + SNAPSHOT_LIMIT_S
        args = (what, {name: value for name, value in params.items() if name != "uuid"}, asking_user(), deadline)
        return {"job": await change_guest(call, params["uuid"], snapshot, *args, limit_s=SNAPSHOT_LIMIT_S)}

    return handler


async def xml(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A definition without secrets."""
    from ..machines.edit import read_xml

    found = await call.session.library.libvirt(read_xml, params["uuid"], params["stored"])
    return {"text": found.text, "fingerprint": found.fingerprint}


async def define_xml(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Another stored definition."""
    from ..machines.edit import define_xml as define

    return await _change(call, params["uuid"], define, params["text"], params["fingerprint"])


async def set_boot_order(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Another boot order."""
    from ..machines.edit import set_boot_order as change

    return await _change(call, params["uuid"], change, params["order"])


async def agent(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """What the guest's agent says."""
    from ..machines.guest_agent import AGENT_LIMIT_S, ask_agent

    facts = await call.session.library.libvirt(ask_agent, params["uuid"], limit_s=AGENT_LIMIT_S)
    return facts.to_json()


async def removal_plan(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """What a removal would take along."""
    from ..machines.removal import REMOVAL_LIMIT_S
    from ..machines.removal import removal_plan as read

    return (await call.session.library.libvirt(read, params["uuid"], limit_s=REMOVAL_LIMIT_S)).to_json()


async def remove(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A guest is forgotten, with the disks that are named."""
    from ..machines.removal import REMOVAL_LIMIT_S, remove_guest

    return await _change(call, params["uuid"], remove_guest, params["paths"], limit_s=REMOVAL_LIMIT_S)


GUEST_METHODS = {
    "machines.removal_plan": removal_plan,
    "machines.remove": remove,
    "machines.set_vcpus": set_vcpus,
    "machines.set_memory": set_memory,
    "machines.media": media,
    "machines.change_medium": change_medium,
    "machines.snapshot_create": _snapshot("create"),
    "machines.snapshot_revert": _snapshot("revert"),
    "machines.snapshot_delete": _snapshot("delete"),
    "machines.xml": xml,
    "machines.define_xml": define_xml,
    "machines.set_boot_order": set_boot_order,
    "machines.agent": agent,
}
