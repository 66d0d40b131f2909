# SPDX-License-Identifier: Apache-2.0
"""A plan as nmcli's arguments, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .profiles import moving

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from .addresses import Addresses
    from .plan import Plan
    from .profiles import Settings

_FAMILIES = ("ipv4", "ipv6")
_NO_ADDRESS = ("disabled", "ignore")
#: What is not allowed where there is to be no address, or belongs to the one that there was.
_ADDRESS = ("addresses", "gateway", "dns")
#: Without it a bridge or bond whose profile is brought up, after a rollback too, stays without its members and down.
_WITH_MEMBERS = ("connection.autoconnect-slaves", "1")


class Found(NamedTuple):
    """What a plan meets, by interface. ``profiles``: uuid of the active one; ``settings``: what that says.

    ``members``: what a removal frees. ``own``: those of them whose profile was made for that alone, and which had none
    before. ``giver``: what the address, or of a bond's cards what MAC address and zone, come from.
    """

    profiles: Mapping[str, str]
    settings: Mapping[str, Settings]
    macs: Mapping[str, str]
    kinds: Mapping[str, str]
    giver: str
    members: Sequence[str] = ()
    own: Collection[str] = ()

    @property
    def given(self) -> Settings:
        """What the giver's profile says."""
        return self.settings.get(self.giver, {})


def arguments(plan: Plan, found: Found, uuid: str) -> list[list[str]]:
    """nmcli's calls without its name. ``uuid``: of the profile that is made, for there may be others of its name."""
    if plan.kind in ("bridge", "bond", "vlan"):
        return _made(plan, found, uuid)
    if plan.kind == "remove":
        return _removed(plan, found)
    wanted = _mtu(plan) if plan.kind == "mtu" else addressing(plan.addresses) if plan.addresses else []
    # Not "up": a bridge that is brought up anew loses its guests' cables.
    return [
        ["connection", "modify", found.profiles[plan.name], *_bound(plan.name, found), *wanted],
        ["device", "reapply", plan.name],
    ]


def _made(plan: Plan, found: Found, uuid: str) -> list[list[str]]:
    named = ["con-name", plan.name, "ifname", plan.name, "connection.uuid", uuid]
    add = ["connection", "add", "save", "yes", "type", plan.kind, *named]
    mtu = _mtu(plan)
    address = addressing(plan.addresses) if plan.addresses and plan.addresses.method != "keep" else _none()
    if plan.kind == "bridge":
        address = _taken_over(plan.addresses, found.given)
        # The card's own MAC address, so that a DHCP server gives the bridge the address that the card had.
        add += ["bridge.stp", "no", *_WITH_MEMBERS, *_mac(found)]
    elif plan.kind == "bond":
        # Else it has that of whichever card is up first, and another address from a DHCP server after a boot.
        add += ["bond.options", f"mode={plan.mode},miimon=100", *_WITH_MEMBERS, *_mac(found)]
        zone = found.given.get("connection.zone")
        address = ["connection.zone", zone, *address] if zone else address
    else:
        add += ["dev", plan.on[0], "id", str(plan.vlan_id)]
    joins = [_join(name, plan, found, mtu) for name in plan.on] if plan.kind != "vlan" else []
    return [[*add, *mtu, *address], *joins, ["connection", "up", "uuid", uuid]]


def _removed(plan: Plan, found: Found) -> list[list[str]]:
    members, profiles = found.members, found.profiles
    inherits = len(members) == 1 and found.kinds[plan.name] == "bridge"
    addresses = _moved(found.given) if inherits else _none()
    if inherits and not found.given.get("connection.zone"):
        addresses = ["connection.zone", "", *addresses]  # the card may still be in the one it had long ago
    free = ["connection.master", "", "connection.slave-type", ""]
    # With an address to carry, a card needs its profile whoever made it.
    needed = inherits and any(found.given.get(f"{ip}.method", "disabled") not in _NO_ADDRESS for ip in _FAMILIES)
    gone = [name for name in members if name in found.own and not needed]
    stay = [name for name in members if name not in gone]
    freed = [["connection", "modify", profiles[name], *free, *addresses] for name in stay]
    back = [["connection", "up", "uuid", profiles[name]] for name in stay]
    ends = [["connection", "delete", profiles[name]] for name in gone]
    return [*freed, ["connection", "delete", profiles[plan.name]], *ends, *back]


def own_profile(controller: str, member: str) -> str:
    """What the profile is called that is made for a card without one, as it becomes part of a bridge or bond."""
    return f"{controller}-{member}"


def addressing(wanted: Addresses) -> list[str]:
    """What a profile is to say about IPv4, and about IPv6 where there is to be no address; what it said is gone."""
    if wanted.method == "static":
        dns = [] if wanted.dns is None else ["ipv4.dns", ",".join(wanted.dns)]
        place = ["ipv4.addresses", wanted.address or "", "ipv4.gateway", wanted.gateway or ""]
        return ["ipv4.method", "manual", *place, *dns]
    if wanted.method == "auto":
        return ["ipv4.method", "auto", *_cleared("ipv4", _ADDRESS)]
    # With IPv6 alone left to a router that is not there NetworkManager takes the interface down after a while.
    return [*_none(), *(word for ip in _FAMILIES for word in _cleared(ip, (*_ADDRESS, "dns-search")))]


def _cleared(family: str, words: Sequence[str]) -> list[str]:
    return [word for key in words for word in (f"{family}.{key}", "")]


def _none() -> list[str]:
    return ["ipv4.method", "disabled", "ipv6.method", "disabled"]


def _moved(giver: Settings) -> list[str]:
    return [word for pair in moving(giver).items() for word in pair] or _none()


def _taken_over(wanted: Addresses | None, giver: Settings) -> list[str]:
    """What the card had, but for what is wanted otherwise: IPv6, zone and search domains stay with a new address."""
    if wanted is None or wanted.method == "keep":
        return _moved(giver)
    given = addressing(wanted)
    if wanted.method == "none":
        kept = {key: value for key, value in moving(giver).items() if key.startswith("connection.")}
    else:
        kept = {key: value for key, value in moving(giver).items() if key not in given[::2]}
    return [*(word for pair in kept.items() for word in pair), *given]


def _mtu(plan: Plan) -> list[str]:
    return ["802-3-ethernet.mtu", str(plan.mtu)] if plan.mtu is not None else []


def _mac(found: Found) -> list[str]:
    mac = found.macs.get(found.giver)
    return ["802-3-ethernet.cloned-mac-address", mac] if mac else []


def _bound(name: str, found: Found) -> list[str]:
    """A profile that any card could use becomes that of the card it is changed for."""
    return [] if found.settings.get(name, {}).get("connection.interface-name") else ["connection.interface-name", name]


def _join(name: str, plan: Plan, found: Found, mtu: Sequence[str]) -> list[str]:
    member = ["connection.master", plan.name, "connection.slave-type", plan.kind, *mtu]
    if name in found.profiles:
        return ["connection", "modify", found.profiles[name], *_bound(name, found), *member]
    typed = ["type", "ethernet", "con-name", own_profile(plan.name, name), "ifname", name]
    assert found.kinds[name] in ("ethernet", "virtual")  # bonds and VLANs exist by their profiles
    return ["connection", "add", "save", "yes", *typed, *member]
