# SPDX-License-Identifier: Apache-2.0
"""Defines and starts the engine VM; what exists and is ours is used again, what is not ours is left alone."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..host.cpu import read_cpu
from ..host.kvm import read_kvm
from ..machines.faults import from_libvirt
from ..machines.limited import open_limited
from ..machines.opening import DEFAULT_URI
from ..machines.states import reason_name, state_name
from ..machines.xml import ENGINE_TAG
from ..messages import msg
from . import places
from .answers import get
from .domain_xml import Plan, engine_domain
from .drive import build_drive, drive_files
from .storage_pool import start_storage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import libvirt

    from .state import Deployment


@contextmanager
def libvirt_errors() -> Iterator[None]:
    """libvirt's errors leave as RhvError."""
    import libvirt

    try:
        yield
    except libvirt.libvirtError as error:
        raise from_libvirt(error) from error


@contextmanager
def connected(uri: str = DEFAULT_URI, call_s: float | None = None) -> Iterator[libvirt.virConnect]:
    """A connection that may write, closed at the end. Raises RhvError ``libvirt.*``, also from each of its calls.

    ``call_s``: how long one may take, where that is long.
    """
    opened = open_limited(uri, writable=True, call_s=call_s)
    try:
        if opened.access != "read-write":
            raise RhvError(
                "libvirt.denied", msg("libvirt.denied", "libvirt does not allow this on a read-only connection.")
            )
        with libvirt_errors():
            yield opened.conn
    finally:
        opened.conn.close()


def find_engine(connection: libvirt.virConnect, deployment: Deployment, name: str) -> libvirt.virDomain | None:
    """This deployment's engine VM, None when it does not exist yet.

    Raises RhvError ``engine.foreign_vm`` when the name belongs to something else.
    """
    domain = next((item for item in connection.listAllDomains() if item.name() == name), None)
    if domain is None:
        return None
    mark = ET.fromstring(domain.XMLDesc()).find(f"metadata/{ENGINE_TAG}")  # noqa: S314 - written by libvirt
    if mark is None or mark.get("job") != deployment.record.job:
        raise RhvError(
            "engine.foreign_vm",
            msg("engine.foreign_vm", "The guest {name} does not belong to this deployment.", name=name),
            msg("engine.foreign_vm.hint", "Choose another name for the engine VM; that guest is left alone."),
            f"{domain.UUIDString()}, {'no mark of ours' if mark is None else 'deployment ' + mark.get('job', '')}",
        )
    return domain


def start_engine(
    deployment: Deployment,
    answers: Mapping[str, Any],
    admin_password_hash: str,
    root_password_hash: str | None,
    uri: str = DEFAULT_URI,
) -> bool:
    """Bring the engine VM to run, from whatever an earlier attempt left; True when something was done.

    Raises RhvError ``engine.foreign_vm``, ``engine.no_disk``, ``drive.*``, ``libvirt.*``.
    """
    name = get(answers, "engine.name")
    with connected(uri) as connection:
        domain = find_engine(connection, deployment, name)
        if domain is not None and domain.isActive():
            return _go_on(domain, deployment)
        start_storage(connection, answers)
        if get(answers, "network.kind") == "nat":
            _start_network(connection, get(answers, "network.name"), deployment)
        if not deployment.record.finished:
            domain = _define(connection, deployment, answers, admin_password_hash, root_password_hash)
        if domain is None:
            raise RhvError("engine.gone", msg("engine.gone", "The engine VM {name} no longer exists.", name=name))
        _boot(domain, deployment)
    return True


def start_again(
    connection: libvirt.virConnect, domain: libvirt.virDomain, deployment: Deployment, answers: Mapping[str, Any]
) -> bool:
    """Start a VM that was switched off in the middle of its deployment, by a reboot of the host say; True when it was.

    One that waits since it could not write to its disk goes on, one whose kernel has crashed starts anew. Raises what
    libvirt does.
    """
    if domain.isActive():
        return _go_on(domain, deployment)
    start_storage(connection, answers)
    if get(answers, "network.kind") == "nat":
        _start_network(connection, get(answers, "network.name"), deployment)
    _boot(domain, deployment)
    return True


def keep_up(domain: libvirt.virDomain) -> bool:
    """From now on the engine VM restarts by itself after a kernel panic; True when it did not yet. libvirt's errors."""
    import libvirt

    changed = False
    for xml, affected in (
        (libvirt.VIR_DOMAIN_XML_INACTIVE, libvirt.VIR_DOMAIN_AFFECT_CONFIG),
        (0, libvirt.VIR_DOMAIN_AFFECT_LIVE),
    ):
        if affected == libvirt.VIR_DOMAIN_AFFECT_LIVE and not domain.isActive():
            continue
        if ET.fromstring(domain.XMLDesc(xml)).findtext("on_crash") != "restart":  # noqa: S314 - written by libvirt
            crash, restart = libvirt.VIR_DOMAIN_LIFECYCLE_CRASH, libvirt.VIR_DOMAIN_LIFECYCLE_ACTION_RESTART
            domain.setLifecycleAction(crash, restart, affected)
            changed = True
    return changed


def _go_on(domain: libvirt.virDomain, deployment: Deployment) -> bool:
    number, reason = domain.state()
    state = state_name(number)
    if state == "crashed":
        # Its QEMU process is still there, with a kernel that has given up.
        domain.destroy()
        _boot(domain, deployment)
        return True
    if (state, reason_name(state, reason)) != ("paused", "io_error"):
        return False
    domain.resume()
    return True


def _boot(domain: libvirt.virDomain, deployment: Deployment) -> None:
    # What an earlier VM said must not be taken for this one's word.
    places.first_contact_file(domain.name()).unlink(missing_ok=True)
    for path in places.vm_files(domain.name()):
        deployment.note_new_file(path)
    deployment.update(started=True)
    domain.create()


def _define(
    connection: libvirt.virConnect,
    deployment: Deployment,
    answers: Mapping[str, Any],
    admin_password_hash: str,
    root_password_hash: str | None,
) -> libvirt.virDomain:
    name = get(answers, "engine.name")
    disk, drive = places.engine_disk(answers), places.drive_file(places.storage_folder(answers), name)
    if not disk.exists():
        raise RhvError(
            "engine.no_disk",
            msg("engine.no_disk", "The engine's disk {path} is missing.", path=str(disk)),
            msg("engine.no_disk.hint", "Begin a new deployment; it copies the image again."),
        )
    if os.path.lexists(drive) and str(drive) not in deployment.record.files():
        raise RhvError(
            "disk.foreign",
            msg("disk.foreign", "{path} exists and is not from an unfinished deployment.", path=str(drive)),
            msg("disk.foreign.hint", "Choose another name or directory, or move that file away."),
        )
    mac = (get(answers, "network.mac") or deployment.record.mac).lower()
    deployment.update(name=name, drive=str(drive), mac=mac)
    build_drive(drive, drive_files(deployment, answers, admin_password_hash, root_password_hash))
    plan = Plan(
        uuid=deployment.record.uuid,
        mac=mac,
        job=deployment.record.job,
        disk=str(disk),
        block=places.engine_volume(answers) is not None,
        drive=str(drive),
        kvm=kvm_usable(),
    )
    return connection.defineXML(engine_domain(answers, plan))


def kvm_usable() -> bool:
    """As the host's facts have it."""
    return read_kvm(read_cpu().virtualization_flag).usable


def _start_network(connection: libvirt.virConnect, name: str, deployment: Deployment) -> None:
    network = connection.networkLookupByName(name)
    if not network.isActive():
        deployment.note("network_started", name)
        network.create()
