# SPDX-License-Identifier: Apache-2.0
"""What removing the engine, or what is left of a deployment, would do: every single thing, before any of it is done."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..host.services import unit_states
from ..machines.opening import DEFAULT_URI
from ..messages import Message, msg
from . import places
from .config import read_engine_config
from .discard import marked_domains
from .drive import scratch_folders
from .engine_volume import BOOT_UNIT, made_volumes, volumes_of
from .lease import signed_by, taken_folders
from .lock_manager import lock_units, our_manager
from .salvage import salvage
from .state import RECORD, made_by, read_record
from .storage_pool import is_ours
from .stored import kept_name
from .vm import connected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import libvirt

    from .config import EngineConfig
    from .state import Record

_ABOUT = {
    "disk": msg("cleanup.disk", "The engine's disk, with everything on it."),
    "volume": msg("cleanup.volume", "The engine's disk, a logical volume, with everything on it; its group stays."),
    "drive": msg("cleanup.drive", "The config drive of the engine VM's first start."),
    "file": msg("cleanup.file", "A file of this deployment."),
    "folder": msg("cleanup.folder", "A directory the deployment made; it goes only if nothing else is in it."),
    "runtime": msg("cleanup.runtime", "What libvirt kept for a run of the VM that a power cut ended."),
    "unit": msg("cleanup.unit", "The agent of this host is stopped, and no longer starts with it."),
    "unit_disable": msg("cleanup.unit_disable", "The agent no longer starts with this host; it ran before, and stays."),
    "volume_unit": msg("cleanup.volume_unit", "The engine's volume is no longer activated with this host."),
    "unit_stop": msg("cleanup.unit_stop", "The agent is stopped; it started with the host before, and still does."),
    "pool": msg("cleanup.pool", "The storage is unmounted and libvirt forgets it; what others keep on it stays."),
    "lock_manager": msg(
        "cleanup.lock_manager", "libvirt's lock manager is turned off again, and libvirt's daemon restarted."
    ),
    "state": msg("cleanup.state", "What the deployment remembers to be resumed: identities, its key, its token."),
    "registration": msg(
        "cleanup.registration", "This host's entry and certificate in the Manager go together with the engine's disk."
    ),
    "domain": msg("cleanup.domain", "The engine VM: it is switched off and its definition removed."),
}
#: How a unit that a deployment has only switched on in one way is left as it was.
_UNDO = {"unit_enabled": "unit_disable", "unit_started": "unit_stop"}
_KEPT = msg("cleanup.kept.jobs", "The logs of earlier jobs stay, so that you can read what happened.")


@dataclass(frozen=True)
class Item:
    """Definition ``CleanupItem``. ``action`` is what carries it out (``cleanup.py``); it does not cross the wire."""

    kind: str
    name: str
    about: Message
    action: str
    size_bytes: int | None = None

    @property
    def id(self) -> str:
        """Stable within a plan."""
        return f"{self.action}:{self.name}"

    def to_json(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "id": self.id,
            "kind": self.kind,
            "name": self.name,
            "about": self.about.to_json(),
            "size_bytes": self.size_bytes,
        }


@dataclass(frozen=True)
class Plan:
    """Definition ``CleanupPlan``. The items are in the order in which they are carried out.

    ``engine``: what to type before an engine that works, or may work, is removed. ``complete``: the record is whole.
    """

    items: Sequence[Item]
    kept: Sequence[Message]
    engine: str | None
    complete: bool = True

    @property
    def fingerprint(self) -> str:
        """Of what would be done, not of sizes, which change all the time."""
        return hashlib.sha256(json.dumps([item.id for item in self.items]).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "fingerprint": self.fingerprint,
            "items": [item.to_json() for item in self.items],
            "kept": [text.to_json() for text in self.kept],
            "loses_engine": self.engine is not None,
            "engine": self.engine,
            "complete": self.complete,
        }


def plan_cleanup(uri: str = DEFAULT_URI) -> Plan:
    """The plan for this host as it is now; without items when there is nothing of ours.

    A damaged record is replaced by what can be found for sure (``salvage.py``), and a damaged file is kept under
    another name. Raises RhvError ``libvirt.*``; OSError.
    """
    config, config_damaged = read_settings()
    try:
        record = read_record()
    except RhvError as error:
        if error.code != "state.damaged":
            raise
        return _salvaging(config, config_damaged, uri)
    if record is None:
        # Without a record nothing is known to be ours; a damaged file is in the way all the same.
        return Plan([_aside()] if config_damaged else [], [_KEPT], None, not config_damaged)
    items = list(_items(record, config_damaged, uri))
    kept = [*_unreachable(record, uri), _KEPT]
    # With its settings written an engine works, whether its deployment came to note that it is finished or not.
    return Plan(items, kept, _name(record, config, config_damaged))


def read_settings() -> tuple[EngineConfig | None, bool]:
    """The deployed engine's settings, and whether they are damaged."""
    try:
        return read_engine_config(), False
    except RhvError as error:
        if error.code != "engine.config_damaged":
            raise
        return None, True


