# SPDX-License-Identifier: Apache-2.0
"""An interface's IPv4 address as it is wanted, judged before anything is changed."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import msg

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..messages import Message

#: Of a prefix; Python takes netmasks and their inverse too, NetworkManager does not.
_LENGTH = re.compile(r"[0-9]{1,2}")
#: RFC 1122: no machine's address, though not all of Python's predicates know.
_THIS_NETWORK = ipaddress.IPv4Network("0.0.0.0/8")


@dataclass(frozen=True)
class Addresses:
    """IPv4 of an interface. ``method``: keep (what is below has them), auto, static or none.

    ``dns``: of a fixed address; None leaves the name servers as they are.
    """

    method: str
    address: str | None = None
    gateway: str | None = None
    dns: tuple[str, ...] | None = None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Addresses:
        """Definition ``AddressPlan``."""
        dns = tuple(value["dns"]) if "dns" in value else None
        return cls(value["method"], value.get("address"), value.get("gateway"), dns)


def judge_addresses(wanted: Addresses) -> None:
    """Raises RhvError ``networks.address``, ``networks.gateway`` or ``networks.dns``."""
    if wanted.method != "static":
        return
    address, _, length = (wanted.address or "").partition("/")
    if not _LENGTH.fullmatch(length):
        raise _bad_address(wanted.address or "", length)
    try:
        interface = ipaddress.IPv4Interface(f"{address}/{length}")
    except ValueError as error:
        raise _bad_address(str(error), length) from error
    net = interface.network
    if not 1 <= net.prefixlen <= 31 or not _is_hosts(interface.ip, net) or interface.ip.is_loopback:
        raise _bad_address(str(interface), length)
    if wanted.gateway is not None:
        try:
            gateway = ipaddress.IPv4Address(wanted.gateway)
        except ValueError as error:
            raise _bad_gateway(wanted.gateway, str(net)) from error
        if gateway not in net or gateway == interface.ip or not _is_hosts(gateway, net):
            raise _bad_gateway(wanted.gateway, str(net))
    for server in wanted.dns or ():
        _judge_server(server)


def _is_hosts(address: ipaddress.IPv4Address, net: ipaddress.IPv4Network) -> bool:
    """One machine may have it: it is neither a group's, nor the network's own, nor everybody's."""
    if address.is_multicast or address.is_reserved or address in _THIS_NETWORK:
        return False
    return net.prefixlen == 31 or address not in (net.network_address, net.broadcast_address)


def _judge_server(server: str) -> None:
    # NetworkManager takes a server's address only beside other addresses of its kind.
    hint = msg("networks.dns.hint", "Their IPv4 addresses, with spaces between them.")
    try:
        found = ipaddress.ip_address(server)
        if isinstance(found, ipaddress.IPv6Address):
            hint = msg("networks.dns.ipv6", "Name servers with IPv6 addresses are those of IPv6, which stays as it is.")
            raise ValueError("IPv6")
        if found.is_multicast or found.is_reserved or found in _THIS_NETWORK:
            raise ValueError("no machine's address")
    except ValueError as error:
        text = msg("networks.dns", "{address} is no IPv4 address of a name server.", address=server[:60])
        raise refuse("dns", text, hint, str(error)) from error


def _bad_address(detail: str, length: str) -> RhvError:
    text = msg("networks.address", "This is no IPv4 address of a host with its prefix, such as 192.0.2.10/24.")
    try:
        prefix = ipaddress.IPv4Network(f"0.0.0.0/{length}").prefixlen if "." in length else 24
    except ValueError:
        prefix = 24
    mask = length[:15] if prefix != 24 else "255.255.255.0"
    hint = msg("networks.address.hint", "The netmask {mask} is the prefix /{prefix}.", mask=mask, prefix=prefix)
    return refuse("address", text, hint, detail)


def _bad_gateway(gateway: str, net: str) -> RhvError:
    text = msg("networks.gateway", "No machine of {net} can have the address {gateway}.", gateway=gateway[:60], net=net)
    hint = msg("networks.gateway.hint", "The gateway is another machine of the same network.")
    return refuse("gateway", text, hint)


def refuse(code: str, text: Message, hint: Message | None = None, detail: str | None = None) -> RhvError:
    """The error ``networks.<code>``."""
    return RhvError(f"networks.{code}", text, hint, detail)
