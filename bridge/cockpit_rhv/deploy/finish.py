# SPDX-License-Identifier: Apache-2.0
"""The last phase: the engine comes back after a reboot, the config drive and every secret of the deployment go."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checks.context import resolve_name
from ..errors import RhvError
from ..machines.opening import DEFAULT_URI
from ..messages import Message, msg
from . import places
from .answers import get
from .config import EngineConfig, read_engine_config, write_engine_config
from .domain_xml import DRIVE_TARGET, drive_element
from .engine_volume import activate_at_boot
from .register import ask_again, open_manager
from .vm import connected, find_engine, keep_up

if TYPE_CHECKING:
    from collections.abc import Mapping

    import libvirt

    from .manager import Manager
    from .progress import ProgressFile
    from .state import Deployment

#: Seconds a guest gets to let go of the drive.
_DETACH_S = 10.0


def finish(
    deployment: Deployment,
    answers: Mapping[str, Any],
    progress: ProgressFile,
    uri: str = DEFAULT_URI,
    manager: Manager | None = None,
) -> tuple[bool, list[Message]]:
    """Finish the deployment, from wherever an earlier attempt stopped: whether anything was done, and warnings.

    Raises RhvError ``libvirt.*``, ``manager.*``; OSError.
    """
    warnings: list[Message] = []
    with connected(uri) as connection:
        domain = find_engine(connection, deployment, get(answers, "engine.name"))
        if domain is None:
            raise RhvError(
                "engine.gone",
                msg("engine.gone", "The engine VM {name} no longer exists.", name=get(answers, "engine.name")),
            )
        changed = _start_with_host(connection, domain, answers, deployment)
        changed = keep_up(domain) or changed
        changed = _remove_drive(domain, deployment, warnings) or changed
    if deployment.record.finished and read_engine_config() is not None:
        return changed, warnings
    ask_again(lambda: _tell_manager(deployment, get(answers, "engine.fqdn"), manager), answers, progress)
    deployment.note_new_folder(places.config_dir())
    deployment.note("file", str(places.engine_json()))
    write_engine_config(_config(deployment, answers))
    deployment.update(finished=True)
    deployment.forget_secrets()
    return True, warnings


def _start_with_host(
    connection: libvirt.virConnect, domain: libvirt.virDomain, answers: Mapping[str, Any], deployment: Deployment
) -> bool:
    changed = False
    if get(answers, "network.kind") == "nat":
        network = connection.networkLookupByName(get(answers, "network.name"))
        if not network.autostart():
            deployment.note("network_autostart", network.name())
            network.setAutostart(1)
            changed = True
    if places.engine_volume(answers) is not None:
        changed = activate_at_boot(deployment, answers) or changed
    if not domain.autostart():
        domain.setAutostart(1)
        changed = True
    return changed


def _remove_drive(domain: libvirt.virDomain, deployment: Deployment, warnings: list[Message]) -> bool:
    import libvirt

    changed = False
    element = ET.tostring(drive_element(deployment.record.drive), encoding="unicode")
    if _has_drive(domain, libvirt.VIR_DOMAIN_XML_INACTIVE):
        domain.detachDeviceFlags(element, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
        changed = True
    if domain.isActive() and _has_drive(domain, 0):
        domain.detachDeviceFlags(element, libvirt.VIR_DOMAIN_AFFECT_LIVE)
        changed = True
        if not _wait_detached(domain):
            # The file goes all the same; the empty drive goes with the VM's next start.
            warnings.append(
                msg("deploy.finish.drive_stays", "The config drive leaves the engine VM at its next start.")
            )
    drive = Path(deployment.record.drive)
    if deployment.record.drive and drive.exists():
        drive.unlink()
        changed = True
    return changed


def _has_drive(domain: libvirt.virDomain, flags: int) -> bool:
    root = ET.fromstring(domain.XMLDesc(flags))  # noqa: S314 - written by libvirt
    return root.find(f"devices/disk/target[@dev='{DRIVE_TARGET}']") is not None


def _wait_detached(domain: libvirt.virDomain) -> bool:
    deadline = time.monotonic() + _DETACH_S
    while _has_drive(domain, 0):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _tell_manager(deployment: Deployment, fqdn: str, manager: Manager | None) -> None:
    """Once the Manager has forgotten the key nothing can be said with it any more: a refusal then means it is done."""
    if not deployment.has_secrets():
        return
    manager = manager or open_manager(deployment, fqdn)
    asked_before = deployment.record.closing
    deployment.update(closing=True)
    try:
        manager.finish(manager.bearer(deployment.job_key()))
    except RhvError as error:
        if not (asked_before and error.code == "manager.refused"):
            raise


def _config(deployment: Deployment, answers: Mapping[str, Any]) -> EngineConfig:
    record = deployment.record
    fqdn = get(answers, "engine.fqdn")
    shown = fqdn if _leads_to(fqdn, record.address) else record.address
    host = f"[{shown}]" if ":" in shown else shown
    return EngineConfig(
        profile=get(answers, "profile"),
        name=record.name,
        uuid=record.uuid,
        fqdn=fqdn,
        address=record.address,
        url=f"https://{host}/ovirt-engine/",
        ca_sha256=record.ca_sha256,
        ca_file=str(places.pki_dir() / places.ENGINE_CA),
        host_id=record.host_id,
        host_name=record.host_name,
        host_address=record.host_address,
        network_kind=get(answers, "network.kind"),
        network_name=get(answers, "network.name"),
        disk=record.disk,
        deployed_s=round(time.time(), 3),
        job=record.job,
        engine_version=record.engine_version,
    )


def _leads_to(fqdn: str, address: str) -> bool:
    """The portal's link uses the name only where it works; the certificate carries the address too."""
    try:
        return address in resolve_name(fqdn)
    except OSError:
        return False
