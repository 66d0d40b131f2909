# SPDX-License-Identifier: Apache-2.0
"""Formats of answers: each function returns None, or the sentence that says what is wrong.

jsonschema's own checkers are not used: which of them exist depends on its version and on further packages.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Callable

from ..messages import Message, msg

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.IGNORECASE)


def check_fqdn(value: str) -> Message | None:
    """A full host name (RFC 1123): two labels or more of letters, digits and hyphens, 253 characters at most."""
    if len(value) > 253:
        return msg("format.fqdn.long", "The name is longer than 253 characters.")
    if not value.isascii():
        return msg("format.fqdn.ascii", "Use unaccented letters; write an international name in its xn-- form.")
    labels = value.split(".")
    if "" in labels:
        return msg("format.fqdn.dots", "The name must not begin or end with a dot, or have two in a row.")
    for label in labels:
        if len(label) > 63:
            return msg("format.fqdn.label_long", 'The part "{label}" is longer than 63 characters.', label=label)
        if not _LABEL.fullmatch(label):
            return msg(
                "format.fqdn.label", 'The part "{label}" may only have letters, digits and inner hyphens.', label=label
            )
    if _is(ipaddress.IPv4Address, value):
        return msg("format.fqdn.address", "This is an address; a name is needed.")
    if len(labels) < 2:
        return msg("format.fqdn.short", "A full name with a domain is needed, such as engine.example.com.")
    if labels[-1].isdigit():
        return msg("format.fqdn.digits", "The last part of a name cannot be a number.")
    return None


def check_ipv4(value: str) -> Message | None:
    """An IPv4 address a machine can have."""
    if not _is(ipaddress.IPv4Address, value):
        return msg("format.ipv4", "This is not an IPv4 address, such as 192.0.2.1.")
    return _not_for_a_machine(ipaddress.IPv4Address(value))


def check_ipv4_interface(value: str) -> Message | None:
    """An IPv4 address with its prefix length; neither the network's own address nor its broadcast address."""
    address, slash, prefix = value.partition("/")
    problem = check_ipv4(address)
    if problem is not None:
        return problem
    if not slash:
        return msg("format.prefix.missing", "The prefix is missing; write it as {example}.", example=f"{address}/24")
    if not (prefix.isascii() and prefix.isdigit() and 1 <= int(prefix) <= 32 and prefix == str(int(prefix))):
        return msg("format.prefix", "The prefix after the slash must be a number from 1 to 32.")
    interface = ipaddress.IPv4Interface(value)
    network = interface.network
    # A network of two addresses (RFC 3021), or of one, has no address of its own.
    if network.prefixlen < 31 and interface.ip in (network.network_address, network.broadcast_address):
        return msg(
            "format.not_host",
            "{address} is the first or last address of its network; no machine can have it.",
            address=address,
        )
    return None


def check_ip(value: str) -> Message | None:
    """An IPv4 or IPv6 address a machine can have."""
    if _is(ipaddress.IPv4Address, value):
        return check_ipv4(value)
    if "%" in value or not _is(ipaddress.IPv6Address, value):
        return msg("format.ip", "This is not an IP address.")
    return _not_for_a_machine(ipaddress.IPv6Address(value))


def check_mac(value: str) -> Message | None:
    """A MAC address one interface can have; its written form is the schema's matter."""
    first = int(value[:2], 16)
    if first & 1:
        return msg("format.mac.multicast", "This MAC address stands for a group: its second digit must be even.")
    if not value.strip("0:"):
        return msg("format.mac.zero", "This MAC address means none.")
    return None


def _is(kind: Callable[[str], object], value: str) -> bool:
    try:
        kind(value)
    except ValueError:
        return False
    return True


def _not_for_a_machine(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> Message | None:
    if address.is_loopback or address.is_unspecified or address.is_multicast or address.is_link_local:
        return msg(
            "format.special", "{address} has a special meaning and cannot be a machine's address.", address=str(address)
        )
    if address.version == 4 and (address.is_reserved or int(address) < 2**24):
        return msg(
            "format.special", "{address} has a special meaning and cannot be a machine's address.", address=str(address)
        )
    return None


#: By the name the schema's ``format`` has.
CHECKERS: dict[str, Callable[[str], Message | None]] = {
    "fqdn": check_fqdn,
    "ipv4": check_ipv4,
    "ipv4-interface": check_ipv4_interface,
    "ip": check_ip,
    "mac": check_mac,
}
