# SPDX-License-Identifier: Apache-2.0
"""Reading guests from libvirt. Everything here blocks and raises libvirt's own errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .faults import from_libvirt, unreadable
from .model import Machine
from .states import ACTIVE, reason_name, state_name
from .uptime import started_s
from .xml import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    import libvirt

    from ..errors import RhvError


def list_machines(conn: libvirt.virConnect) -> dict[str, str]:
    """uuid to name of all guests, running or not; one call to libvirt however many there are."""
    return {domain.UUIDString(): domain.name() for domain in conn.listAllDomains()}


def read_machine(conn: libvirt.virConnect, uuid: str) -> Machine | None:
    """One guest; None when it does not exist (any more)."""
    import libvirt

    try:
        domain = conn.lookupByUUIDString(uuid)
        number, reason = domain.state()
        facts = parse(domain.XMLDesc())
        persistent, autostart = bool(domain.isPersistent()), _autostart(domain)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise
    state = state_name(number)
    return Machine(
        uuid=uuid,
        name=facts.name,
        state=state,
        reason=reason_name(state, reason),
        owner=facts.owner,
        persistent=persistent,
        autostart=autostart,
        vcpus=facts.vcpus,
        memory_mib=facts.memory_mib,
        emulated=facts.emulated,
        graphics=facts.graphics,
        macs=facts.macs,
        started_s=started_s(facts.name) if state in ACTIVE else None,
    )


def read_machines(conn: libvirt.virConnect, uuids: Sequence[str]) -> dict[str, Machine | RhvError | None]:
    """Some guests, one after the other; of one that cannot be read the error."""
    import libvirt

    read: dict[str, Machine | RhvError | None] = {}
    for uuid in uuids:
        try:
            read[uuid] = read_machine(conn, uuid)
        except libvirt.libvirtError as error:
            read[uuid] = from_libvirt(error)
        except ValueError as error:
            read[uuid] = unreadable(error)
    return read


def _autostart(domain: libvirt.virDomain) -> bool:
    import libvirt

    try:
        return bool(domain.autostart())
    except libvirt.libvirtError as error:
        # a transient guest cannot have it, and some drivers say so with an error
        if error.get_error_code() in (libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_OPERATION_INVALID):
            return False
        raise
