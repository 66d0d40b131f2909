# SPDX-License-Identifier: Apache-2.0
"""What is to be changed, judged before anything is: every rule that needs no look at the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..messages import msg
from .addresses import Addresses, judge_addresses, refuse
from .names import judge_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..errors import RhvError
    from ..messages import Message
    from .links import Link
    from .owners import Owner
    from .view import Structure

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
        text = msg("networks.no_manager", "NetworkManager does not run: nothing can be changed here.")
        hint = msg("networks.handover.start", "Start NetworkManager: systemctl enable --now NetworkManager")
        raise refuse("no_manager", text, hint)
    links = structure.kernel.links
    made = plan.kind in ("bridge", "bond", "vlan")
    if made:
        judge_name(plan.name, links)
    elif plan.name not in links:
        raise _unknown(plan.name)
    for name in plan.on if made else (plan.name,):
        _judge_lower(name, links, owner, plan.kind in ("bridge", "bond", "addresses"))
    if plan.mtu is not None:
        _judge_mtu(plan.mtu, plan.on if made else (plan.name,), links)
    if plan.addresses is not None:
        judge_addresses(plan.addresses)
    warnings = _OF_KIND[plan.kind](plan, links)
    if plan.kind == "remove" and links[plan.name].kind == "bridge" and links[plan.name].addresses:
        for name in links[plan.name].members:
            _judge_profile(name, structure)  # else the card, without one, could not take the address
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
        text = msg("networks.mtu", "The MTU is between {least} and {most}.", least=LEAST_MTU, most=most)
        raise refuse("mtu", text, _mtu_hint())
    for name in names:
        for lower in links[name].members if links[name].kind in ("vlan", "bridge") else ():
            if lower in links and links[lower].kind != "tun" and links[lower].mtu < mtu:
                text = msg("networks.mtu_below", "{name} below has an MTU of {mtu}.", name=lower, mtu=links[lower].mtu)
                raise refuse("mtu_below", text, msg("networks.mtu_below.hint", "Raise that one first."))


def _judge_lower(name: str, links: Mapping[str, Link], owner: Mapping[str, Owner], exclusive: bool) -> None:
    link = links.get(name)
    if link is None:
        raise _unknown(name)
    if owner[name].engine:
        text = msg(
            "networks.engine", "The hosted engine is reached over {name}, which is not changed while it is.", name=name
        )
        raise refuse("engine", text, _another_card())
    if owner[name].protected:
        raise refuse(
            "protected",
            msg(
                "networks.protected",
                "{name} is looked after by {owner} and is not changed here.",
                name=name,
                owner=owner[name].kind,
            ),
            _another_card(),
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
            _another_card(),
        )
    if link.kind == "loopback":
        text = msg("networks.loopback", "The loopback interface cannot be changed.")
        raise refuse("loopback", text, _another_card())


def _judge_bridge(plan: Plan, links: Mapping[str, Link]) -> list[Message]:
    if len(plan.on) != 1:
        raise refuse("one", msg("networks.one", "Exactly one card, bond or VLAN is needed."), _another_card())
    lower = links[plan.on[0]]
    if lower.kind == "bridge":
        text = msg("networks.bridge_on_bridge", "A bridge cannot be part of another bridge.")
        raise refuse("bridge_on_bridge", text, _another_card())
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
        text = msg("networks.bond_of_one", "A bond needs at least two different cards.")
        raise refuse("bond_of_one", text, msg("networks.bond_of_one.hint", "Choose another card, too."))
    if plan.mode not in BOND_MODES:
        text = msg("networks.mode", "There is no mode {mode} of bonds.", mode=plan.mode[:40])
        raise refuse("mode", text, msg("networks.mode.hint", "One of: {modes}", modes=", ".join(BOND_MODES)))
    for name in plan.on:
        if links[name].kind not in ("ethernet", "virtual"):
            raise refuse("member", msg("networks.member", "{name} is no network card.", name=name), _another_card())
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
        raise refuse("one", msg("networks.one", "Exactly one card, bond or VLAN is needed."), _another_card())
    if plan.vlan_id is None or not 1 <= plan.vlan_id <= 4094:
        text = msg("networks.vlan_id", "The number of a VLAN is between 1 and 4094.")
        hint = msg("networks.vlan_id.hint", "Ask who looks after the switch which numbers are in use.")
        raise refuse("vlan_id", text, hint)
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
                msg("networks.vlan_taken.hint", "It is called {name}.", name=link.name),
            )
    return []


def _judge_mtu_given(plan: Plan, _links: Mapping[str, Link]) -> list[Message]:
    if plan.mtu is None:
        raise refuse("mtu_missing", msg("networks.mtu_missing", "An MTU is needed."), _mtu_hint())
    return []


def _judge_addresses_given(plan: Plan, links: Mapping[str, Link]) -> list[Message]:
    if plan.addresses is None or plan.addresses.method == "keep":
        text = msg("networks.address_missing", "It must be said where the address comes from.")
        raise refuse("address_missing", text, msg("networks.address_missing.hint", "From DHCP, fixed, or none."))
    had = [f"{one.address}/{one.prefix}" for one in links[plan.name].addresses if one.family == "ipv4"]
    if plan.addresses.method != "static" or len(had) < 2:
        return []  # of one, that it changes is what was asked for
    lost = ", ".join(one for one in had if one != plan.addresses.address)
    return [
        msg("networks.warn_other_addresses", "{name} loses its addresses {addresses}.", name=plan.name, addresses=lost)
    ]


def _judge_remove(plan: Plan, links: Mapping[str, Link]) -> list[Message]:
    link = links[plan.name]
    if link.kind not in ("bridge", "bond", "vlan"):
        text = msg("networks.card", "{name} is a card: it cannot be removed.", name=plan.name)
        raise refuse("card", text, msg("networks.card.hint", "Take its address away, or pull its cable."))
    guests = [name for name in link.members if name in links and links[name].kind == "tun"]
    if guests:
        text = msg(
            "networks.cables", "Guests are plugged into {name}: {cables}", name=plan.name, cables=", ".join(guests)
        )
        raise refuse(
            "guests", text, msg("networks.cables.hint", "Give them another network, or shut them down, first.")
        )
    # A bridge's goes to the one card in it; which of several would take it nobody has said.
    if link.addresses and (link.kind == "bond" or (link.kind == "bridge" and len(link.members) > 1)):
        text = msg("networks.addressed", "{name} has an address, which would be gone.", name=plan.name)
        raise refuse("addressed", text, msg("networks.addressed.hint", "Take the address away from it first."))
    upper = [one.name for one in links.values() if one.kind == "vlan" and plan.name in one.members]
    if link.controller or upper:
        name = link.controller or upper[0]
        text = msg("networks.below", "{upper} is built upon {name}.", upper=name, name=plan.name)
        raise refuse("below", text, msg("networks.below.hint", "Remove {upper} first.", upper=name))
    if link.addresses and (link.kind == "vlan" or not link.members):
        return [msg("networks.warn_addresses", "{name} loses its address.", name=plan.name)]
    return []


def _unknown(name: str) -> RhvError:
    text = msg("networks.unknown", "There is no interface {name}.", name=name[:40])
    return refuse("unknown", text, msg("networks.unknown.hint", "It may just have gone: see the page."))


def _another_card() -> Message:
    return msg("networks.another_card", "Choose another one.")


def _mtu_hint() -> Message:
    return msg("networks.mtu.hint", "1500 is usual; 9000 where every switch of the network takes it.")


_OF_KIND = {
    "bridge": _judge_bridge,
    "bond": _judge_bond,
    "vlan": _judge_vlan,
    "mtu": _judge_mtu_given,
    "addresses": _judge_addresses_given,
    "remove": _judge_remove,
}