def _salvaging(config: EngineConfig | None, config_damaged: bool, uri: str) -> Plan:
    path = places.state_dir() / RECORD
    about = msg(
        "cleanup.rebuild",
        "Damaged. It is kept as {kept}; a new one is written from what is found.",
        kept=str(kept_name(path)),
    )
    with connected(uri) as connection:
        found = salvage(connection, config)
    items = [Item("state", str(path), about, "rebuild"), *_items(found.record, config_damaged, uri)]
    # Nothing says any more whether its engine was finished.
    engine = _name(found.record, config, found.record.started)
    return Plan(items, [*found.unsure, _KEPT], engine, complete=False)


def _name(record: Record, config: EngineConfig | None, may_work: bool) -> str | None:
    if config is not None:
        return config.fqdn
    return (record.name or None) if may_work else None


def _aside() -> Item:
    path = places.engine_json()
    about = msg("cleanup.aside", "Damaged. It is not removed, but gets the name {kept}.", kept=str(kept_name(path)))
    return Item("file", str(path), about, "aside")


def _items(record: Record, config_damaged: bool, uri: str) -> Iterator[Item]:
    made = [(kind, name) for kind, name in made_by(record)]
    yield from _units(made)
    with connected(uri) as connection:
        for domain in marked_domains(connection, record):
            yield Item("domain", domain.name(), _ABOUT["domain"], "domain")
        networks = list(_networks(made, connection))
        pools = [Item("pool", name, _ABOUT["pool"], "pool") for name, _active in _pools(made, connection)]
        running = {domain.ID() for domain in connection.listAllDomains() if domain.isActive()}
    if record.host_id:
        name = record.host_name or record.host_id
        yield Item("registration", name, _ABOUT["registration"], "registration")
    for volume in made_volumes(record):
        # No file: what removes it is LVM.
        yield Item("disk", volume.place, _ABOUT["volume"], "volume", volume.size)
    taken = taken_folders(record)
    for path in sorted(record.files()):
        if os.path.lexists(path) and Path(path).parent not in taken:
            kind = "drive" if path == record.drive else "disk"
            yield Item(kind, path, _ABOUT[kind], "file", _size(path))
    for drive in (path for path in map(Path, sorted(record.files())) if path.parent not in taken):
        for scratch in scratch_folders(drive):
            yield Item("drive", str(scratch), _ABOUT["drive"], "scratch")
    listed = {*record.files(), *([str(places.engine_json())] if config_damaged else [])}
    for name in (name for kind, name in made if kind == "file"):
        for path in (name, *map(str, places.half_written(Path(name)))):
            if os.path.lexists(path) and path not in listed and Path(path).parent not in taken:
                yield Item("file", path, _ABOUT["file"], "file", _size(path))
    if config_damaged:
        yield _aside()
    for stale in places.stale_runtime_folders(record.name, running) if record.name else []:
        yield Item("folder", str(stale), _ABOUT["runtime"], "scratch")
    yield from networks
    yield from pools
    # After whatever libvirt is asked for.
    for name in (name for kind, name in made if kind == "lock_manager"):
        if our_manager() == name or lock_units(made):
            yield Item("lock_manager", name, _ABOUT["lock_manager"], "lock_manager")
    folders = [name for kind, name in made if kind == "folder" and os.path.isdir(name)]
    for name in sorted(folders, key=len, reverse=True):
        yield Item("folder", name, _ABOUT["folder"], "folder")
    yield Item("state", str(places.state_dir()), _ABOUT["state"], "state")


