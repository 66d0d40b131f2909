# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_cleanup`: remove the engine, or what is left of a deployment."""

from __future__ import annotations

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.deploy.cleanup import carry_out_plan


class ActionModule(PhaseAction):
    """Takes ``items``: ids of exactly what was shown and confirmed; ``engine``: the working one among it, or empty."""

    @staticmethod
    def work(params, progress):
        """Remove them; what an earlier attempt removed is gone already."""
        changed, told = carry_out_plan(params["items"], params["engine"], progress)
        return {"changed": changed, "rhv_log": told}
