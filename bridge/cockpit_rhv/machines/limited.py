# SPDX-License-Identifier: Apache-2.0
"""A connection to libvirt each call of which ends, for jobs and programs without an event loop.

A daemon that hangs keeps its socket, and libvirt's own calls wait for it for ever. Its keepalive would notice that, but
neither a daemon that lives and waits for a guest or a file server, nor does it tell the caller why his call failed.
"""

from __future__ import annotations

import functools
import logging
import threading
from typing import Any, Callable, TypeVar

from ..errors import RhvError
from ..messages import msg
from ..workers import call_within
from .opening import Opened, open_libvirt

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Seconds libvirt may take to let somebody in: it does so in milliseconds, or it hangs.
OPEN_S = 10.0
#: Seconds after which a call is doubted: it is asked whether libvirt still lets somebody in.
DOUBT_S = 10.0
#: Seconds for one call of a daemon that does. The longest that is none of its faults is a mount from a server that
#: does not answer: mount(8) gives up after three minutes.
CALL_S = 300.0
CLOSE_S = 1.0
#: What libvirt's library knows of an object without asking the daemon: a thread for each would be wasted.
_LOCAL = frozenset({"ID", "UUIDString", "getName", "name"})


def answered(limit_s: float, ask: Callable[[], T]) -> T:
    """What ``ask()`` returns, which calls libvirt. Raises what it raises, and RhvError ``libvirt.silent``."""
    return _told(limit_s, lambda: call_within(limit_s, ask))


def open_limited(uri: str, writable: bool, call_s: float | None = None) -> Opened:
    """As :func:`~.opening.open_libvirt`; the connection, and all that its calls return, raise ``libvirt.silent``.

    They do so within :data:`DOUBT_S` and :data:`OPEN_S` when the daemon hangs; when it lives and waits for something
    itself after ``call_s``, which is :data:`CALL_S` unless told. The call that was waited for goes on in its thread.
    """
    opened = answered(OPEN_S, lambda: open_libvirt(uri, writable))
    return opened._replace(conn=_limited(opened.conn, _Line(uri, writable, call_s)))


def is_answered(conn: Any) -> bool:
    """Whether libvirt has answered every call of this connection, those that nobody waits for any more too."""
    return not isinstance(conn, _Limited) or conn.is_idle()


class _Line:
    """To a daemon, for all that came of one connection."""

    def __init__(self, uri: str, writable: bool, call_s: float | None) -> None:
        self._uri = uri
        self._writable = writable
        self._call_s = call_s
        self._running = 0
        self._closed = False
        self._turn = threading.Lock()

    def call(self, ask: Callable[[], T]) -> T:
        limit_s = CALL_S if self._call_s is None else self._call_s
        return _told(limit_s, lambda: call_within(limit_s, functools.partial(self._count, ask), DOUBT_S, self._look))

    def end(self) -> bool:
        """Let no further call begin. False, and nothing changed, while one goes on, even if nobody waits for it."""
        with self._turn:
            self._closed = self._closed or self._running == 0
            return self._closed

    def is_idle(self) -> bool:
        with self._turn:
            return self._running == 0

    def _count(self, ask: Callable[[], T]) -> T:
        with self._turn:
            if self._closed:
                raise RhvError(
                    "libvirt.unreachable",
                    msg("libvirt.lost", "The connection to libvirt was lost."),
                    detail="closed before the call began",
                )
            self._running += 1
        try:
            return ask()
        finally:
            with self._turn:
                self._running -= 1

    def _look(self) -> None:
        """Raise RhvError ``libvirt.silent`` when the daemon lets nobody in."""
        try:
            answered(OPEN_S, lambda: open_libvirt(self._uri, self._writable).conn.close())
        except RhvError as error:
            # With a daemon that is gone the call itself fails, and says so.
            if error.code == "libvirt.silent":
                raise


class _Limited:
    """Stands for an object of libvirt's."""

    def __init__(self, real: Any, line: _Line) -> None:
        self._real = real
        self._line = line

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._real, name)
        if name in _LOCAL:
            return value
        return functools.partial(self._call, value) if callable(value) else value

    def _call(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        return _limited(self._line.call(functools.partial(function, *args, **options)), self._line)

    def is_idle(self) -> bool:
        """Whether no call goes on in the connection."""
        return self._line.is_idle()

    def close(self) -> None:
        """Of a connection. One in which a call goes on is closed by whoever lets go of it last: libvirt would free it
        under that call."""
        if not self._line.end():
            return
        try:
            answered(CLOSE_S, self._real.close)
        except RhvError as error:
            # Whatever was to be done is done.
            logger.warning("libvirt did not close the connection: %s", error)


def _limited(value: Any, line: _Line) -> Any:
    if isinstance(value, (list, tuple)):
        return type(value)(_limited(item, line) for item in value)
    # domains, networks, pools and the rest have calls of their own
    return _Limited(value, line) if type(value).__module__ == "libvirt" else value


def _told(limit_s: float, ask: Callable[[], T]) -> T:
    try:
        return ask()
    except RhvError as error:
        if error.code != "call.overdue":
            raise
        raise RhvError(
            "libvirt.silent",
            msg("libvirt.silent", "libvirt did not answer within {seconds} seconds.", seconds=round(limit_s)),
            msg(
                "libvirt.silent.hint",
                "Restart the service libvirtd (Debian) or virtqemud (Enterprise Linux); guests go on running. Then"
                " resume.",
            ),
        ) from error
