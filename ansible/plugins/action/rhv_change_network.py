# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_change_network`: a change of the host's networks under NetworkManager's checkpoint."""

from __future__ import annotations

from cockpit_rhv.checks.network_change import carry_out
from cockpit_rhv.deploy.action import PhaseAction


class ActionModule(PhaseAction):
    """Takes ``change``: what ``networks.change`` was asked for, and by whom."""

    @staticmethod
    def work(params, progress):
        """Change it; what is not confirmed is taken back."""
        return carry_out(params, progress)
