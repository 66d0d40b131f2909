# SPDX-License-Identifier: Apache-2.0
"""What the engine VM says of itself on a port only this host has: its CA's fingerprint and its addresses."""

from __future__ import annotations

import ipaddress
import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

#: Bytes at the file's end that are looked at. A guest may write what it likes, for ever.
_TAIL = 65536
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_MAX_ADDRESSES = 16


@dataclass(frozen=True)
class FirstContact:
    """One line of the port. ``ca_sha256``: 64 hex digits over the CA's DER.

    ``addresses``: never link-local, and none at all while the VM has none.
    """

    ca_sha256: str
    fqdn: str
    addresses: tuple[str, ...]
    engine_version: str


def read_last(path: Path) -> FirstContact | None:
    """The last complete line that can be used; None while there is none. Raises OSError other than a missing file.

    A line cut by a restart of the VM is passed over: the next one follows at once.
    """
    try:
        with path.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - _TAIL))
            tail = stream.read(_TAIL)
    except FileNotFoundError:
        return None
    complete = tail[: tail.rfind(b"\n") + 1]
    for line in reversed(complete.splitlines()):
        contact = parse_line(line)
        if contact is not None:
            return contact
    return None


def parse_line(line: bytes) -> FirstContact | None:
    """A line as docs/architecture.md has it, None for anything else."""
    try:
        value = json.loads(line.decode("ascii"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or value.get("version") != 1:
        return None
    fingerprint, fqdn, version = (value.get(name) for name in ("ca_sha256", "fqdn", "engine_version"))
    addresses = _addresses(value.get("addresses"))
    if not (isinstance(fingerprint, str) and _FINGERPRINT.fullmatch(fingerprint)):
        return None
    if not (isinstance(fqdn, str) and isinstance(version, str) and len(fqdn) <= 253 and len(version) <= 64):
        return None
    return FirstContact(fingerprint, fqdn, addresses, version)


def _addresses(value: Any) -> tuple[str, ...]:
    found = []
    for item in value[:_MAX_ADDRESSES] if isinstance(value, list) else []:
        try:
            address = ipaddress.ip_address(item) if isinstance(item, str) else None
        except ValueError:
            continue
        if address is not None and not address.is_link_local and not address.is_loopback:
            found.append(str(address))
    return tuple(found)
