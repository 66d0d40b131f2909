# SPDX-License-Identifier: Apache-2.0
"""What a change is called, and what it will do, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import msg

if TYPE_CHECKING:
    from ..messages import Message
    from .addresses import Addresses
    from .plan import Plan
    from .view import Structure


def title(plan: Plan) -> Message:
    """As a job's title."""
    name = plan.name
    if plan.kind == "bridge":
        return msg("networks.title.bridge", "Create the bridge {name}", name=name)
    if plan.kind == "bond":
        return msg("networks.title.bond", "Create the bond {name}", name=name)
    if plan.kind == "vlan":
        return msg("networks.title.vlan", "Create the VLAN {name}", name=name)
    if plan.kind == "mtu":
        return msg("networks.title.mtu", "Change the MTU of {name}", name=name)
    if plan.kind == "addresses":
        return msg("networks.title.addresses", "Change the address of {name}", name=name)
    return msg("networks.title.remove", "Remove {name}", name=name)


def steps(plan: Plan, structure: Structure) -> list[Message]:
    """What becomes of the interfaces, of a plan that has been judged."""
    name, links = plan.name, structure.kernel.links
    told: list[Message] = []
    if plan.kind == "bridge":
        told.append(
            msg("networks.step.bridge", "{name} becomes a bridge that {on} is part of.", name=name, on=plan.on[0])
        )
        if plan.addresses is None or plan.addresses.method == "keep":
            told.append(_moves(plan.on[0], name, structure))
    elif plan.kind == "bond":
        told.append(
            msg(
                "networks.step.bond",
                "{name} becomes a bond of {on}, mode {mode}.",
                name=name,
                on=", ".join(plan.on),
                mode=plan.mode,
            )
        )
    elif plan.kind == "vlan":
        told.append(
            msg(
                "networks.step.vlan",
                "{name} carries what has the tag {number} on {on}.",
                name=name,
                number=plan.vlan_id or 0,
                on=plan.on[0],
            )
        )
    elif plan.kind == "remove":
        told.append(msg("networks.step.remove", "{name} and its profile are deleted.", name=name))
        members = links[name].members
        if links[name].kind == "bridge" and len(members) == 1:
            told.append(_moves(name, members[0], structure))
    if plan.mtu is not None:
        told.append(msg("networks.step.mtu", "The MTU becomes {mtu}.", mtu=plan.mtu))
    if plan.addresses is not None and plan.addresses.method != "keep":
        told.append(_addressing(plan.addresses, name))
    return told


def _moves(giver: str, taker: str, structure: Structure) -> Message:
    addresses = structure.kernel.links[giver].addresses
    if not addresses:
        return msg(
            "networks.step.no_address", "{giver} has no address that {taker} could take.", giver=giver, taker=taker
        )
    shown = ", ".join(f"{one.address}/{one.prefix}" for one in addresses)
    return msg(
        "networks.step.moves",
        "The host's address {addresses} moves from {giver} to {taker}, with its routes and name servers.",
        addresses=shown,
        giver=giver,
        taker=taker,
    )


def _addressing(wanted: Addresses, name: str) -> Message:
    if wanted.method == "auto":
        return msg("networks.step.dhcp", "{name} asks a DHCP server for its address.", name=name)
    if wanted.method == "none":
        return msg("networks.step.none", "{name} has no address.", name=name)
    if wanted.gateway is None:
        return msg("networks.step.static", "{name} has the address {address}.", name=name, address=wanted.address or "")
    return msg(
        "networks.step.static_gateway",
        "{name} has the address {address} and the gateway {gateway}.",
        name=name,
        address=wanted.address or "",
        gateway=wanted.gateway,
    )
