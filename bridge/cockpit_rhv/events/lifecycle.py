# SPDX-License-Identifier: Apache-2.0
"""What libvirt's lifecycle events mean for a person: a word, a sentence, how bad it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..machines.connection import REBOOTED
from ..messages import Message, msg

if TYPE_CHECKING:
    from collections.abc import Mapping


class Meaning(NamedTuple):
    """``what``: a stable word for filters and files."""

    what: str
    severity: str
    message: Message


STARTED = Meaning("started", "info", msg("event.started", "The guest was started."))
_STOPPED = Meaning("stopped", "info", msg("event.stopped", "The guest is off."))
RESUMED = Meaning("resumed", "info", msg("event.resumed", "The guest goes on."))
_PAUSED = Meaning("paused", "info", msg("event.paused", "The guest was paused."))
_FAILED = Meaning("failed", "error", msg("event.failed", "The guest could not be run: QEMU failed."))
_CRASHED = Meaning("crashed", "error", msg("event.crashed", "QEMU ended unexpectedly; the guest is off."))
_PANICKED = Meaning("crashed", "error", msg("event.panicked", "The guest's system crashed."))

#: By virDomainEventType, then by detail; None: whatever the detail.
_MEANINGS: Mapping[int, Mapping[int | None, Meaning]] = {
    0: {
        0: Meaning("defined", "info", msg("event.defined", "The guest was defined.")),
        2: Meaning("renamed", "info", msg("event.renamed", "The guest was renamed.")),
        None: Meaning("changed", "info", msg("event.changed", "The guest's definition was changed.")),
    },
    1: {None: Meaning("removed", "info", msg("event.removed", "The guest's definition was removed."))},
    2: {
        1: Meaning("started", "info", msg("event.arrived", "The guest arrived from another host.")),
        2: Meaning("started", "info", msg("event.restored", "The guest goes on from its saved state.")),
        3: Meaning("started", "info", msg("event.from_snapshot", "The guest was started from a snapshot.")),
        4: Meaning("started", "info", msg("event.woke", "The guest woke up.")),
        None: STARTED,
    },
    3: {
        1: Meaning("paused", "info", msg("event.paused_migration", "The guest was paused for its move.")),
        2: Meaning(
            "paused", "error", msg("event.io_error", "The guest was paused: its disk cannot be read or written.")
        ),
        3: Meaning("paused", "warning", msg("event.watchdog", "The guest was paused by its watchdog.")),
        6: Meaning("paused", "error", msg("event.api_error", "The guest was paused after an error of libvirt.")),
        8: Meaning("paused", "error", msg("event.postcopy", "The guest was paused: its move to another host failed.")),
        None: _PAUSED,
    },
    4: {None: RESUMED},
    5: {
        0: Meaning("stopped", "info", msg("event.shut_down", "The guest was shut down.")),
        1: Meaning("stopped", "info", msg("event.powered_off", "The guest was powered off.")),
        2: _CRASHED,
        3: Meaning("stopped", "info", msg("event.left", "The guest left for another host.")),
        4: Meaning("stopped", "info", msg("event.saved", "The guest was saved and is off.")),
        5: _FAILED,
        None: _STOPPED,
    },
    7: {None: Meaning("asleep", "info", msg("event.asleep", "The guest fell asleep."))},
    8: {None: _PANICKED},
    REBOOTED: {None: Meaning("rebooted", "info", msg("event.rebooted", "The guest was rebooted."))},
}

#: What QEMU's log calls the reasons of an end (libvirt's virDomainShutoffReason) by the detail of the event.
_LOG_REASONS = {"shutdown": 0, "destroyed": 1, "crashed": 2, "migrated": 3, "saved": 4, "failed": 5}


def meaning(event: int, detail: int) -> Meaning | None:
    """None for an event that says nothing by itself: another one follows it, or it is newer than this table."""
    details = _MEANINGS.get(event)
    return None if details is None else details.get(detail, details[None])


def logged_end(reason: str) -> Meaning:
    """What an end means of which QEMU's log has the reason."""
    return _MEANINGS[5].get(_LOG_REASONS.get(reason, -1), _STOPPED)
