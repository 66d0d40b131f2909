# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_storage`: make the directory for the engine's disk, or mount the shared storage for it."""

from __future__ import annotations

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.deploy.discard import discard_unfinished
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.deploy.storage import prepare_storage


class ActionModule(PhaseAction):
    """A directory that exists keeps its owner and mode."""

    @staticmethod
    def work(params, _progress):
        """Make or mount what is not there yet; first throw away what was made with other answers."""
        deployment = Deployment.open(params["job"]["id"])
        discarded = discard_unfinished(deployment)
        return {"changed": prepare_storage(deployment, params["answers"]) or discarded}
