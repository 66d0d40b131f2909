# SPDX-License-Identifier: Apache-2.0
"""One run of a guest, from its start to its end: what was asked of one run must not be done to another."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..jobs.boot import this_boot
from ..machines.uptime import started_s

if TYPE_CHECKING:
    from collections.abc import Mapping

    import libvirt


@dataclass(frozen=True)
class GuestRun:
    """``id``: libvirt's number of the run, None of a guest that is off.

    libvirt counts anew after a boot of the host, and may give a number twice when it is restarted: therefore ``boot``
    and, where the process can be seen, ``started_s`` (seconds since boot).
    """

    id: int | None
    boot: str
    started_s: float | None

    def to_json(self) -> dict[str, Any]:
        """Form in a job's variables."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> GuestRun:
        """Inverse of :meth:`to_json`."""
        return cls(value["id"], str(value["boot"]), value["started_s"])

    def is_same(self, other: GuestRun) -> bool:
        """Whether both are of one run, or the guest is off in both; runs between the two do not show then."""
        unseen = self.started_s is None or other.started_s is None
        return (self.id, self.boot) == (other.id, other.boot) and (unseen or self.started_s == other.started_s)


def current_run(domain: libvirt.virDomain) -> GuestRun:
    """The guest's run now; ``domain`` has just been looked up, for its number is as old as that. Raises OSError."""
    number = domain.ID()
    if number < 0:
        return GuestRun(None, this_boot(), None)
    return GuestRun(number, this_boot(), started_s(domain.name()))
