# SPDX-License-Identifier: Apache-2.0
"""What a plan makes of this host's profiles: nmcli's calls, with what those profiles say at this moment."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from .commands_nm import Found, arguments, own_profile
from .profiles import read_settings

if TYPE_CHECKING:
    from .commands import Run
    from .plan import Plan
    from .view import Structure


def planned(plan: Plan, structure: Structure, run: Run) -> list[list[str]]:
    """nmcli's calls without its name. Raises RhvError ``networks.command``."""
    links, devices = structure.kernel.links, structure.manager.devices
    profiles = {name: device.uuid for name, device in devices.items() if device.uuid and device.managed}
    below = links[plan.name].members if plan.kind == "remove" and links[plan.name].kind != "vlan" else ()
    members = [name for name in below if name in profiles]
    touched = {name: profiles[name] for name in (plan.name, *plan.on, *members) if name in profiles}
    told = read_settings(run, touched.values())
    settings = {name: told[one] for name, one in touched.items() if one in told}
    giver = plan.name
    if plan.kind in ("bridge", "bond"):
        giver = next((name for name in plan.on if links[name].addresses), plan.on[0])
    found = Found(
        profiles,
        settings,
        {name: link.mac for name, link in links.items() if link.mac},
        {name: link.kind for name, link in links.items()},
        giver,
        members,
        [name for name in members if devices[name].profile == own_profile(plan.name, name)],
    )
    return arguments(plan, found, str(uuid.uuid4()))
