# SPDX-License-Identifier: Apache-2.0
"""vdsm's words for a guest's state and for its end (lib/vdsm/virt/vmstatus.py, vmexitreason.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..machines.model import Machine

UP = "Up"
DOWN = "Down"

_STATUSES = {
    "running": UP,
    "blocked": UP,
    # A guest that sleeps by its own will is up for vdsm, too: it knows no other word.
    "suspended": UP,
    "paused": "Paused",
    "shutting_down": "Powering down",
    # Kept after a crash (on_crash preserve): the process is there and stands still.
    "crashed": "Paused",
}
_PAUSED = {"migration": "Migration Source", "save": "Saving State", "starting_up": "WaitForLaunch"}
_PAUSE_CODES = {"io_error": "EIO", "crashed": "EOTHER", "api_error": "EOTHER", "postcopy_failed": "POSTCOPY"}


class Exit(NamedTuple):
    """``code``: 0 normal, 1 error; ``reason``: number of vmexitreason.py; ``message``: for its log."""

    code: int
    reason: int
    message: str


_EXITS = {
    "shutdown": Exit(0, 7, "The guest shut itself down"),
    "destroyed": Exit(0, 6, "The guest was powered off on the host"),
    "migrated": Exit(0, 4, "The guest was migrated to another host"),
    "saved": Exit(0, 5, "The guest was saved to disk"),
    "from_snapshot": Exit(0, 0, "A snapshot was restored in which the guest is off"),
    "crashed": Exit(1, 2, "QEMU or the guest crashed"),
    "failed": Exit(1, 3, "QEMU did not run the guest"),
    "daemon": Exit(1, 2, "The guest was lost while libvirt was not running"),
}
_UNKNOWN = Exit(1, 9, "The guest ended, and libvirt does not say why")


def status(machine: Machine) -> str:
    """vdsm's status of a guest whose state is known."""
    if machine.state == "paused":
        return _PAUSED.get(machine.reason or "", "Paused")
    return _STATUSES.get(machine.state, DOWN)


def pause_code(machine: Machine) -> str | None:
    """Why it is paused; None when it is not."""
    if status(machine) != "Paused":
        return None
    return "EOTHER" if machine.state == "crashed" else _PAUSE_CODES.get(machine.reason or "", "NOERR")


def exit_of(reason: str | None) -> Exit:
    """How a guest ended. ``reason``: of state ``shut_off``; None when libvirt told none."""
    return _UNKNOWN if reason is None else _EXITS.get(reason, _UNKNOWN)
