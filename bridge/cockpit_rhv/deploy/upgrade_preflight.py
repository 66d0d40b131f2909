# SPDX-License-Identifier: Apache-2.0
"""Everything an upgrade needs to be true before anything is changed."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..machines.opening import DEFAULT_URI
from ..messages import msg
from .appliance_image import ApplianceImage, is_newer, read_appliance
from .engine_parts import AGENT_STATE
from .engine_state import Health, read_health
from .upgrade_agent import connections
from .upgrade_record import Files, UpgradeRecord, inode, open_deployed, read_upgrade
from .vm import connected, find_engine

if TYPE_CHECKING:
    from .config import EngineConfig

#: What a new engine writes in its first hours, and room to take the old one's data over.
SPARE = 512 * 2**20
#: What file systems without hard links say to one: link(2).
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)


def check_upgrade(
    job: str, image: Path, version: str, uri: str = DEFAULT_URI, agent_state: Path = AGENT_STATE
) -> tuple[UpgradeRecord, ApplianceImage]:
    """What the upgrade to this ``version`` begins with, as a record that is not saved yet; changes nothing.

    A resumed job gets the record it has. Raises RhvError ``upgrade.*``, ``image.*``, ``engine.*``, ``libvirt.*``.
    """
    config, deployment = open_deployed()
    appliance = read_appliance(image)
    if appliance.version != version:
        raise RhvError(
            "upgrade.other_image",
            msg(
                "upgrade.other_image",
                "The image is of version {found} now, not of version {version}.",
                found=appliance.version,
                version=version,
            ),
            msg("upgrade.other_image.hint", "Start the upgrade again, and look at what it says."),
        )
    refuse_volume(config)
    known = read_upgrade()
    if known is not None and known.job == job:
        return known, appliance
    if known is not None and known.switched:
        raise unfinished(known)
    with connected(uri) as connection:
        domain = find_engine(connection, deployment, config.name)
        runs = domain is not None and bool(domain.isActive())
    health = read_health(config)
    refuse_unhealthy(runs, health)
    running = health.version or config.engine_version
    refuse_not_newer(appliance.version, running)
    refuse_no_room(config, appliance)
    disk = Path(config.disk)
    refuse_no_links(disk)
    record = UpgradeRecord(
        job=job,
        disk=str(disk),
        old_version=running,
        new_version=appliance.version,
        old_inode=inode(disk),
        supervised=bool(connections(agent_state)),
    )
    return record, appliance


def unfinished(record: UpgradeRecord) -> RhvError:
    """An upgrade stopped half way, with the new disk in use."""
    return RhvError(
        "upgrade.unfinished",
        msg("upgrade.unfinished", "The upgrade to version {version} is unfinished.", version=record.new_version),
        msg("upgrade.unfinished.hint", "Resume its job {job}, or go back to the version before.", job=record.job),
    )


def refuse_unhealthy(runs: bool, health: Health) -> None:
    """Raise RhvError ``upgrade.not_running``, ``upgrade.unhealthy``: what was wrong is not the upgrade's doing."""
    if not runs:
        raise RhvError(
            "upgrade.not_running",
            msg("upgrade.not_running", "The engine VM does not run."),
            msg("upgrade.not_running.hint", "Start it; only an engine that works can be upgraded."),
        )
    if health.state != "good":
        raise RhvError(
            "upgrade.unhealthy",
            msg("upgrade.unhealthy", "The engine is not healthy, and an upgrade might hide why."),
            msg("upgrade.unhealthy.hint", "Bring it in order first, or wait until it has started."),
            str(health.message),
        )


def refuse_not_newer(version: str, running: str) -> None:
    """Raise RhvError ``upgrade.not_newer``."""
    if is_newer(version, running):
        return
    raise RhvError(
        "upgrade.not_newer",
        msg(
            "upgrade.not_newer",
            "The image is of version {version}; the engine has version {running} already.",
            version=version,
            running=running,
        ),
        msg("upgrade.not_newer.hint", "Install a newer appliance. An older one cannot read the engine's data."),
    )


def refuse_volume(config: EngineConfig) -> None:
    """Raise RhvError ``upgrade.volume`` where the engine's disk is a device: the way back is made of files' names."""
    if config.disk.startswith("/dev/"):
        raise RhvError(
            "upgrade.volume",
            msg(
                "upgrade.volume", "An engine whose disk is a volume ({path}) cannot be upgraded yet.", path=config.disk
            ),
            msg("upgrade.volume.hint", "Nothing was changed. The engine goes on working in its version."),
        )


def refuse_no_room(config: EngineConfig, appliance: ApplianceImage) -> None:
    """Raise RhvError ``upgrade.no_disk`` or ``upgrade.no_room``; OSError."""
    disk = Path(config.disk)
    if not disk.is_file():
        raise RhvError("upgrade.no_disk", msg("engine.no_disk", "The engine's disk {path} is missing.", path=str(disk)))
    needed, free = room(Files(disk), appliance)
    if free < needed:
        raise RhvError(
            "upgrade.no_room",
            msg(
                "upgrade.no_room",
                "{folder} has {free} MiB of room; the upgrade needs {needed} MiB beside the old disk.",
                folder=str(disk.parent),
                free=free >> 20,
                needed=needed >> 20,
            ),
            msg("upgrade.no_room.hint", "Make room, or remove the previous engine's disk."),
        )


def refuse_no_links(disk: Path) -> None:
    """Raise RhvError ``upgrade.no_links`` where the old disk could not get its second name, the way back; OSError."""
    # Named so that a cleanup finds it after a kill (scratch_folders).
    with tempfile.TemporaryDirectory(prefix=f".{disk.name}.", dir=disk.parent) as scratch:
        first = Path(scratch) / "first"
        first.touch()
        try:
            os.link(first, Path(scratch) / "second")
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            raise RhvError(
                "upgrade.no_links",
                msg(
                    "upgrade.no_links",
                    "The file system of {folder} knows no hard links, so the old disk could not be kept as a way back.",
                    folder=str(disk.parent),
                ),
                msg(
                    "upgrade.no_links.hint",
                    "FAT, exFAT and often CIFS have none; ext4, XFS and NFS do.",
                ),
                str(error),
            ) from error


def room(files: Files, appliance: ApplianceImage) -> tuple[int, int]:
    """Bytes needed and bytes free, in the folder of the engine's disk. Raises OSError."""
    space = os.statvfs(files.disk.parent)
    return appliance.size_bytes + SPARE, space.f_bavail * space.f_frsize
