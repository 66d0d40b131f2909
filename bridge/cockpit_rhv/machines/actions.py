# SPDX-License-Identifier: Apache-2.0
"""What can be done with a guest. Everything here blocks and raises :class:`RhvError`."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Callable

from ..errors import RhvError
from ..messages import msg
from .faults import from_libvirt
from .states import ACTIVE, state_name
from .xml import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    import libvirt

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def start(conn: libvirt.virConnect, uuid: str) -> None:
    """Start a guest; does nothing when it is active already."""
    with domain_of(conn, uuid) as domain:
        _unless(domain, lambda active: active, domain.create)


def shutdown(conn: libvirt.virConnect, uuid: str) -> None:
    """Ask a guest's system to shut down; does nothing when it is off. Returns before the guest has done so."""
    with domain_of(conn, uuid) as domain:
        _unless(domain, lambda active: not active, domain.shutdown)


def power_off(conn: libvirt.virConnect, uuid: str) -> None:
    """End a guest's process at once; does nothing when it is off."""
    with domain_of(conn, uuid) as domain:
        _unless(domain, lambda active: not active, domain.destroy)


def require_own(conn: libvirt.virConnect, uuid: str) -> None:
    """Raises :class:`RhvError` ``machine.managed`` for a guest that a Manager runs: it would undo what we do."""
    with domain_of(conn, uuid) as domain:
        owner = parse(domain.XMLDesc()).owner
    if owner == "managed":
        raise RhvError(
            "machine.managed",
            msg("machine.managed", "This guest is run by a Manager."),
            msg("machine.managed.hint", "Use the Manager's portal to change it."),
        )


@contextmanager
def domain_of(conn: libvirt.virConnect, uuid: str) -> Iterator[libvirt.virDomain]:
    """The guest's virDomain; libvirt's errors leave the block as :class:`RhvError`."""
    if not _UUID.fullmatch(uuid):
        raise RhvError("machine.not_found", msg("machine.not_found", "This guest does not exist."))
    with mapped():
        yield conn.lookupByUUIDString(uuid)


@contextmanager
def mapped() -> Iterator[None]:
    """libvirt's errors leave the block as :class:`RhvError`."""
    import libvirt

    try:
        yield
    except libvirt.libvirtError as error:
        raise from_libvirt(error) from error


def _unless(domain: libvirt.virDomain, done: Callable[[bool], bool], act: Callable[[], object]) -> None:
    import libvirt

    if done(_is_active(domain)):
        return
    try:
        act()
    except libvirt.libvirtError:
        # somebody else may have been faster: what was asked for is so, however it came about
        if not done(_is_active(domain)):
            raise


def _is_active(domain: libvirt.virDomain) -> bool:
    return state_name(domain.state()[0]) in ACTIVE
