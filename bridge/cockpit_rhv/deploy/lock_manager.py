# SPDX-License-Identifier: Apache-2.0
"""Turns libvirt's lock manager on for the engine's lease, and off again: a line of ours in its configuration.

From then on every guest that is started has its disks locked by virtlockd, beside QEMU's own locks on the same files;
explicit leases would need a lockspace that libvirt's daemon opens when it starts, before the storage is mounted.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..checks.context import run_command
from ..checks.engine_lease import UNITS
from ..errors import RhvError
from ..host.lock_manager import CONFIGURATION, read_lock_manager
from ..host.services import unit_states
from ..jobs.files import sync_folder
from ..machines.limited import open_limited
from ..machines.opening import DEFAULT_URI
from ..messages import msg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .state import Deployment

#: A test has another.
ROOT = Path("/")
_BEGIN = "# begin cockpit-rhv: for the lease of the engine's disk; goes when the engine is removed"
_END = "# end cockpit-rhv"
_BLOCK = re.compile(rf"\n{re.escape(_BEGIN)}\n.*?\n{re.escape(_END)}\n", re.DOTALL)
_DAEMONS = ("libvirtd.service", "virtqemud.service")
_SYSTEMCTL_S = 90.0
#: Seconds in which libvirt must let somebody in after a restart.
_BACK_S = 30.0


def turn_on(deployment: Deployment, manager: str, uri: str = DEFAULT_URI) -> bool:
    """See that libvirt starts guests under this lock manager; True when anything was changed.

    Where an administrator has turned it on, his settings stay as they are. Raises RhvError ``lease.other_manager``,
    ``lease.libvirt_failed``, ``lease.unit``; OSError.
    """
    present = read_lock_manager(ROOT)
    if present is not None and present != manager:
        raise RhvError(
            "lease.other_manager",
            msg(
                "checks.lease.other",
                "libvirt's lock manager here is {present}; a lease on this storage needs {manager}.",
                present=present,
                manager=manager,
            ),
        )
    changed = _start_units(deployment, manager)
    if present is None:
        deployment.note("lock_manager", manager)
        add_line(deployment, ROOT / CONFIGURATION, f'lock_manager = "{manager}"')
    if present is None or _started_before(ROOT / CONFIGURATION):
        try:
            restart_libvirt(uri)
        except RhvError:
            if present is None:
                _remove_line()
                restart_libvirt(uri)
            raise
        changed = True
    return changed


def turn_off(units: Sequence[tuple[str, str]], uri: str = DEFAULT_URI) -> None:
    """Take our line away and restart libvirt; ``units``: pairs of ``disable`` or ``stop`` and a unit's name.

    Raises RhvError ``lease.libvirt_failed``, ``lease.unit``; OSError.
    """
    if _remove_line() or _started_before(ROOT / CONFIGURATION):
        restart_libvirt(uri)
    for verb, unit in units:
        _systemctl(verb, unit)
        if verb == "stop" and unit.endswith(".socket"):
            _systemctl(verb, unit.replace(".socket", ".service"))


def lock_units(made: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """What :func:`turn_off` has to switch off, from a record's ``made``: what is as it was is left out."""
    noted = {"lease_enabled": "disable", "lease_started": "stop"}
    wanted = [(noted[kind], unit) for kind, unit in made if kind in noted]
    states = unit_states([unit for _verb, unit in wanted])
    on = {"disable": lambda state: state.enabled == "enabled", "stop": lambda state: state.active == "active"}
    return [(verb, unit) for verb, unit in wanted if on[verb](states[unit])]


def our_manager() -> str | None:
    """The lock manager that a line of ours has turned on. Raises OSError."""
    try:
        text = (ROOT / CONFIGURATION).read_text("utf-8", "surrogateescape")
    except FileNotFoundError:
        return None
    found = re.search(r'lock_manager = "(\w+)"', "".join(_BLOCK.findall(text)))
    return found.group(1) if found else None


def add_line(deployment: Deployment, path: Path, line: str) -> None:
    """Put it at the file's end, between two lines by which it is found again."""
    deployment.note_new_file(path)
    text = path.read_text("utf-8", "surrogateescape") if path.exists() else ""
    _replace(path, "\n".join([text, _BEGIN, line, _END, ""]))


def _remove_line() -> bool:
    path = ROOT / CONFIGURATION
    text = path.read_text("utf-8", "surrogateescape") if path.exists() else ""
    without = _BLOCK.sub("", text)
    if without == text:
        return False
    _replace(path, without)
    return True


def _replace(path: Path, text: str) -> None:
    """Whole or not at all, with owner and mode of what was there."""
    fresh = path.with_name(f".{path.name}.cockpit-rhv")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    if path.exists():
        there = path.stat()
        os.chown(fresh, there.st_uid, there.st_gid)
        shutil.copymode(path, fresh)
    fresh.replace(path)
    sync_folder(path.parent)


def _started_before(path: Path) -> bool:
    """Whether a daemon runs that has not read the file as it is: whoever wrote it was killed before the restart."""
    import psutil

    for state in unit_states(_DAEMONS).values():
        try:
            if state.main_pid and psutil.Process(state.main_pid).create_time() < path.stat().st_mtime:
                return True
        except (psutil.NoSuchProcess, FileNotFoundError):
            continue
    return False


def restart_libvirt(uri: str = DEFAULT_URI) -> None:
    """Guests go on running; returns when libvirt lets somebody in again.

    Raises RhvError ``lease.unit``, and ``lease.libvirt_failed`` when it does not.
    """
    running = [name for name, state in unit_states(_DAEMONS).items() if state.active not in ("inactive", "failed")]
    for unit in running:
        _systemctl("restart", unit)
    deadline = time.monotonic() + _BACK_S
    while True:
        try:
            open_limited(uri, writable=True).conn.close()
        except RhvError as error:
            if time.monotonic() > deadline:
                raise RhvError(
                    "lease.libvirt_failed",
                    msg("lease.libvirt_failed", "libvirt does not come back with its lock manager turned on."),
                    msg("lease.libvirt_failed.hint", "It is off again. See libvirt's journal, then resume."),
                    error.detail or str(error.message),
                ) from error
            time.sleep(0.5)
        else:
            return


def _start_units(deployment: Deployment, manager: str) -> bool:
    changed = False
    for unit, state in unit_states(UNITS[manager]).items():
        if state.enabled == "disabled":
            deployment.note("lease_enabled", unit)
            _systemctl("enable", unit)
            changed = True
        if state.active not in ("active", "activating"):
            deployment.note("lease_started", unit)
            _systemctl("start", unit)
            changed = True
    return changed


def _systemctl(verb: str, unit: str) -> None:
    try:
        done = run_command(["systemctl", verb, "--quiet", unit], _SYSTEMCTL_S)
        code, output = done.code, done.output
    except subprocess.TimeoutExpired as error:
        code, output = -1, str(error)
    if code != 0:
        raise RhvError(
            "lease.unit",
            msg("lease.unit", "systemctl {verb} {unit} failed.", verb=verb, unit=unit),
            msg("lease.unit.hint", "See its journal: journalctl -u {unit}; then resume.", unit=unit),
            output,
        )
