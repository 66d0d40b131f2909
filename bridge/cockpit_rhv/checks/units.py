# SPDX-License-Identifier: Apache-2.0
"""Units of systemd that have failed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import Remedy
from ..messages import msg
from .model import ERROR, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context

_COMMAND = ("systemctl", "list-units", "--state=failed", "--plain", "--no-legend", "--no-pager", "--full")

#: What guests and this host's Manager live on: a failure of these is an error. systemd names the rest of the host.
VITAL = re.compile(
    r"(cockpit-rhv-agent|libvirtd|virt\w+d|vdsmd|supervdsmd|sanlock|wdmd|ovirt-ha-agent|ovirt-ha-broker|mom-vdsm|"
    r"openvswitch|ovs-vswitchd|multipathd|iscsid|NetworkManager|systemd-networkd)(-\w+)?\.(service|socket)"
)
#: What the host task start_unit may start; sanlock and its watchdog are not among them: they may reset the host.
STARTABLE = re.compile(
    r"(cockpit-rhv-agent|libvirtd|virt[a-z]{1,12}d|vdsmd|supervdsmd|ovirt-ha-agent|ovirt-ha-broker|mom-vdsm|"
    r"multipathd)\.(service|socket)"
)


def start_unit(unit: str) -> Remedy | None:
    """The button that starts a unit of ours again; None for one that is not ours to start."""
    if not STARTABLE.fullmatch(unit):
        return None
    return Remedy("start_unit", msg("remedy.start_unit", "Start {unit}", unit=unit), {"unit": unit})


def check_failed(context: Context) -> Outcome:
    """All units; jobs of this program are left out: their failure is told where they are shown."""
    done = context.probes.run(_COMMAND, 5.0)
    evidence = [Evidence(" ".join(_COMMAND[:3]), done.output or "none")]
    if done.code != 0:
        return Outcome(UNKNOWN, msg("checks.units.unknown", "systemd does not tell which units have failed."), evidence)
    units = [line.split()[0] for line in done.output.splitlines() if line.strip()]
    failed = [unit for unit in units if not unit.startswith("cockpit-rhv-job-")]
    if not failed:
        return Outcome(OK, msg("checks.units.ok", "No unit has failed."), evidence)
    vital = [unit for unit in failed if VITAL.fullmatch(unit)]
    first = (vital or failed)[0]
    return Outcome(
        ERROR if vital else WARNING,
        msg(
            "checks.units.failed",
            "Failed units: {units}",
            units=", ".join(sorted(failed, key=lambda unit: unit not in vital)),
        ),
        evidence,
        msg(
            "checks.units.remedy",
            "See why with “journalctl -u {unit}”; forget what does not matter with “systemctl reset-failed {unit}”.",
            unit=first,
        ),
        remedy_job=start_unit(first),
    )


CHECKS = (
    Check(
        "units.failed",
        msg("checks.units.title", "Failed units"),
        msg("checks.units.why", "A service that has failed does not do its work until somebody starts it again."),
        check_failed,
        health_only=True,
    ),
)
