# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_create_guest`: a guest from a copy of an image."""

from __future__ import annotations

from cockpit_rhv.create.guest import create_guest
from cockpit_rhv.deploy.action import PhaseAction


class ActionModule(PhaseAction):
    """Takes ``guest``: what ``machines.create`` was asked for, and the guest's ``uuid``."""

    @staticmethod
    def work(params, progress):
        """Make the guest; nothing of it stays when that fails or is cancelled."""
        return create_guest(params, progress)
