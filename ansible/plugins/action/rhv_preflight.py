# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_preflight`: check the host before anything is changed."""

from __future__ import annotations

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.deploy.preflight import check_host, refuse_failed, warnings


class ActionModule(PhaseAction):
    """The same checks as in the wizard's review step. What could not be read is a warning in the job's log."""

    @staticmethod
    def work(params, _progress):
        """An error among the results fails the phase."""
        report = check_host(params["answers"], params["job"]["id"])
        refuse_failed(report)
        return {"changed": False, "rhv_log": warnings(report)}
