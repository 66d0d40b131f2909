# SPDX-License-Identifier: Apache-2.0
"""The hosted engine of this host as it is now: deployed or not, and which of its parts run."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from ..checks.agent_port import AGENT_UNIT
from ..errors import RhvError
from ..host.files import read_optional
from ..host.services import unit_states
from ..jobs.files import read_json
from ..jobs.store import JobStore
from ..machines.opening import DEFAULT_URI, open_libvirt
from ..machines.states import state_name
from ..machines.uptime import uptime_s
from ..messages import Message, msg
from . import places
from .config import EngineConfig, read_engine_config
from .first_contact import read_last
from .manager import Manager

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..jobs.model import JobStatus

AGENT_STATE = Path("/run/cockpit-rhv/agent.json")
#: Seconds after the host's boot, or the VM's start, in which a part that does not run yet counts as starting.
BOOT_GRACE_S = 240.0
HEALTH_TIMEOUT_S = 3.0

OK, STARTING, FAILED, STOPPED, UNKNOWN = "ok", "starting", "failed", "stopped", "unknown"

_TITLES = {
    "libvirt": msg("engine.part.libvirt", "libvirt"),
    "network": msg("engine.part.network", "Network"),
    "vm": msg("engine.part.vm", "Engine VM"),
    "manager": msg("engine.part.manager", "Manager"),
    "agent": msg("engine.part.agent", "Agent of this host"),
}


@dataclass(frozen=True)
class Part:
    """State of one component: ok, starting, failed, stopped or unknown, with a sentence."""

    state: str
    message: Message


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
    """

    config: EngineConfig | None
    job: JobStatus | None
    vm_state: str | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)
    fresh: bool = False


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
        return Local(None, job)
    booting = _host_uptime_s(root) < BOOT_GRACE_S
    vm_state, parts = _libvirt_parts(config, uri, booting, root)
    parts["agent"] = agent_part(agent_state, booting)
    age_s = uptime_s(config.name)
    return Local(config, job, vm_state, parts, booting if age_s is None else age_s < BOOT_GRACE_S)


