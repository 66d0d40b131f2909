# SPDX-License-Identifier: Apache-2.0
"""Opening and closing libvirt, with the access the user has. Everything here blocks."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Callable, NamedTuple

from ..errors import RhvError
from ..messages import msg
from .faults import from_libvirt

if TYPE_CHECKING:
    import libvirt

logger = logging.getLogger(__name__)

DEFAULT_URI = "qemu:///system"

#: Ends one registration of events.
Undo = Callable[["libvirt.virConnect"], object]

# /usr/sbin is not in the path of an ordinary user on Debian
_SBIN = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


class Opened(NamedTuple):
    """``access``: read-write or read-only. ``version``: of libvirt itself, as ``11.3.0``."""

    conn: libvirt.virConnect
    access: str
    version: str


def open_libvirt(uri: str, writable: bool) -> Opened:
    """Connect. Without the right to write, or where writing asks for a password, the connection is read-only.

    Raises :class:`RhvError`: ``libvirt.absent`` when libvirt is not installed, else what the error is mapped to.
    """
    try:
        import libvirt
    except ImportError as error:
        raise _absent(str(error)) from error
    # errors come as exceptions; without this each is printed to stderr as well
    libvirt.registerErrorHandler(_ignore, None)
    try:
        conn, access = _open(uri, writable)
        return Opened(conn, access, version_text(conn.getLibVersion()))
    except libvirt.libvirtError as error:
        if uri == DEFAULT_URI and not _daemon_installed():
            raise _absent(str(error)) from error
        raise from_libvirt(error) from error


def version_text(number: int) -> str:
    """11003000 is 11.3.0."""
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"


def _open(uri: str, writable: bool) -> tuple[libvirt.virConnect, str]:
    import libvirt

    if not writable:
        return libvirt.openReadOnly(uri), "read-only"
    try:
        return libvirt.open(uri), "read-write"
    except libvirt.libvirtError as error:
        # VDSM puts SASL before the read-write socket; what can be read is shown all the same
        if error.get_error_code() not in (libvirt.VIR_ERR_AUTH_FAILED, libvirt.VIR_ERR_AUTH_CANCELLED):
            raise
    return libvirt.openReadOnly(uri), "read-only"


def _daemon_installed() -> bool:
    return any(shutil.which(name, path=_SBIN) for name in ("libvirtd", "virtqemud")) or any(
        Path(socket).exists() for socket in ("/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock")
    )


def _ignore(_context: object, _error: object) -> None:
    """Called by libvirt for each error, besides the exception."""


def _absent(detail: str) -> RhvError:
    return RhvError(
        "libvirt.absent",
        msg("libvirt.absent", "libvirt is not installed on this host."),
        msg(
            "libvirt.absent.hint",
            "Install libvirt-daemon-system and python3-libvirt (Debian) or libvirt and python3-libvirt (EL).",
        ),
        detail,
    )


def close_libvirt(conn: libvirt.virConnect, callbacks: list[Undo]) -> None:
    """Take leave of the events behind ``callbacks`` and free the connection; a call into libvirt, for a worker."""
    import libvirt

    # each step may fail on a connection that is gone already; the last one still frees it
    for step in (*callbacks, _unwatch, _end):
        try:
            step(conn)
        except libvirt.libvirtError as error:
            logger.debug("closing: %s", error)


def _unwatch(conn: libvirt.virConnect) -> object:
    return conn.unregisterCloseCallback()


def _end(conn: libvirt.virConnect) -> object:
    return conn.close()
