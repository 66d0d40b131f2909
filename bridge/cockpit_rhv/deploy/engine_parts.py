# SPDX-License-Identifier: Apache-2.0
"""The parts of a deployed engine that this host sees by itself: libvirt, network, VM, agent."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checks.agent_port import AGENT_UNIT
from ..errors import RhvError
from ..host.files import read_optional
from ..host.services import unit_states
from ..jobs.files import read_json
from ..machines.limited import open_limited
from ..machines.states import state_name
from ..messages import Message, msg

if TYPE_CHECKING:
    from .config import EngineConfig

AGENT_STATE = Path("/run/cockpit-rhv/agent.json")
#: Seconds after the host's boot, or the VM's start, in which a part that does not run yet counts as starting.
BOOT_GRACE_S = 240.0

OK, STARTING, FAILED, STOPPED, UNKNOWN = "ok", "starting", "failed", "stopped", "unknown"

_BAD_STATES = {
    "paused": msg("engine.vm.paused", "The engine VM is paused."),
    "crashed": msg("engine.vm.crashed", "The engine VM has crashed."),
}


@dataclass(frozen=True)
class Part:
    """State of one component: ok, starting, failed, stopped or unknown, with a sentence."""

    state: str
    message: Message


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


def host_uptime_s(root: Path) -> float:
    """Since the init process began: a container's is younger than the kernel below it. Without an answer, long ago."""
    uptime, init = (read_optional(root / "proc" / name) for name in ("uptime", "1/stat"))
    if uptime is None or init is None:
        return float("inf")
    # proc(5): the 22nd field, counted behind the program's name, which may hold anything
    started_ticks = int(init.rpartition(")")[2].split()[19])
    return float(uptime.split()[0]) - started_ticks / os.sysconf("SC_CLK_TCK")


def libvirt_parts(config: EngineConfig, uri: str, booting: bool, root: Path) -> tuple[str | None, dict[str, Part]]:
    try:
        opened = open_limited(uri, writable=False)
        try:
            ready = Part(OK, msg("engine.libvirt.ok", "libvirt {version} answers.", version=opened.version))
            vm_state, vm = _vm_part(opened.conn, config, booting)
            return vm_state, {"libvirt": ready, "network": _network_part(opened.conn, config, booting, root), "vm": vm}
        finally:
            opened.conn.close()
    except RhvError as error:
        unsure = Part(UNKNOWN, msg("engine.part.no_libvirt", "libvirt cannot be asked."))
        return None, {"libvirt": Part(STARTING if booting else FAILED, error.message), "network": unsure, "vm": unsure}


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
    if state in _BAD_STATES:
        return state, Part(FAILED, _BAD_STATES[state])
    if booting:
        return state, Part(STARTING, msg("engine.vm.starting", "The engine VM is about to start."))
    return state, Part(STOPPED, msg("engine.vm.stopped", "The engine VM is shut off."))
