# SPDX-License-Identifier: Apache-2.0
"""A plan judged by NetworkManager's stored profiles: none is mistaken for ours, none is changed for other cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import msg
from .addresses import refuse
from .commands_nm import own_profile

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..errors import RhvError
    from ..messages import Message
    from .nm import Profile
    from .plan import Plan
    from .profiles import Settings
    from .view import Structure


def judge_profiles(plan: Plan, structure: Structure, settings: Mapping[str, Settings]) -> list[Message]:
    """Warnings; raises RhvError ``networks.*``. ``settings``: what every stored profile says, by uuid."""
    devices, profiles = structure.manager.devices, structure.manager.profiles
    made = plan.kind in ("bridge", "bond", "vlan")
    joining = plan.on if plan.kind in ("bridge", "bond") else ()
    active = {name: devices[name].uuid for name in (plan.name, *plan.on) if name in devices}
    if made:
        new = {own_profile(plan.name, name) for name in joining if not active.get(name)}
        for profile in profiles.values():
            interface = settings.get(profile.uuid, {}).get("connection.interface-name")
            if plan.name in (profile.name, interface) or profile.name in new:
                raise _taken(profile)
    warnings = _left_behind(plan, structure, settings) if plan.kind == "remove" else []
    for name in joining if made else (plan.name,):
        uuid = active.get(name)
        if uuid is None:
            continue
        others = [one.name for one in devices.values() if one.uuid == uuid and one.name != name]
        called = profiles[uuid].name if uuid in profiles else uuid
        if others:
            raise _shared(called, name, others)
        if plan.kind != "remove" and not settings.get(uuid, {}).get("connection.interface-name"):
            warnings.append(
                msg(
                    "networks.warn_bound",
                    "The profile {profile}, which any card could use, becomes that of {name} alone.",
                    profile=called,
                    name=name,
                )
            )
    return warnings


def _left_behind(plan: Plan, structure: Structure, settings: Mapping[str, Settings]) -> list[Message]:
    """Profiles of members that are not there now, such as a card without a cable: nobody sets them free."""
    devices = structure.manager.devices
    own = devices[plan.name].uuid if plan.name in devices else None
    there = {devices[name].uuid for name in structure.kernel.links[plan.name].members if name in devices}
    return [
        msg(
            "networks.warn_left",
            "The profile {profile} is for a part of {name} that is not active, and stays without use.",
            profile=told["connection.id"],
            name=plan.name,
        )
        for uuid, told in settings.items()
        if told.get("connection.master") in (plan.name, own) and uuid not in there
    ]


def _taken(profile: Profile) -> RhvError:
    text = msg("networks.profile_taken", "NetworkManager has a profile {profile} already.", profile=profile.name)
    hint = msg(
        "networks.profile_taken.hint",
        "Choose another name or, where nothing needs that profile: nmcli connection delete {uuid}",
        uuid=profile.uuid,
    )
    return refuse("profile_taken", text, hint)


def _shared(profile: str, name: str, others: list[str]) -> RhvError:
    text = msg(
        "networks.profile_shared",
        "The profile {profile} of {name} is that of {others}, too.",
        profile=profile,
        name=name,
        others=", ".join(others),
    )
    hint = msg("networks.profile_shared.hint", "Give each card a profile of its own: nmcli connection clone")
    return refuse("profile_shared", text, hint)
