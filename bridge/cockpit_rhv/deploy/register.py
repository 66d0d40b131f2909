# SPDX-License-Identifier: Apache-2.0
"""Registers this host with the Manager: certificate, agent, entry, and the wait until the Manager reports it up."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from ..checks.agent_port import AGENT_UNIT, PORT
from ..checks.context import run_command
from ..errors import RhvError
from ..host.facts import find_fqdn
from ..host.files import read_text
from ..host.services import unit_states
from ..jobs.files import read_json
from ..messages import msg
from . import enroll, places
from .answers import get
from .causes import not_up_cause
from .engine_parts import AGENT_STATE
from .manager import Manager

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric import ec

    from .progress import ProgressFile
    from .state import Deployment

LIMIT_S = 120.0
POLL_S = 0.25
#: Seconds a Manager that has answered before may be away, or ``engine.patience_s`` if that is less.
AWAY_S = 60.0
T = TypeVar("T")
_SYSTEMCTL_S = 60.0


def host_name(answers: Mapping[str, Any], root: Path = Path("/")) -> str:
    """The name asked for, else the host's full name, else its short one."""
    hostname = read_text(root / "proc/sys/kernel/hostname")
    return get(answers, "host.name") or find_fqdn(hostname, root) or hostname


def host_address(answers: Mapping[str, Any], engine_address: str) -> str:
    """The address asked for, else the one this host has on the way to the engine. Raises RhvError ``host.no_route``."""
    asked = get(answers, "host.address")
    if asked:
        return str(asked)
    family = socket.AF_INET6 if ":" in engine_address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            # Sends nothing: the kernel only picks the route and with it the source address.
            probe.connect((engine_address, PORT))
        except OSError as error:
            raise RhvError(
                "host.no_route",
                msg("host.no_route", "This host has no route to the engine at {address}.", address=engine_address),
                detail=str(error),
            ) from error
        return str(probe.getsockname()[0])


def open_manager(deployment: Deployment, fqdn: str) -> Manager:
    """The Manager whose CA the phase *engine* has proved. Raises RhvError ``manager.unproved``."""
    if not deployment.record.address or not deployment.ca_file.exists():
        raise RhvError(
            "manager.unproved",
            msg("manager.unproved", "The Manager's identity has not been proved yet."),
            msg("manager.unproved.hint", "Resume the deployment; it does so first."),
        )
    return Manager(deployment.record.address, fqdn, deployment.ca_file.read_text(encoding="ascii"))


def register_host(
    deployment: Deployment, answers: Mapping[str, Any], progress: ProgressFile, manager: Manager | None = None
) -> bool:
    """Bring this host up in the Manager, from wherever an earlier attempt stopped; True when something was done.

    A Manager that is away for a moment, restarted or busy with its own start, is asked again. Raises RhvError
    ``host.not_up``, ``agent.failed``, ``enroll.*``, ``manager.*``.
    """
    if deployment.record.finished:
        return start_agent(deployment, restart=False)
    return ask_again(lambda: _register(deployment, answers, progress, manager), answers, progress)


def ask_again(work: Callable[[], T], answers: Mapping[str, Any], progress: ProgressFile) -> T:
    """What ``work`` returns; tried anew for AWAY_S seconds, if patience lasts, while the Manager cannot be reached."""
    limit_s = min(AWAY_S, get(answers, "engine.patience_s", AWAY_S))
    began = time.monotonic()
    while True:
        try:
            return work()
        except RhvError as error:
            waited = time.monotonic() - began
            if error.code != "manager.unreachable" or waited > limit_s:
                raise
            progress.report(waited, None, "seconds", msg("deploy.manager.away", "The Manager does not answer just now"))
            time.sleep(1.0)


def _register(
    deployment: Deployment, answers: Mapping[str, Any], progress: ProgressFile, manager: Manager | None
) -> bool:
    manager = manager or open_manager(deployment, get(answers, "engine.fqdn"))
    name = host_name(answers)
    address = host_address(answers, deployment.record.address)
    key = agent_key(deployment)
    bearer = manager.bearer(deployment.job_key())
    _rename(deployment, manager, bearer, name, address)
    # On record before the Manager has it, so that an entry whose answer was lost is found under other answers too.
    deployment.update(host_name=name, host_address=address)
    enrolled = _enrol(deployment, manager, bearer, key, name, address)
    started = start_agent(deployment, restart=enrolled)
    host_id = manager.add_host(bearer, name, address, PORT)
    deployment.update(host_id=host_id)
    limit_s = min(LIMIT_S, get(answers, "engine.patience_s", LIMIT_S))
    _wait_up(manager, bearer, host_id, progress, limit_s)
    return enrolled or started


