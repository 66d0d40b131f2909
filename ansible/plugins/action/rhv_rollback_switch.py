# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_rollback_switch`: give the engine VM the disk of the version before."""

from __future__ import annotations

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.deploy.rollback import WayBack, put_back


class ActionModule(PhaseAction):
    """Takes ``target``, a ``WayBack``. The newer disk, and with it what was changed since, is removed."""

    @staticmethod
    def work(params, _progress):
        """Put the old disk back, from wherever an earlier attempt stopped."""
        return {"changed": put_back(WayBack.from_json(params["target"]))}
