# SPDX-License-Identifier: Apache-2.0
"""Carries a cleanup out, item by item; each is fine when it has been done before, so a killed cleanup is resumed."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from ..checks.context import run_command
from ..errors import RhvError
from ..jobs.control import retire_jobs, start_job
from ..jobs.model import EXCLUSIVE_KINDS, JobSpec
from ..machines.opening import DEFAULT_URI
from ..machines.usage import read_usage
from ..messages import Message, msg
from ..storage.logical import remove_volume
from . import places
from .cleanup_plan import Item, plan_cleanup, read_settings, refuse_changed
from .discard import marked_domains, remove_domain
from .engine_volume import made_volumes
from .lease import refuse_held
from .lock_manager import lock_units, turn_off
from .profile import load_profile
from .salvage import salvage
from .state import RECORD, Deployment, made_by, read_record
from .storage_pool import find_pool, is_ours, pool_folder, remove_pool
from .stored import is_kept, keep_copy, set_aside
from .vm import connected

if TYPE_CHECKING:
    from collections.abc import Sequence

    import libvirt

    from ..jobs.launch import Launcher
    from ..jobs.store import JobStore
    from .progress import ProgressFile

OPERATION = "cleanup"
_SYSTEMCTL_S = 60


def start_cleanup(
    fingerprint: str,
    engine: str | None,
    user: str,
    *,
    store: JobStore | None = None,
    launcher: Launcher | None = None,
) -> str:
    """Start the job that carries out the plan of this fingerprint; returns its id.

    ``engine``: the engine's FQDN, where the plan asks for it. Raises RhvError ``cleanup.*``, ``job.*``.
    """
    plan = plan_cleanup()
    refuse_changed(plan, fingerprint, engine)
    profile = load_profile()
    spec = JobSpec(
        kind="cleanup",
        title=msg("cleanup.title", "Remove the engine from this host")
        if plan.engine is not None
        else msg("cleanup.title_rest", "Clean up after an unfinished deployment"),
        user=user,
        phases=tuple(profile.operations[OPERATION]),
        profile=profile.id,
    )
    variables = {"rhv_cleanup": [item.id for item in plan.items], "rhv_cleanup_engine": plan.engine or ""}
    return start_job(spec, profile.folder, profile.plugins, variables, store=store, launcher=launcher)


def carry_out_plan(
    wanted: Sequence[str], engine: str, progress: ProgressFile, uri: str = DEFAULT_URI
) -> tuple[bool, list[dict[str, Any]]]:
    """Do those of the plan's items that were shown: whether anything was done, and what to tell in the job's log.

    ``engine``: the working engine whose removal was confirmed, empty without one. What has come up since stays and is
    named in a warning. Raises RhvError ``cleanup.*``, ``lease.held``, ``libvirt.*``; OSError.
    """
    told: list[dict[str, Any]] = []
    plan = plan_cleanup(uri)
    items = plan.items
    if items:
        # A deployment may have been finished since; on the way its name goes before what else is removed.
        refuse_changed(plan, plan.fingerprint, engine)
    shown = [item for item in items if item.id in wanted]
    for item in items:
        if item.id not in wanted:
            text = msg("cleanup.new", "{name} was not in the list that was shown; it stays.", name=item.name)
            told.append({**text.to_json(), "severity": "warning"})
    for number, item in enumerate(shown):
        progress.report(number, len(shown), "items", msg("cleanup.item", "Removing {name}", name=item.name))
        told.append(_ACTIONS[item.action](item, uri).to_json())
    return bool(shown), told


def _domain(item: Item, uri: str) -> Message:
    record = read_record()
    with connected(uri) as connection:
        for domain in [] if record is None else marked_domains(connection, record):
            if domain.name() == item.name:
                remove_domain(domain)
    return msg("cleanup.did.domain", "The engine VM {name} is removed.", name=item.name)


def _unit(item: Item, _uri: str) -> Message:
    _systemctl(item.name, "disable", "--now")
    _reset_failed(item.name)
    return msg("cleanup.did.unit", "{name} is stopped and does not start with the host any more.", name=item.name)


def _unit_disable(item: Item, _uri: str) -> Message:
    _systemctl(item.name, "disable")
    return msg("cleanup.did.unit_disable", "{name} does not start with the host any more.", name=item.name)


def _unit_stop(item: Item, _uri: str) -> Message:
    _systemctl(item.name, "stop")
    _reset_failed(item.name)
    return msg("cleanup.did.unit_stop", "{name} is stopped.", name=item.name)


def _systemctl(unit: str, *verb: str) -> None:
    try:
        done = run_command(["systemctl", *verb, "--quiet", unit], _SYSTEMCTL_S)
        code, output = done.code, done.output
    except subprocess.TimeoutExpired as error:
        code, output = -1, str(error)
    if code != 0:
        raise RhvError(
            "cleanup.unit",
            msg("cleanup.unit_failed", "The unit {unit} could not be stopped.", unit=unit),
            msg("cleanup.again", "Look at the detail, then resume this job."),
            output,
        )


def _reset_failed(unit: str) -> None:
    subprocess.run(["systemctl", "reset-failed", unit], capture_output=True, timeout=_SYSTEMCTL_S, check=False)


def _file(item: Item, _uri: str) -> Message:
    if item.kind in ("disk", "drive"):
        refuse_held(Path(item.name))
    Path(item.name).unlink(missing_ok=True)
    return msg("cleanup.did.file", "{name} is removed.", name=item.name)


def _volume(item: Item, _uri: str) -> Message:
    record = read_record()
    for volume in [] if record is None else made_volumes(record):
        if volume.place == item.name:
            remove_volume(volume.place)
    return msg("cleanup.did.file", "{name} is removed.", name=item.name)


def _scratch(item: Item, _uri: str) -> Message:
    if os.path.lexists(item.name):
        shutil.rmtree(item.name)
    return msg("cleanup.did.file", "{name} is removed.", name=item.name)


def _folder(item: Item, _uri: str) -> Message:
    try:
        os.rmdir(item.name)
    except FileNotFoundError:
        pass
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        return msg("cleanup.did.folder_stays", "{name} stays: something else is in it.", name=item.name)
    return msg("cleanup.did.file", "{name} is removed.", name=item.name)


def _network_autostart(item: Item, uri: str) -> Message:
    with connected(uri) as connection:
        connection.networkLookupByName(item.name).setAutostart(0)
    return msg("cleanup.did.network_autostart", "The network {name} no longer starts with the host.", name=item.name)


def _network_started(item: Item, uri: str) -> Message:
    with connected(uri) as connection:
        network = connection.networkLookupByName(item.name)
        if network.isActive():
            if network.listAllPorts():
                return msg("cleanup.did.network_used", "The network {name} stays up: a guest uses it.", name=item.name)
            network.destroy()
    return msg("cleanup.did.network", "The network {name} is stopped again.", name=item.name)


def _pool(item: Item, uri: str) -> Message:
    with connected(uri) as connection:
        pool = find_pool(connection, item.name)
        if pool is not None and is_ours(pool):
            guests = _guests_on(connection, pool_folder(pool), item.name)
            if guests:
                return msg(
                    "cleanup.did.pool_used",
                    "The storage pool {name} stays: guests have disks on it: {guests}",
                    name=item.name,
                    guests=", ".join(guests),
                )
            remove_pool(pool)
    return msg("cleanup.did.pool", "The storage pool {name} is unmounted and forgotten.", name=item.name)


def _guests_on(connection: libvirt.virConnect, folder: Path, pool: str) -> list[str]:
    usage = read_usage(connection)
    of_paths = (users for path, users in usage.paths.items() if folder in Path(path).parents)
    of_volumes = (users for (name, _volume), users in usage.volumes.items() if name == pool)
    return sorted({user.name for users in (*of_paths, *of_volumes) for user in users})


def _lock_manager(item: Item, uri: str) -> Message:
    record = read_record()
    units = lock_units(made_by(record)) if record is not None else []
    with connected(uri) as connection:
        runs = any(domain.isActive() for domain in connection.listAllDomains())
    # Tried: virtlockd ends every guest it holds a lock for when it is stopped.
    turn_off([(verb, unit) for verb, unit in units if verb != "stop" or not runs], uri)
    if runs and any(verb == "stop" for verb, _unit in units):
        return msg(
            "cleanup.did.lock_daemon_stays",
            "libvirt's lock manager {name} is turned off again; its daemon stays until this host restarts, because "
            "guests that run would be ended with it.",
            name=item.name,
        )
    return msg("cleanup.did.lock_manager", "libvirt's lock manager {name} is turned off again.", name=item.name)


def _registration(item: Item, _uri: str) -> Message:
    return msg("cleanup.did.registration", "The entry of {name} went with the engine's disk.", name=item.name)


def _aside(item: Item, _uri: str) -> Message:
    set_aside(Path(item.name))
    return msg("cleanup.did.aside", "The damaged file {name} has another name now.", name=item.name)


def _rebuild(item: Item, uri: str) -> Message:
    path = Path(item.name)
    try:
        read_record()
    except RhvError:
        with connected(uri) as connection:
            found = salvage(connection, read_settings()[0])
        keep_copy(path)
        # From here on the cleanup can be killed like any other: what is left stands in a record.
        Deployment(path.parent, found.record).save()
    return msg("cleanup.did.rebuild", "The damaged record is kept; a new one is written.")


def _state(item: Item, uri: str) -> Message:
    # Before the state goes: with it gone nothing of those jobs can be resumed.
    retire_jobs(EXCLUSIVE_KINDS - {"cleanup"})
    folder = places.state_dir()
    if folder.is_dir():
        # The record last: while it is there a cleanup knows that key and token may still be.
        for path in sorted(folder.iterdir(), key=lambda path: path.name == RECORD):
            if not is_kept(path):
                path.unlink(missing_ok=True)
        return _folder(item, uri)
    return msg("cleanup.did.file", "{name} is removed.", name=item.name)


_ACTIONS: dict[str, Callable[[Item, str], Message]] = {
    "domain": _domain,
    "unit": _unit,
    "unit_disable": _unit_disable,
    "unit_stop": _unit_stop,
    "file": _file,
    "volume": _volume,
    "scratch": _scratch,
    "folder": _folder,
    "network_autostart": _network_autostart,
    "network_started": _network_started,
    "pool": _pool,
    "lock_manager": _lock_manager,
    "registration": _registration,
    "rebuild": _rebuild,
    "aside": _aside,
    "state": _state,
}