def _rename(deployment: Deployment, manager: Manager, bearer: str, name: str, address: str) -> None:
    """An earlier attempt has added this host under other answers: the entry is changed, so that there is still one.

    Before enrolment: the Manager signs no certificate for a name or address another entry has.
    """
    record = deployment.record
    if not record.host_name or (record.host_name, record.host_address) == (name, address):
        return
    if not record.host_id:
        # Whether the Manager has it is not known. It returns the one it has, and one more is not left.
        deployment.update(host_id=manager.add_host(bearer, record.host_name, record.host_address, PORT))
    manager.change_host(bearer, deployment.record.host_id, name, address)


def agent_key(deployment: Deployment) -> ec.EllipticCurvePrivateKey:
    """The agent's key, made when there is none; its folder and files are noted before it. Raises OSError."""
    deployment.note_new_folder(places.pki_dir())
    for file in places.pki_files():
        deployment.note_new_file(file)
    return enroll.ensure_key(places.pki_dir())


def _enrol(
    deployment: Deployment, manager: Manager, bearer: str, key: ec.EllipticCurvePrivateKey, name: str, address: str
) -> bool:
    folder = places.pki_dir()
    ca = deployment.ca_file.read_text(encoding="ascii")
    certificate = folder / places.AGENT_CERTIFICATE
    same_ca = (folder / places.ENGINE_CA).exists() and (folder / places.ENGINE_CA).read_text(encoding="ascii") == ca
    fits = certificate.exists() and enroll.certificate_fits(certificate.read_bytes(), ca, key, address) is None
    if same_ca and fits:
        return False
    request = enroll.make_request(key, name, address)
    try:
        issued = manager.enrol(request, name, address, token=deployment.token())
    except RhvError as error:
        if error.code != "manager.refused":
            raise
        # The token is used up where an earlier attempt lost the answer; the job's own key serves until *finish*.
        issued = manager.enrol(request, name, address, bearer=bearer)
    enroll.install(folder, issued, ca, key, address)
    return True


def start_agent(deployment: Deployment, restart: bool) -> bool:
    """Enable and start the agent, with ``restart`` also when it runs; True when that changed anything.

    Raises RhvError ``agent.failed`` with the end of its journal.
    """
    state = unit_states([AGENT_UNIT])[AGENT_UNIT]
    if state.active == "active" and state.enabled == "enabled" and not restart:
        return False
    if state.enabled != "enabled":
        deployment.note("unit_enabled", AGENT_UNIT)
    if state.active != "active":
        deployment.note("unit_started", AGENT_UNIT)
    _systemctl("enable", "--quiet", AGENT_UNIT)
    _systemctl("restart" if restart else "start", AGENT_UNIT)
    return True


def _systemctl(*arguments: str) -> None:
    try:
        done = run_command(["systemctl", *arguments], _SYSTEMCTL_S)
        output, code = done.output, done.code
    except subprocess.TimeoutExpired as error:
        output, code = str(error), -1
    if code != 0:
        raise RhvError(
            "agent.failed",
            msg("agent.failed", "The agent of this host could not be started."),
            msg("agent.failed.hint", "See: journalctl -u {unit}", unit=AGENT_UNIT),
            f"{output.strip()}\n{_journal()}".strip(),
        )


def _journal() -> str:
    try:
        done = subprocess.run(
            ["journalctl", "--no-pager", "--quiet", "--lines=20", "--output=cat", f"--unit={AGENT_UNIT}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=10,
            check=False,
            text=True,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"(no journal: {error})"
    return done.stdout.strip()


def _connected() -> list[str]:
    """Addresses of those the agent is serving, as it says itself."""
    try:
        return [str(client["address"]) for client in read_json(AGENT_STATE)["clients"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _wait_up(manager: Manager, bearer: str, host_id: str, progress: ProgressFile, limit_s: float) -> None:
    began = time.monotonic()
    while True:
        try:
            status = manager.host_status(bearer, host_id)
        except RhvError as error:
            if error.code != "manager.unreachable" or time.monotonic() - began > limit_s:
                raise
            status = "unknown"
        if status == "up":
            return
        waited = time.monotonic() - began
        if waited > limit_s:
            agent = unit_states([AGENT_UNIT])[AGENT_UNIT]
            cause, remedy = not_up_cause(manager.address, _connected())
            raise RhvError(
                "host.not_up",
                msg("host.not_up", "The Manager does not report this host up; its word is {status}.", status=status),
                msg(
                    "host.not_up.hint",
                    "The engine must reach port {port} of this host: look at firewall and agent.",
                    port=PORT,
                ),
                f"agent: {agent.active} ({agent.result})\n{_journal()}".strip(),
                cause=cause,
                remedy=remedy,
            )
        text = msg("deploy.host.waiting", "The Manager connects to this host ({status})", status=status)
        progress.report(waited, None, "seconds", text)
        time.sleep(POLL_S)
