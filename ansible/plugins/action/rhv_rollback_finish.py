# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_rollback_finish`: finish the way back."""

from __future__ import annotations

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.deploy.rollback import WayBack, finish_rollback


class ActionModule(PhaseAction):
    """``engine.json`` says the version before; the upgrade is forgotten."""

    @staticmethod
    def work(params, _progress):
        """Finish, from wherever an earlier attempt stopped."""
        return {"changed": finish_rollback(WayBack.from_json(params["target"]))}
