# SPDX-License-Identifier: Apache-2.0
"""A guest's network cards come, go, are plugged in and unplugged. Blocks, raises :class:`RhvError`."""

from __future__ import annotations

import re
import secrets
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RhvError
from ..messages import msg
from .actions import domain_of, mapped, require_own
from .attach import Moments, Side, attach, detach, elements, sides, update
from .xml import tree

if TYPE_CHECKING:
    import libvirt

#: QEMU's own range of addresses; libvirt draws from it, too.
_PREFIX = "52:54:00"
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_CARDS = Path("/sys/class/net")


class NicRequest(NamedTuple):
    """``kind``: network, bridge or user; ``source``: the name of the first two. ``mac`` None: one is made up."""

    kind: str
    source: str | None
    model: str
    mac: str | None


class Choices(NamedTuple):
    """``networks``: libvirt's, with whether they are active; ``bridges``: others of this host."""

    networks: tuple[tuple[str, bool], ...]
    bridges: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Result of method ``machines.nic_choices``."""
        networks = [{"name": name, "active": active} for name, active in self.networks]
        return {"networks": networks, "bridges": list(self.bridges)}


def nic_choices(conn: libvirt.virConnect, cards: Path = _CARDS) -> Choices:
    """What a card can be plugged into. A bridge that libvirt made for a network is offered as that network."""
    networks, made = [], set()
    with mapped():
        for network in conn.listAllNetworks():
            networks.append((network.name(), bool(network.isActive())))
            root = ET.fromstring(network.XMLDesc())  # noqa: S314 - libvirt's own text
            bridge, forward = root.find("bridge"), root.find("forward")
            if bridge is not None and (forward is None or forward.get("mode") != "bridge"):
                made.add(bridge.get("name"))
    bridges = sorted(one.parent.name for one in cards.glob("*/bridge") if one.parent.name not in made)
    return Choices(tuple(sorted(networks)), tuple(bridges))


def add_nic(conn: libvirt.virConnect, uuid: str, wanted: NicRequest, when: Moments) -> str:
    """Give the guest another network card; returns its address.

    Raises ``nic.bad_mac``, ``nic.duplicate``, ``nic.no_bridge``, ``network.*``, ``device.*`` and libvirt's.
    """
    require_own(conn, uuid, engine_too=False)
    with domain_of(conn, uuid) as domain:
        found = sides(domain, when)
        _require_source(conn, wanted)
        taken = _addresses(conn, uuid, found)
        mac = _free_address(taken) if wanted.mac is None else wanted.mac.lower()
        if not _MAC.fullmatch(mac) or int(mac[:2], 16) & 1 or mac == "00:00:00:00:00:00":
            raise RhvError(
                "nic.bad_mac",
                msg("nic.bad_mac", "{mac} is no address of a network card.", mac=mac[:64]),
                msg(
                    "nic.bad_mac.hint",
                    "Six pairs of hexadecimal digits, of which the first is even: 52:54:00:12:34:56.",
                ),
            )
        if mac in taken:
            raise RhvError(
                "nic.duplicate",
                msg("nic.duplicate", "The guest {name} has a card with the address {mac}.", name=taken[mac], mac=mac),
                msg("nic.duplicate.hint", "Two cards with one address on a network disturb each other."),
            )
        attach(domain, found, nic_element(wanted, mac))
        return mac


def remove_nic(conn: libvirt.virConnect, uuid: str, mac: str, when: Moments) -> None:
    """Take a network card from the guest. Raises ``device.*`` and libvirt's."""
    require_own(conn, uuid, engine_too=False)
    with domain_of(conn, uuid) as domain:
        devices = elements(sides(domain, when), "devices/interface", lambda card: _mac(card) == mac.lower())
        detach(domain, devices, lambda: mac.lower() in map(_mac, tree(domain.XMLDesc()).findall("devices/interface")))


def set_link(conn: libvirt.virConnect, uuid: str, mac: str, up: bool, when: Moments) -> None:
    """Plug a card's cable in or out. Raises ``device.none`` and libvirt's."""
    require_own(conn, uuid, engine_too=False)
    with domain_of(conn, uuid) as domain:
        devices = elements(sides(domain, when), "devices/interface", lambda card: _mac(card) == mac.lower())
        for _side, card in devices:
            for link in card.findall("link"):
                card.remove(link)
            ET.SubElement(card, "link", state="up" if up else "down")
        update(domain, devices)


def nic_element(wanted: NicRequest, mac: str) -> ET.Element:
    """A card for a domain's devices."""
    card = ET.Element("interface", type=wanted.kind)
    ET.SubElement(card, "mac", address=mac)
    if wanted.kind != "user":
        ET.SubElement(card, "source", {wanted.kind: wanted.source or ""})
    ET.SubElement(card, "model", type=wanted.model)
    return card


def _require_source(conn: libvirt.virConnect, wanted: NicRequest) -> None:
    """libvirt stores a card on a network or bridge that is not there, and the guest does not start then."""
    name = wanted.source or ""
    if wanted.kind == "network":
        conn.networkLookupByName(name)
    elif wanted.kind == "bridge" and (
        "/" in name or name in ("", ".", "..") or not (_CARDS / name / "bridge").is_dir()
    ):
        raise RhvError(
            "nic.no_bridge",
            msg("nic.no_bridge", "There is no bridge {name} on this host.", name=name[:64]),
            msg("nic.no_bridge.hint", "Choose another, or make it first."),
        )


def _addresses(conn: libvirt.virConnect, uuid: str, found: list[Side]) -> dict[str, str]:
    """Addresses that are taken, and by which guest. A card that this guest has may come into its other definition."""
    import libvirt

    taken: dict[str, str] = {}
    for domain in conn.listAllDomains():
        if domain.UUIDString() == uuid.lower():
            roots = [side.root for side in found if side.wanted]
        else:
            roots = [tree(domain.XMLDesc(flags)) for flags in (0, libvirt.VIR_DOMAIN_XML_INACTIVE)]
        for root in roots:
            for card in root.findall("devices/interface"):
                taken.setdefault(_mac(card), domain.name())
    return taken


def _free_address(taken: dict[str, str]) -> str:
    while True:
        mac = ":".join((_PREFIX, *(f"{byte:02x}" for byte in secrets.token_bytes(3))))
        if mac not in taken:
            return mac


def _mac(card: ET.Element) -> str:
    found = card.find("mac")
    return "" if found is None else found.get("address", "").lower()
