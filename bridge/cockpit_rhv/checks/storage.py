# SPDX-License-Identifier: Apache-2.0
"""The directory for the engine's disk: usable by QEMU, on a real file system, with room."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from ..messages import msg
from ..storage.links import LINK_HINT, link_text, links_on
from .model import ERROR, NOT_APPLICABLE, OK, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context

GIB = 2**30
#: What an engine writes in its first days; a directory with less room than this fails soon after.
FIRST_GROWTH = GIB
_VOLATILE = ("tmpfs", "ramfs", "devtmpfs")
_NAME_ANOTHER = msg(
    "checks.path.remedy", "Choose a directory on a disk of this host, for example /var/lib/libvirt/images."
)
_NO_FOLDER = msg(
    "checks.path.no_folder", "The disk lies in no directory of this host; its storage is tested by itself."
)
_NO_IMAGES = ("proc", "sysfs", "cgroup", "cgroup2", "iso9660", "squashfs")


def _no_folder(context: Context) -> bool:
    """The storage is no directory of this host: what can be said of it, its own test says."""
    return bool(context.answer("storage.kind", "directory") != "directory")


def existing_part(path: Path) -> Path:
    """``path``, or its nearest parent that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def file_system_of(path: Path, mounts: str) -> tuple[str, str]:
    """Mount point and type of the file system ``path`` lies on, from the text of /proc/self/mounts (proc(5))."""
    best = ("/", "unknown")
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        # Spaces and backslashes of a path are written as \040 and \134; undoing them byte by byte keeps UTF-8.
        point = fields[1].encode().decode("unicode_escape").encode("latin-1").decode("utf-8", "replace")
        inside = point == "/" or path == Path(point) or Path(point) in path.parents
        # The last of equal mount points is the one on top.
        if inside and len(point) >= len(best[0]):
            best = (point, fields[2])
    return best


def check_path(context: Context) -> Outcome:
    """Absolute (the schema says so), a directory or one that can be made, reachable for QEMU's user, not memory."""
    if _no_folder(context):
        return Outcome(NOT_APPLICABLE, _NO_FOLDER)
    path = Path(context.answer("storage.path"))
    # Two names for one place would make "is it ours" a guess.
    if Path(os.path.normpath(path)) != path:
        text = msg("checks.path.not_plain", "{path} is not written plainly.", path=str(path))
        return Outcome(
            ERROR, text, [], msg("checks.path.not_plain.remedy", "Write it as {path}.", path=os.path.normpath(path))
        )
    bad_link, evidence = _judge_links(path)
    if bad_link is not None:
        return bad_link
    present = existing_part(path)
    real = present.resolve()
    mount_table = context.probes.root / "proc/self/mounts"
    point, kind = file_system_of(real, mount_table.read_text(encoding="utf-8", errors="surrogateescape"))
    status = os.stat(real)
    evidence += [
        Evidence(f"stat {present}", f"{stat.filemode(status.st_mode)}, user {status.st_uid}, group {status.st_gid}"),
        Evidence(str(mount_table), f"{point}: {kind}"),
    ]
    if not stat.S_ISDIR(status.st_mode):
        text = msg("checks.path.not_directory", "{path} is not a directory.", path=str(present))
        return Outcome(ERROR, text, evidence, _NAME_ANOTHER)
    if kind in _VOLATILE:
        text = msg(
            "checks.path.volatile",
            "{path} lies in memory ({kind}) and is empty after a reboot.",
            path=str(path),
            kind=kind,
        )
        return Outcome(ERROR, text, evidence, _NAME_ANOTHER)
    read_only = bool(os.statvfs(real).f_flag & os.ST_RDONLY)
    if kind in _NO_IMAGES or read_only or (os.geteuid() == 0 and not os.access(real, os.W_OK)):
        text = msg("checks.path.not_writable", "Nothing can be written to {path}.", path=str(path))
        return Outcome(ERROR, text, evidence, _NAME_ANOTHER)
    closed = _closed_to_qemu(real, context)
    if closed is not None:
        text = msg("checks.path.closed", "QEMU's user may not enter {path}.", path=str(closed))
        return Outcome(ERROR, text, evidence, _NAME_ANOTHER)
    if present != path:
        return Outcome(OK, msg("checks.path.created", "{path} will be created.", path=str(path)), evidence)
    if real != path:
        text = msg(
            "checks.path.leads",
            "{path} leads to {real}, which can hold the engine's disk.",
            path=str(path),
            real=str(real),
        )
        return Outcome(OK, text, evidence)
    return Outcome(OK, msg("checks.path.ok", "{path} can hold the engine's disk.", path=str(path)), evidence)


