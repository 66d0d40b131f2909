# SPDX-License-Identifier: Apache-2.0
"""What the running guests were promised, against what the host has: memory and processors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import msg
from .model import ERROR, NOT_APPLICABLE, OK, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context

#: vCPUs of all running guests for each thread of the host. Ours: above it guests wait for a processor noticeably.
MOST_VCPUS_PER_THREAD = 4


def check_memory(context: Context) -> Outcome:
    """The sum of what all running guests may take; the host's own needs come on top."""
    running = [domain for domain in context.hypervisor.domains if domain.active]
    memory = context.facts["memory"]
    total, swap = memory["total_mib"], memory["swap_total_mib"]
    promised = sum(domain.memory_mib for domain in running)
    if not running:
        return Outcome(NOT_APPLICABLE, msg("checks.guest_load.none", "No guest is running."))
    evidence = [
        Evidence("virDomainGetXMLDesc", f"{promised} MiB for {len(running)} running guests"),
        Evidence("/proc/meminfo", f"MemTotal {total} MiB, SwapTotal {swap} MiB"),
    ]
    values = {"promised": promised, "total": total}
    remedy = msg("checks.guest_memory.remedy", "Stop or move guests, or give some of them less memory.")
    if promised > total + swap:
        text = msg(
            "checks.guest_memory.beyond",
            "Running guests may take {promised} MiB; memory and swap together have less (memory: {total} MiB).",
            **values,
        )
        return Outcome(ERROR, text, evidence, remedy)
    if promised > total:
        text = msg(
            "checks.guest_memory.over", "Running guests may take {promised} MiB of the host's {total} MiB.", **values
        )
        return Outcome(WARNING, text, evidence, remedy)
    text = msg("checks.guest_memory.ok", "Running guests may take {promised} MiB of the host's {total} MiB.", **values)
    return Outcome(OK, text, evidence)


def check_vcpus(context: Context) -> Outcome:
    """All of them together, and whether one alone has more than the host."""
    running = [domain for domain in context.hypervisor.domains if domain.active]
    threads = int(context.facts["cpu"]["threads"])
    if not running:
        return Outcome(NOT_APPLICABLE, msg("checks.guest_load.none", "No guest is running."))
    vcpus = sum(domain.vcpus for domain in running)
    evidence = [
        Evidence("virDomainGetXMLDesc", f"{vcpus} vCPUs for {len(running)} running guests"),
        Evidence("/sys/devices/system/cpu", f"{threads} threads"),
    ]
    wide = [domain.name for domain in running if domain.vcpus > threads]
    if wide:
        return Outcome(
            WARNING,
            msg(
                "checks.guest_vcpus.wide",
                "Guests with more vCPUs than this host has threads ({threads}): {guests}",
                threads=threads,
                guests=", ".join(wide),
            ),
            evidence,
            msg("checks.guest_vcpus.wide.remedy", "Give the guest as many vCPUs as the host has threads, or fewer."),
        )
    values = {"vcpus": vcpus, "threads": threads}
    if vcpus > threads * MOST_VCPUS_PER_THREAD:
        text = msg("checks.guest_vcpus.over", "{vcpus} vCPUs run on {threads} threads.", **values)
        remedy = msg("checks.guest_vcpus.over.remedy", "Stop or move guests, or give some of them fewer vCPUs.")
        return Outcome(WARNING, text, evidence, remedy)
    return Outcome(OK, msg("checks.guest_vcpus.ok", "{vcpus} vCPUs run on {threads} threads.", **values), evidence)


CHECKS = (
    Check(
        "guests.memory",
        msg("checks.guest_memory.title", "Memory promised to guests"),
        msg(
            "checks.guest_memory.why",
            "When guests use what they were promised and the host has less, the kernel kills one of them.",
        ),
        check_memory,
        health_only=True,
    ),
    Check(
        "guests.vcpus",
        msg("checks.guest_vcpus.title", "Processors promised to guests"),
        msg("checks.guest_vcpus.why", "Guests whose vCPUs wait for a processor are slow, and their clocks jump."),
        check_vcpus,
        health_only=True,
    ),
)
