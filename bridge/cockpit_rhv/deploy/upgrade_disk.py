# SPDX-License-Identifier: Apache-2.0
"""The disks of an upgrade: the new one is proved while it is copied, and takes the disk's name in one step.

The old disk gets a second name (a hard link) first, so that at every moment the disk's name is one whole disk.
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..jobs.files import sync_folder
from ..messages import msg
from ..storage.qcow2 import read_header
from .disk import copy_proved, grow, os_fault
from .upgrade_preflight import check_upgrade
from .upgrade_record import Files, UpgradeRecord, inode, open_deployed, read_upgrade

if TYPE_CHECKING:
    from pathlib import Path

    from .appliance_image import ApplianceImage
    from .progress import ProgressFile
    from .state import Deployment


def copy_next(
    deployment: Deployment, record: UpgradeRecord, image: ApplianceImage, progress: ProgressFile
) -> tuple[UpgradeRecord, bool]:
    """Make the new disk beside the old one, or recognise that it is there; True when something was done.

    Raises RhvError ``disk.*``, ``image.checksum``.
    """
    files = record.files
    if record.switched or (
        record.new_sha256 == image.sha256 and record.new_inode != 0 and inode(files.next) == record.new_inode
    ):
        return record, False
    claim(deployment, files.partial, files.next)
    try:
        copy_proved(image.path, files.partial, image.sha256, progress)
        grow(files.partial, read_header(files.disk).virtual_size)
        record = record.save(new_inode=inode(files.partial), new_sha256=image.sha256)
        os.replace(files.partial, files.next)
        sync_folder(files.next.parent)
    except OSError as error:
        raise os_fault(error, files.next) from error
    finally:
        files.partial.unlink(missing_ok=True)
    return record, True


def prepare_next(job: str, image: Path, version: str, progress: ProgressFile) -> bool:
    """Put the upgrade on record and make its disk; True when something was done.

    Raises RhvError ``upgrade.*``, ``image.*``, ``disk.*``.
    """
    record, appliance = check_upgrade(job, image, version)
    _, deployment = open_deployed()
    left = read_upgrade()
    if left is not None and left.job != job:
        # One that never came to the switch: its copy is not ours.
        drop_scratch(deployment, left.files)
    record, changed = copy_next(deployment, record.save(), appliance, progress)
    return changed


def claim(deployment: Deployment, *paths: Path) -> None:
    """Note files as this engine's before they are made. Raises RhvError ``disk.foreign`` for somebody else's."""
    for path in paths:
        if os.path.lexists(path) and str(path) not in deployment.record.files():
            raise RhvError(
                "disk.foreign",
                msg("upgrade.foreign_file", "{path} exists and is not from an upgrade of this engine.", path=str(path)),
                msg("upgrade.foreign_file.hint", "Move that file away, then try again."),
            )
    deployment.update(leftovers=sorted({*deployment.record.leftovers, *map(str, paths)}))


def disown(deployment: Deployment, *paths: Path) -> None:
    """These files are gone."""
    deployment.update(leftovers=sorted({*deployment.record.leftovers} - set(map(str, paths))))


def keep_previous(deployment: Deployment, files: Files) -> None:
    """Give the old disk its second name. A previous disk of an earlier upgrade goes: there is one way back."""
    if inode(files.previous) == inode(files.disk):
        return
    claim(deployment, files.previous)
    files.previous.unlink(missing_ok=True)
    os.link(files.disk, files.previous)
    sync_folder(files.disk.parent)


def make_layer(deployment: Deployment, files: Files) -> None:
    """An empty layer over the previous disk, made anew. Raises RhvError ``disk.layer``."""
    claim(deployment, files.layer)
    files.layer.unlink(missing_ok=True)
    argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(files.previous), str(files.layer)]
    done = subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, text=True
    )
    if done.returncode != 0:
        raise RhvError(
            "disk.layer",
            msg("disk.layer", "The previous disk could not be made readable for the new engine VM."),
            msg("disk.layer.hint", "Is there room in {folder}?", folder=str(files.disk.parent)),
            done.stdout.strip(),
        )
    os.chmod(files.layer, 0o600)


def take_next(files: Files) -> None:
    """The new disk takes the disk's name, in one step."""
    os.replace(files.next, files.disk)
    sync_folder(files.disk.parent)


def take_back(files: Files, old_inode: int) -> bool:
    """The old disk takes the disk's name again, in one step; True when it had not. The newer disk is gone then.

    Raises RhvError ``upgrade.no_way_back`` when the old disk is not there.
    """
    if inode(files.disk) == old_inode:
        return False
    if inode(files.previous) != old_inode:
        raise no_way_back(files.previous)
    os.replace(files.previous, files.disk)
    sync_folder(files.disk.parent)
    return True


def no_way_back(path: Path) -> RhvError:
    """The old disk has gone, or another file has its name."""
    return RhvError(
        "upgrade.no_way_back",
        msg("upgrade.no_way_back", "The previous disk {path} is missing, so there is no way back.", path=str(path)),
    )


def drop_scratch(deployment: Deployment, files: Files) -> None:
    """Remove what an upgrade leaves nothing of. Raises OSError."""
    for path in files.scratch():
        path.unlink(missing_ok=True)
    disown(deployment, *files.scratch())
