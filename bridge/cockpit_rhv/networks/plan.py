# SPDX-License-Identifier: Apache-2.0
"""What is to be changed, judged before anything is: every rule that needs no look at the wire."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import msg

if TYPE_CHECKING:
    from collections.abc import Mapping

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
class Addresses:
    """IPv4 of an interface. ``method``: keep (what is below has them), auto, static or none."""

    method: str
    address: str | None = None
    gateway: str | None = None
    dns: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Addresses:
        """Definition ``AddressPlan``."""
        return cls(value["method"], value.get("address"), value.get("gateway"), tuple(value.get("dns", ())))


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
        raise _refuse(
            "no_manager", msg("networks.no_manager", "NetworkManager does not run: nothing can be changed here.")
        )
    links = structure.kernel.links
    made = plan.kind in ("bridge", "bond", "vlan")
    if made:
        _judge_name(plan.name, links)
    elif plan.name not in links:
        raise _refuse("unknown", msg("networks.unknown", "There is no interface {name}.", name=plan.name[:40]))
    for name in plan.on if made else (plan.name,):
        _judge_lower(name, links, owner, made and plan.kind != "vlan")
    if plan.mtu is not None and not LEAST_MTU <= plan.mtu <= MOST_MTU:
        raise _refuse(
            "mtu", msg("networks.mtu", "The MTU is between {least} and {most}.", least=LEAST_MTU, most=MOST_MTU)
        )
    if plan.addresses is not None:
        judge_addresses(plan.addresses)
    return _OF_KIND[plan.kind](plan, links)


def _judge_name(name: str, links: Mapping[str, Link]) -> None:
    if not _NAME.fullmatch(name):
        raise _refuse(
            "name",
            msg(
                "networks.name", "A name has letters, digits, dots, hyphens and underscores, and begins with a letter."
            ),
        )
    if len(name) > MOST_CHARACTERS:
        raise _refuse(
            "name_long", msg("networks.name_long", "A name has {most} characters at most.", most=MOST_CHARACTERS)
        )
    if name in links:
        raise _refuse("name_taken", msg("networks.name_taken", "There is an interface {name} already.", name=name))


def _judge_lower(name: str, links: Mapping[str, Link], owner: Mapping[str, Owner], exclusive: bool) -> None:
    link = links.get(name)
    if link is None:
        raise _refuse("unknown", msg("networks.unknown", "There is no interface {name}.", name=name[:40]))
    if owner[name].protected:
        raise _refuse(
            "protected",
            msg(
                "networks.protected",
                "{name} is looked after by {owner} and is not changed here.",
                name=name,
                owner=owner[name].kind,
            ),
        )
    if owner[name].kind not in ("networkmanager", "nobody"):
        raise _refuse(
            "foreign",
            msg(
                "networks.foreign",
                "{name} is looked after by {owner}, not by NetworkManager.",
                name=name,
                owner=owner[name].kind,
            ),
            msg("networks.foreign.hint", "The page says how it is handed over."),
        )
    if exclusive and link.controller is not None:
        raise _refuse(
            "in_use",
            msg("networks.in_use", "{name} is part of {controller} already.", name=name, controller=link.controller),
        )
    if link.kind == "loopback":
        raise _refuse("loopback", msg("networks.loopback", "The loopback interface cannot be changed."))


def judge_addresses(wanted: Addresses) -> None:
    """Raises RhvError ``networks.address``, ``networks.gateway`` or ``networks.dns``."""
    if wanted.method != "static":
        return
    try:
        interface = ipaddress.IPv4Interface(wanted.address or "")
    except ValueError as error:
        raise _bad_address(str(error)) from error
    net = interface.network
    if (
        "/" not in (wanted.address or "")
        or net.prefixlen in (0, 32)
        or interface.ip.is_multicast
        or interface.ip.is_loopback
    ):
        raise _bad_address(str(interface))
    if net.prefixlen < 31 and interface.ip in (net.network_address, net.broadcast_address):
        raise _bad_address(str(interface))
    if wanted.gateway is not None:
        try:
            gateway = ipaddress.IPv4Address(wanted.gateway)
        except ValueError as error:
            raise _bad_gateway(wanted.gateway, str(net)) from error
        if gateway not in net or gateway == interface.ip:
            raise _bad_gateway(wanted.gateway, str(net))
    for server in wanted.dns:
        try:
            ipaddress.ip_address(server)
        except ValueError as error:
            raise _refuse(
                "dns", msg("networks.dns", "{address} is no address of a name server.", address=server[:60])
            ) from error


def _bad_address(detail: str) -> RhvError:
    text = msg("networks.address", "This is no IPv4 address of a host with its prefix, such as 192.0.2.10/24.")
    return _refuse("address", text, detail=detail)


def _bad_gateway(gateway: str, net: str) -> RhvError:
    text = msg(
        "networks.gateway", "The gateway {gateway} is not another address of {net}.", gateway=gateway[:60], net=net
    )
    return _refuse("gateway", text)


def _judge_bridge(plan: Plan, links: Mapping[str, Link]) -> list[Message]:
    if len(plan.on) != 1:
        raise _refuse("one", msg("networks.one", "Exactly one card, bond or VLAN is needed."))
    lower = links[plan.on[0]]
    if lower.kind == "bridge":
        raise _refuse(
            "bridge_on_bridge", msg("networks.bridge_on_bridge", "A bridge cannot be part of another bridge.")
        )
    if lower.bond is not None and lower.bond.mode in NOT_UNDER_BRIDGES:
        raise _refuse(
            "bond_mode",
            msg("networks.bond_mode", "A bond of mode {mode} does not work under a bridge.", mode=lower.bond.mode),
            msg("networks.bond_mode.hint", "Use mode 1, 2, 3 or 4."),
        )
    return []


def _judge_bond(plan: Plan, links: Mapping[str, Link]) -> list[Message]:
    warnings = []
    if len(set(plan.on)) < 2 or len(set(plan.on)) != len(plan.on):
        raise _refuse("bond_of_one", msg("networks.bond_of_one", "A bond needs at least two different cards."))
    if plan.mode not in BOND_MODES:
        raise _refuse("mode", msg("networks.mode", "There is no mode {mode} of bonds.", mode=plan.mode[:40]))
    for name in plan.on:
        if links[name].kind not in ("ethernet", "virtual"):
            raise _refuse("member", msg("networks.member", "{name} is no network card.", name=name))
    if plan.mode in NOT_UNDER_BRIDGES:
        warnings.append(
            msg("networks.warn_mode", "A bond of mode {mode} does not work under a bridge.", mode=plan.mode)
        )
    return warnings


def _judge_vlan(plan: Plan, links: Mapping[str, Link]) -> list[Message]:
    if len(plan.on) != 1:
        raise _refuse("one", msg("networks.one", "Exactly one card, bond or VLAN is needed."))
    if plan.vlan_id is None or not 1 <= plan.vlan_id <= 4094:
        raise _refuse("vlan_id", msg("networks.vlan_id", "The number of a VLAN is between 1 and 4094."))
    for link in links.values():
        if link.kind == "vlan" and link.vlan_id == plan.vlan_id and link.members == plan.on:
            raise _refuse(
                "vlan_taken",
                msg(
                    "networks.vlan_taken",
                    "VLAN {number} of {name} is there already.",
                    number=plan.vlan_id,
                    name=plan.on[0],
                ),
            )
    return []


def _judge_none(_plan: Plan, _links: Mapping[str, Link]) -> list[Message]:
    return []


def _judge_remove(plan: Plan, links: Mapping[str, Link]) -> list[Message]:
    link = links[plan.name]
    if link.kind not in ("bridge", "bond", "vlan"):
        raise _refuse("card", msg("networks.card", "{name} is a card: it cannot be removed.", name=plan.name))
    guests = [name for name in link.members if name in links and links[name].kind == "tun"]
    if guests:
        raise _refuse(
            "guests", msg("networks.guests", "{count} guests are on {name}.", count=len(guests), name=plan.name)
        )
    upper = [one.name for one in links.values() if one.kind == "vlan" and plan.name in one.members]
    if link.controller or upper:
        name = link.controller or upper[0]
        raise _refuse("below", msg("networks.below", "{upper} is built upon {name}.", upper=name, name=plan.name))
    return []


_OF_KIND = {
    "bridge": _judge_bridge,
    "bond": _judge_bond,
    "vlan": _judge_vlan,
    "mtu": _judge_none,
    "addresses": _judge_none,
    "remove": _judge_remove,
}


def _refuse(code: str, text: Message, hint: Message | None = None, detail: str | None = None) -> RhvError:
    return RhvError(f"networks.{code}", text, hint, detail)
