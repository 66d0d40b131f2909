# SPDX-License-Identifier: Apache-2.0
"""What is known of a host and its guests right now; all of it was heard over port 54321."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

UP = "up"
INSTALLING = "installing"
CONNECTING = "connecting"
NON_RESPONSIVE = "non_responsive"
NON_OPERATIONAL = "non_operational"
MAINTENANCE = "maintenance"

VM_STATUS = {
    "Up": "up",
    "Down": "down",
    "Migration Source": "migrating",
    "Migration Destination": "migrating",
    "Paused": "paused",
    "Powering down": "powering_down",
    "Powering up": "powering_up",
    "RebootInProgress": "reboot_in_progress",
    "Restoring state": "restoring_state",
    "Saving State": "saving_state",
    "WaitForLaunch": "wait_for_launch",
}
"""vdsm's word for a guest's state to oVirt's (vdsm.md §2.3, ovirt-api.md §3.1)."""

INCOMING = "Migration Destination"


@dataclass
class Guest:
    """A guest as a host reports it; ``stats`` is vdsm's dictionary (vdsm.md §2.4), numbers as strings."""

    id: str
    host_id: str
    stats: dict[str, Any]
    touched: float = float("-inf")
    """Monotonic time of the last event about it: an answer to a question asked before is older than that."""
    first_seen_s: float = field(default_factory=time.time)
    age_at_first_s: float = 0.0

    @property
    def started_s(self) -> float:
        """Epoch seconds of its start: its own age tells; until that is known, when it was first seen.

        Taken from the age at the first look and not anew from each, or it would jitter by a second.
        """
        return self.first_seen_s - self.age_at_first_s

    @property
    def name(self) -> str:
        """Its name; its id as long as the host has not told one."""
        return str(self.stats.get("vmName") or self.id)

    @property
    def raw_status(self) -> str:
        """vdsm's word."""
        return str(self.stats.get("status", ""))

    @property
    def status(self) -> str:
        """oVirt's word, ``unknown`` for one we do not know."""
        return VM_STATUS.get(self.raw_status, "unknown")


@dataclass
class HostLive:
    """One host, live. ``detail`` says why it is not up. The dictionaries are vdsm's, empty until heard."""

    status: str = CONNECTING
    detail: str = ""
    capabilities: dict[str, Any] = field(default_factory=dict)
    hardware: dict[str, Any] = field(default_factory=dict)
    stats: dict[str, Any] = field(default_factory=dict)
    guests: dict[str, Guest] = field(default_factory=dict)

    def guest_status(self, guest: Guest) -> str:
        """A guest's status as far as it can be known: ``unknown`` on a host that does not answer."""
        return guest.status if self.status in (UP, CONNECTING) else "unknown"


def number(value: Any) -> float | None:
    """A number of vdsm's, which come as strings or numbers; None for anything else (``''``, ``'-1.x'`` of no value)."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def whole(value: Any) -> int | None:
    """Like :func:`number`, cut to an integer."""
    parsed = number(value)
    return None if parsed is None or parsed != parsed or abs(parsed) == float("inf") else int(parsed)
