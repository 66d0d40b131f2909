# SPDX-License-Identifier: Apache-2.0
"""Names for libvirt's numbers of domain states and of the reasons for them."""

from __future__ import annotations

#: virDomainState, by number
STATES = ("unknown", "running", "blocked", "paused", "shutting_down", "shut_off", "crashed", "suspended")

#: the states in which a guest has a QEMU process: libvirt calls crashed what it keeps after a panic (on_crash preserve)
ACTIVE = frozenset({"running", "blocked", "paused", "shutting_down", "suspended", "crashed"})

#: virDomain…Reason, by state and number; the numbers are libvirt's interface and never change
_REASONS: dict[str, tuple[str, ...]] = {
    "running": (
        "unknown",
        "booted",
        "migrated",
        "restored",
        "from_snapshot",
        "unpaused",
        "migration_canceled",
        "save_canceled",
        "wakeup",
        "crashed",
        "postcopy",
        "postcopy_failed",
    ),
    "paused": (
        "unknown",
        "user",
        "migration",
        "save",
        "dump",
        "io_error",
        "watchdog",
        "from_snapshot",
        "shutting_down",
        "snapshot",
        "crashed",
        "starting_up",
        "postcopy",
        "postcopy_failed",
        "api_error",
    ),
    "shutting_down": ("unknown", "user"),
    "shut_off": (
        "unknown",
        "shutdown",
        "destroyed",
        "crashed",
        "migrated",
        "saved",
        "failed",
        "from_snapshot",
        "daemon",
    ),
    "crashed": ("unknown", "panicked"),
}


def state_name(number: int) -> str:
    """A state of definition ``Machine``; ``unknown`` for a number newer than this table."""
    return STATES[number] if 0 <= number < len(STATES) else "unknown"


def reason_name(state: str, number: int) -> str | None:
    """The reason for a state, None where libvirt gives none or one newer than this table."""
    names = _REASONS.get(state, ())
    return names[number] if 0 < number < len(names) else None


#: virDomainEventStoppedDetailType, by number: the reasons of ``shut_off`` under other numbers
_STOPPED = ("shutdown", "destroyed", "crashed", "migrated", "saved", "failed", "from_snapshot")


def stop_reason(detail: int) -> str | None:
    """The reason for ``shut_off`` that a stop event's detail stands for; None for one newer than this table."""
    return _STOPPED[detail] if 0 <= detail < len(_STOPPED) else None
