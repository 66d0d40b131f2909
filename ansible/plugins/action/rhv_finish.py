# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_finish`: finish a deployment."""

from __future__ import annotations

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.deploy.engine_wait import EngineWait
from cockpit_rhv.deploy.finish import finish
from cockpit_rhv.deploy.state import Deployment


class ActionModule(PhaseAction):
    """VM and network start with the host from now on; config drive, key and token go; ``engine.json`` is written."""

    @staticmethod
    def work(params, progress):
        """Finish, from wherever an earlier attempt stopped."""
        deployment = Deployment.open(params["job"]["id"])
        # A resumed job may find the VM switched off, or at another address.
        EngineWait(deployment, params["answers"], progress).run()
        changed, notes = finish(deployment, params["answers"], progress)
        return {"changed": changed, "rhv_log": [{**note.to_json(), "severity": "warning"} for note in notes]}
