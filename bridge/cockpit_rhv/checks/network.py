# SPDX-License-Identifier: Apache-2.0
"""The network the engine VM is connected to, and what a MAC address must not be."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Interface
from typing import TYPE_CHECKING

from ..host.bridge_table import seen_macs
from ..messages import msg
from .model import ERROR, OK, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .context import Context

NAT = "nat"
BRIDGE = "bridge"


@dataclass(frozen=True)
class Segment:
    """The planned network as this host sees it: the host's own addresses on it, and the device they are on.

    ``linked``: a question asked on the device reaches whoever is there, so that silence says something.
    """

    device: str | None
    addresses: Sequence[IPv4Interface]
    linked: bool = True


def planned_segment(context: Context) -> Segment | None:
    """None when there is no such bridge or network."""
    name = context.answer("network.name")
    if context.answer("network.kind") == NAT:
        network = context.hypervisor.network(name)
        return None if network is None else Segment(network.bridge, network.subnets)
    for nic in context.facts["nics"]:
        if nic["name"] == name and nic["kind"] == "bridge":
            found = [IPv4Interface(f"{a['address']}/{a['prefix']}") for a in nic["addresses"] if a["family"] == "ipv4"]
            cards = [port for port in context.facts["nics"] if port["controller"] == name and port["kind"] != "virtual"]
            return Segment(name, found, nic["up"] and (not cards or any(card["up"] for card in cards)))
    return None


def check_connection(context: Context) -> Outcome:
    """The bridge is up, or the libvirt network can be started."""
    return _check_network(context) if context.answer("network.kind") == NAT else _check_bridge(context)


def _check_bridge(context: Context) -> Outcome:
    name = context.answer("network.name")
    bridges = [nic for nic in context.facts["nics"] if nic["kind"] == "bridge"]
    nic = next((bridge for bridge in bridges if bridge["name"] == name), None)
    if nic is None:
        return Outcome(
            ERROR,
            msg("checks.network.no_bridge", "This host has no bridge named {name}.", name=name),
            [Evidence("/sys/class/net", ", ".join(bridge["name"] for bridge in bridges) or "no bridges")],
            msg("checks.network.no_bridge.remedy", "Choose one of the host's bridges, or create it first."),
        )
    evidence = [
        Evidence(
            f"/sys/class/net/{name}", f"{'up' if nic['up'] else 'down'}, ports: {', '.join(nic['members']) or 'none'}"
        )
    ]
    if not nic["up"]:
        remedy = msg("checks.network.bridge_down.remedy", "Activate it: nmcli connection up {name}", name=name)
        return Outcome(
            ERROR, msg("checks.network.bridge_down", "The bridge {name} is down.", name=name), evidence, remedy
        )
    if not nic["addresses"]:
        text = msg("checks.network.bridge_bare", "This host has no address on the bridge {name}.", name=name)
        remedy = msg(
            "checks.network.bridge_bare.remedy",
            "Give the bridge an address, or make sure this host reaches the engine another way.",
        )
        return Outcome(WARNING, text, evidence, remedy)
    return Outcome(OK, msg("checks.network.bridge_ok", "The bridge {name} is up.", name=name), evidence)


def _check_network(context: Context) -> Outcome:
    name = context.answer("network.name")
    known = context.hypervisor.networks
    network = context.hypervisor.network(name)
    if network is None:
        return Outcome(
            ERROR,
            msg("checks.network.unknown", "libvirt has no network named {name}.", name=name),
            [Evidence("virConnectListAllNetworks", ", ".join(item.name for item in known) or "no networks")],
            msg(
                "checks.network.unknown.remedy",
                "Choose one of libvirt's networks, or connect the engine VM to a bridge.",
            ),
        )
    state = "active" if network.active else "inactive"
    evidence = [Evidence(f"virNetworkLookupByName({name})", f"{state}, forward {network.forward or 'none'}")]
    if network.forward not in ("nat", "open", "route"):
        # Nothing on an isolated network is reached but this host; that may be wanted, and works.
        text = msg("checks.network.isolated", "The network {name} leads nowhere but to this host.", name=name)
        return Outcome(WARNING, text, evidence)
    if not network.dhcp and context.answer("network.mode") == "dhcp":
        text = msg("checks.network.no_dhcp", "The network {name} gives out no addresses.", name=name)
        remedy = msg("checks.network.no_dhcp.remedy", "Choose a fixed address for the engine VM.")
        return Outcome(ERROR, text, evidence, remedy, path="network.mode")
    if not network.active:
        return Outcome(
            OK,
            msg("checks.network.will_start", "The network {name} is inactive; the deployment starts it.", name=name),
            evidence,
        )
    return Outcome(OK, msg("checks.network.ok", "The network {name} is active.", name=name), evidence)


def check_reach(context: Context) -> Outcome:
    """Behind NAT nobody else gets in: true of every NAT network, so it is said before it surprises."""
    if context.answer("network.kind") != NAT:
        return Outcome(OK, msg("checks.reach.ok", "The engine is reached from wherever the bridge leads."))
    return Outcome(
        WARNING,
        msg("checks.reach.nat", "Only this host can reach the Manager: the engine VM is behind NAT."),
        [Evidence("answers", f"network.kind: nat, network.name: {context.answer('network.name')}")],
        msg("checks.reach.nat.remedy", "Connect the engine VM to a bridge if other machines are to use it."),
    )


def check_mac(context: Context) -> Outcome:
    """Two guests with one address would each lose half of their traffic."""
    mac = context.answer("network.mac")
    if not mac:
        return Outcome(OK, msg("checks.mac.chosen", "The deployment chooses a MAC address."))
    mac = mac.lower()
    own = context.answer("engine.name") if context.own_domain() else None
    holders = [domain.name for domain in context.hypervisor.domains if mac in domain.macs and domain.name != own]
    holders += [nic["name"] for nic in context.facts["nics"] if nic["mac"] == mac]
    if not holders and own is None and _was_seen(context, mac):
        return Outcome(
            ERROR,
            msg(
                "checks.mac.seen",
                "Another machine on {name} uses the MAC address {mac}.",
                mac=mac,
                name=context.answer("network.name"),
            ),
            [Evidence(f"forwarding table of {context.answer('network.name')}", f"{mac}, seen within minutes")],
            msg("checks.mac.remedy", "Leave the field empty, or choose another one."),
        )
    evidence = [Evidence("libvirt, /sys/class/net", ", ".join(holders) or "nobody has it")]
    if holders:
        return Outcome(
            ERROR,
            msg("checks.mac.taken", "The MAC address {mac} belongs to {holder}.", mac=mac, holder=holders[0]),
            evidence,
            msg("checks.mac.remedy", "Leave the field empty, or choose another one."),
        )
    return Outcome(
        OK, msg("checks.mac.free", "No guest or NIC of this host has the MAC address {mac}.", mac=mac), evidence
    )


def _was_seen(context: Context, mac: str) -> bool:
    segment = planned_segment(context)
    return bool(segment and segment.device and mac in seen_macs(segment.device, context.probes.root))


CHECKS = (
    Check(
        "network.connection",
        msg("checks.network.title", "Network"),
        msg("checks.network.why", "The Manager and this host talk to each other over it."),
        check_connection,
        needs_answers=True,
        path="network.name",
    ),
    Check(
        "network.reach",
        msg("checks.reach.title", "Reach"),
        msg("checks.reach.why", "Administrators, clients and further hosts must be able to reach the Manager."),
        check_reach,
        needs_answers=True,
        path="network.kind",
    ),
    Check(
        "network.mac",
        msg("checks.mac.title", "MAC address"),
        msg("checks.mac.why", "It must be the only one of its kind on the network."),
        check_mac,
        needs_answers=True,
        path="network.mac",
    ),
)
