# SPDX-License-Identifier: Apache-2.0
"""MAC addresses a bridge has seen on its wires: whoever spoke within the last minutes."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: struct __fdb_entry of linux/if_bridge.h: MAC address, port, is it our own, age, high byte of the port, padding.
_ENTRY = struct.Struct("=6sBBIBBH")


def seen_macs(bridge: str, root: Path) -> frozenset[str]:
    """MAC addresses of others on ``bridge``; what is no bridge, or is not there, has seen nobody. Raises OSError.

    The kernel forgets an address after five minutes of silence and when its port goes: unlike the neighbour table,
    this one does not remember a guest that was removed.
    """
    try:
        data = (root / "sys/class/net" / bridge / "brforward").read_bytes()
    except FileNotFoundError:
        return frozenset()
    whole = data[: len(data) // _ENTRY.size * _ENTRY.size]
    return frozenset(mac.hex(":") for mac, _, is_ours, *_ in _ENTRY.iter_unpack(whole) if not is_ours)
