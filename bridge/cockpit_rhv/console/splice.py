# SPDX-License-Identifier: Apache-2.0
"""Moves bytes between the page and a guest, and tells the page what happens, until one of them is gone.

Towards the page everything is framed: a kind (``D`` for the guest's bytes, ``J`` for an event as JSON), the length in
four bytes, most significant first, the content. From the page come bare bytes: it has nothing else to say.
"""

from __future__ import annotations

import json
import os
import select
import struct
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

DATA, EVENT = b"D", b"J"
_HEAD = struct.Struct(">cI")

#: Bytes of one frame; Cockpit's own channels send pieces of that size.
PIECE = 16 * 1024
#: Bytes that wait for a reader who is slower than the other side; nothing more is read before.
PAGE_LIMIT, GUEST_LIMIT = 256 * 1024, 64 * 1024
#: Seconds for the page to take what is left when the guest is gone.
FLUSH_LIMIT_S = 5.0


def frame(kind: bytes, content: bytes) -> bytes:
    """One frame as it goes to the page."""
    return _HEAD.pack(kind, len(content)) + content


class Splice:
    """``page_in`` and ``page_out`` are file descriptors, perhaps the same; they become non-blocking."""

    def __init__(self, page_in: int, page_out: int) -> None:
        self._in, self._out = page_in, page_out
        self._guest: socket.socket | None = None
        self._to_page = bytearray()
        self._to_guest = bytearray()
        self._orders: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._woken, self._waker = os.pipe()
        self._until: float | None = None
        self._page_gone = False
        self._guest_ended: Callable[[], object] = lambda: None
        for number in (page_in, page_out, self._woken):
            os.set_blocking(number, False)

    # -- from any thread ------------------------------------------------------------------------------------------

    def attach(self, guest: socket.socket, ended: Callable[[], object]) -> None:
        """Begin with ``guest``; ``ended`` is called, in the thread of :meth:`run`, when it has closed its side."""

        def begin() -> None:
            guest.setblocking(False)
            self._guest, self._guest_ended = guest, ended

        self._order(begin)

    def tell(self, event: Mapping[str, Any]) -> None:
        """Let the page know."""
        content = json.dumps(event).encode("ascii")
        self._order(lambda: self._to_page.extend(frame(EVENT, content)))

    def end(self) -> None:
        """Let the page have what is on its way, then end."""
        self._order(self._finish)

    # -- the thread that moves ------------------------------------------------------------------------------------

    def run(self) -> None:
        """Move until :meth:`end` or until the page is gone."""
        try:
            while not self._over():
                self._step()
        finally:
            if self._guest is not None:
                self._guest.close()
            os.close(self._woken)
            os.close(self._waker)

    def _over(self) -> bool:
        if self._page_gone:
            return True
        return self._until is not None and (not self._to_page or time.monotonic() >= self._until)

    def _step(self) -> None:
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        wanted: dict[int, int] = {}
        if len(self._to_guest) < GUEST_LIMIT and self._until is None:
            wanted[self._in] = select.POLLIN
        # without anything to write it is still noticed when nobody reads any more
        wanted[self._out] = wanted.get(self._out, 0) | (select.POLLOUT if self._to_page else 0)
        if self._guest is not None:
            reads = len(self._to_page) < PAGE_LIMIT
            events = (select.POLLIN if reads else 0) | (select.POLLOUT if self._to_guest else 0)
            if events:  # else its hanging up would wake us again and again before there is room for what it said last
                wanted[self._guest.fileno()] = events
        for number, events in wanted.items():
            poll.register(number, events)
        left_ms = None if self._until is None else max(0, int((self._until - time.monotonic()) * 1000)) + 1
        ready = dict(poll.poll(left_ms))
        if self._woken in ready:
            self._obey()
        # what the guest said last is taken before its end is looked at
        guest = self._guest
        if guest is not None and guest.fileno() in ready:
            self._move_guest(guest, ready[guest.fileno()])
        if self._in in wanted and ready.get(self._in, 0) & ~select.POLLOUT:
            self._read_page()
        if ready.get(self._out, 0) & ~select.POLLIN:
            self._write_page(ready[self._out])

    def _move_guest(self, guest: socket.socket, ready: int) -> None:
        if ready & select.POLLOUT and self._to_guest:
            try:
                del self._to_guest[: guest.send(self._to_guest)]
            except BlockingIOError:
                return
            except OSError:
                self._to_guest.clear()  # it reads no more; what it has written is still read
        if ready & ~select.POLLOUT and len(self._to_page) < PAGE_LIMIT:
            try:
                data = guest.recv(PIECE)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if data:
                self._to_page += frame(DATA, data)
            else:
                guest.close()
                self._guest = None
                self._guest_ended()

    def _read_page(self) -> None:
        try:
            data = os.read(self._in, PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self._to_guest += data
        else:
            self._page_gone = True

    def _write_page(self, ready: int) -> None:
        if ready & (select.POLLERR | select.POLLHUP | select.POLLNVAL):
            self._page_gone = True
            return
        try:
            if self._to_page:
                del self._to_page[: os.write(self._out, self._to_page)]
        except BlockingIOError:
            return
        except OSError:
            self._page_gone = True

    def _order(self, order: Callable[[], None]) -> None:
        self._orders.put(order)
        try:
            os.write(self._waker, b"\0")
        except OSError:
            return  # full: it is awake; closed: nobody is there any more

    def _obey(self) -> None:
        os.read(self._woken, 4096)
        while True:
            try:
                order = self._orders.get_nowait()
            except Empty:
                return
            order()

    def _finish(self) -> None:
        self._until = time.monotonic() + FLUSH_LIMIT_S
