# SPDX-License-Identifier: Apache-2.0
"""A plan as nmcli's arguments, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from .addresses import Addresses
    from .plan import Plan

#: What a profile says about addresses; moved as it is from a card to the bridge upon it.
MOVED = (
    "ipv4.method", "ipv4.addresses", "ipv4.gateway", "ipv4.dns", "ipv4.dns-search", "ipv4.routes", "ipv4.route-metric",
    "ipv4.never-default", "ipv4.dhcp-client-id",
    "ipv6.method", "ipv6.addresses", "ipv6.gateway", "ipv6.dns", "ipv6.dns-search", "ipv6.routes",
)  # fmt: skip

_FAMILIES = ("ipv4", "ipv6")
_NO_ADDRESS = ("disabled", "ignore")
#: Without it a bridge or bond whose profile is brought up, after a rollback too, stays without its members and down.
_WITH_MEMBERS = ("connection.autoconnect-slaves", "1")


def arguments(
    plan: Plan,
    profiles: Mapping[str, str],
    macs: Mapping[str, str],
    moved: Mapping[str, str],
    kinds: Mapping[str, str],
    members: Sequence[str] = (),
    own: Collection[str] = (),
) -> list[list[str]]:
    """nmcli's calls without its name. ``profiles``: interface to its profile's uuid.

    ``moved``: values of MOVED, of what a bridge is made upon or of what is removed. ``members``: what a removal frees.
    ``own``: those of them whose profile was made for that alone, and which had none before.
    """
    add = ["connection", "add", "save", "yes"]
    mtu = ["802-3-ethernet.mtu", str(plan.mtu)] if plan.mtu is not None else []
    if plan.kind == "bridge":
        lower = plan.on[0]
        address = (
            _moved(moved) if plan.addresses is None or plan.addresses.method == "keep" else addressing(plan.addresses)
        )
        # The card's own MAC address, so that a DHCP server gives the bridge the address that the card had.
        mac = ["802-3-ethernet.cloned-mac-address", macs[lower]] if lower in macs else []
        made = [
            *add,
            "type",
            "bridge",
            "con-name",
            plan.name,
            "ifname",
            plan.name,
            "bridge.stp",
            "no",
            *_WITH_MEMBERS,
            *mac,
        ]
        return [
            [*made, *mtu, *address],
            _join(lower, plan.name, "bridge", profiles, kinds, mtu),
            ["connection", "up", plan.name],
        ]
    if plan.kind == "bond":
        options = f"mode={plan.mode},miimon=100"
        made = [
            *add,
            "type",
            "bond",
            "con-name",
            plan.name,
            "ifname",
            plan.name,
            "bond.options",
            options,
            *_WITH_MEMBERS,
        ]
        joins = [_join(name, plan.name, "bond", profiles, kinds, mtu) for name in plan.on]
        address = addressing(plan.addresses) if plan.addresses else _none()
        return [[*made, *mtu, *address], *joins, ["connection", "up", plan.name]]
    if plan.kind == "vlan":
        made = [
            *add,
            "type",
            "vlan",
            "con-name",
            plan.name,
            "ifname",
            plan.name,
            "dev",
            plan.on[0],
            "id",
            str(plan.vlan_id),
        ]
        address = addressing(plan.addresses) if plan.addresses else _none()
        return [[*made, *mtu, *address], ["connection", "up", plan.name]]
    uuid = profiles[plan.name]
    if plan.kind == "mtu":
        return [["connection", "modify", uuid, *mtu], ["device", "reapply", plan.name]]
    if plan.kind == "addresses":
        assert plan.addresses is not None
        # Not "up": a bridge that is brought up anew loses its guests' cables.
        return [["connection", "modify", uuid, *addressing(plan.addresses)], ["device", "reapply", plan.name]]
    inherits = len(members) == 1 and kinds[plan.name] == "bridge"
    addresses = _moved(moved) if inherits else _none()
    free = ["connection.master", "", "connection.slave-type", ""]
    # With an address to carry, a card needs its profile whoever made it.
    needed = inherits and any(moved.get(f"{ip}.method", "disabled") not in _NO_ADDRESS for ip in _FAMILIES)
    gone = [name for name in members if name in own and not needed]
    stay = [name for name in members if name not in gone]
    freed = [["connection", "modify", profiles[name], *free, *addresses] for name in stay]
    back = [["connection", "up", profiles[name]] for name in stay]
    ends = [["connection", "delete", profiles[name]] for name in gone]
    return [*freed, ["connection", "delete", uuid], *ends, *back]


def own_profile(controller: str, member: str) -> str:
    """What the profile is called that is made for a card without one, as it becomes part of a bridge or bond."""
    return f"{controller}-{member}"


def addressing(wanted: Addresses) -> list[str]:
    """What a profile is to say about IPv4, and about IPv6 where there is to be no address; what it said is gone."""
    if wanted.method == "static":
        return [
            "ipv4.method", "manual", "ipv4.addresses", wanted.address or "", "ipv4.gateway", wanted.gateway or "",
            "ipv4.dns", ",".join(wanted.dns),
        ]  # fmt: skip
    bare = [word for ip in _FAMILIES for key in ("addresses", "gateway", "dns") for word in (f"{ip}.{key}", "")]
    if wanted.method == "auto":
        return ["ipv4.method", "auto", *bare[: len(bare) // 2]]
    # With IPv6 alone left to a router that is not there NetworkManager takes the interface down after a while.
    return [*_none(), *bare]


def _none() -> list[str]:
    return ["ipv4.method", "disabled", "ipv6.method", "disabled"]


def _moved(moved: Mapping[str, str]) -> list[str]:
    # the method last: "manual" without an address is refused
    found = [(key, moved[key]) for key in MOVED if moved.get(key)]
    return [word for pair in found for word in pair] or _none()


def _join(
    name: str, controller: str, kind: str, profiles: Mapping[str, str], kinds: Mapping[str, str], mtu: Sequence[str]
) -> list[str]:
    member = ["connection.master", controller, "connection.slave-type", kind, *mtu]
    if name in profiles:
        return ["connection", "modify", profiles[name], *member]
    typed = ["type", "ethernet", "con-name", own_profile(controller, name), "ifname", name]
    assert kinds[name] in ("ethernet", "virtual")  # bonds and VLANs exist by their profiles
    return ["connection", "add", "save", "yes", *typed, *member]
