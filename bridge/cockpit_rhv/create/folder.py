# SPDX-License-Identifier: Apache-2.0
"""Directories that root makes disks in: nobody but root and who runs the guests may change what lies there."""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import stat
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlsplit

from ..errors import RhvError
from ..machines.actions import mapped
from ..messages import msg
from ..storage.qemu_user import read_qemu_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    import libvirt

#: vdsm and its group kvm, on every host of oVirt; on file servers they have the numbers only.
_VDSM = 36
_MOST_LINKS = 40
_DEVICES = "/dev"


class Trusted(NamedTuple):
    """Numbers of users and groups that may do to disks what they like anyway."""

    uids: frozenset[int]
    gids: frozenset[int]


def trusted(conn: libvirt.virConnect) -> Trusted:
    """Root, who QEMU and libvirt run as, vdsm, and the group that libvirt obeys. Raises RhvError, OSError."""
    uids, gids = {0, _VDSM}, {0}
    try:
        user = read_qemu_user()
    except RhvError:  # the labels below say it as well
        pass
    else:
        uids.add(user.uid)
        gids.add(user.gid)
    with mapped():
        root = ET.fromstring(conn.getCapabilities())  # noqa: S314 - libvirt's own text
        socket = parse_qs(urlsplit(conn.getURI()).query).get("socket")
    for model in root.iterfind("host/secmodel"):
        if model.findtext("model") == "dac":
            labels = [(label.text or "").split(":")[0].lstrip("+") for label in model.findall("baselabel")]
            uids.update(int(label) for label in labels if label.isdigit())
    if socket:
        uids.add(os.stat(socket[0]).st_uid)
    with contextlib.suppress(KeyError):
        gids.add(grp.getgrnam("libvirt").gr_gid)
    return Trusted(frozenset(uids), frozenset(gids))


def require_safe(conn: libvirt.virConnect, folder: str) -> None:
    """Raises RhvError ``create.unsafe_folder`` where somebody else could put a link in the place of a disk: root's
    programs would write through it. ``create.folder`` where that cannot be told."""
    who = trusted(conn)
    try:
        for path, found in _way(folder):
            reason = _why_unsafe(found, who)
            if reason is not None:
                raise RhvError(
                    "create.unsafe_folder",
                    msg(
                        "create.unsafe_folder",
                        "In {folder} other users of this host could replace a disk while it is made.",
                        folder=path,
                    ),
                    msg(
                        "create.unsafe_folder.hint",
                        "Choose a directory that only root or the user of QEMU may write to, with all above it.",
                    ),
                    f"{path}: {reason}",
                )
        require_no_devices(folder)
    except OSError as error:
        raise unusable(folder, error) from error


def require_no_devices(folder: str) -> None:
    """Raises RhvError ``create.folder`` for one among the devices: a file there lies in memory until the next boot.

    Such is the directory of a volume group whose pool is not active, or that libvirt has no pool of. OSError.
    """
    if os.stat(folder).st_dev == os.stat(_DEVICES).st_dev:
        raise unusable(folder, OSError("it is for devices, and no active pool of libvirt makes them there"))


def unusable(folder: str, error: OSError) -> RhvError:
    """What is no folder, or does not answer."""
    return RhvError(
        "create.folder",
        msg("create.folder", "{folder} is no directory of this host that can be used.", folder=folder),
        msg("create.folder.hint", "Choose one that exists; a file server's must answer."),
        str(error),
    )


def _way(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """All directories and links that the kernel passes on the way to ``folder``, and that itself. Raises OSError."""
    at, names, links = "/", folder.split("/"), 0
    yield at, os.lstat(at)
    while names:
        name = names.pop(0)
        if name in ("", "."):
            continue
        if name == "..":
            at = os.path.dirname(at)
            continue
        path = os.path.join(at, name)
        found = os.lstat(path)
        yield path, found
        if not stat.S_ISLNK(found.st_mode):
            at = path
            continue
        links += 1
        if links > _MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), folder)
        target = os.readlink(path)
        names = target.split("/") + names
        if target.startswith("/"):
            at = "/"


def _why_unsafe(found: os.stat_result, who: Trusted) -> str | None:
    if found.st_uid not in who.uids:
        return f"owned by user {found.st_uid}"
    # a link has no rights of its own; in a sticky directory, as /tmp, nobody replaces what is another's
    if stat.S_ISLNK(found.st_mode) or found.st_mode & stat.S_ISVTX:
        return None
    if found.st_mode & stat.S_IWOTH:
        return "everybody may write to it"
    # vdsm's own group is known by its number only where the directory is vdsm's
    own_group = found.st_gid in who.gids or (found.st_uid, found.st_gid) == (_VDSM, _VDSM)
    if found.st_mode & stat.S_IWGRP and not own_group:
        return f"group {found.st_gid} may write to it"
    return None