def _judge_links(path: Path) -> tuple[Outcome | None, list[Evidence]]:
    """What forbids ``path`` because of symbolic links on the way, and where those on the way lead."""
    try:
        links = links_on(path)
    except OSError as error:
        text = msg("checks.path.no_way", "{path} cannot be reached.", path=str(path))
        return Outcome(ERROR, text, [Evidence(str(path), str(error))], _NAME_ANOTHER), []
    evidence = [Evidence(f"readlink {link.path}", f"{link.target}, made by user {link.owner}") for link in links]
    for link in links:
        if link.owner != 0:
            return Outcome(ERROR, link_text(link), evidence, LINK_HINT), evidence
        if not link.path.exists():
            text = msg(
                "checks.path.dangling",
                "{path} is a symbolic link to {target}, which does not exist.",
                path=str(link.path),
                target=link.target,
            )
            return Outcome(ERROR, text, evidence, _NAME_ANOTHER), evidence
    return None, evidence


def _closed_to_qemu(path: Path, context: Context) -> Path | None:
    """The first directory on the way to ``path`` that QEMU's user may not pass. Access lists (ACL) count as open."""
    ids = context.hypervisor.qemu_ids
    if ids is None or ids[0] == 0:
        return None
    for folder in [*reversed(path.parents), path]:
        status = os.stat(folder)
        by_owner = status.st_uid == ids[0] and status.st_mode & stat.S_IXUSR
        by_group = status.st_gid == ids[1] and status.st_mode & stat.S_IXGRP
        if not (by_owner or by_group or status.st_mode & stat.S_IXOTH or _has_acl(folder)):
            return folder
    return None


def _has_acl(folder: Path) -> bool:
    try:
        return "system.posix_acl_access" in os.listxattr(folder)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            return False
        raise


def check_space(context: Context) -> Outcome:
    """Room for the copy and first growth is needed, room for the whole disk is wise: the disk is sparse."""
    if _no_folder(context):
        return Outcome(NOT_APPLICABLE, _NO_FOLDER)
    path = existing_part(Path(context.answer("storage.path")))
    room = os.statvfs(path)
    free = room.f_bavail * room.f_frsize
    asked = int(context.answer("engine.disk_gib")) * GIB
    image = os.stat(context.answer("image.path")).st_size
    evidence = [
        Evidence(f"statvfs {path}", f"{free} bytes free"),
        Evidence(f"stat {context.answer('image.path')}", f"{image} bytes"),
    ]
    if context.own_domain() is not None:
        return Outcome(OK, msg("checks.space.held", "The engine's disk is already there."), evidence)
    figures = {"free": round(free / GIB, 1), "asked": round(asked / GIB, 1)}
    remedy = msg("checks.space.remedy", "Make room, choose another directory, or ask for a smaller disk.")
    if free < image + FIRST_GROWTH:
        text = msg(
            "checks.space.none",
            "{free} GiB are free in {path}: too little for the engine's disk.",
            free=figures["free"],
            path=str(path),
        )
        return Outcome(ERROR, text, evidence, remedy)
    if free < asked:
        text = msg("checks.space.short", "{free} GiB are free, the disk can grow to {asked} GiB.", **figures)
        return Outcome(ERROR, text, evidence, remedy)
    if free < 1.1 * asked:
        text = msg(
            "checks.space.tight",
            "{free} GiB are free; the engine's disk of {asked} GiB would take nearly all.",
            **figures,
        )
        return Outcome(WARNING, text, evidence, remedy)
    return Outcome(
        OK, msg("checks.space.ok", "{free} GiB are free, the disk can grow to {asked} GiB.", **figures), evidence
    )


CHECKS = (
    Check(
        "storage.path",
        msg("checks.path.title", "Storage directory"),
        msg("checks.path.why", "QEMU runs as a user of its own and must reach the disk, after a reboot too."),
        check_path,
        needs_answers=True,
        path="storage.path",
    ),
    Check(
        "storage.space",
        msg("checks.space.title", "Disk space"),
        msg("checks.space.why", "A guest whose disk cannot grow is paused in the middle of its work."),
        check_space,
        needs_answers=True,
        path="engine.disk_gib",
    ),
)
