# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_clone_guest`: a copy of a guest."""

from __future__ import annotations

from cockpit_rhv.create.clone import clone_guest
from cockpit_rhv.deploy.action import PhaseAction


class ActionModule(PhaseAction):
    """Takes ``guest``: what ``machines.clone`` was asked for, and the copy's ``uuid``."""

    @staticmethod
    def work(params, progress):
        """Make the copy; nothing of it stays when that fails or is cancelled."""
        return clone_guest(params, progress)
