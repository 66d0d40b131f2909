# SPDX-License-Identifier: Apache-2.0
"""The engine VM changes its disk: down, new disk in the old one's place, the old one beside it, up."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..machines.opening import DEFAULT_URI
from ..messages import Message, msg
from .config import write_engine_config
from .upgrade_agent import connections
from .upgrade_disk import keep_previous, make_layer, take_next
from .upgrade_record import UpgradeRecord, as_answers, open_deployed, open_upgrade
from .upgrade_vm import attach_previous, shows_previous, shut_down
from .vm import connected, find_engine, start_again

if TYPE_CHECKING:
    import libvirt

    from .config import EngineConfig
    from .progress import ProgressFile
    from .state import Deployment


def switch_disks(job: str, progress: ProgressFile, uri: str = DEFAULT_URI) -> tuple[bool, list[Message]]:
    """Do it, from wherever an earlier attempt stopped: whether anything was done, and warnings.

    Whatever the moment a kill comes at, the disk's name is one whole disk, old or new, and a VM that starts by itself
    runs on it: on the new disk without the old one beside it the first boot waits for a config drive and does nothing.
    Raises RhvError ``upgrade.undone``, ``disk.*``, ``libvirt.*``; OSError.
    """
    record = open_upgrade(job)
    config, deployment = open_deployed()
    with connected(uri) as connection:
        domain = find_engine(connection, deployment, config.name)
        if domain is None:
            raise gone(config)
        if record.switched and domain.isActive() and shows_previous(domain):
            return False, []
        notes = shut_down(domain, progress)
        if record.clients is None:
            # What the agent still believes in is not the new engine.
            record = record.save(clients=connections())
        _exchange(deployment, config, record, domain)
        start_again(connection, domain, deployment, as_answers(config))
    return True, notes


def _exchange(deployment: Deployment, config: EngineConfig, record: UpgradeRecord, domain: libvirt.virDomain) -> None:
    """The VM is off."""
    files = record.files
    if not record.switched and config.previous is not None:
        # There is one way back; from here on it leads to the version that has just been shut down.
        write_engine_config(dataclasses.replace(config, previous=None))
    if not record.switched:
        keep_previous(deployment, files)
    make_layer(deployment, files)
    attach_previous(domain, files.layer)
    if not record.switched:
        take_next(files)


def gone(config: EngineConfig) -> RhvError:
    """There is no VM of that name."""
    return RhvError(
        "engine.gone",
        msg("engine.gone", "The engine VM {name} no longer exists.", name=config.name),
        msg("upgrade.gone.hint", "Define it again from a backup of its libvirt definition."),
    )
