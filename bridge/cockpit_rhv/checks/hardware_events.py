# SPDX-License-Identifier: Apache-2.0
"""What the kernel has reported of the machine since it started: machine checks, memory and PCI Express errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ..messages import msg
from .asking import ask, shown
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context

#: Not warnings alone: that a machine check was logged is an information to the kernel.
_COMMAND = (
    *("journalctl", "--dmesg", "--boot", "--no-pager", "--quiet", "--output=cat"),
    *("--priority=info", "--lines=20000"),
)
#: mce.c, ghes.c, aer.c and edac_mc.c of the kernel.
_EVENT = re.compile(
    r"\[Hardware Error\]|^mce: |Machine [Cc]heck|PCIe Bus Error|AER: .*[Ee]rror|EDAC .*\b[CU]E\b|"
    r"Uncorrected hardware memory error|Memory failure:"
)
#: The same words where nothing has gone wrong: a driver announces itself, a processor has cooled down.
_HARMLESS = re.compile(r"mce: Using \d+ MCE banks|temperature/speed normal|EDAC \w+: (Giving out|Ver:)")
_FATAL = re.compile(r"[Uu]ncorrect|[Ff]atal|\bUE\b|event severity: recoverable|Memory failure:")


class Events(NamedTuple):
    """Lines of the kernel."""

    fatal: tuple[str, ...]
    corrected: tuple[str, ...]


def parse_events(output: str) -> Events:
    """What the kernel's messages tell of the hardware; a corrected error is not a fatal one."""
    fatal: list[str] = []
    corrected: list[str] = []
    for line in output.splitlines():
        if _EVENT.search(line) and not _HARMLESS.search(line):
            (fatal if _FATAL.search(line) else corrected).append(line.strip())
    return Events(tuple(fatal), tuple(corrected))


def check_events(context: Context) -> Outcome:
    """The journal of this start; EDAC's counters are a check of their own."""
    if (context.probes.root / "run/systemd/container").exists():
        text = msg("checks.hardware.container", "This host is a container; the machine below it is not its own.")
        return Outcome(NOT_APPLICABLE, text, [Evidence("/run/systemd/container", "present")])
    done = ask(context, _COMMAND, 8.0)
    # The kernel says something whenever it starts: nothing at all was kept from this user.
    if done is None or done.code != 0 or not done.output:
        text = msg("checks.hardware.denied", "The kernel's messages cannot be read; only an administrator may.")
        said = "not found" if done is None else shown(done.output)
        return Outcome(UNKNOWN, text, [Evidence("journalctl --dmesg --boot", said)])
    events = parse_events(done.output)
    # The same error comes a thousand times: each line is shown once, the worst first.
    lines = list(dict.fromkeys((*events.fatal, *events.corrected)))[:8]
    evidence = [Evidence("journalctl --dmesg --boot", line) for line in lines]
    remedy = msg(
        "checks.hardware.remedy",
        "Install rasdaemon, which names the part (“ras-mc-ctl --errors”); move the guests away and replace it.",
    )
    if events.fatal:
        text = msg(
            "checks.hardware.fatal",
            "The kernel reports errors of the hardware that were not corrected ({count} lines).",
            count=len(events.fatal),
        )
        return Outcome(ERROR, text, evidence, remedy)
    if events.corrected:
        text = msg(
            "checks.hardware.corrected",
            "The kernel reports errors of the hardware since the start ({count} lines).",
            count=len(events.corrected),
        )
        return Outcome(WARNING, text, evidence, remedy)
    evidence = [Evidence("journalctl --dmesg --boot", "no machine checks, no errors of memory or PCI Express")]
    return Outcome(OK, msg("checks.hardware.ok", "The kernel has reported no errors of the hardware."), evidence)


CHECKS = (
    Check(
        "hardware.events",
        msg("checks.hardware.title", "Hardware errors"),
        msg(
            "checks.hardware.why",
            "A processor or card that reports errors fails soon, and what guests computed meanwhile may be wrong.",
        ),
        check_events,
        health_only=True,
        limit_s=15.0,
    ),
)
