# SPDX-License-Identifier: Apache-2.0
"""Is the clock right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Remedy
from ..messages import msg
from .model import OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context

_COMMAND = ("timedatectl", "show", "--property=NTPSynchronized", "--value")


def check_clock(context: Context) -> Outcome:
    """What timedated knows of the kernel's clock, whichever program sets it."""
    try:
        done = context.probes.run(_COMMAND, 5.0)
    except OSError as error:
        return Outcome(
            UNKNOWN, msg("checks.clock.no_tool", "timedatectl cannot be started: {reason}", reason=str(error))
        )
    evidence = [Evidence(" ".join(_COMMAND), done.output)]
    if done.output == "yes":
        return Outcome(OK, msg("checks.clock.ok", "The clock is synchronized."), evidence)
    if done.output == "no":
        return Outcome(
            WARNING,
            msg("checks.clock.free", "Nothing keeps the clock of this host right."),
            evidence,
            msg("checks.clock.remedy", "Switch on a time service: timedatectl set-ntp true, or install chrony."),
            remedy_job=Remedy("sync_clock", msg("remedy.sync_clock", "Turn on time synchronization")),
        )
    return Outcome(UNKNOWN, msg("checks.clock.unknown", "timedatectl gave no answer."), evidence)


CHECKS = (
    Check(
        "clock.synchronized",
        msg("checks.clock.title", "Clock"),
        msg(
            "checks.clock.why",
            "Certificates are refused and logs of several hosts cannot be compared when clocks differ.",
        ),
        check_clock,
    ),
)
