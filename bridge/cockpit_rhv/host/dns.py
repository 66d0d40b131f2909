# SPDX-License-Identifier: Apache-2.0
"""Which name servers this host asks."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from .files import read_optional

_STUBS = {"127.0.0.53", "127.0.0.54"}


class DnsFacts(NamedTuple):
    """Name servers in the order they are asked, and the search domains."""

    servers: tuple[str, ...]
    search: tuple[str, ...]


def read_dns(root: Path = Path("/")) -> DnsFacts:
    """From resolv.conf(5); behind systemd-resolved's stub the servers resolved itself asks, which a guest can use."""
    facts = _parse(read_optional(root / "etc/resolv.conf") or "")
    if facts.servers and set(facts.servers) <= _STUBS:
        behind = _parse(read_optional(root / "run/systemd/resolve/resolv.conf") or "")
        return DnsFacts(behind.servers, behind.search or facts.search) if behind.servers else facts
    return facts


def _parse(text: str) -> DnsFacts:
    servers: list[str] = []
    search: tuple[str, ...] = ()
    for line in text.splitlines():
        keyword, *words = line.split() or [""]
        if keyword == "nameserver" and words:
            servers.append(words[0])
        elif keyword in ("search", "domain"):
            # The last of them wins; a lone dot is the root domain: nothing to search.
            search = tuple(word for word in words if word != ".")
    return DnsFacts(tuple(servers), search)
