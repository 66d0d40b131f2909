# SPDX-License-Identifier: Apache-2.0
"""A libvirt stream as a socket: two threads that block, so that neither side gets more than the other can take.

libvirt's events would read whatever the guest writes into this process's memory.
"""

from __future__ import annotations

import logging
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import libvirt

logger = logging.getLogger(__name__)

PIECE = 4 * 1024


def as_socket(stream: libvirt.virStream) -> socket.socket:
    """The other end of ``stream``; it is closed when the stream ends."""
    ours, theirs = socket.socketpair()
    for name, work in (("from-guest", _from_guest), ("to-guest", _to_guest)):
        threading.Thread(target=work, args=(stream, ours), name=name, daemon=True).start()
    return theirs


def _from_guest(stream: libvirt.virStream, ours: socket.socket) -> None:
    import libvirt

    try:
        while True:
            data = stream.recv(PIECE)
            if not data:
                break
            ours.sendall(data)
    except libvirt.libvirtError as error:
        logger.info("the serial console ended: %s", error)
    except OSError as error:
        logger.debug("nobody reads the serial console: %s", error)
    ours.shutdown(socket.SHUT_RDWR)


def _to_guest(stream: libvirt.virStream, ours: socket.socket) -> None:
    import libvirt

    try:
        while True:
            data = ours.recv(PIECE)
            if not data:
                return
            while data:
                data = data[stream.send(data) :]
    except (libvirt.libvirtError, OSError) as error:
        logger.debug("the serial console takes nothing more: %s", error)
