# SPDX-License-Identifier: Apache-2.0
"""Starts the jobs of an upgrade and of the way back, and removes the previous disk when it is not wanted any more."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..jobs.control import require_root, retire_jobs, running_on_engine, start_job
from ..jobs.model import JobSpec
from ..jobs.store import JobStore
from ..messages import Message, msg
from .appliance_image import read_appliance
from .config import write_engine_config
from .engine_wait import LIMIT_S
from .profile import load_profile
from .rollback import way_back
from .upgrade_disk import disown
from .upgrade_plan import plan_upgrade
from .upgrade_record import open_deployed, read_upgrade

if TYPE_CHECKING:
    from ..jobs.launch import Launcher
    from .config import EngineConfig

KIND = "upgrade"


def start_upgrade(
    image: Path | None,
    version: str | None,
    user: str,
    *,
    limit_s: float = LIMIT_S,
    store: JobStore | None = None,
    launcher: Launcher | None = None,
) -> str:
    """Start it and return the job's id. ``version``: what the user was shown; ``limit_s``: seconds the new engine gets.

    Raises RhvError ``access.denied``, ``upgrade.*``, ``image.*``, ``engine.*``, ``job.*``.
    """
    require_root()
    config, _ = open_deployed()
    plan = plan_upgrade(image)
    if plan.refusal is not None:
        raise plan.refusal
    if plan.image is None:
        raise RhvError(
            "upgrade.no_image",
            msg("upgrade.no_image", "No newer appliance is installed on this host."),
            msg("upgrade.no_image.hint", "Install the appliance package, or name an image."),
        )
    appliance = read_appliance(plan.image.path)
    title = msg(
        "upgrade.title", "Upgrade the engine {fqdn} to version {version}", fqdn=config.fqdn, version=appliance.version
    )
    wanted = {"image": str(appliance.path), "version": version or appliance.version, "limit_s": limit_s}
    return _start("upgrade", config, title, user, {"rhv_upgrade": wanted}, store, launcher)


def start_rollback(user: str, *, store: JobStore | None = None, launcher: Launcher | None = None) -> str:
    """Start the way back and return the job's id.

    Raises RhvError ``access.denied``, ``upgrade.*``, ``engine.*``, ``job.*``.
    """
    require_root()
    config, _ = open_deployed()
    target = way_back(config, read_upgrade())
    title = msg(
        "upgrade.rollback.title",
        "Return the engine {fqdn} to version {version}",
        fqdn=config.fqdn,
        version=target.version,
    )
    job = _start("rollback", config, title, user, {"rhv_rollback": target.to_json()}, store, launcher)
    # The upgrade that is undone has nothing to go on with.
    retire_jobs(frozenset({KIND}), store=store)
    return job


def drop_previous(store: JobStore | None = None) -> None:
    """Remove the previous disk: its space is free, the way back is gone.

    Raises RhvError ``access.denied``, ``upgrade.no_previous``, ``job.already_running``; OSError.
    """
    require_root()
    store = store or JobStore()
    with store.lock():
        running = running_on_engine(store)
        if running is not None or read_upgrade() is not None:
            raise RhvError(
                "upgrade.in_use",
                msg("upgrade.in_use", "The previous disk is in use by an upgrade that is not finished."),
                msg("upgrade.in_use.hint", "Let the upgrade finish, or go back first."),
            )
        config, deployment = open_deployed()
        if config.previous is None:
            raise RhvError(
                "upgrade.no_previous",
                msg("upgrade.no_previous", "There is no upgrade to undo on this host."),
                msg("upgrade.no_previous.hint", "The version before is kept from an upgrade until it is removed."),
            )
        disk = Path(config.previous.disk)
        disk.unlink(missing_ok=True)
        write_engine_config(dataclasses.replace(config, previous=None))
        disown(deployment, disk)


def _start(
    operation: str,
    config: EngineConfig,
    title: Message,
    user: str,
    variables: dict[str, Any],
    store: JobStore | None,
    launcher: Launcher | None,
) -> str:
    profile = load_profile(config.profile)
    spec = JobSpec(
        kind=KIND, title=title, user=user, phases=tuple(profile.operations[operation]), profile=config.profile
    )
    return start_job(spec, profile.folder, profile.plugins, variables, store=store, launcher=launcher)
