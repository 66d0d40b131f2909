# SPDX-License-Identifier: Apache-2.0
"""Is the agent enrolled with a Manager, running and connected."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..host.files import read_text
from ..messages import msg
from .agent_port import AGENT_UNIT, VDSM_UNIT
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check
from .units import start_unit

if TYPE_CHECKING:
    from .context import Context

CERTIFICATE = "etc/cockpit-rhv/pki/agent.pem"
STATE = "run/cockpit-rhv/agent.json"


def is_enrolled(context: Context) -> bool:
    """The agent has a certificate from a Manager. Raises OSError when that cannot be seen."""
    try:
        (context.probes.root / CERTIFICATE).stat()
    except FileNotFoundError:
        return False
    return True


def is_managed(context: Context) -> bool:
    """A Manager reaches this host, through our agent or through vdsm."""
    return is_enrolled(context) or context.probes.unit_states([VDSM_UNIT])[VDSM_UNIT].active == "active"


def check_agent(context: Context) -> Outcome:
    """Certificate, unit, and who is connected, as the agent itself tells."""
    if not is_enrolled(context):
        evidence = [Evidence(f"/{CERTIFICATE}", "absent")]
        return Outcome(NOT_APPLICABLE, msg("checks.agent.none", "This host is not enrolled with a Manager."), evidence)
    state = context.probes.unit_states([AGENT_UNIT])[AGENT_UNIT]
    evidence = [
        Evidence(f"/{CERTIFICATE}", "present"),
        Evidence(f"systemctl show {AGENT_UNIT}", f"{state.load}, {state.active}, {state.result}"),
    ]
    if state.active in ("activating", "reloading"):
        return Outcome(UNKNOWN, msg("checks.agent.starting", "The agent is starting."), evidence)
    if state.active != "active":
        return Outcome(
            ERROR,
            msg("checks.agent.stopped", "The agent does not run: the Manager cannot reach this host."),
            evidence,
            msg(
                "checks.agent.stopped.remedy",
                "Start it; if it does not stay, see: journalctl -u {unit}",
                unit=AGENT_UNIT,
            ),
            remedy_job=start_unit(AGENT_UNIT),
        )
    try:
        told: Any = json.loads(read_text(context.probes.root / STATE))
        clients = [str(client["name"]) for client in told["clients"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        evidence.append(Evidence(f"/{STATE}", str(error)))
        return Outcome(UNKNOWN, msg("checks.agent.silent", "The agent does not say who is connected to it."), evidence)
    evidence.append(Evidence(f"/{STATE}", ", ".join(clients) or "nobody connected"))
    if not clients:
        return Outcome(
            WARNING,
            msg("checks.agent.alone", "No Manager is connected to the agent."),
            evidence,
            msg(
                "checks.agent.alone.remedy",
                "See whether the Manager runs, and whether it reaches port 54321 of this host.",
            ),
        )
    return Outcome(OK, msg("checks.agent.ok", "A Manager is connected: {names}", names=", ".join(clients)), evidence)


CHECKS = (
    Check(
        "agent.connected",
        msg("checks.agent.title", "Connection to the Manager"),
        msg("checks.agent.why", "Without it the Manager counts this host as lost, and starts its guests elsewhere."),
        check_agent,
        health_only=True,
    ),
)
