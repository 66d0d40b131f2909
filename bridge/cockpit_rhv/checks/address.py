# SPDX-License-Identifier: Apache-2.0
"""A fixed address for the engine: in the right subnet, with a gateway, and nobody else's."""

from __future__ import annotations

import subprocess
from ipaddress import IPv4Address, IPv4Interface
from typing import TYPE_CHECKING

from ..messages import msg
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .network import NAT, planned_segment
from .registry import Check

if TYPE_CHECKING:
    from .context import Context
    from .network import Segment

_DHCP = Outcome(NOT_APPLICABLE, msg("checks.address.dhcp", "The engine VM gets its address by DHCP."))


def _static(context: Context) -> IPv4Interface | None:
    return IPv4Interface(context.answer("network.address")) if context.answer("network.mode") == "static" else None


def check_subnet(context: Context) -> Outcome:
    """The address lies in a subnet this host has on that network, with the same prefix."""
    address = _static(context)
    if address is None:
        return _DHCP
    segment = planned_segment(context)
    known = [] if segment is None else list(segment.addresses)
    evidence = [
        Evidence(f"addresses on {context.answer('network.name')}", ", ".join(str(item) for item in known) or "none")
    ]
    if not known:
        text = msg(
            "checks.subnet.unknown",
            "Which addresses are valid on {name} cannot be seen from this host.",
            name=context.answer("network.name"),
        )
        return Outcome(
            UNKNOWN,
            text,
            evidence,
            msg("checks.subnet.unknown.remedy", "Make sure that the address belongs to that network."),
        )
    match = next((own for own in known if address.ip in own.network), None)
    if match is None:
        text = msg(
            "checks.subnet.outside",
            "{address} is outside the network of {name}: {networks}",
            address=str(address.ip),
            name=context.answer("network.name"),
            networks=", ".join(str(own.network) for own in known),
        )
        return Outcome(ERROR, text, evidence, msg("checks.subnet.outside.remedy", "Choose an address of that network."))
    if match.network.prefixlen != address.network.prefixlen:
        text = msg(
            "checks.subnet.prefix",
            "The prefix is /{given}, this host has /{own} on the same network.",
            given=address.network.prefixlen,
            own=match.network.prefixlen,
        )
        return Outcome(ERROR, text, evidence, msg("checks.subnet.prefix.remedy", "Use the same prefix as this host."))
    return Outcome(
        OK, msg("checks.subnet.ok", "{address} is in the network of this host.", address=str(address.ip)), evidence
    )


def check_gateway(context: Context) -> Outcome:
    """The router answers, or is this host."""
    address = _static(context)
    if address is None:
        return _DHCP
    gateway = IPv4Address(context.answer("network.gateway"))
    if str(gateway) in own_addresses(context):
        return Outcome(OK, msg("checks.gateway.self", "The gateway {gateway} is this host.", gateway=str(gateway)))
    segment = planned_segment(context)
    if (
        context.answer("network.kind") == NAT
        and segment is not None
        and gateway in [item.ip for item in segment.addresses]
    ):
        return Outcome(OK, msg("checks.gateway.nat", "The gateway {gateway} is libvirt's.", gateway=str(gateway)))
    holder, evidence = _ask_wire(context, str(gateway))
    if holder is None:
        return Outcome(
            UNKNOWN, msg("checks.gateway.untested", "Whether the gateway answers could not be tested."), [evidence]
        )
    if holder:
        return Outcome(OK, msg("checks.gateway.ok", "The gateway {gateway} answers.", gateway=str(gateway)), [evidence])
    # No error: a network without a router still lets this host and its neighbours reach the engine.
    return Outcome(
        WARNING,
        msg("checks.gateway.silent", "The gateway {gateway} does not answer.", gateway=str(gateway)),
        [evidence],
        msg(
            "checks.gateway.remedy", "Check the address of the router; the engine VM reaches other networks through it."
        ),
        path="network.gateway",
    )


def check_leases(context: Context) -> Outcome:
    """libvirt does not lease the address to another guest, today or while the engine is off."""
    address = _static(context)
    if address is None:
        return _DHCP
    text = str(address.ip)
    segment = planned_segment(context)
    device = segment.device if segment is not None else None
    # A guest on a libvirt network's bridge is on that network, whichever way it was connected.
    networks = [
        item
        for item in context.hypervisor.networks
        if (context.answer("network.kind") == NAT and item.name == context.answer("network.name"))
        or (device is not None and item.bridge == device)
    ]
    evidence = [
        Evidence(f"virNetworkGetXMLDesc({item.name})", f"{first} - {last}")
        for item in networks
        for first, last in item.dhcp_ranges
    ]
    for item in networks:
        holder = item.reserved.get(address.ip)
        if holder is not None and holder != str(context.answer("network.mac", "")).lower():
            return Outcome(
                ERROR,
                msg("checks.leases.reserved", "libvirt keeps {address} for {holder}.", address=text, holder=holder),
                [Evidence(f"virNetworkGetXMLDesc({item.name})", f"{holder}: {text}")],
                msg("checks.unused.remedy", "Choose an address nobody has."),
            )
        span = next((span for span in item.dhcp_ranges if holder is None and span[0] <= address.ip <= span[1]), None)
        if span is not None:
            # No error: libvirt's own network leases all of its addresses as it is installed.
            return Outcome(
                WARNING,
                msg(
                    "checks.leases.inside",
                    "libvirt may lease {address} to another guest: it leases {first} to {last}.",
                    address=text,
                    first=str(span[0]),
                    last=str(span[1]),
                ),
                evidence,
                msg(
                    "checks.leases.remedy",
                    "Choose an address outside, or shorten the range: virsh net-edit {name}",
                    name=item.name,
                ),
            )
    return Outcome(OK, msg("checks.leases.ok", "libvirt leases {address} to nobody.", address=text), evidence)


