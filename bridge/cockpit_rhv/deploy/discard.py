# SPDX-License-Identifier: Apache-2.0
"""Throws away an engine VM that nobody uses yet, or any more: domain first, then disk, drive and channel."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

from ..machines.opening import DEFAULT_URI
from ..machines.xml import ENGINE_TAG
from . import places
from .engine_volume import remove_volumes
from .lease import refuse_held, taken_folders
from .vm import connected

if TYPE_CHECKING:
    import libvirt

    from .state import Deployment, Record


def discard_unfinished(deployment: Deployment, uri: str = DEFAULT_URI) -> bool:
    """Where a resume changed the answers, throw the unfinished VM away; True when there was anything to throw away.

    Goes on where an earlier attempt stopped. Raises RhvError ``lease.held``, ``libvirt.*``, ``storage.lvm.*``; OSError.
    """
    record = deployment.record
    if not record.discard or record.finished:
        return False
    with connected(uri) as connection:
        for domain in marked_domains(connection, record):
            remove_domain(domain)
    taken = taken_folders(record)
    files = [path for path in map(Path, sorted(record.files())) if path.parent not in taken]
    # All before any: the config drive, too, is that of whoever holds the disk.
    for path in files:
        refuse_held(path)
    remove_volumes(record)
    for path in files:
        path.unlink(missing_ok=True)
    if record.name:
        places.first_contact_file(record.name).unlink(missing_ok=True)
    deployment.begin_anew()
    return True


def marked_domains(connection: libvirt.virConnect, record: Record) -> list[libvirt.virDomain]:
    """The engine VMs of this deployment and of those it has taken over, by mark, not name. Raises libvirt's errors."""
    jobs = {record.job, *(name for kind, name in record.made or () if kind == "domain")}
    return [domain for domain, root in engine_domains(connection) if mark(root) in jobs]


def engine_domains(connection: libvirt.virConnect) -> list[tuple[libvirt.virDomain, ET.Element]]:
    """Every guest with the mark of a deployment, with its definition, by name. Raises libvirt's errors."""
    found = []
    for domain in connection.listAllDomains():
        root = ET.fromstring(domain.XMLDesc())  # noqa: S314 - written by libvirt
        if mark(root) is not None:
            found.append((domain, root))
    # libvirt's order is another one each time, and the list is shown and confirmed.
    return sorted(found, key=lambda pair: str(pair[0].name()))


def mark(root: ET.Element) -> str | None:
    """The job whose deployment made the guest of this definition, None for any other guest."""
    element = root.find(f"metadata/{ENGINE_TAG}")
    return None if element is None else element.get("job", "")


def remove_domain(domain: libvirt.virDomain) -> None:
    """Switch it off and forget its definition; its disks stay. Raises libvirt's errors."""
    import libvirt

    if domain.isActive():
        domain.destroy()
    flags = libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA
    domain.undefineFlags(flags | libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)
