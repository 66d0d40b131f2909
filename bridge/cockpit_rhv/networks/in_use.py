# SPDX-License-Identifier: Apache-2.0
"""A plan judged by what uses its interfaces: what sits upon them, guests, running or not, and libvirt's networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import msg
from .addresses import refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .plan import Plan
    from .view import Structure
    from .virtual import Virtual

#: Names in one sentence; how many more there are is said.
_MOST_NAMES = 5


def judge_in_use(plan: Plan, structure: Structure, virtual: Virtual) -> None:
    """Raises RhvError ``networks.carries``, ``networks.guests`` or ``networks.libvirt_network``."""
    if plan.kind not in ("bridge", "bond", "remove"):
        return  # it stays what it is
    for name in plan.on or (plan.name,):
        if plan.kind != "remove":  # there ``judge`` has looked
            _judge_upper(name, plan, structure)
        guests = virtual.guests.get(name, ())
        if guests:
            text = msg("networks.guests", "Guests have a card on {name}: {guests}", name=name, guests=_named(guests))
            hint = msg(
                "networks.guests.hint", "Give them another network first. Those that are off would start no more."
            )
            raise refuse("guests", text, hint)
        for network in virtual.networks.values():
            # what libvirt makes itself is protected anyway; here a network merely uses what the host has
            if name in (network.get("bridge"), network.get("device")):
                text = msg(
                    "networks.libvirt_network",
                    "The libvirt network {network} leads over {name}.",
                    network=str(network["name"]),
                    name=name,
                )
                hint = msg("networks.libvirt_network.hint", "Remove that network first, or have it lead elsewhere.")
                raise refuse("libvirt_network", text, hint)


def _judge_upper(name: str, plan: Plan, structure: Structure) -> None:
    upper = sorted(link.name for link in structure.kernel.links.values() if link.upon == name)
    if not upper:
        return
    text = msg("networks.carries", "{name} carries {upper}.", name=name, upper=_named(upper))
    if plan.kind == "bond":
        hint = msg("networks.carries.bond", "Remove that first; make it anew on the bond.")
    else:
        hint = msg(
            "networks.carries.bridge", "Remove that first; make it anew once {name} is in the bridge.", name=name
        )
    raise refuse("carries", text, hint)


def _named(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    return shown if len(names) <= _MOST_NAMES else f"{shown} (+{len(names) - _MOST_NAMES})"
