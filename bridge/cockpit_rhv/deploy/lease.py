# SPDX-License-Identifier: Apache-2.0
"""The lease of the engine's disk: while one host runs the engine no other can, because libvirt starts it nowhere else.

An element ``<lease>`` in the definition of the engine VM, which libvirt's lock manager acquires before QEMU runs: no
other guest of the host is touched by it. On a file server the lock manager is lockd (``lease_file.py``). What this host
alone has needs no lease.
"""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..checks.engine_lease import manager_of
from ..errors import RhvError
from ..host.lock_manager import LOCKD
from ..messages import msg
from . import lease_file, places
from .answers import get
from .lock_manager import turn_on

if TYPE_CHECKING:
    from collections.abc import Mapping

    import libvirt

    from .state import Deployment

#: libvirt's name for all our leases; lockd goes by the path alone.
_LOCKSPACE = "cockpit-rhv"
#: Seconds after which a lease counts as another's: one of a VM that has just ended is let go of a moment later.
_FREE_S = 5.0
_POLL_S = 0.2


class Lease(NamedTuple):
    """As libvirt has it. ``path``: for lockd a folder on the storage, in which ``key`` is a file."""

    lockspace: str
    key: str
    path: Path


def lease_of(answers: Mapping[str, Any]) -> Lease | None:
    """The lease that these answers ask for; None where no other host can reach the disk."""
    if manager_of(get(answers, "storage.kind", "directory")) != LOCKD:
        return None
    name = get(answers, "engine.name")
    return Lease(_LOCKSPACE, name, places.lease_folder(places.storage_folder(answers), name))


def lease_in(definition: str) -> Lease | None:
    """The lease of ours in a domain's XML, None in one without."""
    for element in ET.fromstring(definition).iter("lease"):  # noqa: S314 - written by libvirt
        target = element.find("target")
        if element.findtext("lockspace") == _LOCKSPACE and target is not None:
            return Lease(_LOCKSPACE, element.findtext("key", ""), Path(target.get("path", "")))
    return None


def lease_element(lease: Lease) -> ET.Element:
    """``<lease>`` for a domain's devices."""
    element = ET.Element("lease")
    ET.SubElement(element, "lockspace").text = lease.lockspace
    ET.SubElement(element, "key").text = lease.key
    ET.SubElement(element, "target", path=str(lease.path))
    return element


def ready_host(deployment: Deployment, answers: Mapping[str, Any]) -> bool:
    """Turn the lock manager on that the lease needs; True when libvirt was changed. Before anything else is asked of
    libvirt: its daemon may be restarted. Raises RhvError ``lease.*``, ``libvirt.*``; OSError.
    """
    manager = manager_of(get(answers, "storage.kind", "directory"))
    return manager is not None and turn_on(deployment, manager)


def ready_lease(deployment: Deployment, answers: Mapping[str, Any]) -> bool:
    """Make the lease on the storage, which is there by now; True when it was not there. Raises OSError."""
    lease = lease_of(answers)
    return lease is not None and lease_file.make(deployment, lease.path, lease.key)


def start_leased(domain: libvirt.virDomain) -> None:
    """Start the engine VM, under its lease if it has one.

    Raises RhvError ``lease.held`` while another host holds it, ``lease.not_taken`` when libvirt has started the VM
    without it (it is switched off again), ``lease.gone``; libvirt's errors.
    """
    lease = lease_in(domain.XMLDesc())
    if lease is None:
        domain.create()
        return
    refuse_held(lease)
    lease_file.sign(lease.path, lease.key)
    domain.create()
    if not lease_file.is_held(lease.path, lease.key):
        domain.destroy()
        raise RhvError(
            "lease.not_taken",
            msg("lease.not_taken", "libvirt started the engine VM without its lease, so it was switched off again."),
            msg("lease.not_taken.hint", "Restart libvirt, so that it reads its lock manager's settings; then resume."),
        )


def refuse_held(lease: Lease) -> None:
    """Raise RhvError ``lease.held`` while somebody holds the lease, ``lease.gone`` when there is none; OSError."""
    deadline = time.monotonic() + _FREE_S
    while lease_file.is_held(lease.path, lease.key):
        if time.monotonic() > deadline:
            raise RhvError(
                "lease.held",
                msg("lease.held", "Another host runs this engine: it holds the lease of the engine's disk."),
                msg(
                    "lease.held.hint",
                    "The last one to start it was {host}: stop it there. A dead host's lease ends when the server "
                    "notices; docs/recovery.md has more.",
                    host=lease_file.signed_by(lease.path, lease.key) or "?",
                ),
                str(lease.path / lease.key),
            )
        time.sleep(_POLL_S)
