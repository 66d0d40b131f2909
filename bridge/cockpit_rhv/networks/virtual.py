# SPDX-License-Identifier: Apache-2.0
"""libvirt's networks and the guests' ends of network cards on this host."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import libvirt


class Tap(NamedTuple):
    """A guest's end of a cable on this host."""

    name: str
    guest: str
    uuid: str


class Virtual(NamedTuple):
    """``networks``: definition ``LibvirtNetwork`` by name. ``taps`` by interface.

    ``guests``: by interface the names of all that have a card on it, those that are off too; only who is about to
    change something looks for them.
    """

    networks: Mapping[str, Mapping[str, Any]]
    taps: Mapping[str, Tap]
    guests: Mapping[str, Sequence[str]] = MappingProxyType({})


def read_virtual(conn: libvirt.virConnect) -> Virtual:
    """Blocks; two bulk calls, and three short ones for each network. Raises libvirtError."""
    import libvirt

    networks = {network.name(): _network(network) for network in conn.listAllNetworks()}
    flags = libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
    taps = {}
    for domain, stats in conn.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_INTERFACE, flags):
        for number in range(stats.get("net.count", 0)):
            name = stats.get(f"net.{number}.name")
            if isinstance(name, str):
                taps[name] = Tap(name, domain.name(), domain.UUIDString())
    return Virtual(networks, taps)


def read_virtual_and_guests(conn: libvirt.virConnect) -> Virtual:
    """With ``guests``: blocks for two calls more for each guest. Raises libvirtError."""
    import libvirt

    virtual = read_virtual(conn)
    found: dict[str, set[str]] = {}
    for domain in conn.listAllDomains():
        try:
            texts = [domain.XMLDesc()]
            if domain.isPersistent():
                texts.append(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
                raise
            continue  # gone meanwhile
        for text in texts:
            for interface in plugged_into(text, virtual.networks):
                found.setdefault(interface, set()).add(domain.name())
    return virtual._replace(guests={name: sorted(guests) for name, guests in found.items()})


def plugged_into(text: str, networks: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """The host's interfaces that a guest's definition names, by itself or by a libvirt network. Raises ParseError."""
    found: set[str | None] = set()
    for source in ET.fromstring(text).iterfind("devices/interface/source"):  # noqa: S314 - libvirt wrote it
        network = networks.get(source.get("network") or "", {})
        found |= {source.get("bridge"), source.get("dev"), network.get("bridge")}
    return {name for name in found if name}


def _network(network: libvirt.virNetwork) -> dict[str, Any]:
    active = bool(network.isActive())
    leases = network.DHCPLeases() if active else []
    return {
        **parse_network(network.XMLDesc()),
        "uuid": network.UUIDString(),
        "active": active,
        "autostart": bool(network.autostart()),
        "persistent": bool(network.isPersistent()),
        "leases": sorted((_lease(lease) for lease in leases), key=lambda lease: str(lease["address"])),
    }


def parse_network(text: str) -> dict[str, Any]:
    """Bridge, way out, addresses and DHCP ranges of a network's definition. Raises ElementTree.ParseError."""
    root = ET.fromstring(text)  # noqa: S314 - libvirt, which wrote it, runs as root
    bridge, forward = root.find("bridge"), root.find("forward")
    return {
        "name": root.findtext("name") or "",
        "bridge": bridge.get("name") if bridge is not None else None,
        # without the element guests reach each other and the host only
        "forward": (forward.get("mode") or "nat") if forward is not None else "isolated",
        "device": forward.get("dev") if forward is not None else None,
        "addresses": [_ip(ip) for ip in root.iterfind("ip") if ip.get("address")],
        "ranges": [
            {"start": one.get("start") or "", "end": one.get("end") or ""} for one in root.iterfind("ip/dhcp/range")
        ],
    }


def _ip(ip: ET.Element) -> str:
    prefix, netmask = ip.get("prefix"), ip.get("netmask")
    return f"{ip.get('address')}/{prefix or netmask or ''}".rstrip("/")


def _lease(lease: Mapping[str, Any]) -> dict[str, Any]:
    expires_s = lease.get("expirytime")
    return {
        "mac": lease.get("mac"),
        "address": lease.get("ipaddr"),
        "hostname": lease.get("hostname"),
        "expires_s": expires_s if expires_s and expires_s > time.time() else None,
    }
