# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_rollback_engine`: wait for the engine on the disk of the version before."""

from __future__ import annotations

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.deploy.rollback import RESUME, WayBack
from cockpit_rhv.deploy.upgrade_wait import wait_for_version


class ActionModule(PhaseAction):
    """Healthy, of the version before, with the CA it had, and connected to this host's agent if it was before."""

    @staticmethod
    def work(params, progress):
        """Wait."""
        target = WayBack.from_json(params["target"])
        return {"changed": wait_for_version(target.version, target.stale, progress, hint=RESUME)}
