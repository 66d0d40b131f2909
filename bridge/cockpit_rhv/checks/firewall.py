# SPDX-License-Identifier: Apache-2.0
"""Whether the packet filter lets the Manager, consoles and migrations in."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from ..messages import msg
from .agent_link import is_managed
from .firewalld import open_port, zone_of
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .nft import CLOSED, OPEN, Connection, Ruleset
from .registry import Check
from .tools import find_program

if TYPE_CHECKING:
    from .context import Context

_COMMAND = ("nft", "-j", "list", "ruleset")
FIREWALLD = "firewalld.service"


class _Opening(NamedTuple):
    """``vital``: without it the Manager does not reach the host at all."""

    first: int
    last: int
    vital: bool

    @property
    def ports(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


#: What a Manager needs of a host, as oVirt opens it: vdsm, consoles, libvirt with TLS, and migrations of QEMU.
OPENINGS = (
    _Opening(54321, 54321, vital=True),
    _Opening(5900, 6923, vital=False),
    _Opening(16514, 16514, vital=False),
    _Opening(49152, 49215, vital=False),
)


def check_firewall(context: Context) -> Outcome:
    """The rules of nftables, whoever made them: firewalld, iptables' successor, or a file of the administrator."""
    if not is_managed(context):
        return Outcome(
            NOT_APPLICABLE, msg("checks.firewall.none", "No Manager reaches this host, so no port has to be open.")
        )
    found = _read(context)
    if isinstance(found, Outcome):
        return found
    firewalld = context.probes.unit_states([FIREWALLD])[FIREWALLD].active == "active"
    device = next((nic["name"] for nic in context.facts["nics"] if nic["gateway"]), None)
    verdicts = {opening: _verdict(found, opening, device) for opening in OPENINGS}
    source = f"nft list ruleset, {device or 'any device'}"
    evidence = [Evidence(source, f"{opening.ports} {verdict}") for opening, verdict in verdicts.items()]
    closed = [opening for opening, verdict in verdicts.items() if verdict == CLOSED]
    if closed:
        first = closed[0]
        return Outcome(
            ERROR if first.vital else WARNING,
            msg("checks.firewall.closed", "The firewall of this host closes: {ports}", ports=_names(closed)),
            evidence,
            msg("checks.firewall.remedy", "Open the TCP ports {ports} in the firewall.", ports=_names(closed)),
            remedy_job=open_port(first.ports, zone_of(device, context.probes.run)) if firewalld else None,
        )
    unsure = [opening for opening, verdict in verdicts.items() if verdict != OPEN]
    if unsure:
        text = msg(
            "checks.firewall.unsure",
            "Whether these ports are open depends on rules that were not understood: {ports}",
            ports=_names(unsure),
        )
        return Outcome(UNKNOWN, text, evidence)
    return Outcome(
        OK,
        msg("checks.firewall.ok", "The firewall of this host lets the Manager, consoles and migrations in."),
        evidence,
    )


def _read(context: Context) -> Ruleset | Outcome:
    root = context.probes.root
    if not (root / "sys/module/nf_tables").exists() and not (root / "proc/net/ip_tables_names").exists():
        evidence = [Evidence("/sys/module/nf_tables, /proc/net/ip_tables_names", "absent")]
        return Outcome(OK, msg("checks.firewall.no_filter", "The kernel has no packet filter loaded."), evidence)
    try:
        done = context.probes.run((find_program(("nft",)) or "nft", *_COMMAND[1:]), 5.0)
    except FileNotFoundError as error:
        return Outcome(
            UNKNOWN,
            msg("checks.firewall.no_tool", "The rules of the firewall cannot be read: nft is not installed."),
            [Evidence("nft", str(error))],
            msg("checks.firewall.no_tool.remedy", "Install nftables."),
        )
    evidence = [Evidence(" ".join(_COMMAND), done.output[:400])]
    if done.code != 0:
        text = msg("checks.firewall.denied", "The rules of the firewall cannot be read; only an administrator may.")
        return Outcome(UNKNOWN, text, evidence)
    try:
        return Ruleset(json.loads(done.output))
    except (ValueError, KeyError, TypeError, AttributeError):
        return Outcome(
            UNKNOWN,
            msg("checks.firewall.strange", "The rules of the firewall are in a form that is not known."),
            evidence,
        )


def _verdict(rules: Ruleset, opening: _Opening, device: str | None) -> str:
    """Of a whole range: asked at its ends and on both sides of every border that a rule draws inside of it."""
    asked = {opening.first, opening.last}
    for port in rules.ports():
        asked |= {port - 1, port, port + 1} & set(range(opening.first, opening.last + 1))
    verdicts = {rules.verdict(Connection(port, device)) for port in asked}
    return CLOSED if CLOSED in verdicts else OPEN if verdicts == {OPEN} else "unsure"


def _names(openings: list[_Opening]) -> str:
    return ", ".join(opening.ports for opening in openings)


CHECKS = (
    Check(
        "network.firewall",
        msg("checks.firewall.title", "Firewall"),
        msg(
            "checks.firewall.why",
            "The Manager comes in over port 54321, consoles over 5900-6923, migrations over 16514 and 49152-49215.",
        ),
        check_firewall,
        health_only=True,
    ),
)
