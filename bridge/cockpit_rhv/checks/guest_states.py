# SPDX-License-Identifier: Apache-2.0
"""Guests that have crashed, or that stand still because their disk refused to write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import msg
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..messages import Message
    from .context import Context
    from .hypervisor import DomainFact


def check_states(context: Context) -> Outcome:
    """Crashed, paused on an I/O error, and stopped by QEMU itself."""
    domains = context.hypervisor.domains
    if not domains:
        return Outcome(NOT_APPLICABLE, msg("checks.guest_states.none", "This host has no guests."))
    paused = [domain for domain in domains if (domain.state, domain.reason) == ("paused", "io_error")]
    crashed = [
        domain
        for domain in domains
        if domain.state == "crashed" or (domain.state in ("paused", "shut_off") and domain.reason == "crashed")
    ]
    evidence = [
        Evidence(f"virDomainGetState({domain.name})", f"{domain.state}, {domain.reason or 'no reason'}")
        for domain in (*paused, *crashed)
    ]
    if paused:
        return Outcome(
            ERROR,
            msg(
                "checks.guest_states.io_error",
                "Paused because a disk could not be read or written: {guests}",
                guests=_names(paused),
            ),
            evidence,
            msg(
                "checks.guest_states.io_error.remedy",
                "Make room on the storage or bring it back, then resume the guest: virsh resume {guest}",
                guest=paused[0].name,
            ),
        )
    if crashed:
        return Outcome(
            ERROR,
            msg("checks.guest_states.crashed", "Crashed: {guests}", guests=_names(crashed)),
            evidence,
            _remedy(crashed[0]),
        )
    unclear = [domain for domain in domains if domain.state == "unknown"]
    if unclear:
        text = msg(
            "checks.guest_states.unknown", "Of these guests libvirt knows no state: {guests}", guests=_names(unclear)
        )
        return Outcome(UNKNOWN, text)
    running = sum(domain.active for domain in domains)
    return Outcome(
        OK,
        msg(
            "checks.guest_states.ok", "None of the guests has crashed or stands still ({running} run).", running=running
        ),
        [Evidence("virConnectListAllDomains", f"{len(domains)} guests, {running} active")],
    )


def _remedy(crashed: DomainFact) -> Message:
    if crashed.active:
        return msg(
            "checks.guest_states.panicked.remedy",
            "Its screen may say why. Power it off and start it again: virsh destroy {guest}, then virsh start {guest}",
            guest=crashed.name,
        )
    return msg(
        "checks.guest_states.crashed.remedy",
        "Read /var/log/libvirt/qemu/{guest}.log, then start the guest again.",
        guest=crashed.name,
    )


def _names(domains: Sequence[DomainFact]) -> str:
    return ", ".join(domain.name for domain in domains)


CHECKS = (
    Check(
        "guests.states",
        msg("checks.guest_states.title", "Guests at a standstill"),
        msg(
            "checks.guest_states.why",
            "QEMU pauses a guest whose disk is full or gone, to lose nothing; it does not go on by itself.",
        ),
        check_states,
        health_only=True,
    ),
)
