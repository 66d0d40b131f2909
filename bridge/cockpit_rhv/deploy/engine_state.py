# SPDX-License-Identifier: Apache-2.0
"""The hosted engine of this host as it is now: deployed or not, and which of its parts run."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from ..jobs.model import EXCLUSIVE_KINDS
from ..jobs.store import JobStore
from ..machines.opening import DEFAULT_URI
from ..machines.uptime import uptime_s
from ..messages import Message, msg
from . import places
from .config import EngineConfig, read_engine_config
from .engine_parts import (
    AGENT_STATE,
    BOOT_GRACE_S,
    FAILED,
    OK,
    STARTING,
    STOPPED,
    UNKNOWN,
    Part,
    agent_part,
    host_uptime_s,
    libvirt_parts,
)
from .first_contact import read_last
from .state import read_record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..jobs.model import JobStatus
    from .manager import Manager

HEALTH_TIMEOUT_S = 3.0

_TITLES = {
    "libvirt": msg("engine.part.libvirt", "libvirt"),
    "network": msg("engine.part.network", "Network"),
    "vm": msg("engine.part.vm", "Engine VM"),
    "manager": msg("engine.part.manager", "Manager"),
    "agent": msg("engine.part.agent", "Agent of this host"),
}


@dataclass(frozen=True)
class Health:
    """Last word of the Manager's health page. ``state``: good, bad or unknown; ``checked_s``: epoch seconds."""

    state: str
    message: Message
    checked_s: float | None = None
    version: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Member ``health`` of definition ``Engine``."""
        return {"state": self.state, "checked_s": self.checked_s, "message": self.message.to_json()}


NOT_CHECKED = Health("unknown", msg("engine.health.unknown", "The Manager has not been asked yet."))


@dataclass(frozen=True)
class Local:
    """What this host alone can tell; everything but the Manager's health.

    ``fresh``: the engine VM, or as far as that cannot be seen the host, has been started only just now.
    ``uuid``: of the engine VM that ``job`` has started and not finished; its console says why it did not come up.
    """

    config: EngineConfig | None
    job: JobStatus | None
    vm_state: str | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)
    fresh: bool = False
    uuid: str | None = None


def read_engine_state() -> dict[str, Any]:
    """Definition ``Engine`` of ``schemas/common.json``, read once; blocks for at most some seconds.

    Raises RhvError ``engine.config_damaged``.
    """
    local = read_local()
    health = NOT_CHECKED if local.config is None else read_health(local.config)
    return compose(local, health)


def read_local(
    uri: str = DEFAULT_URI, store: JobStore | None = None, agent_state: Path = AGENT_STATE, root: Path = Path("/")
) -> Local:
    """Everything but the Manager's health. Raises RhvError ``engine.config_damaged``; OSError."""
    config = read_engine_config()
    job = _deployment(store or JobStore(), config)
    if config is None:
        return Local(None, job, uuid=_unfinished(job))
    booting = host_uptime_s(root) < BOOT_GRACE_S
    vm_state, parts = libvirt_parts(config, uri, booting, root)
    parts["agent"] = agent_part(agent_state, booting)
    age_s = uptime_s(config.name)
    return Local(config, job, vm_state, parts, booting if age_s is None else age_s < BOOT_GRACE_S)


def compose(local: Local, health: Health) -> dict[str, Any]:
    """Definition ``Engine`` of ``schemas/common.json``."""
    config, job = local.config, local.job
    parts = {**local.parts, **({"manager": manager_part(local, health)} if config else {})}
    if job is not None and job.active and job.kind == "deploy":
        state = "deploying"
    elif config is not None:
        state = "deployed"
    else:
        state = "none" if job is None else "failed"
    return {
        "state": state,
        "config": config.to_json() if config else None,
        "job": job.id if job else None,
        "vm_state": local.vm_state,
        "uuid": config.uuid if config else local.uuid,
        "health": health.to_json(),
        "version": health.version or (config.engine_version if config else None),
        "components": [
            {
                "id": name,
                "title": title.to_json(),
                "state": parts[name].state,
                "message": parts[name].message.to_json(),
            }
            for name, title in _TITLES.items()
            if name in parts
        ],
        "reachable_only_here": config is not None and config.network_kind == "nat",
    }


def read_health(config: EngineConfig, make: Callable[..., Manager] | None = None) -> Health:
    """Ask the Manager; whatever goes wrong is its health, so nothing is raised."""
    try:
        ca = Path(config.ca_file).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        return Health(
            UNKNOWN,
            msg("engine.health.no_ca", "The engine's CA cannot be read: {reason}", reason=str(error)),
            time.time(),
        )
    if make is None:
        # http.client and its email cost 2 MB: not in each page's helper before there is an engine to ask
        from .manager import Manager

        make = Manager
    failure: RhvError | None = None
    for address in manager_addresses(config):
        manager = make(address, config.fqdn, ca, timeout_s=HEALTH_TIMEOUT_S)
        try:
            if manager.healthy():
                version = manager.version()
                return Health("good", msg("engine.health.good", "The Manager is healthy."), time.time(), version)
            failure = None
        except RhvError as error:
            failure = error
    if failure is not None:
        return Health("bad", failure.message, time.time())
    return Health(
        "bad", msg("engine.health.bad", "The Manager answers, and reports that it is not healthy."), time.time()
    )


def manager_addresses(config: EngineConfig) -> Sequence[str]:
    """Where the Manager may be: where the engine VM says it is (only root can read that), else where it was."""
    try:
        contact = read_last(places.first_contact_file(config.name))
    except OSError:
        contact = None
    current = contact.addresses if contact is not None and contact.ca_sha256 == config.ca_sha256 else ()
    return list(dict.fromkeys([*current, config.address]))


def manager_part(local: Local, health: Health) -> Part:
    """The Manager's part, seen together with its VM: a VM that has just started owes it no answer yet."""
    if health.state == "good":
        return Part(OK, health.message)
    vm = local.parts.get("vm")
    if vm is None or vm.state == UNKNOWN:
        return Part(UNKNOWN, health.message)
    if vm.state in (STOPPED, FAILED):
        return Part(STOPPED, msg("engine.manager.no_vm", "The engine VM does not run."))
    if vm.state == STARTING:
        return Part(STARTING, msg("engine.manager.starting", "The Manager starts."))
    if health.state == "unknown":
        return Part(UNKNOWN, health.message)
    return (
        Part(STARTING, msg("engine.manager.starting", "The Manager starts."))
        if local.fresh
        else Part(FAILED, health.message)
    )


def _deployment(store: JobStore, config: EngineConfig | None) -> JobStatus | None:
    """The job that works on the engine now, else the newest one of them if it can be resumed.

    A deployment only if it came after the deployed engine's own. One that can no longer be resumed is history: what it
    had made was removed, or taken over by the next.
    """
    jobs = [job for job in store.list().jobs if job.kind in EXCLUSIVE_KINDS]
    running = next((job for job in jobs if job.active), None)
    if running is not None:
        return running
    newest = jobs[0] if jobs else None
    if newest is None or newest.state == "succeeded" or not newest.resumable:
        return None
    return newest if newest.kind != "deploy" or config is None or newest.id > config.job else None


def _unfinished(job: JobStatus | None) -> str | None:
    """The VM a deployment has started; None before that, and for whoever may not read its record."""
    try:
        record = read_record() if job is not None else None
    except (OSError, RhvError):
        return None
    return record.uuid if record is not None and record.started and job is not None and record.job == job.id else None
