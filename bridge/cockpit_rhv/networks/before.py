# SPDX-License-Identifier: Apache-2.0
"""What of the kernel's networks must be so again when a change is taken back, and what of it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ..messages import msg

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..messages import Message
    from .links import Kernel, Link
    from .plan import Plan
    from .view import Structure


class Way(NamedTuple):
    """A gateway, and the interface it is reached over."""

    gateway: str
    device: str


class Facts(NamedTuple):
    """Of one interface. ``fixed``: addresses with their prefixes that no server gave; ``given``: families of others."""

    controller: str | None
    mtu: int
    fixed: tuple[str, ...]
    given: tuple[str, ...]


@dataclass(frozen=True)
class Before:
    """``links``: what NetworkManager looks after or the change touches. ``active``: the profile's uuid by interface.

    ``made``: interfaces that the change makes. ``routes``: those somebody wrote down, as destination, gateway and
    interface. ``way``: the default gateway, ``answers``: it did when somebody asked it.
    """

    links: Mapping[str, Facts]
    active: Mapping[str, str]
    made: tuple[str, ...]
    routes: tuple[tuple[str, str | None, str], ...]
    way: Way | None
    answers: bool = False

    @classmethod
    def of(cls, plan: Plan, structure: Structure) -> Before:
        """As it is now."""
        links, devices = structure.kernel.links, structure.manager.devices
        active = {
            name: device.uuid
            for name, device in devices.items()
            if device.uuid and device.managed and device.state == "connected" and name != "lo"
        }
        touched = {plan.name, *plan.on}
        known = [links[name] for name in touched if name in links]
        touched |= {name for link in known for name in (*link.members, link.controller or link.name)}
        found = {name: _facts(links[name]) for name in links if name in active or name in touched}
        found = {name: facts for name, facts in found.items() if links[name].kind != "tun"}
        made = (plan.name,) if plan.kind in ("bridge", "bond", "vlan") else ()
        routes = tuple(sorted(_routes(structure.kernel, found), key=str))
        return cls(found, active, made, routes, default_gateway(structure.kernel))

    def order(self) -> list[str]:
        """Interfaces with a profile, controllers before their members."""
        below = {name for name, facts in self.links.items() if facts.controller is not None}
        return sorted(self.active, key=lambda name: (name in below, name))

    def differences(self, now: Kernel) -> list[tuple[str, Message]]:
        """What is not as it was, each with the interface it concerns."""
        found: list[tuple[str, Message]] = []
        for name, facts in self.links.items():
            if name in now.links:
                found += [(name, text) for text in _differences(name, facts, now.links[name])]
            else:
                found.append((name, msg("networks.left.gone", "The interface {name} is not there.", name=name)))
        routes = _routes(now, self.links)
        for destination, gateway, device in self.routes:
            if (destination, gateway, device) not in routes:
                text = msg(
                    "networks.left.route", "The route to {to} over {name} is missing.", to=destination, name=device
                )
                found.append((device, text))
        for name in self.made:
            if name in now.links:
                found.append(
                    (name, msg("networks.left.made", "{name}, which the change made, is still there.", name=name))
                )
        way = default_gateway(now)
        if self.way is not None and way != self.way:
            to = self.way
            text = msg(
                "networks.left.way",
                "The default route does not lead over {name}.",
                name=to.device,
            )
            found.append((to.device, text))
        return found

    def to_json(self) -> dict[str, Any]:
        """Form in the record of a change."""
        return {
            "links": {name: facts._asdict() for name, facts in self.links.items()},
            "active": dict(self.active),
            "made": list(self.made),
            "routes": [list(route) for route in self.routes],
            "way": self.way and list(self.way),
            "answers": self.answers,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Before:
        """Inverse of :meth:`to_json`; raises KeyError or TypeError when a field is missing or wrong."""
        links = {
            name: Facts(one["controller"], one["mtu"], tuple(one["fixed"]), tuple(one["given"]))
            for name, one in value["links"].items()
        }
        routes = tuple((to, gateway, device) for to, gateway, device in value["routes"])
        way = Way(*value["way"]) if value["way"] else None
        return cls(links, value["active"], tuple(value["made"]), routes, way, value["answers"])


def default_gateway(kernel: Kernel) -> Way | None:
    """Of the best IPv4 default route."""
    found = [
        (one.metric or 0, Way(one.gateway, one.device))
        for one in kernel.routes
        if one.destination == "default" and one.family == "ipv4" and one.gateway
    ]
    return min(found)[1] if found else None


def _facts(link: Link) -> Facts:
    fixed = sorted(f"{one.address}/{one.prefix}" for one in link.addresses if not one.dynamic)
    given = sorted({one.family for one in link.addresses if one.dynamic})
    return Facts(link.controller, link.mtu, tuple(fixed), tuple(given))


def _routes(kernel: Kernel, links: Mapping[str, object]) -> set[tuple[str, str | None, str]]:
    return {
        (one.destination, one.gateway, one.device)
        for one in kernel.routes
        if one.protocol == "static" and one.device in links
    }


def _differences(name: str, was: Facts, link: Link) -> list[Message]:
    now = _facts(link)
    found = []
    if now.controller != was.controller:
        if was.controller is None:
            text = msg(
                "networks.left.in", "{name} is part of {controller}.", name=name, controller=now.controller or ""
            )
        else:
            text = msg("networks.left.out", "{name} is not part of {controller}.", name=name, controller=was.controller)
        found.append(text)
    if now.mtu != was.mtu:
        found.append(
            msg(
                "networks.left.mtu", "{name} has an MTU of {now} instead of {was}.", name=name, now=now.mtu, was=was.mtu
            )
        )
    missing = [one for one in was.fixed if one not in now.fixed]
    missing += [family for family in was.given if family not in now.given]
    if missing:
        texts = {"ipv4": "IPv4 (DHCP)", "ipv6": "IPv6 (DHCP)"}
        shown = ", ".join(texts.get(one, one) for one in missing)
        found.append(msg("networks.left.address", "{name} lacks its address: {addresses}.", name=name, addresses=shown))
    more = [one for one in now.fixed if one not in was.fixed]
    if more:
        text = msg(
            "networks.left.more", "{name} has an address more: {addresses}.", name=name, addresses=", ".join(more)
        )
        found.append(text)
    return found
