# SPDX-License-Identifier: Apache-2.0
"""Two guests, or two NICs of one, with the same MAC address."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ..messages import msg
from .model import ERROR, NOT_APPLICABLE, OK, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context


def check_macs(context: Context) -> Outcome:
    """An error when two of the holders run at once, a warning while they cannot disturb each other yet."""
    holders: dict[str, list[tuple[str, bool]]] = defaultdict(list)
    for domain in context.hypervisor.domains:
        for mac in domain.macs:
            holders[mac].append((domain.name, domain.active))
    if not holders:
        return Outcome(NOT_APPLICABLE, msg("checks.guest_macs.none", "No guest of this host has a network interface."))
    twice = {mac: found for mac, found in sorted(holders.items()) if len(found) > 1}
    if not twice:
        text = msg("checks.guest_macs.ok", "All {count} MAC addresses of the guests are different.", count=len(holders))
        return Outcome(OK, text, [Evidence("virDomainGetXMLDesc", f"{len(holders)} MAC addresses")])
    evidence = [
        Evidence(mac, ", ".join(f"{name} ({'running' if active else 'off'})" for name, active in found))
        for mac, found in twice.items()
    ]
    live = [mac for mac, found in twice.items() if sum(active for _, active in found) > 1]
    mac = (live or list(twice))[0]
    guests = ", ".join(dict.fromkeys(name for name, _ in twice[mac]))
    remedy = msg(
        "checks.guest_macs.remedy", "Give one of the guests another MAC address; it counts from its next start."
    )
    if live:
        text = msg(
            "checks.guest_macs.live", "Running with the same MAC address {mac}: {guests}", mac=mac, guests=guests
        )
        return Outcome(ERROR, text, evidence, remedy)
    text = msg("checks.guest_macs.defined", "Defined with the same MAC address {mac}: {guests}", mac=mac, guests=guests)
    return Outcome(WARNING, text, evidence, remedy)


CHECKS = (
    Check(
        "guests.macs",
        msg("checks.guest_macs.title", "MAC addresses of guests"),
        msg(
            "checks.guest_macs.why", "Two guests with one address each lose half of their traffic, without any message."
        ),
        check_macs,
        health_only=True,
    ),
)
