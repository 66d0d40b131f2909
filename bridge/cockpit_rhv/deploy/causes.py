# SPDX-License-Identifier: Apache-2.0
"""Known causes: from an error's code and what the host says at that moment to a likely cause, and perhaps a remedy.

Never from an error's text. Each row has a unit test; most are provoked on a real host too (tests/host/test_fault_*.py).
"""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

from ..checks.agent_port import AGENT_UNIT, PORT
from ..checks.context import run_command
from ..checks.firewalld import open_port, zone_of
from ..checks.nft import CLOSED, OPEN, UNSURE, Connection, Ruleset
from ..errors import Remedy, RhvError
from ..host.listeners import port_owner
from ..host.services import unit_states
from ..messages import Message, msg
from . import places
from .answers import get

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .first_contact import FirstContact

MIB = 2**20
_COMMAND_S = 5.0
#: What systemd calls a daemon that serves, or is about to.
_COMING = ("active", "activating")
_LIBVIRT_UNITS = ("libvirtd.service", "libvirtd.socket", "virtqemud.service", "virtqemud.socket")


class _Ended(NamedTuple):
    """State and reason as ``machines/states.py`` names them; reason None: any."""

    state: str
    reason: str | None
    cause: Message


_ENDED = (
    _Ended(
        "shut_off", "crashed",
        msg("cause.vm.crashed", "Its QEMU process died: killed from outside, by a crash, or because memory ran out."),
    ),
    _Ended("shut_off", "destroyed", msg("cause.vm.destroyed", "Somebody or something switched it off by force.")),
    _Ended("shut_off", "shutdown", msg("cause.vm.shutdown", "It was shut down, from inside or by request.")),
    _Ended("shut_off", "failed", msg("cause.vm.failed", "QEMU could not start it.")),
    _Ended("shut_off", None, msg("cause.vm.off", "It was switched off, as by a restart of the host.")),
    _Ended("crashed", None, msg("cause.vm.panic", "The system inside it has crashed.")),
    _Ended("paused", "user", msg("cause.vm.paused", "Somebody paused it. Resume it in the list of guests.")),
)  # fmt: skip


def stopped_cause(state: str, reason: str | None, storage: str) -> Message | None:
    """Why the engine VM does not run. ``storage``: the directory of its disk."""
    if (state, reason) == ("paused", "io_error") and storage.startswith("/dev/"):
        # Of a volume nothing can be full: it has all its room from the beginning.
        return msg("cause.vm.io_error_volume", "It could not write to its disk, and was paused; see the kernel's log.")
    if (state, reason) == ("paused", "io_error"):
        return msg(
            "cause.vm.io_error",
            "It could not write to its disk, and was paused; {folder} has {free_mib} MiB free.",
            folder=storage,
            free_mib=_free_mib(storage),
        )
    return next((row.cause for row in _ENDED if row.state == state and row.reason in (None, reason)), None)


def silent_cause(answers: Mapping[str, Any], contact: FirstContact | None, last: RhvError | None) -> Message | None:
    """Why a Manager whose VM runs does not answer. ``contact``: its last word; ``last``: the last try to reach it."""
    if contact is None:
        return msg("cause.silent.boot", "The system inside the VM has not come as far as the Manager.")
    if not contact.addresses:
        if get(answers, "network.mode") == "dhcp":
            return msg(
                "cause.silent.no_dhcp",
                "The Manager runs but got no address: no DHCP server answers on {network}. Use a fixed address.",
                network=get(answers, "network.name"),
            )
        return msg("cause.silent.no_address", "The Manager runs but has no address.")
    if last is not None and last.code == "manager.unreachable":
        return msg(
            "cause.silent.unreachable",
            "The Manager runs at {address}, and this host cannot reach it there: wrong bridge, address or gateway.",
            address=contact.addresses[0],
        )
    return None


def not_up_cause(engine_address: str, connected: Sequence[str]) -> tuple[Message | None, Remedy | None]:
    """Why the Manager does not report this host up. ``connected``: whom the agent is serving now."""
    if connected:
        return None, None
    zone = _zone_that_blocks(engine_address)
    if zone is not None:
        return (
            msg(
                "cause.not_up.firewalld",
                "This host's firewall (firewalld) does not let port {port} through.",
                port=PORT,
            ),
            open_port(PORT, zone),
        )
    if _filtered():
        return (
            msg(
                "cause.not_up.firewall",
                "Packet filter rules of this host concern port {port} or drop what is not allowed; the Manager at"
                " {address} has never reached the agent.",
                port=PORT,
                address=engine_address,
            ),
            None,
        )
    return (
        msg(
            "cause.not_up.unreached",
            "The Manager at {address} has never reached the agent: a firewall, or a wrong address of this host.",
            address=engine_address,
        ),
        None,
    )


