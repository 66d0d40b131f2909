# SPDX-License-Identifier: Apache-2.0
"""The names of the engine's disk and files: free, ours, or somebody's that is never overwritten."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import msg
from ..storage.logical import device_of
from ..storage.qcow2 import read_header
from .model import ERROR, OK, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from pathlib import Path

    from .context import Context
    from .hypervisor import DomainFact

GIB = 2**30


def engine_files(context: Context) -> list[Path]:
    """Disk, unfinished copy and config drive, as ``deploy/`` names them; the drive alone where the disk is a volume."""
    folder, name = context.engine_folder(), context.answer("engine.name")
    if context.engine_volume() is not None:
        return [folder / f"{name}-cidata.iso"]
    return [folder / f"{name}.qcow2", folder / f".{name}.qcow2.partial", folder / f"{name}-cidata.iso"]


def check_disk_free(context: Context) -> Outcome:
    """A file that is not ours is never overwritten; other files in the directory are nobody's concern."""
    files = engine_files(context)
    for path in files:
        if path.is_symlink():
            return _link(path)
    present = [path for path in files if path.exists()]
    for path in present:
        if str(path) not in context.own_files:
            return _foreign(context, path)
    place = context.engine_volume()
    if place is not None:
        return _volume(context, place)
    if present:
        text = msg("checks.disk.ours", "{path} is from a deployment of ours.", path=str(present[0]))
        return Outcome(OK, text, [Evidence(f"stat {present[0]}", "exists")])
    text = msg("checks.disk.free", "{path} does not exist yet.", path=str(files[0]))
    return Outcome(OK, text, [Evidence(f"stat {files[0]}", "absent")])


def _volume(context: Context, place: str) -> Outcome:
    """By LVM's word: the device of a volume that is not active does not exist."""
    path, volume = device_of(place), context.probes.find_volume(place)
    if volume is None:
        return Outcome(
            OK,
            msg("checks.disk.free", "{path} does not exist yet.", path=str(path)),
            [Evidence("lvs", f"no {place}")],
        )
    evidence = [Evidence("lvs", f"{place}, {volume.size} bytes{', made by a deployment' if volume.ours else ''}")]
    if volume.ours and place in context.own_volumes:
        text = msg("checks.disk.ours", "{path} is from a deployment of ours.", path=str(path))
        return Outcome(OK, text, evidence)
    text = msg("checks.disk.foreign", "{path} exists and is not from an unfinished deployment.", path=str(path))
    remedy = msg("checks.disk.volume.remedy", "Choose another name or group, or rename that volume.")
    return Outcome(ERROR, text, evidence, remedy)


def _link(path: Path) -> Outcome:
    """Whoever made it, and whatever a deployment of ours had there before: what is written would go elsewhere."""
    target = os.readlink(path)
    text = msg(
        "checks.disk.link",
        "{path} is a symbolic link to {target}; the engine's files are never written through one.",
        path=str(path),
        target=target,
    )
    return Outcome(ERROR, text, [Evidence(f"readlink {path}", target)], _ANOTHER)


def _foreign(context: Context, path: Path) -> Outcome:
    """Whose it is, as far as that can be seen."""
    evidence = [Evidence(f"stat {path}", "exists")]
    holder = _holder(context, path)
    if holder is not None:
        evidence.append(Evidence(f"virDomainGetXMLDesc({holder.name})", f"deployment {holder.job or 'none'}"))
        names = {"path": str(path), "name": holder.name}
        text = (
            msg("checks.disk.guest", "{path} is a disk of the guest {name}.", **names)
            if holder.job is None
            else msg("checks.disk.engine", "{path} is the disk of the engine VM {name}.", **names)
        )
        return Outcome(ERROR, text, evidence, _ANOTHER)
    try:
        gib = round(read_header(path).virtual_size / GIB, 1)
    except (OSError, RhvError):
        text = msg("checks.disk.foreign", "{path} exists and is not from an unfinished deployment.", path=str(path))
        return Outcome(ERROR, text, evidence, _ANOTHER)
    text = msg(
        "checks.disk.earlier",
        "{path} is a disk of {gib} GiB that no guest uses, as an engine VM leaves it that was removed.",
        path=str(path),
        gib=gib,
    )
    remedy = msg(
        "checks.disk.earlier.remedy",
        "It is kept, and nothing is taken over from it. Choose another name or directory, or move it away.",
    )
    return Outcome(ERROR, text, evidence, remedy)


def _holder(context: Context, path: Path) -> DomainFact | None:
    try:
        domains = context.hypervisor.domains
    except RhvError:
        return None  # the check of libvirt says so
    return next((domain for domain in domains if str(path) in domain.disks), None)


_ANOTHER = msg("checks.disk.remedy", "Choose another name or directory, or move that file away.")

CHECKS = (
    Check(
        "storage.disk",
        msg("checks.disk.title", "Disk file"),
        msg("checks.disk.why", "A file that exists is never overwritten."),
        check_disk_free,
        needs_answers=True,
        path="storage.path",
    ),
)
