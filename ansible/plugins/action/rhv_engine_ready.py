# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_engine_ready`: wait for the Manager and prove its identity."""

from __future__ import annotations

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.deploy.engine_wait import EngineWait
from cockpit_rhv.deploy.register import agent_key
from cockpit_rhv.deploy.state import Deployment


class ActionModule(PhaseAction):
    """Only the CA whose fingerprint the engine VM has said on the first-contact port is trusted from then on."""

    @staticmethod
    def work(params, progress):
        """Wait; the record then has address and fingerprint. The agent's key is made meanwhile."""
        deployment = Deployment.open(params["job"]["id"])
        agent_key(deployment)
        return {"changed": EngineWait(deployment, params["answers"], progress).run()}
