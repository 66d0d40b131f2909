# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_upgrade_switch`: give the engine VM its new disk."""

from __future__ import annotations

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.deploy.upgrade_switch import switch_disks


class ActionModule(PhaseAction):
    """The old disk keeps its content and gets a second name."""

    @staticmethod
    def work(params, progress):
        """Switch, from wherever an earlier attempt stopped."""
        changed, notes = switch_disks(params["job"]["id"], progress)
        return {"changed": changed, "rhv_log": [{**note.to_json(), "severity": "warning"} for note in notes]}
