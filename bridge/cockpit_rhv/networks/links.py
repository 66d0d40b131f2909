# SPDX-License-Identifier: Apache-2.0
"""Every interface of the host with its addresses, as iproute2 and sysfs tell them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RhvError
from ..messages import msg
from .commands import ask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .commands import Run

#: linkinfo's kinds that the page has a place of its own for.
_KINDS = ("bridge", "bond", "vlan", "tun")
#: Those that sit upon another interface; of a veth ``link`` is its other end.
_UPON = ("vlan", "macvlan", "macvtap", "ipvlan", "ipvtap")


class Address(NamedTuple):
    """``dynamic``: with a lifetime, from DHCP or a router. ``family``: ipv4 or ipv6."""

    address: str
    prefix: int
    family: str
    dynamic: bool


class BondMember(NamedTuple):
    """What the bond itself says of a member. ``link``: up, down or unknown. ``active``: it carries traffic."""

    link: str
    active: bool


class Bond(NamedTuple):
    """``mode``: the kernel's name, such as active-backup."""

    mode: str
    members: dict[str, BondMember]


@dataclass(frozen=True)
class Link:
    """One interface. ``kind``: ethernet, bridge, bond, vlan, tun, virtual or loopback.

    ``enabled``: switched on. ``link``: up, down, or unknown where the driver does not tell. ``members``: ports of a
    bridge, NICs of a bond, the parent of a VLAN. ``controller``: the bridge or bond it is in. ``speed_mbps``: None when
    it has none. ``most_mtu``: None where the driver does not tell. ``upon``: what a VLAN or a guest's macvtap sits on.
    """

    name: str
    index: int
    kind: str
    mac: str | None
    enabled: bool
    link: str
    mtu: int
    controller: str | None
    members: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    speed_mbps: int | None = None
    duplex: str | None = None
    driver: str | None = None
    vlan_id: int | None = None
    bond: Bond | None = None
    most_mtu: int | None = None
    upon: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The part of definition ``NetworkLink`` that the kernel knows."""
        bond = self.bond
        return {
            "name": self.name,
            "kind": self.kind,
            "mac": self.mac,
            "enabled": self.enabled,
            "link": self.link,
            "mtu": self.mtu,
            "controller": self.controller,
            "members": list(self.members),
            "addresses": [address._asdict() for address in self.addresses],
            "speed_mbps": self.speed_mbps,
            "duplex": self.duplex,
            "driver": self.driver,
            "vlan_id": self.vlan_id,
            "bond": bond
            and {"mode": bond.mode, "members": {name: member._asdict() for name, member in bond.members.items()}},
        }


class Route(NamedTuple):
    """``destination``: default or a prefix. ``gateway``: None for what is on the wire itself."""

    destination: str
    gateway: str | None
    device: str
    metric: int | None
    family: str
    protocol: str | None


@dataclass(frozen=True)
class Kernel:
    """What the kernel says: interfaces by name, routes in its order."""

    links: Mapping[str, Link] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()


def read_kernel(run: Run, root: Path = Path("/")) -> Kernel:
    """Raises RhvError ``networks.command`` or ``networks.unreadable``."""
    told = _json(ask(run, ["ip", "-d", "-j", "addr", "show"]))
    folder = root / "sys/class/net"
    ports: dict[str, list[str]] = {}
    for item in told:
        if "master" in item:
            ports.setdefault(item["master"], []).append(item["ifname"])
    links = {item["ifname"]: _link(item, folder / item["ifname"], ports) for item in told}
    routes = [
        route
        for flag, family in (("-4", "ipv4"), ("-6", "ipv6"))
        for item in _json(ask(run, ["ip", "-j", flag, "route", "show"]))
        for route in _routes(item, family)
    ]
    return Kernel(links, tuple(routes))


def _json(text: str) -> list[dict[str, Any]]:
    try:
        # older versions print nothing at all, or empty objects, where there is nothing to tell
        return [item for item in json.loads(text or "[]") if item]
    except ValueError as error:
        sentence = msg("networks.unreadable", "What the host says about its networks is not understood.")
        raise RhvError("networks.unreadable", sentence, None, f"no JSON: {text[:200]!r}") from error


def _link(item: Mapping[str, Any], device: Path, ports: Mapping[str, list[str]]) -> Link:
    name = item["ifname"]
    kind = _kind(item, device)
    parent = item.get("link")
    members = (parent,) if kind == "vlan" and parent else tuple(sorted(ports.get(name, ())))
    speed = _number(device / "speed")
    driver = device / "device/driver"
    return Link(
        name=name,
        index=item["ifindex"],
        kind=kind,
        mac=item.get("address") if item.get("link_type") == "ether" else None,
        enabled="UP" in item["flags"],
        link=_link_state(item),
        mtu=item["mtu"],
        controller=item.get("master"),
        members=members,
        addresses=_addresses(item),
        # -1 and 2^32-1 both stand for unknown, by driver
        speed_mbps=speed if speed is not None and 0 < speed < 2**31 else None,
        duplex=_text(device / "duplex"),
        driver=driver.resolve().name if driver.is_symlink() else None,
        vlan_id=_info(item).get("id") if kind == "vlan" else None,
        bond=_bond(item, members, device) if kind == "bond" else None,
        most_mtu=item.get("max_mtu") or None,
        upon=parent if item.get("linkinfo", {}).get("info_kind") in _UPON else None,
    )


def _info(item: Mapping[str, Any]) -> Mapping[str, Any]:
    found = item.get("linkinfo", {}).get("info_data", {})
    return found if isinstance(found, dict) else {}


def _kind(item: Mapping[str, Any], device: Path) -> str:
    kind = item.get("linkinfo", {}).get("info_kind")
    if item.get("link_type") == "loopback":
        return "loopback"
    if kind in _KINDS:
        return str(kind)
    # Only what a bus drives has a device. A container's card is one end of a veth and its only way out.
    return "ethernet" if (device / "device").exists() else "virtual"


def _link_state(item: Mapping[str, Any]) -> str:
    state = item.get("operstate", "UNKNOWN")
    if state == "UNKNOWN":
        # drivers without carrier detection never say up
        return "unknown" if "UP" in item["flags"] else "down"
    return "up" if state == "UP" else "down"


def _addresses(item: Mapping[str, Any]) -> tuple[Address, ...]:
    return tuple(
        Address(one["local"], one["prefixlen"], "ipv4" if one["family"] == "inet" else "ipv6", bool(one.get("dynamic")))
        for one in item.get("addr_info", ())
        # nobody configures or reaches a host by its link-local addresses
        if one.get("family") in ("inet", "inet6") and one.get("scope") != "link" and "local" in one
    )


def _bond(item: Mapping[str, Any], members: tuple[str, ...], device: Path) -> Bond:
    info = _info(item)
    mode = str(info.get("mode", "unknown"))
    active = info.get("active_slave")
    found = {}
    for name in members:
        port = device.parent / name / "bonding_slave"
        state = _text(port / "mii_status") or "unknown"
        carries = name == active if mode == "active-backup" else _text(port / "state") in ("active", None)
        found[name] = BondMember("up" if state == "up" else "unknown" if state == "unknown" else "down", carries)
    return Bond(mode, found)


def _routes(item: Mapping[str, Any], family: str) -> list[Route]:
    hops = item.get("nexthops") or [item]
    return [
        Route(
            item.get("dst", "default"),
            hop.get("gateway") or item.get("gateway"),
            hop["dev"],
            item.get("metric"),
            family,
            item.get("protocol"),
        )
        for hop in hops
        # a route that leads nowhere has no interface; multicast and link-local ones are on every interface
        if "dev" in hop and not str(item.get("dst", "")).startswith(("fe80:", "ff00:"))
    ]


def _text(path: Path) -> str | None:
    """A small file; sysfs answers EINVAL for what does not apply, such as the speed of a link that is down."""
    try:
        return path.read_text("utf-8", "replace").strip() or None
    except OSError:
        return None


def _number(path: Path) -> int | None:
    try:
        return int(_text(path) or "")
    except ValueError:
        return None
