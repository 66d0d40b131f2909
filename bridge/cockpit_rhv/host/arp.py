# SPDX-License-Identifier: Apache-2.0
"""Who has an IPv4 address on a wire: an ARP probe (RFC 5227). It needs no address of ours."""

from __future__ import annotations

import ipaddress
import socket
import struct
import time
from pathlib import Path

_ETH_P_ARP = 0x0806
_BROADCAST = b"\xff" * 6
_REQUEST, _REPLY = 1, 2
_PACKET = struct.Struct("!HHBBH6s4s6s4s")
#: Seconds between probes, and their number; a machine of the same segment answers within milliseconds.
_EVERY_S = 0.25
_PROBES = 3


def arp_probe(device: str, address: str) -> str | None:
    """MAC address of whoever has ``address`` on ``device``, None when nobody answers; takes 0.75 s at most.

    The sender's address is 0.0.0.0, so that no neighbour learns a wrong one. Raises OSError without the right to send
    such a packet (root has it) and for a device that is not there or down.
    """
    wanted = ipaddress.IPv4Address(address).packed
    own = bytes.fromhex(Path(f"/sys/class/net/{device}/address").read_text(encoding="ascii").strip().replace(":", ""))
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ARP)) as wire:
        wire.bind((device, _ETH_P_ARP))
        request = _PACKET.pack(1, 0x0800, 6, 4, _REQUEST, own, bytes(4), bytes(6), wanted)
        for _ in range(_PROBES):
            wire.sendto(request, (device, _ETH_P_ARP, 0, 0, _BROADCAST))
            until = time.monotonic() + _EVERY_S
            while (left := until - time.monotonic()) > 0:
                wire.settimeout(left)
                try:
                    holder = reply_from(wire.recv(64), wanted)
                except socket.timeout:
                    break
                if holder is not None:
                    return holder
    return None


def reply_from(packet: bytes, wanted: bytes) -> str | None:
    """The sender's MAC address when ``packet`` says that the address ``wanted`` is its own, else None.

    A question asked from that address says so too; a probe, whose sender has none yet, does not.
    """
    if len(packet) < _PACKET.size:
        return None
    _, _, hardware_size, address_size, operation, mac, sender, _, _ = _PACKET.unpack_from(packet)
    is_arp = (hardware_size, address_size) == (6, 4) and operation in (_REQUEST, _REPLY)
    return mac.hex(":") if is_arp and sender == wanted else None
