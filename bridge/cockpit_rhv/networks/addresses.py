# SPDX-License-Identifier: Apache-2.0
"""An interface's IPv4 address as it is wanted, judged before anything is changed."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import msg

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..messages import Message


@dataclass(frozen=True)
class Addresses:
    """IPv4 of an interface. ``method``: keep (what is below has them), auto, static or none."""

    method: str
    address: str | None = None
    gateway: str | None = None
    dns: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Addresses:
        """Definition ``AddressPlan``."""
        return cls(value["method"], value.get("address"), value.get("gateway"), tuple(value.get("dns", ())))


def judge_addresses(wanted: Addresses) -> None:
    """Raises RhvError ``networks.address``, ``networks.gateway`` or ``networks.dns``."""
    if wanted.method != "static":
        return
    try:
        interface = ipaddress.IPv4Interface(wanted.address or "")
    except ValueError as error:
        raise _bad_address(str(error)) from error
    net = interface.network
    if (
        "/" not in (wanted.address or "")
        or net.prefixlen in (0, 32)
        or interface.ip.is_multicast
        or interface.ip.is_loopback
    ):
        raise _bad_address(str(interface))
    if net.prefixlen < 31 and interface.ip in (net.network_address, net.broadcast_address):
        raise _bad_address(str(interface))
    if wanted.gateway is not None:
        try:
            gateway = ipaddress.IPv4Address(wanted.gateway)
        except ValueError as error:
            raise _bad_gateway(wanted.gateway, str(net)) from error
        if gateway not in net or gateway == interface.ip:
            raise _bad_gateway(wanted.gateway, str(net))
    for server in wanted.dns:
        try:
            ipaddress.ip_address(server)
        except ValueError as error:
            raise refuse(
                "dns", msg("networks.dns", "{address} is no address of a name server.", address=server[:60])
            ) from error


def _bad_address(detail: str) -> RhvError:
    text = msg("networks.address", "This is no IPv4 address of a host with its prefix, such as 192.0.2.10/24.")
    return refuse("address", text, detail=detail)


def _bad_gateway(gateway: str, net: str) -> RhvError:
    text = msg(
        "networks.gateway", "The gateway {gateway} is not another address of {net}.", gateway=gateway[:60], net=net
    )
    return refuse("gateway", text)


def refuse(code: str, text: Message, hint: Message | None = None, detail: str | None = None) -> RhvError:
    """The error ``networks.<code>``."""
    return RhvError(f"networks.{code}", text, hint, detail)
