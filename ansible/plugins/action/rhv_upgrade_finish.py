# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_upgrade_finish`: finish an upgrade."""

from __future__ import annotations

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.deploy.upgrade_finish import finish_upgrade


class ActionModule(PhaseAction):
    """The previous disk leaves the engine VM and stays as the way back; ``engine.json`` says the new version."""

    @staticmethod
    def work(params, _progress):
        """Finish, from wherever an earlier attempt stopped."""
        changed, notes = finish_upgrade(params["job"]["id"], params["upgrade"]["version"])
        return {"changed": changed, "rhv_log": [{**note.to_json(), "severity": "warning"} for note in notes]}
