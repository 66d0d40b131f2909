# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_collect_logs`: the logs and the state of this host in one archive without secrets."""

from __future__ import annotations

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.logs.collect import collect_logs


class ActionModule(PhaseAction):
    """Takes ``since`` (1h, 1d, 1w, all) and ``guests`` (yes, no): with the guests' logs."""

    @staticmethod
    def work(params, progress):
        """Write the archive of this job."""
        return collect_logs(params, progress)
