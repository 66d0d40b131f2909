# SPDX-License-Identifier: Apache-2.0
"""How a job of guests is started: a playbook of ``ansible/guests/`` with what it is to do."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..jobs.control import start_job
from ..jobs.model import JobSpec, PhaseSpec
from ..machines.opening import DEFAULT_URI
from ..paths import data_dir

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..jobs.launch import Launcher
    from ..jobs.store import JobStore
    from ..messages import Message


def start_guest_job(
    phase: str,
    title: Message,
    user: str,
    work: Mapping[str, Any],
    guests: Sequence[str],
    expected_s: float,
    store: JobStore | None = None,
    launcher: Launcher | None = None,
) -> str:
    """Start the playbook ``ansible/guests/<phase>.yml`` as a job; returns its id. Raises RhvError ``job.*``.

    ``work``: what its action gets as ``guest``. ``guests``: UUIDs of those that it makes or works on.
    """
    spec = JobSpec("task", title, user, (PhaseSpec(phase, title, expected_s),), guests=tuple(guests))
    folder = data_dir() / "ansible"
    return start_job(
        spec, folder / "guests", folder / "plugins", {"rhv_task": {"guest": work}}, store=store, launcher=launcher
    )


def job_uri() -> str:
    """libvirt as the helper has it."""
    return os.environ.get("COCKPIT_RHV_LIBVIRT_URI", DEFAULT_URI)
