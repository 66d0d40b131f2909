# SPDX-License-Identifier: Apache-2.0
"""Is the agent's place free: no vdsm, nobody else on port 54321."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..messages import msg
from .model import ERROR, OK, UNKNOWN, Evidence, Outcome
from .registry import Check
from .virtualization import AS_ADMINISTRATOR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import Context

PORT = 54321
AGENT_UNIT = "cockpit-rhv-agent.service"
VDSM_UNIT = "vdsmd.service"


def check_agent_port(context: Context) -> Outcome:
    """Names the process in the way; our own agent is not."""
    units = context.probes.unit_states([VDSM_UNIT, AGENT_UNIT])
    vdsm, agent = units[VDSM_UNIT], units[AGENT_UNIT]
    owner = context.probes.port_owner(PORT)
    evidence = [
        Evidence(f"systemctl show {VDSM_UNIT}", f"{vdsm.load}, {vdsm.active}"),
        Evidence(f"TCP port {PORT}", _listener(owner)),
    ]
    if vdsm.active in ("active", "activating", "reloading"):
        if not context.has_answers:
            # A host of oVirt or RHV is healthy like this; only a deployment of ours has no place on it.
            return Outcome(OK, msg("checks.agent_port.vdsm_owns", "vdsm answers the Manager on this host."), evidence)
        return Outcome(
            ERROR,
            msg(
                "checks.agent_port.vdsm",
                "vdsm runs here (pid {pid}): this host already belongs to a Manager.",
                pid=vdsm.main_pid or "?",
            ),
            evidence,
            msg(
                "checks.agent_port.vdsm.remedy",
                "Remove the host from that Manager and stop vdsmd, or deploy on another host.",
            ),
        )
    if owner is None:
        return Outcome(OK, msg("checks.agent_port.ok", "Port {port} is free.", port=PORT), evidence)
    if agent.active == "active" and owner["pid"] == agent.main_pid:
        return Outcome(OK, msg("checks.agent_port.ours", "Our agent listens on port {port}.", port=PORT), evidence)
    if owner["pid"] is None:
        text = msg(
            "checks.agent_port.taken_unseen", "Port {port} is taken; by whom only an administrator can see.", port=PORT
        )
        if not context.has_answers:
            # It may well be our own agent, whose process an ordinary user cannot see.
            return Outcome(UNKNOWN, text, evidence, AS_ADMINISTRATOR)
    else:
        text = msg(
            "checks.agent_port.taken",
            "Port {port} is taken by {process} (pid {pid}).",
            port=PORT,
            process=owner["process"],
            pid=owner["pid"],
        )
    remedy = msg("checks.agent_port.remedy", "Stop that program, or deploy on another host.")
    return Outcome(ERROR, text, evidence, remedy)


def _listener(owner: Mapping[str, Any] | None) -> str:
    if owner is None:
        return "nobody listens"
    return (
        "taken by a process that cannot be seen" if owner["pid"] is None else f"{owner['process']}, pid {owner['pid']}"
    )


CHECKS = (
    Check(
        "agent.port",
        msg("checks.agent_port.title", "Agent port"),
        msg(
            "checks.agent_port.why", "The Manager reaches this host over port 54321, and only one agent can own a host."
        ),
        check_agent_port,
    ),
)
