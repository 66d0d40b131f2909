# SPDX-License-Identifier: Apache-2.0
"""Memory of the host: what is left, how long programs wait for it, how much is swapped out."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from ..host.pressure import read_pressure
from ..messages import msg
from .model import ERROR, NOT_APPLICABLE, OK, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context

#: Percent of all memory that is available. Ours: below the first the next guest fails, below the second the host may.
LOW_PERCENT, EMPTY_PERCENT = 10, 3
#: Percent of the last minute in which some, or all, programs waited for memory. The first is systemd-oomd's concern
#: (it kills at 60 % over 30 s); ours warns well before, and everything waiting for a tenth of the time is thrashing.
SOME_PERCENT, FULL_PERCENT = 10.0, 10.0
#: Percent of swap in use. Ours.
SWAP_WARN_PERCENT, SWAP_FULL_PERCENT = 50, 95

_REMEDY = msg("checks.memory_health.remedy", "Stop or move guests, or give some of them less memory.")


def check_available(context: Context) -> Outcome:
    """MemAvailable, the kernel's own estimate of what a new process could get."""
    memory = context.facts["memory"]
    free, total = memory["available_mib"], memory["total_mib"]
    evidence = [Evidence("/proc/meminfo", f"MemAvailable {free} MiB of {total} MiB")]
    percent = 100 * free / total
    text = msg("checks.memory_free.ok", "{free} MiB of {total} MiB are available.", free=free, total=total)
    if percent >= LOW_PERCENT:
        return Outcome(OK, text, evidence)
    text = msg("checks.memory_free.low", "Only {free} MiB of {total} MiB are available.", free=free, total=total)
    return Outcome(ERROR if percent < EMPTY_PERCENT else WARNING, text, evidence, _REMEDY)


def check_pressure(context: Context) -> Outcome:
    """Pressure stall information; EL kernels have it only with psi=1 on the command line."""
    path = "/proc/pressure/memory"
    try:
        pressure = read_pressure("memory", context.probes.root)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.EOPNOTSUPP):
            raise
        return Outcome(
            NOT_APPLICABLE,
            msg("checks.pressure.none", "This kernel does not measure pressure (boot with psi=1 to have it)."),
            [Evidence(path, str(error.strerror))],
        )
    evidence = [Evidence(path, f"some avg60={pressure.some_60}, full avg60={pressure.full_60}")]
    if pressure.full_60 >= FULL_PERCENT:
        text = msg(
            "checks.pressure.full",
            "For {percent} % of the last minute everything on this host waited for memory.",
            percent=round(pressure.full_60),
        )
        return Outcome(ERROR, text, evidence, _REMEDY)
    values = {"percent": round(pressure.some_60)}
    if pressure.some_60 >= SOME_PERCENT:
        text = msg("checks.pressure.some", "For {percent} % of the last minute programs waited for memory.", **values)
        return Outcome(WARNING, text, evidence, _REMEDY)
    return Outcome(OK, msg("checks.pressure.ok", "Programs hardly wait for memory."), evidence)


def check_swap(context: Context) -> Outcome:
    """How much of the swap space is in use; guests that are swapped out crawl."""
    memory = context.facts["memory"]
    total, free = memory["swap_total_mib"], memory["swap_free_mib"]
    evidence = [Evidence("/proc/meminfo", f"SwapFree {free} MiB of {total} MiB")]
    if total == 0:
        return Outcome(NOT_APPLICABLE, msg("checks.swap.none", "This host has no swap space."), evidence)
    values = {"used": total - free, "total": total}
    percent = 100 * (total - free) / total
    if percent < SWAP_WARN_PERCENT:
        return Outcome(
            OK, msg("checks.swap.ok", "{used} MiB of {total} MiB of swap space are in use.", **values), evidence
        )
    text = msg("checks.swap.high", "Much is swapped out: {used} MiB of {total} MiB.", **values)
    return Outcome(ERROR if percent >= SWAP_FULL_PERCENT else WARNING, text, evidence, _REMEDY)


CHECKS = (
    Check(
        "memory.available",
        msg("checks.memory_free.title", "Available memory"),
        msg(
            "checks.memory_free.why",
            "A host that runs out of memory kills its largest process, which is nearly always a guest.",
        ),
        check_available,
        health_only=True,
    ),
    Check(
        "memory.pressure",
        msg("checks.pressure.title", "Memory pressure"),
        msg(
            "checks.pressure.why",
            "It shows a lack of memory before anything is killed: guests stall while pages are fetched.",
        ),
        check_pressure,
        health_only=True,
    ),
    Check(
        "memory.swap",
        msg("checks.swap.title", "Swap space"),
        msg(
            "checks.swap.why",
            "A guest whose memory is swapped out answers after seconds; with swap full the kernel kills.",
        ),
        check_swap,
        health_only=True,
    ),
)
