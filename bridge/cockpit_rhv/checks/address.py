# SPDX-License-Identifier: Apache-2.0
"""A fixed address for the engine: in the right subnet, with a gateway, and nobody else's."""

from __future__ import annotations

import subprocess
from ipaddress import IPv4Address, IPv4Interface
from typing import TYPE_CHECKING

from ..messages import msg
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .network import planned_segment
from .registry import Check
from .tools import find_program

if TYPE_CHECKING:
    from .context import Context

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
            WARNING,
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
        context.answer("network.kind") == "nat"
        and segment is not None
        and gateway in [item.ip for item in segment.addresses]
    ):
        return Outcome(OK, msg("checks.gateway.nat", "The gateway {gateway} is libvirt's.", gateway=str(gateway)))
    answers, evidence = _answers(context, str(gateway))
    if answers is None:
        return Outcome(
            UNKNOWN, msg("checks.gateway.untested", "Whether the gateway answers could not be tested."), [evidence]
        )
    if answers:
        return Outcome(OK, msg("checks.gateway.ok", "The gateway {gateway} answers.", gateway=str(gateway)), [evidence])
    return Outcome(
        WARNING,
        msg("checks.gateway.silent", "The gateway {gateway} does not answer.", gateway=str(gateway)),
        [evidence],
        msg(
            "checks.gateway.remedy", "Check the address of the router; the engine VM reaches other networks through it."
        ),
        path="network.gateway",
    )


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
    own = context.own_domain()
    if own is not None and own.active:
        return Outcome(OK, msg("checks.unused.held", "The engine VM already has the address {address}.", address=text))
    answers, evidence = _answers(context, text)
    if answers is None:
        return Outcome(
            UNKNOWN,
            msg("checks.unused.untested", "Whether {address} is in use could not be tested.", address=text),
            [evidence],
        )
    if answers:
        return Outcome(
            ERROR,
            msg("checks.unused.taken", "Somebody already answers at {address}.", address=text),
            [evidence],
            another,
        )
    return Outcome(OK, msg("checks.unused.ok", "Nobody answers at {address}.", address=text), [evidence])


def _answers(context: Context, address: str) -> tuple[bool | None, Evidence]:
    """Ask the wire: by ARP, which no firewall hides, where the tool and a device exist; else by ping."""
    segment = planned_segment(context)
    arping = find_program(("arping",))
    if arping and segment is not None and segment.device and segment.addresses:
        argv = [arping, "-f", "-c", "2", "-w", "2", "-I", segment.device, address]
    else:
        argv = ["ping", "-c", "1", "-W", "1", "-n", address]
    try:
        done = context.probes.run(argv, 5.0)
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, Evidence(" ".join(argv), str(error))
    # 0: answered, 1: silence, anything else: the tool itself failed (no permission, device down).
    return {0: True, 1: False}.get(done.code), Evidence(" ".join(argv), done.output[-400:])


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
        "address.gateway",
        msg("checks.gateway.title", "Gateway"),
        msg("checks.gateway.why", "Without a router the engine reaches no other network."),
        check_gateway,
        needs_answers=True,
        path="network.gateway",
    ),
)