def compose(local: Local, health: Health) -> dict[str, Any]:
    """Definition ``Engine`` of ``schemas/common.json``."""
    config, job = local.config, local.job
    parts = {**local.parts, **({"manager": manager_part(local, health)} if config else {})}
    if job is not None and job.active:
        state = "deploying"
    elif config is not None:
        state = "deployed"
    else:
        state = "failed" if job is not None else "none"
    return {
        "state": state,
        "config": config.to_json() if config else None,
        "job": job.id if job else None,
        "vm_state": local.vm_state,
        "uuid": config.uuid if config else None,
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


def read_health(config: EngineConfig, make: Callable[..., Manager] = Manager) -> Health:
    """Ask the Manager; whatever goes wrong is its health, so nothing is raised."""
    try:
        ca = Path(config.ca_file).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        return Health(
            UNKNOWN,
            msg("engine.health.no_ca", "The engine's CA cannot be read: {reason}", reason=str(error)),
            time.time(),
        )
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


def agent_part(state_file: Path = AGENT_STATE, booting: bool = False) -> Part:
    """systemd's word on the unit, and whether the Manager is connected."""
    try:
        unit = unit_states([AGENT_UNIT])[AGENT_UNIT]
    except RhvError as error:
        return Part(UNKNOWN, error.message)
    if unit.active in ("activating", "reloading") or (
        unit.active == "inactive" and unit.enabled == "enabled" and booting
    ):
        return Part(STARTING, msg("engine.agent.starting", "The agent starts."))
    if unit.active == "failed":
        return Part(FAILED, msg("engine.agent.failed", "The agent has failed ({reason}).", reason=unit.result))
    if unit.active != "active":
        return Part(STOPPED, msg("engine.agent.stopped", "The agent does not run."))
    try:
        clients = read_json(state_file)["clients"]
    except (OSError, ValueError, KeyError, TypeError):
        clients = []
    if clients:
        return Part(OK, msg("engine.agent.ok", "The agent runs and the Manager is connected to it."))
    return Part(STARTING, msg("engine.agent.waiting", "The agent runs and waits for the Manager."))


def _deployment(store: JobStore, config: EngineConfig | None) -> JobStatus | None:
    """The deployment that runs, else the newest one if it is unfinished and came after the deployed engine's own."""
    deployments = [job for job in store.list().jobs if job.kind == "deploy"]
    running = next((job for job in deployments if job.active), None)
    if running is not None:
        return running
    newest = deployments[0] if deployments else None
    if newest is None or newest.state == "succeeded":
        return None
    return newest if config is None or newest.id > config.job else None


def _host_uptime_s(root: Path) -> float:
    """Since the init process began: a container's is younger than the kernel below it. Without an answer, long ago."""
    uptime, init = (read_optional(root / "proc" / name) for name in ("uptime", "1/stat"))
    if uptime is None or init is None:
        return float("inf")
    # proc(5): the 22nd field, counted behind the program's name, which may hold anything
    started_ticks = int(init.rpartition(")")[2].split()[19])
    return float(uptime.split()[0]) - started_ticks / os.sysconf("SC_CLK_TCK")


def _libvirt_parts(config: EngineConfig, uri: str, booting: bool, root: Path) -> tuple[str | None, dict[str, Part]]:
    try:
        opened = open_libvirt(uri, writable=False)
    except RhvError as error:
        unsure = Part(UNKNOWN, msg("engine.part.no_libvirt", "libvirt cannot be asked."))
        return None, {"libvirt": Part(STARTING if booting else FAILED, error.message), "network": unsure, "vm": unsure}
    try:
        ready = Part(OK, msg("engine.libvirt.ok", "libvirt {version} answers.", version=opened.version))
        vm_state, vm = _vm_part(opened.conn, config, booting)
        return vm_state, {"libvirt": ready, "network": _network_part(opened.conn, config, booting, root), "vm": vm}
    finally:
        opened.conn.close()


def _network_part(connection: Any, config: EngineConfig, booting: bool, root: Path) -> Part:
    import libvirt

    name = config.network_name
    if config.network_kind == "bridge":
        up = read_optional(root / "sys/class/net" / name / "operstate") == "up"
    else:
        try:
            up = bool(connection.networkLookupByName(name).isActive())
        except libvirt.libvirtError as error:
            return Part(
                UNKNOWN, msg("engine.network.unknown", "The network cannot be asked: {reason}", reason=str(error))
            )
    if up:
        return Part(OK, msg("engine.network.ok", "{name} is up.", name=name))
    if booting:
        return Part(STARTING, msg("engine.network.starting", "{name} is not up yet.", name=name))
    return Part(FAILED, msg("engine.network.down", "{name} is down.", name=name))


def _vm_part(connection: Any, config: EngineConfig, booting: bool) -> tuple[str | None, Part]:
    import libvirt

    try:
        domain = connection.lookupByUUIDString(config.uuid)
        state = state_name(domain.state()[0])
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None, Part(FAILED, msg("engine.vm.gone", "The engine VM {name} no longer exists.", name=config.name))
        return None, Part(
            UNKNOWN, msg("engine.vm.unknown", "The engine VM cannot be asked: {reason}", reason=str(error))
        )
    if state in ("running", "blocked"):
        return state, Part(OK, msg("engine.vm.ok", "The engine VM runs."))
    if state in ("paused", "crashed"):
        return state, Part(FAILED, msg("engine.vm.bad", "The engine VM is {state}.", state=state))
    if booting:
        return state, Part(STARTING, msg("engine.vm.starting", "The engine VM is about to start."))
    return state, Part(STOPPED, msg("engine.vm.stopped", "The engine VM is shut off."))
