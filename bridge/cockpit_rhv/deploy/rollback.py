# SPDX-License-Identifier: Apache-2.0
"""The way back: the engine VM on the disk of the version before, as it was when it was shut down for the upgrade."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..machines.opening import DEFAULT_URI
from ..messages import Message, msg
from .config import EngineConfig, write_engine_config
from .upgrade_agent import connections
from .upgrade_disk import disown, drop_scratch, no_way_back, take_back
from .upgrade_record import Files, as_answers, forget_upgrade, inode, open_deployed, read_upgrade
from .upgrade_switch import gone
from .upgrade_vm import detach_previous, power_off
from .vm import connected, find_engine, start_again

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .upgrade_record import UpgradeRecord


RESUME = msg("upgrade.rollback.failed.hint", "The engine VM's console log shows how far it came; then resume the job.")


@dataclass(frozen=True)
class WayBack:
    """``version``, ``inode``: of the old disk. ``since_s``: epoch seconds of the upgrade, None for an unfinished one.

    ``switched``: the engine VM has, or had, the newer disk. ``stale``: connections of the agent that are not the old
    engine's; None where none is to be waited for.
    """

    disk: str
    version: str
    inode: int
    since_s: float | None
    switched: bool
    stale: list[dict[str, Any]] | None

    def to_json(self) -> dict[str, Any]:
        """As the job's variable has it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> WayBack:
        """Inverse of :meth:`to_json`."""
        return cls(**value)


def way_back(config: EngineConfig, record: UpgradeRecord | None) -> WayBack:
    """Where a rollback would lead. Raises RhvError ``upgrade.no_previous``."""
    present = connections()
    if record is not None:
        # An engine that has kept its disk keeps its connection too.
        waits = record.switched and record.supervised
        stale = [*(record.clients or []), *present] if waits else None
        return WayBack(record.disk, record.old_version, record.old_inode, None, record.switched, stale)
    found = inode(Path(config.previous.disk)) if config.previous is not None else 0
    if config.previous is None or not found:
        raise RhvError(
            "upgrade.no_previous",
            msg("upgrade.no_previous", "There is no upgrade to undo on this host."),
            msg("upgrade.no_previous.hint", "The version before is kept from an upgrade until it is removed."),
        )
    return WayBack(config.disk, config.previous.version, found, config.previous.replaced_s, True, present or None)


def put_back(target: WayBack, uri: str = DEFAULT_URI) -> bool:
    """Give the engine VM its old disk and start it, from wherever an earlier attempt stopped; True when that was done.

    An engine VM that has not changed its disk yet goes on running. Raises RhvError ``upgrade.no_way_back``,
    ``libvirt.*``; OSError.
    """
    config, deployment = open_deployed()
    files = Files(Path(target.disk))
    with connected(uri) as connection:
        domain = find_engine(connection, deployment, config.name)
        if domain is None:
            raise gone(config)
        changed = False
        if inode(files.disk) != target.inode:
            if inode(files.previous) != target.inode:
                raise no_way_back(files.previous)
            # Not asked to shut down: what it would still write is thrown away with its disk.
            changed = power_off(domain)
        detached, _ = detach_previous(domain)
        changed = take_back(files, target.inode) or detached or changed
        if inode(files.previous) == target.inode:
            # The upgrade had given it this second name and went no further.
            files.previous.unlink()
        drop_scratch(deployment, files)
        return start_again(connection, domain, deployment, as_answers(config)) or changed


def finish_rollback(target: WayBack) -> bool:
    """The host's files say what they said before the upgrade; True when they did not. Raises OSError."""
    config, deployment = open_deployed()
    files = Files(Path(target.disk))
    kept = config.previous if inode(files.previous) else None
    fresh = dataclasses.replace(config, engine_version=target.version, previous=kept)
    changed = fresh != config
    if changed:
        write_engine_config(fresh)
    if kept is None:
        disown(deployment, files.previous)
    deployment.update(disk_inode=target.inode, engine_version=target.version)
    if read_upgrade() is not None:
        forget_upgrade()
        changed = True
    return changed


def explain_loss(target: WayBack) -> Message:
    """What a rollback costs."""
    if not target.switched:
        return msg(
            "upgrade.rollback.none",
            "The engine goes on with version {version}, as it is; the unfinished upgrade is forgotten.",
            version=target.version,
        )
    return msg(
        "upgrade.rollback.loss",
        "The engine returns to version {version} as it was when it was shut down for the upgrade. What was changed in "
        "the Manager since then is lost. Guests on the hosts go on running.",
        version=target.version,
    )
