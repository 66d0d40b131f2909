# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_upgrade_preflight`: check everything an upgrade needs."""

from __future__ import annotations

from pathlib import Path

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.deploy.upgrade_preflight import check_upgrade


class ActionModule(PhaseAction):
    """Takes ``upgrade``: ``image``, ``version`` and ``limit_s``. Changes nothing."""

    @staticmethod
    def work(params, _progress):
        """The same checks as before the job's start: the image may have been replaced since."""
        wanted = params["upgrade"]
        check_upgrade(params["job"]["id"], Path(wanted["image"]), wanted["version"])
        return {"changed": False}