def _units(made: Sequence[tuple[str, str]]) -> Iterator[Item]:
    for name in dict.fromkeys(name for kind, name in made if kind in _UNDO):
        state = unit_states([name])[name]
        kinds = {kind for kind, unit in made if unit == name and kind in _UNDO}
        started = "unit_started" in kinds and state.active not in ("inactive", "failed")
        if ("unit_enabled" in kinds and state.enabled == "enabled") or started:
            # By what was done, not by what is left of it: a cleanup killed in between goes on under the same id.
            action = "unit" if len(kinds) == 2 else _UNDO[kinds.pop()]
            about = _ABOUT["volume_unit"] if name.startswith(BOOT_UNIT) else _ABOUT[action]
            yield Item("unit", name, about, action)


def _networks(made: Sequence[tuple[str, str]], connection: libvirt.virConnect) -> Iterator[Item]:
    import libvirt

    for name in dict.fromkeys(name for kind, name in made if kind in ("network_started", "network_autostart")):
        try:
            network = connection.networkLookupByName(name)
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_NETWORK:
                continue
            raise
        if ("network_autostart", name) in made and network.autostart():
            about = msg("cleanup.network_autostart", "libvirt's network no longer starts with the host.")
            yield Item("network", name, about, "network_autostart")
        if ("network_started", name) in made and network.isActive():
            about = msg("cleanup.network_started", "libvirt's network is stopped again, unless another guest uses it.")
            yield Item("network", name, about, "network_started")


def _pools(made: Sequence[tuple[str, str]], connection: libvirt.virConnect) -> list[tuple[str, bool]]:
    """Name of each pool of ours that is there, and whether it is mounted."""
    ours = {name for kind, name in made if kind == "pool"}
    if not ours:
        return []
    pools = [pool for pool in connection.listAllStoragePools() if pool.name() in ours and is_ours(pool)]
    return sorted((pool.name(), bool(pool.isActive())) for pool in pools)


def _unreachable(record: Record, uri: str) -> Iterator[Message]:
    """What lies on a storage that is not mounted cannot be seen, so it is not removed either."""
    with connected(uri) as connection:
        for name, active in _pools([(kind, name) for kind, name in made_by(record)], connection):
            if not active:
                yield msg(
                    "cleanup.kept.unmounted",
                    "The storage pool {name} is not active: the engine's files on it stay, unless you start it first.",
                    name=name,
                )
    taken = taken_folders(record)
    for path in map(Path, sorted(record.files())):
        if path.parent in taken and signed_by(path):
            yield msg(
                "cleanup.kept.taken",
                "{path} stays, with what lies beside it: the host {host} has started an engine from it since.",
                path=str(path),
                host=signed_by(path),
            )
    there = {volume.place for volume in made_volumes(record)}
    for place in volumes_of(record):
        if place not in there:
            yield msg(
                "cleanup.kept.volume",
                "The volume {volume} is not there, or not of a deployment any more: if its group comes back, it stays.",
                volume=place,
            )


def _size(path: str) -> int | None:
    try:
        return os.stat(path, follow_symlinks=False).st_blocks * 512
    except OSError:
        return None


def refuse_changed(plan: Plan, fingerprint: str, engine: str | None) -> None:
    """Raise RhvError ``cleanup.nothing``, ``cleanup.changed`` or ``.unconfirmed`` unless exactly this was meant."""
    if not plan.items:
        raise RhvError(
            "cleanup.nothing", msg("cleanup.nothing", "There is nothing to remove: no deployment left anything here.")
        )
    if plan.fingerprint != fingerprint:
        raise RhvError(
            "cleanup.changed",
            msg("cleanup.changed", "What there is to remove has changed since it was shown."),
            msg("cleanup.changed.hint", "Look at the new list; nothing was removed."),
        )
    if plan.engine is not None and engine != plan.engine:
        raise RhvError(
            "cleanup.unconfirmed",
            msg("cleanup.unconfirmed", "This would remove a working engine with all its data."),
            msg("cleanup.unconfirmed.hint", "Confirm that with the engine's name, {engine}.", engine=plan.engine),
        )
