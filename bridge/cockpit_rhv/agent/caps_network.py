# SPDX-License-Identifier: Apache-2.0
"""The network part of Host.getCapabilities (shared fact sheet vdsm.md, 3.2)."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..host.files import read_optional

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..host.nics import Nic


def network_caps(nics: Sequence[Nic], root: Path = Path("/")) -> dict[str, Any]:
    """``networks``, ``nics``, ``bridges``, ``bondings``, ``vlans``, each by device name.

    Guests' taps and other virtual interfaces are in none of them. The flags dhcpv6 and the options only nmstate knows
    are left out.
    """
    by_kind = {kind: [nic for nic in nics if nic.kind == kind] for kind in ("ethernet", "bridge", "bond", "vlan")}
    carriers = {nic.name for nic in nics if nic.kind in ("ethernet", "bond", "vlan")}
    networks = [nic for nic in by_kind["bridge"] if nic.gateways.ipv4 or not carriers.isdisjoint(nic.members)]
    return {
        "nics": {nic.name: _nic(nic, root) for nic in by_kind["ethernet"]},
        "bridges": {nic.name: _bridge(nic, root) for nic in by_kind["bridge"]},
        "bondings": {nic.name: _bond(nic, root) for nic in by_kind["bond"]},
        "vlans": {nic.name: _vlan(nic, root) for nic in by_kind["vlan"]},
        # vdsm lists what it has set up itself. We have set up nothing: a bridge with a way out of this host (a carrier,
        # or in a container the default route) looks like a network of the Manager; its name is the administrator's.
        "networks": {nic.name: _network(nic, carriers, root) for nic in networks},
    }


def client_interface(nics: Iterable[Nic], local_address: str) -> str:
    """Name of the interface that holds the address a client connected to; empty when none does (any more)."""
    return next((nic.name for nic in nics for held in nic.addresses if held.address == local_address), "")


def _ip(nic: Nic, root: Path) -> dict[str, Any]:
    ipv4 = [held for held in nic.addresses if held.family == "ipv4"]
    first = ipv4[0] if ipv4 else None
    settings = root / f"proc/sys/net/ipv6/conf/{nic.name}"
    return {
        "addr": first.address if first else "",
        "netmask": str(ipaddress.IPv4Network(f"0.0.0.0/{first.prefix}").netmask) if first else "",
        "ipv4addrs": [f"{held.address}/{held.prefix}" for held in ipv4],
        "ipv6addrs": [f"{held.address}/{held.prefix}" for held in nic.addresses if held.family == "ipv6"],
        "gateway": nic.gateways.ipv4 or "",
        "ipv6gateway": nic.gateways.ipv6 or "",
        "ipv4defaultroute": nic.gateways.ipv4 is not None,
        "ipv6autoconf": read_optional(settings / "autoconf") == "1",
        "dhcpv4": any(held.dynamic for held in ipv4),
        "mtu": str(nic.mtu),
    }


def _nic(nic: Nic, root: Path) -> dict[str, Any]:
    return {"hwaddr": nic.mac or "", "speed": nic.speed_mbps or 0, **_ip(nic, root)}


def _bridge(nic: Nic, root: Path) -> dict[str, Any]:
    options = _options(root / f"sys/class/net/{nic.name}/bridge")
    return {"ports": list(nic.members), "stp": _stp(options), "opts": options, **_ip(nic, root)}


def _bond(nic: Nic, root: Path) -> dict[str, Any]:
    options = _options(root / f"sys/class/net/{nic.name}/bonding")
    return {
        "hwaddr": nic.mac or "",
        "slaves": list(nic.members),
        "active_slave": options.get("active_slave", ""),
        "opts": options,
        "speed": nic.speed_mbps or 0,
        "switch": "legacy",
        **_ip(nic, root),
    }


def _vlan(nic: Nic, root: Path) -> dict[str, Any]:
    parent = {"iface": nic.members[0] if nic.members else ""}
    return {**parent, **({} if nic.vlan_id is None else {"vlanid": nic.vlan_id}), **_ip(nic, root)}


def _network(nic: Nic, carriers: set[str], root: Path) -> dict[str, Any]:
    options = _options(root / f"sys/class/net/{nic.name}/bridge")
    southbound = [member for member in nic.members if member in carriers][:1]
    return {
        **({"southbound": southbound[0]} if southbound else {}),
        "iface": nic.name,
        "bridged": True,
        "ports": list(nic.members),
        "stp": _stp(options),
        "switch": "legacy",
        **_ip(nic, root),
    }


def _stp(options: dict[str, str]) -> str:
    return "on" if options.get("stp_state", "0") != "0" else "off"


def _options(folder: Path) -> dict[str, str]:
    """The readable files of a sysfs folder; ``mode`` of a bond reads ``active-backup 1``."""
    if not folder.is_dir():
        return {}
    found = ((path.name, read_optional(path)) for path in sorted(folder.iterdir()) if path.is_file())
    return {name: value for name, value in found if value is not None}
