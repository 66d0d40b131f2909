# SPDX-License-Identifier: Apache-2.0
"""The log of a guest's serial console, a piece at a time."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import RhvError
from ..messages import msg
from .actions import domain_of
from .xml import parse

if TYPE_CHECKING:
    import libvirt

#: Bytes of one piece; with every byte escaped as \\uXXXX it still fits a line of the wire.
PIECE = 128 * 1024


class Piece(NamedTuple):
    """``text`` and the offset, in bytes, to ask for next."""

    text: str
    next_offset: int


def find_log(conn: libvirt.virConnect, uuid: str) -> Path:
    """The log file that the guest's definition names. Blocks.

    Raises :class:`RhvError` ``serial.no_log`` when there is none, or what libvirt's error is mapped to.
    """
    with domain_of(conn, uuid) as domain:
        path = parse(domain.XMLDesc()).serial_log
    if path is None:
        raise RhvError(
            "serial.no_log", msg("serial.no_log", "The serial console of this guest is not written to a file.")
        )
    return Path(path)


def read_piece(path: Path, offset: int) -> Piece:
    """What the log holds from ``offset`` on, at most :data:`PIECE` bytes. Blocks.

    Offset 0 asks for the end of a log that is longer than a piece, from the start of a line; an offset beyond the end
    means that the log began anew, and is read from its start. Raises :class:`RhvError` ``serial.unreadable``.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as log:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise OSError("not a regular file")
            tail = offset == 0 and about.st_size > PIECE
            start = about.st_size - PIECE if tail else offset if offset <= about.st_size else 0
            log.seek(start)
            data = log.read(PIECE)
    except OSError as error:
        raise RhvError(
            "serial.unreadable",
            msg("serial.unreadable", "The log of the serial console cannot be read."),
            detail=f"{path}: {error}",
        ) from error
    if tail:
        skipped = data.find(b"\n") + 1
        start, data = start + skipped, data[skipped:]
    # a character that is not whole yet is left for the next piece
    text, used = codecs.utf_8_decode(data, "replace", False)
    return Piece(text, start + used)
