# SPDX-License-Identifier: Apache-2.0
"""The services of an oVirt or RHV host: vdsm, its helpers, and the hosted engine's agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import msg
from .model import ERROR, NOT_APPLICABLE, OK, Evidence, Outcome
from .registry import Check
from .units import start_unit

if TYPE_CHECKING:
    from .context import Context

VDSM = "vdsmd.service"
#: Needed wherever vdsm is.
WITH_VDSM = ("supervdsmd.service", "sanlock.service", "mom-vdsm.service")
#: Only where the hosted engine was deployed: enabled then.
HOSTED_ENGINE = ("ovirt-ha-agent.service", "ovirt-ha-broker.service")


def check_services(context: Context) -> Outcome:
    """Those that are installed and meant to run."""
    states = context.probes.unit_states([VDSM, *WITH_VDSM, *HOSTED_ENGINE])
    if not states[VDSM].installed or states[VDSM].enabled == "disabled":
        return Outcome(NOT_APPLICABLE, msg("checks.vdsm.none", "This host has no vdsm, or does not use it."))
    expected = [VDSM, *(unit for unit in WITH_VDSM if states[unit].installed)]
    expected += [unit for unit in HOSTED_ENGINE if states[unit].enabled == "enabled"]
    evidence = [
        Evidence(f"systemctl show {unit}", f"{states[unit].active}, {states[unit].result}") for unit in expected
    ]
    stopped = [unit for unit in expected if states[unit].active not in ("active", "activating", "reloading")]
    if stopped:
        return Outcome(
            ERROR,
            msg("checks.vdsm.stopped", "Not running: {units}", units=", ".join(stopped)),
            evidence,
            msg("checks.vdsm.remedy", "See why with: journalctl -u {unit}", unit=stopped[0]),
            remedy_job=start_unit(stopped[0]),
        )
    return Outcome(OK, msg("checks.vdsm.ok", "All services of vdsm run."), evidence)


CHECKS = (
    Check(
        "vdsm.services",
        msg("checks.vdsm.title", "vdsm's services"),
        msg(
            "checks.vdsm.why",
            "The Manager works on an oVirt or RHV host through them; the hosted engine moves with their help.",
        ),
        check_services,
        health_only=True,
    ),
)
