# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_upgrade_engine`: wait for the engine on its new disk."""

from __future__ import annotations

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.deploy.upgrade_record import open_upgrade
from cockpit_rhv.deploy.upgrade_wait import wait_for_version


class ActionModule(PhaseAction):
    """Healthy, of the new version, with the CA it had, and connected to this host's agent if it was before."""

    @staticmethod
    def work(params, progress):
        """Wait."""
        record = open_upgrade(params["job"]["id"])
        before = (record.clients or []) if record.supervised else None
        wanted = params["upgrade"]
        return {"changed": wait_for_version(wanted["version"], before, progress, float(wanted["limit_s"]))}
