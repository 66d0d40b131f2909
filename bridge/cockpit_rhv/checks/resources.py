# SPDX-License-Identifier: Apache-2.0
"""Memory and processors: what the engine VM asks for against what this host has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import msg
from .model import ERROR, OK, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context

#: MiB that QEMU itself needs beyond the guest's memory, and that the host keeps for its own work.
RESERVE_MIB = 256


def check_memory(context: Context) -> Outcome:
    """Against MemAvailable, the kernel's own estimate of what a new process could get."""
    memory = context.facts["memory"]
    asked = int(context.answer("engine.memory_mib"))
    evidence = [Evidence("/proc/meminfo", f"MemAvailable {memory['available_mib']} MiB of {memory['total_mib']} MiB")]
    own = context.own_domain()
    if own is not None and own.active:
        return Outcome(OK, msg("checks.memory.held", "The engine VM already has its memory."), evidence)
    if asked + RESERVE_MIB <= memory["available_mib"]:
        return Outcome(
            OK,
            msg(
                "checks.memory.ok",
                "{free} MiB are free, {asked} MiB are asked for.",
                free=memory["available_mib"],
                asked=asked,
            ),
            evidence,
        )
    remedy = msg("checks.memory.remedy", "Ask for less memory, or stop guests and programs that hold it.")
    if asked + RESERVE_MIB > memory["total_mib"]:
        text = msg(
            "checks.memory.above_host",
            "{asked} MiB are asked for, this host has {total} MiB.",
            asked=asked,
            total=memory["total_mib"],
        )
        return Outcome(ERROR, text, evidence, remedy)
    text = msg(
        "checks.memory.short",
        "{asked} MiB are asked for, {free} MiB are free.",
        asked=asked,
        free=memory["available_mib"],
    )
    return Outcome(ERROR, text, evidence, remedy)


def check_processors(context: Context) -> Outcome:
    """More virtual than real processors would only wait for each other."""
    threads = context.facts["cpu"]["threads"]
    asked = int(context.answer("engine.vcpus"))
    evidence = [Evidence("/proc/cpuinfo", f"{threads} hardware threads")]
    if asked > threads:
        return Outcome(
            ERROR,
            msg(
                "checks.cpus.above_host",
                "{asked} virtual CPUs are asked for, this host has {threads}.",
                asked=asked,
                threads=threads,
            ),
            evidence,
            msg("checks.cpus.remedy", "Ask for at most as many as the host has."),
        )
    if asked == threads and threads > 2:
        return Outcome(
            WARNING, msg("checks.cpus.all", "The engine VM would have every processor of this host."), evidence
        )
    return Outcome(
        OK,
        msg("checks.cpus.ok", "{asked} of {threads} processors are asked for.", asked=asked, threads=threads),
        evidence,
    )


CHECKS = (
    Check(
        "memory.free",
        msg("checks.memory.title", "Memory"),
        msg(
            "checks.memory.why",
            "A host that runs out of memory kills its largest process, which would be the engine VM.",
        ),
        check_memory,
        needs_answers=True,
        path="engine.memory_mib",
    ),
    Check(
        "cpu.count",
        msg("checks.cpus.title", "Processors"),
        msg("checks.cpus.why", "A guest with more processors than its host runs slower, not faster."),
        check_processors,
        needs_answers=True,
        path="engine.vcpus",
    ),
)
