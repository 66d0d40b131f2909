# SPDX-License-Identifier: Apache-2.0
"""A guest that was asked to shut down, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..errors import RhvError
    from .guest_run import GuestRun


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

    def __post_init__(self) -> None:
        if self.run is None and self.error is None:
            self.outcome = "was_off"

    @property
    def waited_for(self) -> bool:
        """Whether its run may still go on."""
        return self.outcome is None and self.error is None

    def ended(self) -> None:
        """Its run is over."""
        self.outcome = "powered_off" if self.forced else "off"
