# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_shut_down_guests`: guests shut down within a time, or are powered off then."""

from __future__ import annotations

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.guest_jobs.shutdown import shut_down_guests


class ActionModule(PhaseAction):
    """Takes ``guest``: the guests, and how long each may take."""

    @staticmethod
    def work(params, progress):
        """Whoever is cancelled leaves the guests running."""
        return shut_down_guests(params, progress)
