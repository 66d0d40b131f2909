# SPDX-License-Identifier: Apache-2.0
"""``/etc/cockpit-rhv/engine.json``: what a finished deployment leaves for everybody to read. Holds no secret."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..jobs.files import read_json, write_json
from ..messages import msg
from . import places
from .stored import from_stored

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class PreviousDisk:
    """The disk of the version before the last upgrade: the way back. ``replaced_s``: epoch seconds."""

    disk: str
    version: str
    replaced_s: float


@dataclass(frozen=True)
class EngineConfig:
    """Definition ``EngineConfig`` of ``schemas/common.json``. ``deployed_s``: epoch seconds."""

    profile: str
    name: str
    uuid: str
    fqdn: str
    address: str
    url: str
    ca_sha256: str
    ca_file: str
    host_id: str
    host_name: str
    host_address: str
    network_kind: str
    network_name: str
    disk: str
    deployed_s: float
    job: str
    engine_version: str
    version: int = 1
    previous: PreviousDisk | None = None

    def to_json(self) -> dict[str, Any]:
        """Wire form; ``previous`` is left out where there is none."""
        value = dataclasses.asdict(self)
        if self.previous is None:
            del value["previous"]
        return value


def read_engine_config(path: Path | None = None) -> EngineConfig | None:
    """None when no engine is deployed. Raises RhvError ``engine.config_damaged``."""
    path = path or places.engine_json()
    try:
        value = read_json(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _damaged(path, str(error)) from error
    try:
        return _config(value)
    except ValueError as error:
        raise _damaged(path, str(error)) from error


def _config(value: Any) -> EngineConfig:
    if not isinstance(value, dict) or value.get("previous") is None:
        # Files of version 0.1.0 have none.
        return from_stored(EngineConfig, value)
    config = from_stored(EngineConfig, {name: item for name, item in value.items() if name != "previous"})
    return dataclasses.replace(config, previous=from_stored(PreviousDisk, value["previous"]))


def write_engine_config(config: EngineConfig, path: Path | None = None) -> None:
    """Replace it, durably, readable by everybody. Raises OSError."""
    path = path or places.engine_json()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    write_json(path, config.to_json(), 0o644, gid=0, durable=True)


def _damaged(path: Path, detail: str) -> RhvError:
    return RhvError(
        "engine.config_damaged",
        msg("engine.config_damaged", "The file {path} is damaged.", path=str(path)),
        msg(
            "engine.config_damaged.hint",
            "Restore it from a backup; the engine itself is not affected. Or remove the engine (cockpit-rhv cleanup): "
            "the damaged file is kept.",
        ),
        detail,
    )
