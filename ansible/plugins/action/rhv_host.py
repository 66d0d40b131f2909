# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_host`: register this host with the Manager."""

from __future__ import annotations

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.deploy.engine_wait import EngineWait
from cockpit_rhv.deploy.register import register_host
from cockpit_rhv.deploy.state import Deployment


class ActionModule(PhaseAction):
    """Certificate, agent, entry in the Manager, and the wait until the Manager reports the host up."""

    @staticmethod
    def work(params, progress):
        """Register the host unless it is registered and up."""
        deployment = Deployment.open(params["job"]["id"])
        # A resumed job may find the VM switched off, or at another address.
        EngineWait(deployment, params["answers"], progress).run()
        return {"changed": register_host(deployment, params["answers"], progress)}
