# SPDX-License-Identifier: Apache-2.0
"""What an upgrade would do now, whether it can be done, and whether there is a way back; changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import Message, msg
from .appliance_image import DEFAULT_IMAGE, ApplianceImage, description_file, is_newer, read_appliance
from .config import read_engine_config
from .engine_state import Health, read_health
from .profile import load_profile
from .rollback import WayBack, explain_loss, way_back
from .upgrade_preflight import refuse_no_room, refuse_not_newer, refuse_unhealthy, refuse_volume, unfinished
from .upgrade_record import UpgradeRecord, read_upgrade

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..jobs.model import PhaseSpec
    from .config import EngineConfig


@dataclass(frozen=True)
class UpgradePlan:
    """Definition ``UpgradePlan`` of ``schemas/common.json``. ``refusal``: why it cannot be done now."""

    running: str
    image: ApplianceImage | None
    newer: bool
    refusal: RhvError | None
    phases: Sequence[PhaseSpec]
    notes: Sequence[Message]
    previous: dict[str, Any] | None
    unfinished: UpgradeRecord | None
    back: WayBack | None = field(default=None)

    def to_json(self) -> dict[str, Any]:
        """Wire form."""
        image, back = self.image, self.back
        return {
            "running": self.running,
            "image": {"path": str(image.path), "version": image.version, "size_bytes": image.size_bytes}
            if image
            else None,
            "newer": self.newer,
            "refusal": self.refusal.to_json() if self.refusal else None,
            "phases": [phase.to_json() for phase in self.phases],
            "notes": [note.to_json() for note in self.notes],
            "previous": self.previous,
            "unfinished": {"job": self.unfinished.job, "version": self.unfinished.new_version}
            if self.unfinished
            else None,
            "back": {"version": back.version, "loss": explain_loss(back).to_json()} if back else None,
        }


def plan_upgrade(image: Path | None = None) -> UpgradePlan:
    """Look at engine and image; ``image`` None: the one of the appliance package, which may be missing.

    Blocks for some seconds at most. Without root an unfinished upgrade is not seen.
    Raises RhvError ``engine.none``, ``engine.config_damaged``, ``state.damaged``, ``profile.*``.
    """
    config = read_engine_config()
    if config is None:
        raise RhvError("engine.none", msg("cli.engine.none", "No engine is deployed on this host."))
    record = _unfinished()
    health = read_health(config)
    running = health.version or config.engine_version
    appliance, refusal = _look_at(image)
    newer = appliance is not None and is_newer(appliance.version, running)
    if refusal is None and appliance is not None:
        refusal = _obstacle(config, appliance, record, running, health)
    previous = _previous(config)
    return UpgradePlan(
        running=running,
        image=appliance,
        newer=newer,
        refusal=refusal,
        phases=load_profile(config.profile).operations.get("upgrade", ()),
        notes=_notes(previous),
        previous=previous,
        unfinished=record,
        back=_way_back(config, record),
    )


def _unfinished() -> UpgradeRecord | None:
    try:
        return read_upgrade()
    except PermissionError:
        return None


def _look_at(image: Path | None) -> tuple[ApplianceImage | None, RhvError | None]:
    path = image or DEFAULT_IMAGE
    if image is None and not description_file(path).exists():
        # Nothing was put there to upgrade to, which is no fault.
        return None, None
    try:
        return read_appliance(path), None
    except RhvError as error:
        return None, error
    except OSError as error:
        return None, RhvError(
            "image.unreadable",
            msg("checks.image.unreadable", "The appliance image {path} may not be read.", path=str(path)),
            None,
            str(error),
        )


def _obstacle(
    config: EngineConfig, appliance: ApplianceImage, record: UpgradeRecord | None, running: str, health: Health
) -> RhvError | None:
    obstacles: tuple[Callable[[], None], ...] = (
        lambda: _refuse_unfinished(record),
        lambda: refuse_volume(config),
        lambda: refuse_not_newer(appliance.version, running),
        lambda: refuse_unhealthy(True, health),
        lambda: refuse_no_room(config, appliance),
    )
    for refuse in obstacles:
        try:
            refuse()
        except RhvError as error:
            return error
        except OSError as error:
            return RhvError(
                "host.os_error", msg("host.os_error", "The host refused: {reason}", reason=str(error)), None, None
            )
    return None


def _refuse_unfinished(record: UpgradeRecord | None) -> None:
    if record is not None and record.switched:
        raise unfinished(record)


def _notes(previous: dict[str, Any] | None) -> list[Message]:
    notes = [
        msg(
            "upgrade.note.down", "The Manager cannot be reached for about a minute. Guests on the hosts go on running."
        ),
        msg(
            "upgrade.note.kept",
            "The engine's data, its certificates, addresses and passwords are taken over. What was changed by hand "
            "elsewhere in the engine VM (packages, say) is not; it stays on the previous disk.",
        ),
        msg("upgrade.note.back", "The disk of today is kept unchanged: going back is possible until it is removed."),
    ]
    if previous is not None:
        notes.append(
            msg(
                "upgrade.note.replaced",
                "The disk of version {version}, kept from the upgrade before, is removed.",
                version=previous["version"],
            )
        )
    return notes


def _previous(config: EngineConfig) -> dict[str, Any] | None:
    kept = config.previous
    if kept is None:
        return None
    try:
        # What it takes on the file system, not its length: it has holes.
        size = Path(kept.disk).stat().st_blocks * 512
    except FileNotFoundError:
        return None
    except OSError:
        size = None
    return {"disk": kept.disk, "version": kept.version, "replaced_s": kept.replaced_s, "size_bytes": size}


def _way_back(config: EngineConfig, record: UpgradeRecord | None) -> WayBack | None:
    try:
        return way_back(config, record)
    except (RhvError, PermissionError):
        return None
