# SPDX-License-Identifier: Apache-2.0
"""Has the kernel of this host come to harm, and does its memory have errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..host.files import read_optional_int, read_text
from ..messages import msg
from .model import ERROR, NOT_APPLICABLE, OK, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context

#: Bit, letter, severity; Documentation/admin-guide/tainted-kernels.rst of the kernel. The others are about where
#: modules come from, and say nothing about health.
_HARM = (
    (4, "M", ERROR),  # a processor reported a machine check
    (5, "B", ERROR),  # a page was in an unexpected state
    (7, "D", ERROR),  # the kernel has died before: an oops or a BUG
    (14, "L", ERROR),  # a soft lockup
    (9, "W", WARNING),  # a kernel warning
)


def check_taint(context: Context) -> Outcome:
    """The bits that tell of harm; proprietary and unsigned modules are named, not held against the host."""
    value = int(read_text(context.probes.root / "proc/sys/kernel/tainted"))
    evidence = [Evidence("/proc/sys/kernel/tainted", str(value))]
    found = [(letter, severity) for bit, letter, severity in _HARM if value >> bit & 1]
    if found:
        return Outcome(
            ERROR if any(severity == ERROR for _, severity in found) else WARNING,
            msg(
                "checks.taint.harm",
                "The kernel has come to harm since it started ({letters}).",
                letters=" ".join(letter for letter, _ in found),
            ),
            evidence,
            msg(
                "checks.taint.remedy", "Read “journalctl -k”, move the guests away when you can, and restart the host."
            ),
        )
    if value:
        text = msg("checks.taint.modules", "The kernel is unharmed; it has modules from elsewhere loaded.")
        return Outcome(OK, text, evidence)
    return Outcome(OK, msg("checks.taint.ok", "The kernel is unharmed."), evidence)


def check_memory_errors(context: Context) -> Outcome:
    """EDAC's counters since the start: corrected errors foretell uncorrected ones."""
    folder = context.probes.root / "sys/devices/system/edac/mc"
    controllers = sorted(folder.glob("mc[0-9]*"))
    if not controllers:
        text = msg("checks.edac.none", "No memory controller of this host counts errors.")
        return Outcome(NOT_APPLICABLE, text, [Evidence("/sys/devices/system/edac/mc", "no controllers")])
    corrected = sum(int(read_text(path / "ce_count")) for path in controllers)
    uncorrected = sum(int(read_text(path / "ue_count")) for path in controllers)
    since = max((read_optional_int(path / "seconds_since_reset") or 0 for path in controllers), default=0)
    evidence = [
        Evidence("/sys/devices/system/edac/mc", f"{uncorrected} uncorrected, {corrected} corrected in {since} s")
    ]
    remedy = msg("checks.edac.remedy", "Find the module with “edac-util -v” or “ras-mc-ctl --errors”, and replace it.")
    if uncorrected:
        text = msg("checks.edac.uncorrected", "Memory errors that could not be corrected: {count}", count=uncorrected)
        return Outcome(ERROR, text, evidence, remedy)
    if corrected:
        text = msg("checks.edac.corrected", "Memory errors that were corrected: {count}", count=corrected)
        return Outcome(WARNING, text, evidence, remedy)
    return Outcome(OK, msg("checks.edac.ok", "No memory errors since the host started."), evidence)


CHECKS = (
    Check(
        "kernel.taint",
        msg("checks.taint.title", "Kernel"),
        msg(
            "checks.taint.why",
            "After an oops or a machine check the kernel goes on with what is left; guests may be hit next.",
        ),
        check_taint,
        health_only=True,
    ),
    Check(
        "hardware.memory",
        msg("checks.edac.title", "Memory errors"),
        msg("checks.edac.why", "A memory module that begins to fail takes guests, and then the host, with it."),
        check_memory_errors,
        health_only=True,
    ),
)
