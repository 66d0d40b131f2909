# SPDX-License-Identifier: Apache-2.0
"""``machines.*`` of one guest's disks and network cards: they come and go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import msg
from .guest_methods import CHANGE_LIMIT_S, change_guest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..machines.attach import Moments
    from .session import Call


async def disk_choices(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Where a new disk can lie, and which images there are."""
    from ..machines.images import disk_choices as read
    from ..machines.removal import REMOVAL_LIMIT_S

    return (await call.session.library.libvirt(read, params["uuid"], limit_s=REMOVAL_LIMIT_S)).to_json()


async def add_disk(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Another disk."""
    from ..machines.disks import DiskRequest
    from ..machines.disks import add_disk as change
    from ..machines.images import NewImage
    from ..machines.removal import REMOVAL_LIMIT_S

    create = params.get("create")
    one_of = [("path" in params) != (create is not None)]
    if create is not None:
        one_of.append(("pool" in create) != ("folder" in create))
    if not all(one_of):
        raise RhvError(
            "disk.which_image",
            msg("disk.which_image", "A disk is either an existing image or a new one in one place."),
        )
    image: str | NewImage
    if create is None:
        image = params["path"]
    else:
        place = (create.get("pool"), create.get("folder"))
        image = NewImage(*place, create["name"], params["format"], create["size_gib"])
    wanted = DiskRequest(params["bus"], image, params["format"])
    # all images are asked what they are based on
    args = (params["uuid"], change, wanted, _moments(params))
    return {"target": await change_guest(call, *args, limit_s=REMOVAL_LIMIT_S)}


async def remove_disk(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A disk or drive is taken out."""
    from ..machines.disks import remove_disk as change
    from ..machines.removal import REMOVAL_LIMIT_S

    limit_s = REMOVAL_LIMIT_S if params["delete"] else CHANGE_LIMIT_S
    args = (params["uuid"], change, params["target"], _moments(params), params["delete"])
    await change_guest(call, *args, limit_s=limit_s)
    return {}


async def nic_choices(_params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """What a card can be plugged into."""
    from ..machines.nics import nic_choices as read

    return (await call.session.library.libvirt(read)).to_json()


async def add_nic(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Another network card."""
    from ..machines.nics import NicRequest
    from ..machines.nics import add_nic as change

    wanted = NicRequest(params["kind"], params["source"], params["model"], params["mac"])
    return {"mac": await change_guest(call, params["uuid"], change, wanted, _moments(params))}


async def remove_nic(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A network card is taken out."""
    from ..machines.nics import remove_nic as change

    await change_guest(call, params["uuid"], change, params["mac"], _moments(params))
    return {}


async def set_link(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A cable is plugged in or out."""
    from ..machines.nics import set_link as change

    await change_guest(call, params["uuid"], change, params["mac"], params["up"], _moments(params))
    return {}


def _moments(params: Mapping[str, Any]) -> Moments:
    from ..machines.attach import Moments

    return Moments(params["now"], params["next"])


DEVICE_METHODS = {
    "machines.disk_choices": disk_choices,
    "machines.add_disk": add_disk,
    "machines.remove_disk": remove_disk,
    "machines.nic_choices": nic_choices,
    "machines.add_nic": add_nic,
    "machines.remove_nic": remove_nic,
    "machines.set_link": set_link,
}
