# SPDX-License-Identifier: Apache-2.0
"""Action `rhv_snapshot_guest`: a snapshot with a guest's memory."""

from __future__ import annotations

from cockpit_rhv.deploy.action import PhaseAction
from cockpit_rhv.guest_jobs.snapshot import snapshot_guest


class ActionModule(PhaseAction):
    """Takes ``guest``: what ``machines.snapshot_*`` was asked for, and of which run of the guest."""

    @staticmethod
    def work(params, progress):
        """Whoever is killed is resumed by what libvirt made of it."""
        return snapshot_guest(params, progress)
