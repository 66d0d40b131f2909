# SPDX-License-Identifier: Apache-2.0
"""Bridges, bonds and VLANs: members that are down, and frame sizes that do not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..host.files import read_optional
from ..messages import msg
from .model import ERROR, NOT_APPLICABLE, OK, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..messages import Message
    from .context import Context

#: What connects a bridge to a network; taps of guests come and go.
_UPLINKS = ("ethernet", "bond", "vlan")


def check_members(context: Context) -> Outcome:
    """All members down is an error: nobody gets through. Some down is a warning: the next failure is one too many."""
    nics = {nic["name"]: nic for nic in context.facts["nics"]}
    groups = [(nic, _uplinks(context, nic, nics)) for nic in nics.values() if nic["kind"] in ("bridge", "bond")]
    groups = [(nic, members) for nic, members in groups if members]
    if not groups:
        return Outcome(NOT_APPLICABLE, msg("checks.links.none", "No bridge or bond of this host has a network card."))
    evidence = [
        Evidence(f"/sys/class/net/{nic['name']}", ", ".join(f"{name} {'up' if up else 'down'}" for name, up in members))
        for nic, members in groups
    ]
    dead = [nic["name"] for nic, members in groups if not any(up for _, up in members)]
    if dead:
        text = msg("checks.links.dead", "No member of {names} has a link.", names=", ".join(dead))
        return Outcome(ERROR, text, evidence, _remedy(dead[0]))
    hurt = [(nic["name"], name) for nic, members in groups for name, up in members if not up]
    if hurt:
        text = msg(
            "checks.links.member_down",
            "Members without a link: {members}",
            members=", ".join(f"{member} ({name})" for name, member in hurt),
        )
        return Outcome(WARNING, text, evidence, _remedy(hurt[0][1]))
    return Outcome(OK, msg("checks.links.ok", "All members of bridges and bonds have a link."), evidence)


def _remedy(nic: str) -> Message:
    return msg("checks.links.remedy", "See to cable, switch port and card: ip -d link show {nic}", nic=nic)


def _uplinks(context: Context, nic: Mapping[str, Any], nics: Mapping[str, Any]) -> Sequence[tuple[str, bool]]:
    found = []
    for name in nic["members"]:
        member = nics.get(name)
        if member is None:
            found.append((name, False))  # listed by the bond, and gone from the host
        elif nic["kind"] == "bond":
            # A bond's own supervision knows more than the link: ARP probes, and what LACP has agreed.
            status = read_optional(context.probes.root / "sys/class/net" / name / "bonding_slave/mii_status")
            found.append((name, member["up"] and status in (None, "up")))
        elif member["kind"] in _UPLINKS:
            found.append((name, bool(member["up"])))
    return found


def check_mtu(context: Context) -> Outcome:
    """What passes frames on must take what it is given: a bridge its members', a VLAN its parent's."""
    nics = {nic["name"]: nic for nic in context.facts["nics"]}
    pairs = [
        (nic, nics[name])
        for nic in nics.values()
        if nic["kind"] in ("bridge", "bond", "vlan")
        for name in nic["members"]
        if name in nics
    ]
    if not pairs:
        return Outcome(NOT_APPLICABLE, msg("checks.mtu.none", "This host has no bridge, bond or VLAN with members."))
    evidence = [
        Evidence(f"/sys/class/net/{upper['name']}/mtu", f"{upper['mtu']}; {lower['name']}: {lower['mtu']}")
        for upper, lower in pairs
    ]
    remedy = msg("checks.mtu.remedy", "Give all of them the same MTU, the switch and the other hosts too.")
    cut = [(upper, lower) for upper, lower in pairs if upper["mtu"] > lower["mtu"] and lower["kind"] != "virtual"]
    uneven = [(upper, lower) for upper, lower in pairs if upper["kind"] == "bridge" and upper["mtu"] != lower["mtu"]]
    for upper, lower in (cut or uneven)[:1]:
        values = {
            "upper": upper["name"],
            "upper_mtu": upper["mtu"],
            "lower": lower["name"],
            "lower_mtu": lower["mtu"],
        }
        if cut:
            text = msg(
                "checks.mtu.cut",
                "{upper} takes frames of {upper_mtu} bytes, {lower} below it only {lower_mtu}: larger ones are lost.",
                **values,
            )
            return Outcome(ERROR, text, evidence, remedy)
        text = msg(
            "checks.mtu.uneven", "{upper} has an MTU of {upper_mtu}, its member {lower} one of {lower_mtu}.", **values
        )
        return Outcome(WARNING, text, evidence, remedy)
    return Outcome(OK, msg("checks.mtu.ok", "The frame sizes of bridges, bonds and VLANs fit."), evidence)


CHECKS = (
    Check(
        "network.members",
        msg("checks.links.title", "Bridges and bonds"),
        msg("checks.links.why", "Guests reach the network through them; a bond that lost a member has no spare left."),
        check_members,
        health_only=True,
    ),
    Check(
        "network.mtu",
        msg("checks.mtu.title", "Frame sizes"),
        msg(
            "checks.mtu.why",
            "Connections open and then hang when large frames are lost on the way: hard to find by looking.",
        ),
        check_mtu,
        health_only=True,
    ),
)
