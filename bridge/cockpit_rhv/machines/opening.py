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

#: On a host of vdsm libvirt lets nobody write without this user's password, which vdsm keeps in a file for root.
VDSM_USER = "vdsm@ovirt"
VDSM_PASSWORD = Path("/etc/pki/vdsm/keys/libvirt_password")

#: Ends one registration of events.
Undo = Callable[["libvirt.virConnect"], object]

# /usr/sbin is not in the path of an ordinary user on Debian
_SBIN = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


class Opened(NamedTuple):
    """``access``: read-write or read-only. ``version``: of libvirt itself, as ``11.3.0``.

    ``user``: as whom libvirt let us in by a password, None where it asked for none. ``refusal``: why we may only read
    though we wanted to write.
    """

    conn: libvirt.virConnect
    access: str
    version: str
    user: str | None = None
    refusal: str | None = None


def open_libvirt(uri: str, writable: bool) -> Opened:
    """Connect. Without the right to write, or where writing asks for a password that we do not have, only to read.

    Raises :class:`RhvError`: ``libvirt.absent`` when libvirt is not installed, else what the error is mapped to.
    """
    try:
        import libvirt
    except ImportError as error:
        raise _absent(str(error)) from error
    # errors come as exceptions; without this each is printed to stderr as well
    libvirt.registerErrorHandler(_ignore, None)
    try:
        return _open(uri, writable)
    except libvirt.libvirtError as error:
        if uri == DEFAULT_URI and not _daemon_installed():
            raise _absent(str(error)) from error
        raise from_libvirt(error) from error


def version_text(number: int) -> str:
    """11003000 is 11.3.0."""
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"


def _open(uri: str, writable: bool) -> Opened:
    import libvirt

    if not writable:
        return _opened(libvirt.openReadOnly(uri), "read-only")
    try:
        return _opened(libvirt.open(uri), "read-write")
    except libvirt.libvirtError as error:
        if not _asks_for_password(error):
            raise
    try:
        # Read each time: vdsm makes a new one when it is configured anew.
        password = VDSM_PASSWORD.read_text(encoding="utf-8").rstrip("\n")
    except OSError as error:
        refusal = f"libvirt asks for the password of {VDSM_USER}: {error}"
    except UnicodeDecodeError:
        # its own words have a byte of the password
        refusal = f"libvirt asks for the password of {VDSM_USER}: {VDSM_PASSWORD} is no text"
    else:
        try:
            return _opened(_open_with(uri, password), "read-write", VDSM_USER)
        except libvirt.libvirtError as error:
            if not _asks_for_password(error):
                raise
            refusal = f"libvirt refuses the password in {VDSM_PASSWORD}"
    logger.info("%s: %s", uri, refusal)
    # What can be read is shown all the same.
    return _opened(libvirt.openReadOnly(uri), "read-only", refusal=refusal)


def _open_with(uri: str, password: str) -> libvirt.virConnect:
    import libvirt

    answers = {libvirt.VIR_CRED_AUTHNAME: VDSM_USER, libvirt.VIR_CRED_PASSPHRASE: password}

    def answer(questions: list[list[object]], _opaque: object) -> int:
        for question in questions:
            # libvirt takes the answer from the last place of each question: type, prompt, challenge, default, answer
            question[4] = answers[question[0]]
        return 0

    return libvirt.openAuth(uri, [list(answers), answer, None], 0)


def _opened(conn: libvirt.virConnect, access: str, user: str | None = None, refusal: str | None = None) -> Opened:
    return Opened(conn, access, version_text(conn.getLibVersion()), user, refusal)


def _asks_for_password(error: libvirt.libvirtError) -> bool:
    import libvirt

    return error.get_error_code() in (libvirt.VIR_ERR_AUTH_FAILED, libvirt.VIR_ERR_AUTH_CANCELLED)


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
