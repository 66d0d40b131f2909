# SPDX-License-Identifier: Apache-2.0
"""A guest that was asked to shut down, and what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from ..errors import RhvError
    from .guest_run import GuestRun


#: Seconds after which a power-off is late: within these libvirt kills a QEMU that does not end by itself.
LATE_S = 30.0


class Order:
    """A power-off on its way: libvirt takes nothing back, and does it when it goes on, to whatever run there is then.

    ``answered``: whether libvirt has answered, also when nobody waited for that any more.
    """

    def __init__(self, answered: Callable[[], bool]) -> None:
        self._answered = answered
        self._sent_at = time.monotonic()
        self._returned = False

        self.in_time = False
        """libvirt has answered, and within :data:`LATE_S`."""

    def returned(self) -> None:
        """The call is over for its caller; libvirt may still not have answered."""
        self.in_time = self._answered() and self.age_s <= LATE_S
        self._returned = True

    @property
    def out(self) -> bool:
        """Whether it may still be done."""
        return not (self._returned and self._answered())

    @property
    def age_s(self) -> float:
        """Seconds since it was handed to libvirt."""
        return time.monotonic() - self._sent_at


@dataclass
class Asked:
    """One guest. ``run``: the one that is to end, None when it was off. ``asked_at``: monotonic, None before.

    ``outcome``: off, was_off, restarted, powered_off; None while it is waited for, or with an ``error``. ``forced``:
    libvirt was asked to power it off. ``overdue``: calls for it without an answer. ``away_since``: monotonic.
    """

    uuid: str
    name: str
    run: GuestRun | None
    error: RhvError | None = None
    outcome: str | None = None
    asked_at: float | None = None
    #: A call for it waits or is made.
    busy: bool = False
    forced: bool = False
    overdue: int = 0
    away_since: float | None = None
    #: The power-off that was handed to libvirt, from then on.
    order: Order | None = None

    def __post_init__(self) -> None:
        if self.run is None and self.error is None:
            self.outcome = "was_off"

    @property
    def waited_for(self) -> bool:
        """Whether its run may still go on."""
        return self.outcome is None and self.error is None

    @property
    def late(self) -> bool:
        """Whether the power-off may have met a run that was started while libvirt did not answer."""
        return self.order is not None and not self.order.in_time

    def ended(self) -> None:
        """Its run is over."""
        self.outcome = "powered_off" if self.forced else "off"
