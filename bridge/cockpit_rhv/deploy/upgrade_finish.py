# SPDX-License-Identifier: Apache-2.0
"""The last phase of an upgrade, and of the way back: the second disk goes, and the host's files say what is so now."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from ..machines.opening import DEFAULT_URI
from .config import EngineConfig, PreviousDisk, write_engine_config
from .upgrade_disk import drop_scratch
from .upgrade_record import UpgradeRecord, forget_upgrade, open_deployed, read_upgrade, undone
from .upgrade_switch import gone
from .upgrade_vm import detach_previous
from .vm import connected, find_engine

if TYPE_CHECKING:
    from ..messages import Message


def finish_upgrade(job: str, version: str, uri: str = DEFAULT_URI) -> tuple[bool, list[Message]]:
    """Finish, from wherever an earlier attempt stopped: whether anything was done, and warnings.

    Raises RhvError ``upgrade.undone``, ``libvirt.*``; OSError.
    """
    record = read_upgrade()
    config, deployment = open_deployed()
    if record is None or record.job != job:
        if record is None and config.engine_version == version:
            return False, []
        raise undone()
    with connected(uri) as connection:
        domain = find_engine(connection, deployment, config.name)
        if domain is None:
            raise gone(config)
        _, notes = detach_previous(domain)
    drop_scratch(deployment, record.files)
    write_engine_config(_upgraded(config, record))
    deployment.update(disk_inode=record.new_inode, disk_sha256=record.new_sha256, engine_version=record.new_version)
    forget_upgrade()
    return True, notes


def _upgraded(config: EngineConfig, record: UpgradeRecord) -> EngineConfig:
    known = config.previous
    if known is None or known.version != record.old_version:
        known = PreviousDisk(str(record.files.previous), record.old_version, round(time.time(), 3))
    return dataclasses.replace(config, engine_version=record.new_version, previous=known)
