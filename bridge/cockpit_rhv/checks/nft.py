# SPDX-License-Identifier: Apache-2.0
"""What a packet filter of nftables would do with a new TCP connection, as far as its rules can be understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

OPEN, CLOSED, UNSURE = "open", "closed", "unsure"

_ACCEPT, _DROP, _PASS = "accept", "drop", "pass"
#: Families whose rules a connection over IPv4 meets.
_FAMILIES = ("ip", "inet")
_DEPTH = 16  # nftables' own limit for jumps


@dataclass(frozen=True)
class Connection:
    """A new TCP connection to ``port`` that comes in over ``device``, None when that is not known."""

    port: int
    device: str | None


class Ruleset:
    """The output of ``nft -j list ruleset``. Raises KeyError, TypeError or ValueError when it is not that."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._base: list[Mapping[str, Any]] = []
        self._rules: dict[tuple[str, str, str], list[Sequence[Mapping[str, Any]]]] = {}
        for item in document["nftables"]:
            chain = item.get("chain")
            if chain is not None and chain["family"] in _FAMILIES and chain.get("hook") == "input":
                self._base.append(chain)
            rule = item.get("rule")
            if rule is not None:
                self._rules.setdefault((rule["family"], rule["table"], rule["chain"]), []).append(rule.get("expr", []))

    @property
    def filters(self) -> bool:
        """Whether anything looks at what comes in."""
        return bool(self._base)

    def verdict(self, connection: Connection) -> str:
        """Every base chain must let it in; one that surely drops it is enough to close the port."""
        sure = True
        for chain in self._base:
            ends = self._follow((chain["family"], chain["table"], chain["name"]), connection, 0)
            if _PASS in ends:
                ends = (ends - {_PASS}) | {_DROP if chain.get("policy") == "drop" else _ACCEPT}
            if ends == {_DROP}:
                return CLOSED
            sure = sure and ends == {_ACCEPT}
        return OPEN if sure else UNSURE

    def ports(self) -> frozenset[int]:
        """Every number in the rules that could be the border of a range of ports."""
        return frozenset(value for rules in self._rules.values() for rule in rules for value in _numbers(rule))

    def _follow(self, chain: tuple[str, str, str], connection: Connection, depth: int) -> set[str]:
        """How a walk through a chain may end."""
        ends: set[str] = set()
        for rule in self._rules.get(chain, ()) if depth < _DEPTH else ():
            matches, outcome = self._apply(rule, chain, connection, depth)
            if matches is False or not outcome:
                continue
            ends |= outcome - {_PASS}
            if matches is True and _PASS not in outcome:
                return ends
        return ends | {_PASS}

    def _apply(
        self, rule: Sequence[Mapping[str, Any]], chain: tuple[str, str, str], connection: Connection, depth: int
    ) -> tuple[bool | None, set[str]]:
        sure: bool | None = True
        for statement in rule:
            (kind, value), *_ = statement.items()
            if kind == "match":
                matched = _match(value, connection)
                if matched is False:
                    return False, set()
                sure = sure if matched else None
            elif kind in ("accept", "drop", "reject"):
                return sure, {_ACCEPT if kind == "accept" else _DROP}
            elif kind in ("jump", "goto"):
                return sure, self._follow((*chain[:2], value["target"]), connection, depth + 1)
            elif kind == "return":
                return (False if sure else None), {_PASS}
            elif kind == "vmap":
                return None, self._vmap(value, chain, connection, depth)
            elif kind not in ("counter", "log", "comment", "mangle", "notrack"):
                sure = None  # limit, quota, xt and what is yet to come: it may match or not
        return sure, set()

    def _vmap(
        self, value: Mapping[str, Any], chain: tuple[str, str, str], connection: Connection, depth: int
    ) -> set[str]:
        """Any of its verdicts, or none: which one is not looked up, but for the connection's state."""
        entries = value["data"]["set"] if isinstance(value["data"], dict) else []
        if "ct" in value["key"] and value["key"]["ct"].get("key") == "state":
            entries = [entry for entry in entries if entry[0] == "new"]
        ends = {_PASS}
        for _, verdict in entries:
            (kind, target), *_ = verdict.items()
            if kind in ("jump", "goto"):
                ends |= self._follow((*chain[:2], target["target"]), connection, depth + 1)
            elif kind in ("accept", "drop", "reject"):
                ends.add(_ACCEPT if kind == "accept" else _DROP)
        return ends


def _match(match: Mapping[str, Any], connection: Connection) -> bool | None:
    """True, False, or None where it depends on what is not known here (the sender, a mark, a named set)."""
    left, right = match["left"], match["right"]
    if not isinstance(left, dict):
        return None
    found: bool | None = None
    payload, meta, state = left.get("payload"), left.get("meta"), left.get("ct")
    if payload is not None:
        protocol, field = payload.get("protocol"), payload.get("field")
        if protocol in ("udp", "icmp", "icmpv6", "sctp"):
            return False
        if (protocol, field) in (("tcp", "dport"), ("th", "dport")):
            found = _contains(right, connection.port)
        elif field in ("protocol", "nexthdr"):
            found = _contains(right, "tcp")
    elif meta is not None:
        if meta["key"] in ("iifname", "iif"):
            found = None if connection.device is None else _contains(right, connection.device)
        elif meta["key"] == "l4proto":
            found = _contains(right, "tcp")
        elif meta["key"] == "nfproto":
            found = _contains(right, "ipv4")
    elif state is not None and state["key"] == "state":
        found = _contains(right, "new")
    elif state is not None and state["key"] == "status":
        return False if match["op"] != "!=" else None  # a new connection was not translated
    if found is None:
        return None
    return found if match["op"] in ("==", "in") else not found if match["op"] == "!=" else None


def _contains(right: Any, value: int | str) -> bool | None:
    if isinstance(right, list):
        return any(_contains(item, value) is True for item in right)
    if isinstance(right, dict):
        if "set" in right:
            return _contains(right["set"], value)
        if "range" in right and isinstance(value, int):
            first, last = right["range"]
            return bool(first <= value <= last)
        return None
    if isinstance(right, str) and right.startswith("@"):
        return None
    if isinstance(right, str) and right.endswith("*"):
        return str(value).startswith(right[:-1])
    return bool(right == value or (isinstance(right, int) and right == 6 and value == "tcp"))


def _numbers(value: Any) -> Iterator[int]:
    if isinstance(value, bool):
        return
    if isinstance(value, int):
        if 0 <= value <= 65535:
            yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _numbers(member)
    elif isinstance(value, list):
        for member in value:
            yield from _numbers(member)
