# SPDX-License-Identifier: Apache-2.0
"""libvirt's networks and the guests' ends of network cards on this host."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import libvirt


class Tap(NamedTuple):
    """A guest's end of a cable on this host."""

    name: str
    guest: str
    uuid: str


class Virtual(NamedTuple):
    """``networks``: definition ``LibvirtNetwork`` by name. ``taps`` by interface."""

    networks: Mapping[str, Mapping[str, Any]]
    taps: Mapping[str, Tap]


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
