# SPDX-License-Identifier: Apache-2.0
"""What is to be changed, judged before anything is: every rule that needs no look at the wire."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..messages import msg
from .addresses import Addresses, judge_addresses, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..messages import Message
    from .links import Link
    from .owners import Owner
    from .view import Structure

#: IFNAMSIZ less its final zero.
MOST_CHARACTERS = 15
#: The kernel refuses blanks, slashes and colons; the rest of this is what every tool that writes files by name takes.
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
#: RHV's numbers. Bonds of the last three do not work under a bridge: they rewrite or need the members' own addresses.
BOND_MODES = ("balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb")
NOT_UNDER_BRIDGES = ("balance-rr", "balance-tlb", "balance-alb")
LEAST_MTU, MOST_MTU = 1280, 65_535


@dataclass(frozen=True)
class Plan:
    """Definition ``NetworkPlan``. ``kind``: bridge, bond, vlan, mtu, addresses or remove.

    ``name``: the interface that is made, changed or removed. ``on``: what it is made upon.
    """

    kind: str
    name: str
    on: tuple[str, ...] = ()
    mode: str = "active-backup"
    vlan_id: int | None = None
    mtu: int | None = None
    addresses: Addresses | None = None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Plan:
        """Of what the schema has accepted."""
        addresses = value.get("addresses")
        return cls(
            value["kind"],
            value["name"],
            tuple(value.get("on", ())),
            value.get("mode", "active-backup"),
            value.get("vlan_id"),
            value.get("mtu"),
            Addresses.from_json(addresses) if addresses else None,
        )


def judge(plan: Plan, structure: Structure, owner: Mapping[str, Owner]) -> list[Message]:
    """Warnings; raises RhvError ``networks.*`` for what cannot be. ``owner``: of every interface there is."""
    if structure.manager.state != "running":
        raise refuse(
            "no_manager", msg("networks.no_manager", "NetworkManager does not run: nothing can be changed here.")
        )
    links = structure.kernel.links
    made = plan.kind in ("bridge", "bond", "vlan")
    if made:
        _judge_name(plan.name, links)
    elif plan.name not in links:
        raise refuse("unknown", msg("networks.unknown", "There is no interface {name}.", name=plan.name[:40]))
    for name in plan.on if made else (plan.name,):
        _judge_lower(name, links, owner, plan.kind in ("bridge", "bond", "addresses"))
    if plan.mtu is not None:
        _judge_mtu(plan.mtu, plan.on if made else (plan.name,), links)
    if plan.addresses is not None:
        judge_addresses(plan.addresses)
    warnings = _OF_KIND[plan.kind](plan, links)
    for name in plan.on if made else (plan.name,):
        # A card without a profile is given one; a bond or VLAN exists by its profile.
        if plan.kind != "vlan" and not (made and links[name].kind in ("ethernet", "virtual")):
            _judge_profile(name, structure)
    return warnings


def _judge_profile(name: str, structure: Structure) -> None:
    device = structure.manager.devices.get(name)
    if device is None or device.uuid is None:
        text = msg("networks.no_profile", "NetworkManager has no profile active on {name}.", name=name)
        raise refuse("no_profile", text, msg("networks.no_profile.hint", "Make one: nmcli connection add"))


def _judge_mtu(mtu: int, names: Sequence[str], links: Mapping[str, Link]) -> None:
    most = min([MOST_MTU, *[links[name].most_mtu or MOST_MTU for name in names]])
    if not LEAST_MTU <= mtu <= most:
        raise refuse("mtu", msg("networks.mtu", "The MTU is between {least} and {most}.", least=LEAST_MTU, most=most))
    for name in names:
        for lower in links[name].members if links[name].kind in ("vlan", "bridge") else ():
            if lower in links and links[lower].kind != "tun" and links[lower].mtu < mtu:
                text = msg("networks.mtu_below", "{name} below has an MTU of {mtu}.", name=lower, mtu=links[lower].mtu)
                raise refuse("mtu_below", text, msg("networks.mtu_below.hint", "Raise that one first."))


def _judge_name(name: str, links: Mapping[str, Link]) -> None:
    if not _NAME.fullmatch(name):
        raise refuse(
            "name",
            msg(
                "networks.name", "A name has letters, digits, dots, hyphens and underscores, and begins with a letter."
            ),
        )
    if len(name) > MOST_CHARACTERS:
        raise refuse(
            "name_long", msg("networks.name_long", "A name has {most} characters at most.", most=MOST_CHARACTERS)
        )
    if name in links:
        raise refuse("name_taken", msg("networks.name_taken", "There is an interface {name} already.", name=name))


def _judge_lower(name: str, links: Mapping[str, Link], owner: Mapping[str, Owner], exclusive: bool) -> None:
    link = links.get(name)
    if link is None:
        raise refuse("unknown", msg("networks.unknown", "There is no interface {name}.", name=name[:40]))
    if owner[name].engine:
        text = msg(
            "networks.engine", "The hosted engine is reached over {name}, which is not changed while it is.", name=name
        )
        raise refuse("engine", text)
    if owner[name].protected:
        raise refuse(
            "protected",
            msg(
                "networks.protected",
                "{name} is looked after by {owner} and is not changed here.",
                name=name,
                owner=owner[name].kind,
            ),
        )
    if owner[name].kind != "networkmanager":
        raise refuse(
            "foreign",
            msg(
                "networks.foreign",
                "{name} is looked after by {owner}, not by NetworkManager.",
                name=name,
                owner=owner[name].kind,
            ),
            msg("networks.foreign.hint", "The page says how it is handed over."),
        )
    above = links.get(link.controller or "")
    if link.controller is not None and (exclusive or (above is not None and above.kind == "bond")):
        raise refuse(
            "in_use",
            msg("networks.in_use", "{name} is part of {controller} already.", name=name, controller=link.controller),
        )
    if link.kind == "loopback":
        raise refuse("loopback", msg("networks.loopback", "The loopback interface cannot be changed."))


def _judge_bridge(plan: Plan, links: Mapping[str, Link]) -> list[Message]:
    if len(plan.on) != 1:
        raise refuse("one", msg("networks.one", "Exactly one card, bond or VLAN is needed."))
    lower = links[plan.on[0]]
    if lower.kind == "bridge":
        raise refuse("bridge_on_bridge", msg("networks.bridge_on_bridge", "A bridge cannot be part of another bridge."))
    if lower.bond is not None and lower.bond.mode in NOT_UNDER_BRIDGES:
        raise refuse(
            "bond_mode",
            msg("networks.bond_mode", "A bond of mode {mode} does not work under a bridge.", mode=lower.bond.mode),
            msg("networks.bond_mode.hint", "Use mode 1, 2, 3 or 4."),
        )
    return []


def _judge_bond(plan: Plan, links: Mapping[str, Link]) -> list[Message]:
    warnings = []
    if len(set(plan.on)) < 2 or len(set(plan.on)) != len(plan.on):
        raise refuse("bond_of_one", msg("networks.bond_of_one", "A bond needs at least two different cards."))
    if plan.mode not in BOND_MODES:
        raise refuse("mode", msg("networks.mode", "There is no mode {mode} of bonds.", mode=plan.mode[:40]))
    for name in plan.on:
        if links[name].kind not in ("ethernet", "virtual"):
            raise refuse("member", msg("networks.member", "{name} is no network card.", name=name))
    if plan.addresses is None or plan.addresses.method in ("keep", "none"):
        warnings += [
            msg("networks.warn_addresses", "{name} loses its address.", name=name)
            for name in plan.on
            if links[name].addresses
        ]
    if plan.mode in NOT_UNDER_BRIDGES:
        warnings.append(
            msg("networks.warn_mode", "A bond of mode {mode} does not work under a bridge.", mode=plan.mode)
        )
    return warnings


def _judge_vlan(plan: Plan, links: Mapping[str, Link]) -> list[Message]:
    if len(plan.on) != 1:
        raise refuse("one", msg("networks.one", "Exactly one card, bond or VLAN is needed."))
    if plan.vlan_id is None or not 1 <= plan.vlan_id <= 4094:
        raise refuse("vlan_id", msg("networks.vlan_id", "The number of a VLAN is between 1 and 4094."))
    for link in links.values():
        if link.kind == "vlan" and link.vlan_id == plan.vlan_id and link.members == plan.on:
            raise refuse(
                "vlan_taken",
                msg(
                    "networks.vlan_taken",
                    "VLAN {number} of {name} is there already.",
                    number=plan.vlan_id,
                    name=plan.on[0],
                ),
            )
    return []


def _judge_mtu_given(plan: Plan, _links: Mapping[str, Link]) -> list[Message]:
    if plan.mtu is None:
        raise refuse("mtu_missing", msg("networks.mtu_missing", "An MTU is needed."))
    return []


def _judge_addresses_given(plan: Plan, _links: Mapping[str, Link]) -> list[Message]:
    if plan.addresses is None or plan.addresses.method == "keep":
        raise refuse(
            "address_missing", msg("networks.address_missing", "It must be said where the address comes from.")
        )
    return []


def _judge_remove(plan: Plan, links: Mapping[str, Link]) -> list[Message]:
    link = links[plan.name]
    if link.kind not in ("bridge", "bond", "vlan"):
        raise refuse("card", msg("networks.card", "{name} is a card: it cannot be removed.", name=plan.name))
    guests = [name for name in link.members if name in links and links[name].kind == "tun"]
    if guests:
        text = msg(
            "networks.cables", "Guests are plugged into {name}: {cables}", name=plan.name, cables=", ".join(guests)
        )
        raise refuse(
            "guests", text, msg("networks.cables.hint", "Give them another network, or shut them down, first.")
        )
    if link.kind == "bond" and link.addresses:
        text = msg("networks.addressed", "{name} has an address, which would be gone.", name=plan.name)
        raise refuse("addressed", text, msg("networks.addressed.hint", "Take the address away from it first."))
    upper = [one.name for one in links.values() if one.kind == "vlan" and plan.name in one.members]
    if link.controller or upper:
        name = link.controller or upper[0]
        raise refuse("below", msg("networks.below", "{upper} is built upon {name}.", upper=name, name=plan.name))
    return []


_OF_KIND = {
    "bridge": _judge_bridge,
    "bond": _judge_bond,
    "vlan": _judge_vlan,
    "mtu": _judge_mtu_given,
    "addresses": _judge_addresses_given,
    "remove": _judge_remove,
}
