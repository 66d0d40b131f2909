# SPDX-License-Identifier: Apache-2.0
"""What can be found for sure of a deployment whose record is damaged: by the engine VM's mark, and by our own names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..checks.agent_port import AGENT_UNIT
from ..checks.engine_lease import UNITS
from ..messages import Message, msg
from ..storage.engine_folder import mounts
from ..storage.logical import device_of, list_volumes
from . import places
from .discard import engine_domains, mark
from .engine_volume import KIND, boot_unit
from .lock_manager import our_manager
from .state import Record
from .storage_pool import is_ours, pool_folder
from .upgrade_record import Files

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET
    from collections.abc import Sequence

    import libvirt

    from .config import EngineConfig


class Salvage(NamedTuple):
    """A record to clean up by, and what nobody can know any more."""

    record: Record
    unsure: Sequence[Message]


def salvage(connection: libvirt.virConnect, config: EngineConfig | None) -> Salvage:
    """Look for the deployment of ``config``, without one for any that left an engine VM.

    Raises RhvError ``storage.lvm.*``; libvirt's errors.
    """
    unsure = [
        msg(
            "cleanup.unsure",
            "The record of the deployment is damaged. Whether it made the disk's directory, left a disk that no VM "
            "uses, or switched libvirt's networks on cannot be known any more: all of that stays as it is.",
        )
    ]
    # A volume's device is no file to remove.
    devices = [config.disk] if config is not None and config.disk.startswith("/dev/") else []
    disks = [Path(config.disk)] if config is not None and not devices else []
    names = [config.name] if config is not None else []
    drives, jobs = [], []
    uuid = config.uuid if config is not None else ""
    for domain, root in engine_domains(connection):
        job = mark(root) or ""
        if config is not None and job != config.job:
            text = msg("cleanup.other_mark", "The VM {name} is from another deployment; it stays.", name=domain.name())
            unsure.append(text)
            continue
        jobs.append(job)
        names.append(domain.name())
        uuid = uuid or domain.UUIDString()
        devices += _devices(root)
        for path in _disks(root):
            if path == places.disk_file(str(path.parent), domain.name()):
                disks.append(path)
            elif path == places.drive_file(str(path.parent), domain.name()):
                drives.append(path)
            elif path not in (found for disk in disks for found in _with_companions(disk)):
                stays = msg("cleanup.other_disk", "{path} stays: nothing says who made it.", path=str(path))
                unsure.append(stays)
    manager = our_manager()
    if manager in UNITS:
        units = ", ".join(UNITS[manager])
        unsure.append(
            msg(
                "cleanup.unsure_units",
                "Whether the deployment enabled or started {units} for the lease cannot be known any more: they stay "
                "as they are.",
                units=units,
            )
        )
    files = [path for disk in disks for path in _with_companions(disk)] + drives
    record = Record(
        job=config.job if config is not None else next(iter(jobs), ""),
        uuid=uuid,
        # Nothing is made with this record: a deployment that took it over begins with identities of its own.
        mac="",
        instance_id="",
        name=next(iter(names), ""),
        disk=str(next(iter(disks), "")),
        drive=str(next(iter(drives), "")),
        started=bool(jobs),
        host_id=config.host_id if config is not None else "",
        host_name=config.host_name if config is not None else "",
        finished=config is not None,
        discard=config is None,
        leftovers=sorted({str(path) for path in files if os.path.lexists(path)}),
        made=[
            *_made(names, jobs),
            *_pools(connection, names),
            *_volumes(devices),
            *([["lock_manager", manager]] if manager else []),
        ],
    )
    return Salvage(record, unsure)


def _disks(root: ET.Element) -> list[Path]:
    return [Path(source.get("file", "")) for source in root.findall("devices/disk/source[@file]")]


def _devices(root: ET.Element) -> list[str]:
    return [source.get("dev", "") for source in root.findall("devices/disk/source[@dev]")]


def _volumes(devices: Sequence[str]) -> list[list[str]]:
    """The volumes among the engine VM's disks that are a deployment's by their tag."""
    if not devices:
        return []  # a host without LVM need not have its programs
    found = [volume for volume in list_volumes() if volume.ours and str(device_of(volume.place)) in devices]
    # Enabled for a volume that is gone it would hold libvirt up at each boot.
    units = [["unit_enabled", boot_unit(volume.place)] for volume in found]
    return [*units, *([KIND, volume.place] for volume in found)]


def _with_companions(disk: Path) -> list[Path]:
    files = Files(disk)
    return [disk, places.partial_file(disk), places.lease_file(disk), files.previous, *files.scratch()]


def _pools(connection: libvirt.virConnect, names: Sequence[str]) -> list[list[str]]:
    """Pools with our name for an engine's storage that are mounted in our folder for it."""
    ours = {places.pool_name(name) for name in names}
    found = [pool for pool in connection.listAllStoragePools() if pool.name() in ours and is_ours(pool)]
    folders = [mounts(), *(pool_folder(pool) for pool in found)]
    return [*(["pool", pool.name()] for pool in found), *(["folder", str(folder)] for folder in folders if found)]


def _made(names: Sequence[str], jobs: Sequence[str]) -> list[list[str]]:
    files = places.pki_files()
    # The package leaves the agent off, and without its certificate it cannot run.
    units = ["unit_enabled", "unit_started"] if any(map(os.path.lexists, files)) else []
    files += [places.engine_json(), *(path for name in dict.fromkeys(names) for path in places.vm_files(name))]
    return [
        *([kind, AGENT_UNIT] for kind in units),
        *(["file", str(path)] for path in files),
        # These names are ours alone; a folder goes only when it is empty.
        *(["folder", str(folder)] for folder in (places.config_dir(), places.pki_dir())),
        *(["domain", job] for job in dict.fromkeys(jobs[1:])),
    ]
