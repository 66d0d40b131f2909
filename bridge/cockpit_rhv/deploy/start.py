# SPDX-License-Identifier: Apache-2.0
"""Starts a deployment: answers validated, secrets turned into hashes, and a detached job that does the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..jobs.control import require_root, start_job
from ..jobs.model import JobSpec
from ..messages import msg
from .answers import complete, get
from .estimate import scaled
from .secrets import hash_admin_password, hash_root_password
from .validate import refuse_invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..jobs.launch import Launcher
    from ..jobs.store import JobStore
    from ..messages import Message
    from .profile import Profile


def deployment_title(answers: Mapping[str, Any]) -> Message:
    """What the job is called."""
    return msg("deploy.title", "Deploy the engine {fqdn}", fqdn=str(get(answers, "engine.fqdn")))


def start_deployment(
    profile: Profile,
    answers: Mapping[str, Any],
    secrets: Mapping[str, str],
    user: str,
    *,
    store: JobStore | None = None,
    launcher: Launcher | None = None,
) -> str:
    """Start it and return the job's id. ``secrets``: ``admin_password`` and, if root may log in, ``root_password``.

    No plaintext leaves this function. Raises RhvError ``access.denied``, ``answers.invalid``, ``secrets.*``, ``job.*``.
    """
    require_root()
    refuse_invalid(profile, answers)
    if not secrets.get("admin_password"):
        raise RhvError(
            "secrets.admin_password", msg("secrets.admin_missing", "The Manager's administrator needs a password.")
        )
    root_password = secrets.get("root_password")
    whole = complete(profile.schema, answers)
    variables = {
        "rhv_answers": whole,
        "rhv_admin_password_hash": hash_admin_password(secrets["admin_password"]),
        "rhv_root_password_hash": "" if root_password is None else hash_root_password(root_password),
    }
    spec = JobSpec(
        kind="deploy",
        title=deployment_title(whole),
        user=user,
        phases=scaled(profile.phases),
        profile=profile.id,
        answers=whole,
    )
    return start_job(spec, profile.folder, profile.plugins, variables, store=store, launcher=launcher)
