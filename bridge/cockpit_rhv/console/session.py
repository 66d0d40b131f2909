# SPDX-License-Identifier: Apache-2.0
"""One console from being asked for to its end, with a word to the page about each turn it takes.

Events: ``{"event": "open"}``; ``{"event": "silent", "seconds": n}`` while the guest's QEMU does not answer and
``{"event": "answering"}`` when it does again; at last ``{"event": "end", "error": RhvError}``.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Callable

from ..errors import RhvError
from ..machines import limited
from ..machines.opening import DEFAULT_URI, open_libvirt
from ..machines.screen import ask_qemu, open_screen, open_serial, why_ended
from ..messages import msg
from .serial_pump import as_socket
from .splice import Splice

if TYPE_CHECKING:
    import socket

    import libvirt

logger = logging.getLogger(__name__)

#: Seconds for the console to open, and for the reason of its end to be found.
OPEN_LIMIT_S, REASON_LIMIT_S = 12.0, 12.0
#: Seconds between questions to QEMU, and until it is said that it does not answer.
ASK_EVERY_S, SILENT_AFTER_S = 5.0, 5.0


class Session:
    """``kind``: vnc or serial. ``take_over``: put out whoever has the serial console."""

    def __init__(self, kind: str, uuid: str, take_over: bool, page_in: int, page_out: int) -> None:
        self._kind, self._uuid, self._take_over = kind, uuid, take_over
        self._splice = Splice(page_in, page_out)
        self._settled = threading.Lock()
        self._opened = False
        self._ended = False

    def run(self) -> None:
        """Until the page is gone or the console has ended; threads that hang in libvirt are left behind."""
        _start("open", self._open)
        _start("limit", self._limit)
        self._splice.run()

    def _open(self) -> None:
        try:
            # streams that block have a connection to themselves
            conn = _connect()
            guest = self._guest(conn)
        except RhvError as error:
            self._end(error)
            return
        except ValueError as error:
            self._end(_unreadable(error))
            return
        with self._settled:
            if self._ended:
                guest.close()
                return
            self._opened = True
        self._splice.tell({"event": "open"})
        self._splice.attach(guest, lambda: _start("reason", self._explain))
        _start("ask", self._ask)

    def _guest(self, conn: libvirt.virConnect) -> socket.socket:
        if self._kind == "serial":
            return as_socket(open_serial(conn, self._uuid, self._take_over))
        return open_screen(conn, self._uuid)

    def _limit(self) -> None:
        time.sleep(OPEN_LIMIT_S)
        with self._settled:
            late = not self._opened
        if late:
            self._end(
                RhvError(
                    "console.overdue",
                    msg("console.overdue", "The guest's QEMU or libvirt does not answer."),
                    msg("console.overdue.hint", "It may be stopped or wait for a disk. Try again in a moment."),
                )
            )

    def _explain(self) -> None:
        """The guest's side has closed: why?"""
        reason: list[RhvError] = []

        def find() -> None:
            try:
                conn = _connect()
                # a guest that ends closes its console first; its QEMU answers only when libvirt is done with it
                ask_qemu(conn, self._uuid)
                reason.append(why_ended(conn, self._uuid, self._kind))
            except RhvError as error:
                reason.append(error)

        _start("find", find).join(REASON_LIMIT_S)
        self._end(
            reason[0]
            if reason
            else RhvError("console.ended", msg("console.ended", "The console was closed; nobody can tell why."))
        )

    def _ask(self) -> None:
        """Says so when QEMU does not answer: a picture that stands still looks like any other."""
        while True:
            time.sleep(ASK_EVERY_S)
            asked = time.monotonic()
            question = _start("question", self._question)
            question.join(SILENT_AFTER_S)
            if not question.is_alive():
                continue
            while question.is_alive():
                self._splice.tell({"event": "silent", "seconds": round(time.monotonic() - asked)})
                question.join(1.0)
            self._splice.tell({"event": "answering"})

    def _question(self) -> None:
        try:
            # without a limit: how long it takes is what is asked here, and only one question waits at a time
            conn = _open_libvirt()
            try:
                ask_qemu(conn, self._uuid)
            finally:
                conn.close()
        except RhvError as error:
            # a guest that ends and a daemon that restarts are noticed elsewhere; QEMU itself may be well
            logger.debug("not asked: %s", error)

    def _end(self, error: RhvError) -> None:
        with self._settled:
            if self._ended:
                return
            self._ended = True
        self._splice.tell({"event": "end", "error": error.to_json()})
        self._splice.end()


def _connect() -> libvirt.virConnect:
    """Raises RhvError ``libvirt.silent`` and others. Its calls have no limit: those of a serial console last."""
    return limited.answered(limited.OPEN_S, _open_libvirt)


def _open_libvirt() -> libvirt.virConnect:
    return open_libvirt(os.environ.get("COCKPIT_RHV_LIBVIRT_URI", DEFAULT_URI), os.geteuid() == 0).conn


def _unreadable(error: ValueError) -> RhvError:
    from ..machines.faults import unreadable

    return unreadable(error)


def _start(name: str, work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread
