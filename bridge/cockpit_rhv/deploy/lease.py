# SPDX-License-Identifier: Apache-2.0
"""The lease of the engine's disk: while one host runs the engine no other can, because libvirt starts it nowhere else.

On a file server it is a lock on the disk itself, which libvirt's lock manager lockd (its daemon: virtlockd) takes
before QEMU runs and which the server keeps: it holds whatever the path is elsewhere, and ends with the host that has
it, on NFS 4 when that has been silent for the server's lease time. What this host alone has needs no lease.
"""

from __future__ import annotations

import fcntl
import os
import platform
import stat
import struct
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checks.engine_lease import manager_of
from ..errors import RhvError
from ..messages import msg
from ..storage.engine_folder import mounts
from . import places
from .answers import get
from .lock_manager import turn_on
from .state import made_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    import libvirt

    from .state import Deployment, Record

#: Seconds after which a lease counts as another's: one of a VM that has just ended is let go of a moment later.
_FREE_S = 5.0
_POLL_S = 0.2
#: ``struct flock``: type, whence, start, length (0: to the end of the file, wherever that will be), process.
_FLOCK = "hhqqi4x"
#: The byte that virtlockd locks; QEMU's own locks are at 100 and more.
_LOCKD_BYTE = (0, 1)
_WHOLE = (0, 0)
_NAME_BYTES = 256
#: In ``Record.made``: the name by which this host has signed a disk, which may have been changed since.
_SIGNED = "signed"


def ready_host(deployment: Deployment, answers: Mapping[str, Any]) -> bool:
    """Turn the lock manager on that the lease needs; True when libvirt was changed.

    Before anything else is asked of libvirt, whose daemon may be restarted. Raises RhvError ``lease.*``,
    ``libvirt.*``; OSError.
    """
    manager = manager_of(get(answers, "storage.kind", "directory"))
    return manager is not None and turn_on(deployment, manager)


def leased_disk(definition: str) -> Path | None:
    """The engine's disk, from its domain's XML, where it must be leased: on a storage that this host has mounted."""
    root = ET.fromstring(definition)  # noqa: S314 - written by libvirt
    for source in root.findall("devices/disk/source[@file]"):
        path = Path(source.get("file", ""))
        if path.parent.parent == mounts() and path == places.disk_file(path.parent, root.findtext("name", "")):
            return path
    return None


def start_leased(deployment: Deployment, domain: libvirt.virDomain) -> None:
    """Start the engine VM, under its lease if it needs one.

    Raises RhvError ``lease.held`` while another host has it, ``lease.not_taken`` when libvirt has started the VM
    without it (it is switched off again); libvirt's errors; OSError.
    """
    disk = leased_disk(domain.XMLDesc())
    if disk is None:
        domain.create()
        return
    refuse_held(disk)
    _sign(deployment, disk)
    domain.create()
    if not _locked(disk, *_LOCKD_BYTE):
        domain.destroy()
        raise RhvError(
            "lease.not_taken",
            msg("lease.not_taken", "libvirt started the engine VM without its lease, so it was switched off again."),
            msg("lease.not_taken.hint", "Restart libvirt, so that it reads its lock manager's settings; then resume."),
        )


def refuse_held(disk: Path) -> None:
    """Raise RhvError ``lease.held`` while somebody has the disk: a virtlockd, or a QEMU without one. Raises OSError.

    What is no file, or none any more, nobody has.
    """
    if _kind(disk) != stat.S_IFREG:
        return
    deadline = time.monotonic() + _FREE_S
    while _locked(disk, *_WHOLE):
        if time.monotonic() > deadline:
            raise RhvError(
                "lease.held",
                msg("lease.held", "Another host runs this engine: it holds the lease of the engine's disk."),
                msg(
                    "lease.held.hint",
                    "The last one to start it was {host}: stop it there. A dead host's lease ends when the server "
                    "notices; docs/recovery.md has more.",
                    host=_starter(disk),
                ),
                str(disk),
            )
        time.sleep(_POLL_S)


def _starter(disk: Path) -> str:
    """For people: the refusal is what matters, whoever it was."""
    try:
        return signed_by(disk) or "?"
    except RhvError:
        return "?"


def _kind(path: Path) -> int | None:
    """``S_IFMT`` of what is there itself, None where nothing is. Raises OSError."""
    try:
        return stat.S_IFMT(os.lstat(path).st_mode)
    except FileNotFoundError:
        return None


def signed_by(disk: Path) -> str:
    """The host that made the disk or started the engine last, empty for none. Raises RhvError ``lease.unsigned``."""
    path = places.lease_file(disk)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            said = os.read(descriptor, _NAME_BYTES).decode("utf-8", "replace")
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise RhvError(
            "lease.unsigned",
            msg("lease.unsigned", "{path} cannot be read, which says whose the engine there is.", path=str(path)),
            msg(
                "lease.unsigned.hint",
                "See whether the file server answers and lets root of this host read that file; then try again.",
            ),
            str(error),
        ) from error
    # Anybody with the export could write there.
    return "".join(letter for letter in said if letter.isprintable())


def taken_folders(record: Record) -> frozenset[Path]:
    """Folders on shared storage in which ``record`` made files, but from whose disk another host has started an engine.

    That host's administrator deleted what was there as an earlier engine's, and the names are its own now.
    Raises RhvError ``lease.unsigned``.
    """
    own = {"", _own_name(), *(name for kind, name in made_by(record) if kind == _SIGNED)}
    shared = [Path(path) for path in record.files() if Path(path).parent.parent == mounts()]
    return frozenset(path.parent for path in shared if signed_by(path) not in own)


def _own_name() -> str:
    return platform.node()[:_NAME_BYTES]


def sign_new(deployment: Deployment, disk: Path) -> None:
    """Sign a disk this host has made, so that no other takes it for nobody's before its first start. Raises OSError."""
    if disk.parent.parent == mounts() and signed_by(disk) == "":
        _sign(deployment, disk)


def _sign(deployment: Deployment, disk: Path) -> None:
    """Leave this host's name for whoever is refused."""
    path = places.lease_file(disk)
    deployment.note_new_file(path)
    deployment.note(_SIGNED, _own_name())
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        os.write(descriptor, _own_name().encode()[:_NAME_BYTES])
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _locked(path: Path, start: int, length: int) -> bool:
    """Whether another process, here or on another host, has a lock there. Asking takes none."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, start, length, 0)
        kind: int = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))[0]
    finally:
        os.close(descriptor)
    return kind != fcntl.F_UNLCK
