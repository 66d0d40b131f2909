# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_upgrade_image`: copy and prove the new image beside the engine's disk."""

from __future__ import annotations

from pathlib import Path

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.deploy.upgrade_disk import prepare_next


class ActionModule(PhaseAction):
    """A finished copy is recognised; one that was broken off is begun anew. The engine runs on meanwhile."""

    @staticmethod
    def work(params, progress):
        """Copy the image unless that has been done; from here on the upgrade is on record."""
        wanted = params["upgrade"]
        return {"changed": prepare_next(params["job"]["id"], Path(wanted["image"]), wanted["version"], progress)}
