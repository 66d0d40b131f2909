# SPDX-License-Identifier: Apache-2.0
"""vdsm's words for a guest's state and for its end (lib/vdsm/virt/vmstatus.py, vmexitreason.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..machines.states import ACTIVE

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

LISTED = ACTIVE | {"crashed"}
"""States in which vdsm's clients expect to see a guest that no Manager made; such a guest is forgotten at its end."""


class Exit(NamedTuple):
    """``code``: 0 normal, 1 error; ``reason``: number of vmexitreason.py; ``message``: for its log."""

    code: int
    reason: int
    message: str


_EXITS = {
    "shutdown": Exit(0, 7, "User shut down from within the guest"),
    "destroyed": Exit(0, 6, "Admin shut down from the engine"),
    "migrated": Exit(0, 4, "Migration succeeded"),
    "saved": Exit(0, 5, "SaveState succeeded"),
    "from_snapshot": Exit(0, 0, "VM terminated normally"),
    "crashed": Exit(1, 2, "Lost connection with qemu process"),
    "failed": Exit(1, 3, "VM failed to start"),
    "daemon": Exit(1, 2, "Lost connection with qemu process"),
}
_UNKNOWN = Exit(1, 9, "VM has been terminated on the host")


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