def diagnose(error: RhvError, answers: Mapping[str, Any]) -> RhvError:
    """The same error with its likely cause and remedy, where they were not known where it arose."""
    if error.cause is None and error.remedy is None:
        row = _BY_CODE.get(error.code)
        if row is not None:
            error.cause, error.remedy = row(answers)
    return error


def _disk_full(answers: Mapping[str, Any]) -> tuple[Message | None, Remedy | None]:
    if get(answers, "storage") is None:
        # An upgrade has no answers.
        return None, None
    folder = str(places.storage_folder(answers))
    cause = msg(
        "cause.disk_full",
        "The file system of {folder} has {free_mib} MiB free.",
        folder=folder,
        free_mib=_free_mib(folder),
    )
    return cause, None


def _image(_answers: Mapping[str, Any]) -> tuple[Message | None, Remedy | None]:
    return msg("cause.image", "It was changed or cut short, now or on its way to this host."), None


def _libvirt(_answers: Mapping[str, Any]) -> tuple[Message | None, Remedy | None]:
    try:
        states = unit_states(_LIBVIRT_UNITS)
    except RhvError:
        return None, None
    installed = {name: state for name, state in states.items() if state.installed}
    if not installed:
        return msg("cause.libvirt.missing", "libvirt is not installed on this host."), None
    # One that crashed is started again by systemd and is at it at this very moment.
    if any(state.active in _COMING for name, state in installed.items() if name.endswith(".service")):
        return msg("cause.libvirt.restarted", "libvirt was restarted a moment ago."), None
    title = msg("remedy.start_libvirt", "Start libvirt")
    return msg("cause.libvirt.stopped", "libvirt's daemon does not run."), Remedy("start_libvirt", title)


def _hung(_answers: Mapping[str, Any]) -> tuple[Message | None, Remedy | None]:
    return msg(
        "cause.libvirt.hangs", "libvirt's daemon hangs, or waits for a storage or a guest that does not answer."
    ), None


def _agent(_answers: Mapping[str, Any]) -> tuple[Message | None, Remedy | None]:
    owner = port_owner(PORT)
    state = unit_states([AGENT_UNIT])[AGENT_UNIT]
    if owner is not None and owner["pid"] != state.main_pid:
        return (
            msg(
                "cause.agent.port",
                "Port {port} is taken by another program: {process}.",
                port=PORT,
                process=str(owner["process"] or "?"),
            ),
            None,
        )
    return None, None


def _manager(_answers: Mapping[str, Any]) -> tuple[Message | None, Remedy | None]:
    return msg("cause.manager.away", "It answered before and does not now: it stopped, or its VM is very slow."), None


def _qemu(_answers: Mapping[str, Any]) -> tuple[Message | None, Remedy | None]:
    return msg(
        "cause.vm.start", "Its QEMU process ended while the VM was being started: killed, or out of memory."
    ), None


_BY_CODE = {
    "disk.full": _disk_full,
    "image.checksum": _image,
    "libvirt.unreachable": _libvirt,
    "libvirt.lost": _libvirt,
    "libvirt.silent": _hung,
    "agent.failed": _agent,
    "manager.unreachable": _manager,
    "machine.qemu_failed": _qemu,
}


def _free_mib(folder: str) -> int:
    try:
        return shutil.disk_usage(folder).free // MIB
    except OSError:
        return 0


def _zone_that_blocks(engine_address: str) -> str | None:
    """Zone of firewalld that does not let the engine in, empty for the default zone; None where none does that."""
    try:
        if run_command(["firewall-cmd", "--state"], _COMMAND_S).output != "running":
            return None
        device = _device_to(engine_address)
        rules = _rules()
        if rules is not None and rules.verdict(Connection(PORT, device)) == OPEN:
            return None  # by the zone's target, a service, or another zone that the engine's address is in
        zone = zone_of(device, run_command)
        asked = run_command(["firewall-cmd", f"--zone={zone}", f"--query-port={PORT}/tcp"], _COMMAND_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return zone if asked.output == "no" else None


def _device_to(address: str) -> str | None:
    try:
        route = run_command(["ip", "-json", "route", "get", address], _COMMAND_S)
        return str(json.loads(route.output)[0]["dev"])
    except (OSError, subprocess.TimeoutExpired, ValueError, LookupError, TypeError):
        return None


def _rules() -> Ruleset | None:
    """nftables' rules; None when they cannot be read."""
    try:
        listed = run_command(["nft", "--json", "list", "ruleset"], _COMMAND_S)
        return Ruleset(json.loads(listed.output)) if listed.code == 0 else None
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
        return None


def _filtered() -> bool:
    """nftables' rules close our port, or name it in a rule that may."""
    rules = _rules()
    if rules is None:
        return False
    verdict = rules.verdict(Connection(PORT, None))
    return verdict == CLOSED or (verdict == UNSURE and PORT in rules.ports())
