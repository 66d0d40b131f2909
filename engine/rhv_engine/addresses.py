# SPDX-License-Identifier: Apache-2.0
"""The machine's own addresses and their changes, from the kernel by netlink (RFC 3549; linux/if_addr.h).

No process is started: under emulation that alone would cost more than everything else here.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import os
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_RTMGRP_IPV4_IFADDR = 0x10
_RTMGRP_IPV6_IFADDR = 0x100
_RTM_NEWADDR = 20
_RTM_GETADDR = 22
_NLM_F_REQUEST = 0x1
_NLM_F_DUMP = 0x300
_NLMSG_ERROR = 2
_NLMSG_DONE = 3
_IFA_ADDRESS = 1
_IFA_LOCAL = 2
_IFA_FLAGS = 8
_SCOPE_GLOBAL = 0
_HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, port
_ADDRESS = struct.Struct("=BBBBI")  # ifaddrmsg: family, prefix length, flags, scope, index
_ATTRIBUTE = struct.Struct("=HH")  # rtattr: length, type
_F_TEMPORARY = 0x01  # with IPv6; IPv4 uses the bit for any further address of a subnet
_F_DADFAILED = 0x08
_F_DEPRECATED = 0x20
_F_TENTATIVE = 0x40
_SETTLE_S = 0.5


def own_addresses() -> list[str]:
    """Addresses of global scope that others can use, IPv4 first, in the kernel's order.

    Left out: what is still being checked for duplicates or has run out, and IPv6's temporary addresses, which change
    every day and would change the certificate with them. Raises OSError.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE) as netlink:
        netlink.settimeout(5)
        netlink.bind((0, 0))
        length = _HEADER.size + _ADDRESS.size
        request = _HEADER.pack(length, _RTM_GETADDR, _NLM_F_REQUEST | _NLM_F_DUMP, 1, 0)
        netlink.send(request + _ADDRESS.pack(socket.AF_UNSPEC, 0, 0, 0, 0))
        found = [address for payload in _dump(netlink) if (address := _parse(payload)) is not None]
    unique = dict.fromkeys(found)
    return [str(address) for address in sorted(unique, key=lambda address: address.version)]


class AddressWatch:
    """Tells when addresses change."""

    def __init__(self) -> None:
        """Subscribe. Raises OSError."""
        self._netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self._netlink.setblocking(False)
        self._netlink.bind((0, _RTMGRP_IPV4_IFADDR | _RTMGRP_IPV6_IFADDR))

    async def changed(self) -> None:
        """Return after a change, when half a second has passed without another."""
        loop = asyncio.get_running_loop()
        await self._receive(loop)
        with contextlib.suppress(asyncio.TimeoutError):
            while True:
                await asyncio.wait_for(self._receive(loop), _SETTLE_S)

    def close(self) -> None:
        """Unsubscribe."""
        self._netlink.close()

    async def _receive(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            await loop.sock_recv(self._netlink, 65536)
        except OSError as error:
            # More changes than the socket holds: that something changed is all we need to know.
            if error.errno != errno.ENOBUFS:
                raise


def _dump(netlink: socket.socket) -> Iterator[bytes]:
    """Payloads of the RTM_NEWADDR messages of an answer."""
    while True:
        data = netlink.recv(65536)
        position = 0
        while position + _HEADER.size <= len(data):
            length, kind, _flags, _sequence, _port = _HEADER.unpack_from(data, position)
            payload = data[position + _HEADER.size : position + length]
            if kind == _NLMSG_DONE:
                return
            if kind == _NLMSG_ERROR:
                code = -struct.unpack_from("=i", payload)[0]
                raise OSError(code, os.strerror(code))
            if kind == _RTM_NEWADDR:
                yield payload
            position += _aligned(length)


def _parse(payload: bytes) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    family, _prefix, flags, scope, _index = _ADDRESS.unpack_from(payload)
    if family not in (socket.AF_INET, socket.AF_INET6) or scope != _SCOPE_GLOBAL:
        return None
    attributes = dict(_attributes(payload[_ADDRESS.size :]))
    if _IFA_FLAGS in attributes:
        flags = struct.unpack("=I", attributes[_IFA_FLAGS])[0]
    unusable = _F_DADFAILED | _F_DEPRECATED | _F_TENTATIVE
    if family == socket.AF_INET6:
        unusable |= _F_TEMPORARY
    # On a point-to-point link IFA_ADDRESS is the other end.
    raw = attributes.get(_IFA_LOCAL) or attributes.get(_IFA_ADDRESS)
    if flags & unusable or raw is None:
        return None
    address = ipaddress.ip_address(raw)
    return None if address.is_loopback or address.is_link_local else address


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 0
    while position + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, position)
        if length < _ATTRIBUTE.size:
            return
        yield kind, data[position + _ATTRIBUTE.size : position + length]
        position += _aligned(length)


def _aligned(length: int) -> int:
    return (length + 3) & ~3
