# SPDX-License-Identifier: Apache-2.0
"""Everything that one guest's page shows, as libvirt has it now. What blocks here raises libvirt's own errors."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import msg
from ..workers import within
from .actions import domain_of
from .definition import Definition, parse_definition
from .devices import Size
from .snapshots import Snapshot, list_snapshots, why_no_snapshots
from .states import ACTIVE, state_name
from .xml import parse

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    import libvirt

    from .connection import Connection

logger = logging.getLogger(__name__)

#: Seconds for the size of one disk: a file system that answers at all does so at once.
SIZE_LIMIT_S = 3.0
#: Sizes that may hang at a time: libvirt serves a client five calls, and two may hang in the sampler.
MOST_HUNG = 2


@dataclass(frozen=True)
class Details:
    """``live``: as it runs, None while it is off; ``stored``: as it starts next, None when nothing is stored.

    ``most_vcpus``: how many a guest of its kind can have here, None where nobody says; ``host_cpus`` and
    ``host_memory_mib``: what there is.
    ``no_snapshots``: why none can be made.
    """

    live: Definition | None
    stored: Definition | None
    snapshots: tuple[Snapshot, ...]
    no_snapshots: RhvError | None
    most_vcpus: int | None
    host_cpus: int
    host_memory_mib: int

    @property
    def now(self) -> Definition:
        """What it is made of now."""
        definition = self.live or self.stored
        assert definition is not None  # read_details sees to it
        return definition

    def to_json(self) -> dict[str, Any]:
        """Definition ``GuestDetails`` of ``schemas/common.json``, without what is measured."""
        return {
            "live": self.live.to_json() if self.live else None,
            "stored": self.stored.to_json() if self.stored else None,
            "snapshots": [snapshot.to_json() for snapshot in self.snapshots],
            "no_snapshots": self.no_snapshots.to_json() if self.no_snapshots else None,
            "most_vcpus": self.most_vcpus,
            "host_cpus": self.host_cpus,
            "host_memory_mib": self.host_memory_mib,
        }


def read_details(conn: libvirt.virConnect, uuid: str) -> Details:
    """Blocks. Raises :class:`RhvError` ``machine.not_found`` or what libvirt's error is mapped to, and ValueError."""
    import libvirt

    with domain_of(conn, uuid) as domain:
        text = domain.XMLDesc()
        active = state_name(domain.state()[0]) in ACTIVE
        stored = parse_definition(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)) if domain.isPersistent() else None
        # a guest without a stored definition is gone when it is off, so that one of the two is there
        live = parse_definition(text) if active or stored is None else None
        _model, memory_mib, cpus, *_rest = conn.getInfo()
        return Details(
            live=live,
            stored=stored,
            snapshots=list_snapshots(domain),
            no_snapshots=why_no_snapshots(parse_definition(text), persistent=stored is not None),
            most_vcpus=_most_vcpus(conn, parse(text).driver),
            host_cpus=cpus,
            host_memory_mib=memory_mib,
        )


class DiskSizes:
    """Sizes of the disks of guests that are off, each asked for with a limit; of those that run the sampler knows.

    A call that is overdue hangs in a storage that does not answer. It is not asked again before it has come back.
    """

    def __init__(self, connection: Connection, limit_s: float = SIZE_LIMIT_S) -> None:
        self._connection = connection
        self._limit_s = limit_s
        self._hung: dict[tuple[str, str], asyncio.Future[Size]] = {}

    async def read(self, uuid: str, targets: Iterable[str]) -> dict[str, Size | RhvError]:
        """Size of each disk, or why it is not known."""
        found: dict[str, Size | RhvError] = {}
        for target in targets:
            try:
                found[target] = await self._read(uuid, target)
            except RhvError as error:
                found[target] = error
        return found

    async def _read(self, uuid: str, target: str) -> Size:
        self._hung = {key: call for key, call in self._hung.items() if not call.done()}
        if (uuid, target) in self._hung or len(self._hung) >= MOST_HUNG:
            raise _no_answer()
        call = self._connection.submit(_size, uuid, target)
        try:
            return await within(call, self._limit_s)
        except RhvError as error:
            if call.done():
                raise
            self._hung[uuid, target] = call
            raise _no_answer() from error


def _size(conn: libvirt.virConnect, uuid: str, target: str) -> Size:
    with domain_of(conn, uuid) as domain:
        capacity, allocation, _physical = domain.blockInfo(target)
        return Size(capacity, allocation)


def _most_vcpus(conn: libvirt.virConnect, driver: str) -> int | None:
    import libvirt

    try:
        return int(conn.getMaxVcpus(driver))
    except libvirt.libvirtError as error:
        # a driver that does not say, or an emulator that is not there any more: then QEMU itself refuses too many
        logger.debug("most vCPUs of %s: %s", driver, error)
        return None


def _no_answer() -> RhvError:
    return RhvError(
        "disk.no_answer",
        msg("disk.no_answer", "The storage of this disk does not answer."),
        msg("disk.no_answer.hint", "See that the server or the device it lies on is there."),
    )
