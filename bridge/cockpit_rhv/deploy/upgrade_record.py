# SPDX-License-Identifier: Apache-2.0
"""What an upgrade must remember to be resumed or undone, from the copy of the new disk until it is finished."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import RhvError
from ..jobs.files import read_json, sync_folder, write_json
from ..messages import msg
from . import places
from .config import EngineConfig, read_engine_config
from .state import Deployment, read_record
from .stored import from_stored

UPGRADE = "upgrade.json"


@dataclass(frozen=True)
class UpgradeRecord:
    """``/var/lib/cockpit-rhv/engine/upgrade.json`` (0600). Which disk has the disk's name tells how far the upgrade is.

    ``old_inode``, ``new_inode``: of the two disks; the new one is 0 until it is complete. ``clients``: connections the
    agent had, as its state file has them, when the old engine was off; None until then. ``supervised``: the engine was
    connected to this host's agent before.
    """

    job: str
    disk: str
    old_version: str
    new_version: str
    old_inode: int
    new_inode: int = 0
    new_sha256: str = ""
    supervised: bool = True
    clients: list[dict[str, Any]] | None = field(default=None)

    @property
    def files(self) -> Files:
        return Files(Path(self.disk))

    @property
    def switched(self) -> bool:
        """The engine VM has the new disk."""
        return self.new_inode != 0 and inode(Path(self.disk)) == self.new_inode

    def save(self, **changes: Any) -> UpgradeRecord:
        """Write it with these changes, durably, and return it. Raises OSError."""
        fresh = dataclasses.replace(self, **changes)
        write_json(_path(), dataclasses.asdict(fresh), 0o600, gid=0, durable=True)
        return fresh


@dataclass(frozen=True)
class Files:
    """The files beside the engine's disk, by what they are."""

    disk: Path

    def _beside(self, word: str) -> Path:
        return self.disk.with_name(f"{self.disk.stem}.{word}.qcow2")

    @property
    def previous(self) -> Path:
        """The disk of the version before: the way back."""
        return self._beside("previous")

    @property
    def next(self) -> Path:
        """The new disk before the engine VM has it."""
        return self._beside("next")

    @property
    def partial(self) -> Path:
        """The new disk while it is copied."""
        return self._beside("partial")

    @property
    def layer(self) -> Path:
        """What the new engine VM writes when it reads the previous disk: thrown away, the disk stays as it was."""
        return self._beside("layer")

    def scratch(self) -> tuple[Path, ...]:
        """What an upgrade leaves nothing of when it is finished or undone."""
        return self.partial, self.next, self.layer


def inode(path: Path) -> int:
    """0 when there is no such file."""
    try:
        return path.lstat().st_ino
    except FileNotFoundError:
        return 0


def read_upgrade() -> UpgradeRecord | None:
    """The unfinished upgrade, None without one. Raises RhvError ``state.damaged``, OSError (it is root's to read)."""
    try:
        value = read_json(_path())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise _damaged(str(error)) from error
    try:
        return from_stored(UpgradeRecord, value)
    except ValueError as error:
        raise _damaged(str(error)) from error


def open_upgrade(job: str) -> UpgradeRecord:
    """The unfinished upgrade of this job. Raises RhvError ``upgrade.undone``, ``state.damaged``."""
    record = read_upgrade()
    if record is None or record.job != job:
        raise undone()
    return record


def undone() -> RhvError:
    """A job goes on with an upgrade that was undone, or begun anew, meanwhile."""
    return RhvError(
        "upgrade.undone",
        msg("upgrade.undone", "This upgrade was undone; there is nothing to resume."),
        msg("upgrade.undone.hint", "Start a new upgrade."),
    )


def forget_upgrade() -> None:
    """It is finished or undone. Raises OSError."""
    _path().unlink(missing_ok=True)
    sync_folder(_path().parent)


def open_deployed() -> tuple[EngineConfig, Deployment]:
    """The deployed engine and its record. Raises RhvError ``engine.none``, ``engine.unknown``, ``*_damaged``."""
    config = read_engine_config()
    if config is None:
        raise RhvError("engine.none", msg("cli.engine.none", "No engine is deployed on this host."))
    record = read_record()
    if record is None or record.job != config.job or not record.finished:
        raise RhvError(
            "engine.unknown",
            msg("engine.unknown", "The record of this engine's deployment is missing, so what is ours cannot be told."),
            msg("engine.unknown.hint", "Restore {path} from a backup.", path=str(places.state_dir())),
        )
    return config, Deployment(places.state_dir(), record)


def as_answers(config: EngineConfig) -> dict[str, Any]:
    """What parts of a deployment read from the answers, from a finished one."""
    return {
        "profile": config.profile,
        "engine": {"name": config.name, "fqdn": config.fqdn},
        "network": {"kind": config.network_kind, "name": config.network_name},
        "storage": {"path": str(Path(config.disk).parent)},
    }


def _path() -> Path:
    return places.state_dir() / UPGRADE


def _damaged(detail: str) -> RhvError:
    return RhvError(
        "state.damaged",
        msg("upgrade.damaged", "The record of the unfinished upgrade is damaged."),
        msg("upgrade.damaged.hint", "Remove {path}; then the engine VM's disks can be looked at.", path=str(_path())),
        detail,
    )
