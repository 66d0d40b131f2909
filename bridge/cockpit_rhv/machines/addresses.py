# SPDX-License-Identifier: Apache-2.0
"""Addresses of guests as this host knows them: its DHCP leases and its table of neighbours.

Both are read for all guests at once from files; asking libvirt would be a call for each guest or network.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator, Mapping

    from ..workers import Workers

logger = logging.getLogger(__name__)

#: libvirt's lease helper keeps a ``<bridge>.status`` here for each network that it serves.
LEASES = Path("/var/lib/libvirt/dnsmasq")
NEIGHBOURS = Path("/proc/net/arp")

#: ATF_COM: the neighbour has answered.
_COMPLETE = 0x2


def read_addresses(leases: Path = LEASES, neighbours: Path = NEIGHBOURS) -> dict[str, tuple[str, ...]]:
    """MAC address in lower case to its addresses, in order. Blocks; what cannot be read is left out and logged."""
    found: dict[str, set[str]] = {}
    for mac, address in (*_leased(leases), *_seen(neighbours)):
        found.setdefault(mac.lower(), set()).add(address)
    return {mac: tuple(sorted(addresses, key=_order)) for mac, addresses in found.items()}


class AddressBook:
    """What :func:`read_addresses` last said, read anew in a worker thread, never twice at once."""

    def __init__(self, workers: Workers, read: Callable[[], Mapping[str, tuple[str, ...]]] = read_addresses) -> None:
        self.known: Mapping[str, tuple[str, ...]] = {}
        self._workers = workers
        self._read = read
        self._reading: asyncio.Future[Mapping[str, tuple[str, ...]]] | None = None

    def refresh(self) -> None:
        """Begin to read, unless that is under way: a folder that does not answer holds up nobody."""
        if self._reading is None:
            self._reading = self._workers.submit(self._read)
            self._reading.add_done_callback(self._accept)

    def _accept(self, reading: asyncio.Future[Mapping[str, tuple[str, ...]]]) -> None:
        self._reading = None
        if reading.cancelled():
            return
        error = reading.exception()
        if error is not None:
            logger.error("the addresses cannot be read", exc_info=error)
            self.known = {}
        else:
            self.known = reading.result()


def addresses_of(macs: tuple[str, ...], *sources: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The addresses behind a guest's network cards, card by card, by whatever source; empty when none is known."""
    found: dict[str, None] = {}
    for mac in macs:
        behind = {address for known in sources for address in known.get(mac.lower(), ())}
        found.update(dict.fromkeys(sorted(behind, key=_order)))
    return tuple(found)


def _leased(folder: Path) -> Iterator[tuple[str, str]]:
    try:
        paths = sorted(folder.glob("*.status"))
    except OSError as error:
        logger.debug("no leases: %s", error)
        return
    # dnsmasq wrote the time of expiry by this same clock
    now_s = time.time()
    for path in paths:
        for lease in _lease_list(path):
            if not isinstance(lease, dict):
                continue
            mac, address, expiry_s = lease.get("mac-address"), lease.get("ip-address"), lease.get("expiry-time")
            if isinstance(expiry_s, (int, float)) and 0 < expiry_s < now_s:
                continue
            if isinstance(mac, str) and isinstance(address, str) and _is_address(address):
                yield mac, address


def _lease_list(path: Path) -> list[Any]:
    try:
        text = path.read_text(encoding="utf-8")
        # the file is empty until the first lease
        leases = json.loads(text) if text.strip() else []
    except (OSError, ValueError) as error:
        logger.debug("%s: %s", path, error)
        return []
    return leases if isinstance(leases, list) else []


def _seen(path: Path) -> Iterator[tuple[str, str]]:
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()[1:]
    except OSError as error:
        logger.debug("no neighbours: %s", error)
        return
    for line in lines:
        # IP address, HW type, flags, HW address, mask, device
        fields = line.split()
        if len(fields) >= 4 and _flags(fields[2]) & _COMPLETE and _is_address(fields[0]):
            yield fields[3], fields[0]


def _flags(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return 0


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _order(text: str) -> tuple[int, int]:
    address = ipaddress.ip_address(text)
    return address.version, int(address)
