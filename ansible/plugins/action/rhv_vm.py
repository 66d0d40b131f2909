# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_vm`: define and start the engine VM."""

from __future__ import annotations

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.deploy.vm import start_engine


class ActionModule(PhaseAction):
    """Takes ``admin_password_hash`` (scrypt) and ``root_password_hash`` (crypt(3), empty for none) besides."""

    @staticmethod
    def work(params, _progress):
        """Bring the VM to run; one of that name that is not this deployment's is never touched."""
        deployment = Deployment.open(params["job"]["id"])
        hashes = params["admin_password_hash"], params["root_password_hash"] or None
        return {"changed": start_engine(deployment, params["answers"], *hashes)}