def own_addresses(context: Context) -> dict[str, str]:
    """Every address of this host, to the interface that has it."""
    return {item["address"]: nic["name"] for nic in context.facts["nics"] for item in nic["addresses"]}


def check_unused(context: Context) -> Outcome:
    """Nobody on the wire has the address yet, this host least of all."""
    address = _static(context)
    if address is None:
        return _DHCP
    text = str(address.ip)
    holder = own_addresses(context).get(text)
    another = msg("checks.unused.remedy", "Choose an address nobody has.")
    if holder is not None:
        summary = msg(
            "checks.unused.this_host", "{address} is this host's own address ({nic}).", address=text, nic=holder
        )
        return Outcome(ERROR, summary, [Evidence("ip addr show", f"{holder}: {text}")], another)
    holder, evidence = _ask_wire(context, text)
    own = context.own_domain()
    if own is not None and holder and holder in own.macs:
        summary = msg("checks.unused.held", "The engine VM already has the address {address}.", address=text)
        return Outcome(OK, summary, [evidence])
    # A ping that is answered does not tell whether it was the engine VM itself.
    if holder is None or (own is not None and own.active and holder == text):
        return Outcome(
            UNKNOWN,
            msg("checks.unused.untested", "Whether {address} is in use could not be tested.", address=text),
            [evidence],
        )
    if holder:
        return Outcome(
            ERROR,
            msg("checks.unused.taken", "Somebody already answers at {address}.", address=text),
            [evidence],
            another,
        )
    return Outcome(OK, msg("checks.unused.ok", "Nobody answers at {address}.", address=text), [evidence])


def _ask_wire(context: Context, address: str) -> tuple[str | None, Evidence]:
    """Who answers at ``address`` on the planned network: a name for it, "" for nobody, None where that is not known."""
    segment = planned_segment(context)
    if segment is None or not segment.device:
        return None, Evidence(f"the network {context.answer('network.name')}", "it is not on this host")
    source = f"ARP probe for {address} on {segment.device}"
    if not segment.linked:
        return None, Evidence(f"/sys/class/net/{segment.device}", "no link: nobody beyond this host can be asked")
    try:
        mac = context.probes.arp(segment.device, address)
    except OSError as error:
        # An ordinary user may not send one; an inactive network has no device yet.
        return _ping(context, segment, address, Evidence(source, str(error)))
    return mac or "", Evidence(source, f"{mac} answers" if mac else "nobody answers")


def _ping(context: Context, segment: Segment, address: str, why: Evidence) -> tuple[str | None, Evidence]:
    """An answer proves that somebody is there; silence proves nothing, for a firewall may drop the question."""
    if not any(IPv4Address(address) in own.network for own in segment.addresses):
        return None, why  # the question would go out on another network, if at all
    argv = ["ping", "-c", "1", "-W", "1", "-n", address]
    try:
        done = context.probes.run(argv, 5.0)
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, Evidence(" ".join(argv), str(error))
    return (address if done.code == 0 else None), Evidence(" ".join(argv), done.output[-400:])


CHECKS = (
    Check(
        "address.subnet",
        msg("checks.subnet.title", "Engine address"),
        msg("checks.subnet.why", "With an address of another network neither this host nor a router finds the engine."),
        check_subnet,
        needs_answers=True,
        path="network.address",
    ),
    Check(
        "address.unused",
        msg("checks.unused.title", "Address in use"),
        msg("checks.unused.why", "Two machines with one address disturb each other at random."),
        check_unused,
        needs_answers=True,
        path="network.address",
    ),
    Check(
        "address.leases",
        msg("checks.leases.title", "Leased addresses"),
        msg(
            "checks.leases.why", "An address that libvirt leases may be given to another guest while the engine is off."
        ),
        check_leases,
        needs_answers=True,
        path="network.address",
    ),
    Check(
        "address.gateway",
        msg("checks.gateway.title", "Gateway"),
        msg("checks.gateway.why", "Without a router the engine reaches no other network."),
        check_gateway,
        needs_answers=True,
        path="network.gateway",
    ),
)
