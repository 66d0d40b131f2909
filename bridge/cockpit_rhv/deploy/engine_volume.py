# SPDX-License-Identifier: Apache-2.0
"""The engine's disk as a logical volume: made in the group, filled with the appliance image and proved, and removed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import msg
from ..storage import logical
from ..storage.checksum import expected_sha256, file_sha256, wrong_sum
from ..storage.qcow2 import read_header
from . import places
from .answers import get
from .converting import convert_image
from .state import made_by

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .progress import ProgressFile
    from .state import Deployment, Record

GIB = 2**30
#: In ``Record.made``: ``group/name`` of a volume.
KIND = "volume"


def ensure_volume(deployment: Deployment, answers: Mapping[str, Any], least: int = 0) -> bool:
    """Make the volume, or what an earlier attempt left of it, large enough and active; True when anything was done.

    ``least``: bytes it must have whatever the answers say. Raises RhvError ``disk.foreign``, ``storage.lvm.*``.
    """
    place = _place(answers)
    size = max(least, get(answers, "engine.disk_gib") * GIB)
    known = logical.find_volume(place)
    if known is None:
        deployment.note(KIND, place)
        deployment.update(disk=str(_device(place)), disk_inode=0, disk_sha256="")
        logical.make_volume(place, size)
        return True
    if not (known.ours and place in volumes_of(deployment.record)):
        raise RhvError(
            "disk.foreign",
            msg("disk.foreign", "{path} exists and is not from an unfinished deployment.", path=str(_device(place))),
            msg("disk.foreign.volume.hint", "Choose another name or group, or rename that volume."),
        )
    if deployment.record.disk != str(_device(place)):
        # Of a deployment that was taken over: what is on it is made anew.
        deployment.update(disk=str(_device(place)), disk_inode=0, disk_sha256="")
    if known.size < size:
        logical.grow_volume(place, size)
    if not known.active:
        logical.activate_volume(place)
    return known.size < size or not known.active


def activate(answers: Mapping[str, Any]) -> bool:
    """After a reboot say: True when the volume was not active. Nothing where there is none yet.

    Raises RhvError ``storage.lvm.*``.
    """
    place = _place(answers)
    known = logical.find_volume(place)
    if known is None or known.active:
        return False
    logical.activate_volume(place)
    return True


def fill_volume(deployment: Deployment, answers: Mapping[str, Any], image: Path, progress: ProgressFile) -> bool:
    """Copy the image onto the volume, or recognise that this has been done; True when something was.

    A copy that was broken off is begun anew. Once a VM has been started on it the volume is left alone. Raises RhvError
    ``disk.*``, ``image.*``, ``storage.lvm.*``.
    """
    place = _place(answers)
    changed = ensure_volume(deployment, answers, read_header(image).virtual_size)
    record = deployment.record
    if record.started and record.disk_sha256:
        return changed
    expected = expected_sha256(image)
    if record.disk_sha256 == expected:
        return changed
    deployment.update(disk_sha256="")
    before = _identity(image)
    device = _device(place)
    text = msg("deploy.image.copying", "The image is copied and verified")
    # Without a look at the volume: lvcreate zeroes its beginning only, so zeros are written where the image has holes.
    convert_image(image, "qcow2", device, "raw", progress, text, os.stat(image).st_size, into_existing=True)
    # Proved afterwards: what was read before could have been another's until now.
    found = file_sha256(image)
    if found != expected or _identity(image) != before:
        raise wrong_sum(image, expected, found)
    deployment.update(disk_sha256=expected)
    return True


def remove_volumes(record: Record) -> bool:
    """Remove the volumes of this deployment and of those it has taken over; True when there were any.

    One of the same name without our tag is somebody else's, and stays. Raises RhvError ``storage.lvm.*``.
    """
    known = made_volumes(record)
    for volume in known:
        logical.remove_volume(volume.place)
    return bool(known)


def made_volumes(record: Record) -> list[logical.Volume]:
    """Those of ``record`` that are there and have our tag, by name. Raises RhvError ``storage.lvm.unread``."""
    noted = volumes_of(record)
    if not noted:
        return []  # a host without LVM need not have its programs
    return sorted((v for v in logical.list_volumes() if v.place in noted and v.ours), key=lambda v: v.place)


def volumes_of(record: Record) -> list[str]:
    """``group/name`` of what was noted before it was made."""
    return [name for kind, name in made_by(record) if kind == KIND]


def _place(answers: Mapping[str, Any]) -> str:
    place = places.engine_volume(answers)
    assert place is not None, "only a storage of volumes comes here"
    return place


def _device(place: str) -> Path:
    return logical.device_of(place)


def _identity(image: Path) -> tuple[int, ...]:
    status = os.stat(image)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
