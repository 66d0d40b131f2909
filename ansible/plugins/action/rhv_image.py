# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_image`: copy and prove the appliance image."""

from __future__ import annotations

from pathlib import Path

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.deploy.disk import make_disk
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.deploy.storage import mount_storage


class ActionModule(PhaseAction):
    """A finished copy is recognised; one that was broken off is begun anew."""

    @staticmethod
    def work(params, progress):
        """Copy the image unless that has been done."""
        image = Path(params["answers"]["image"]["path"])
        deployment = Deployment.open(params["job"]["id"])
        # After a reboot: what is not mounted is an empty folder of this host, and a disk would fit into it.
        mount_storage(params["answers"])
        return {"changed": make_disk(deployment, params["answers"], image, progress)}
