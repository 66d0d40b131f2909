# SPDX-License-Identifier: Apache-2.0
"""``helper upload <ticket>``: takes a file from a binary stream channel and says what has been written.

Both ways everything is framed: a kind of one byte, the length in four (most significant first), the content.
``D`` are bytes of the file, ``J`` a JSON object with ``event``. docs/architecture.md has the dialogue.
"""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING, Any, BinaryIO, Callable

from ..errors import RhvError
from ..messages import msg
from ..storage.upload import drop_ticket, opened, read_ticket

if TYPE_CHECKING:
    from ..storage.upload import Ticket, Upload

logger = logging.getLogger(__name__)

#: Bytes between two acknowledgements.
ACK_EVERY = 256 * 1024
#: Seconds for libvirt to look at the pool anew; the file is there whether it does or not.
REFRESH_S = 30.0
#: No page sends longer frames.
LONGEST = 128 * 1024


class _Gone(Exception):
    """The page's end of the channel is closed."""


def upload(name: str, input_fd: int, output_fd: int) -> int:
    """Serve one channel; returns the exit code. What has been written stays when the page goes."""
    source = os.fdopen(input_fd, "rb")

    def say(event: str, **more: Any) -> None:
        content = json.dumps({"event": event, **more}).encode()
        rest = memoryview(b"J" + len(content).to_bytes(4, "big") + content)
        while rest:
            rest = rest[os.write(output_fd, rest) :]

    try:
        try:
            ticket = read_ticket(name)
            path = _take(ticket, source, say)
            drop_ticket(name)
            if path is not None:
                say("done", path=path)
            else:
                say("cancelled")
        except RhvError as error:
            logger.warning("upload: %s", error.detail or error)
            say("end", error=error.to_json())
    except (_Gone, BrokenPipeError) as error:
        logger.info("the upload was left: %s", error)
    return 0


def _take(ticket: Ticket, source: BinaryIO, say: Callable[..., None]) -> str | None:
    file = None
    try:
        with opened(ticket) as file:
            return _receive(file, ticket, source, say)
    finally:
        # also when it was deleted: libvirt may know it as a volume by now, and would look for it
        if file is not None and file.ended:
            _refresh(ticket.pool)


def _receive(file: Upload, ticket: Ticket, source: BinaryIO, say: Callable[..., None]) -> str | None:
    """The path of the complete file; None when it was cancelled."""
    found = file.take_stock(lambda offset: say("checking", offset=offset, size=ticket.size))
    say("have", offset=file.offset, sha256=found)
    told = file.offset
    while True:
        kind, content = _frame(source)
        if kind == b"D":
            file.write(content)
            if file.offset - told >= ACK_EVERY or file.offset == ticket.size:
                told = file.offset
                say("ack", offset=told)
            continue
        order = json.loads(content)
        if order["event"] == "restart":
            file.restart()
            told = 0
        elif order["event"] == "cancel":
            file.discard()
            return None
        elif order["event"] == "end":
            say("finishing")
            return file.finish(str(order["sha256"]))


def _frame(source: BinaryIO) -> tuple[bytes, bytes]:
    head = source.read(5)
    length = int.from_bytes(head[1:], "big")
    if len(head) < 5:
        raise _Gone("end of input")
    if head[:1] not in (b"D", b"J") or length > LONGEST:
        raise RhvError("upload.protocol", msg("upload.protocol", "The page and the host do not understand each other."))
    content = source.read(length)
    if len(content) < length:
        raise _Gone("end of input in a frame")
    return head[:1], content


def _refresh(pool: str) -> None:
    """Have libvirt see the new volume, or that one is gone; without that it is seen later."""
    from ..machines.limited import open_limited
    from ..machines.opening import DEFAULT_URI
    from ..storage.pool_actions import refresh

    try:
        conn = open_limited(os.environ.get("COCKPIT_RHV_LIBVIRT_URI", DEFAULT_URI), True, REFRESH_S).conn
        try:
            refresh(conn, pool)
        finally:
            conn.close()
    except RhvError as error:
        logger.warning("the pool was not refreshed: %s", error.detail or error)
