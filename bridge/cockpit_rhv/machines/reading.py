# SPDX-License-Identifier: Apache-2.0
"""Reading guests from libvirt. Everything here blocks and raises libvirt's own errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .faults import from_libvirt, unreadable
from .model import Machine
from .states import ACTIVE, reason_name, state_name
from .uptime import started_s
from .xml import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    import libvirt

    from ..errors import RhvError


class Listed(NamedTuple):
    """What a few calls tell of each guest, however many there are. ``number``, ``reason``: libvirt's, of its state."""

    name: str
    domain: libvirt.virDomain
    number: int
    reason: int
    persistent: bool
    autostart: bool


def list_machines(conn: libvirt.virConnect) -> dict[str, Listed]:
    """All guests by uuid, running or not. Four calls; five for each guest took longer than reading its definition."""
    import libvirt

    def which(flags: int) -> set[str]:
        return {domain.UUIDString() for domain in conn.listAllDomains(flags)}

    persistent = which(libvirt.VIR_CONNECT_LIST_DOMAINS_PERSISTENT)
    autostart = which(libvirt.VIR_CONNECT_LIST_DOMAINS_AUTOSTART)
    listed = {}
    for domain, stats in conn.getAllDomainStats(libvirt.VIR_DOMAIN_STATS_STATE):
        uuid = domain.UUIDString()
        number, reason = stats.get("state.state", libvirt.VIR_DOMAIN_NOSTATE), stats.get("state.reason", 0)
        listed[uuid] = Listed(domain.name(), domain, number, reason, uuid in persistent, uuid in autostart)
    return listed


def read_machine(conn: libvirt.virConnect, uuid: str) -> Machine | None:
    """One guest; None when it does not exist (any more)."""
    import libvirt

    try:
        domain = conn.lookupByUUIDString(uuid)
        number, reason = domain.state()
        return _machine(Listed(domain.name(), domain, number, reason, bool(domain.isPersistent()), _autostart(domain)))
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise


def read_machines(_conn: libvirt.virConnect, some: Sequence[Listed]) -> dict[str, Machine | RhvError | None]:
    """By uuid guests that :func:`list_machines` has just listed, one after the other; of one that cannot be read the
    error, None of one that is gone."""
    import libvirt

    read: dict[str, Machine | RhvError | None] = {}
    for listed in some:
        uuid = listed.domain.UUIDString()
        try:
            read[uuid] = _machine(listed)
        except libvirt.libvirtError as error:
            gone = error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN
            read[uuid] = None if gone else from_libvirt(error)
        except ValueError as error:
            read[uuid] = unreadable(error)
    return read


def _machine(listed: Listed) -> Machine:
    facts = parse(listed.domain.XMLDesc())
    state = state_name(listed.number)
    return Machine(
        uuid=listed.domain.UUIDString(),
        name=facts.name,
        state=state,
        reason=reason_name(state, listed.reason),
        owner=facts.owner,
        persistent=listed.persistent,
        autostart=listed.autostart,
        vcpus=facts.vcpus,
        memory_mib=facts.memory_mib,
        emulated=facts.emulated,
        graphics=facts.graphics,
        macs=facts.macs,
        started_s=started_s(facts.name) if state in ACTIVE else None,
    )


def _autostart(domain: libvirt.virDomain) -> bool:
    import libvirt

    try:
        return bool(domain.autostart())
    except libvirt.libvirtError as error:
        # a transient guest cannot have it, and some drivers say so with an error
        if error.get_error_code() in (libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_OPERATION_INVALID):
            return False
        raise
