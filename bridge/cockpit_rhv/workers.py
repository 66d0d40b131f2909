# SPDX-License-Identifier: Apache-2.0
"""Threads for calls that block, so that one that hangs holds up neither the event loop nor the end of the process.

concurrent.futures is not used: it joins its threads at exit, and a libvirt call can hang for ever.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Callable, TypeVar, cast

from .errors import RhvError
from .messages import msg

if TYPE_CHECKING:
    from collections.abc import Awaitable

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Workers:
    """At most ``most`` daemon threads, started when needed; made inside a running event loop."""

    def __init__(self, most: int = 8, name: str = "worker") -> None:
        self._loop = asyncio.get_running_loop()
        self._most = most
        self._name = name
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = 0
        self._busy = 0

    def submit(self, function: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """Call ``function(*args)`` in a thread. Cancelling the future drops the result, not the call."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._busy += 1
        if self._busy > self._threads and self._threads < self._most:
            self._threads += 1
            threading.Thread(target=self._work, name=f"{self._name}-{self._threads}", daemon=True).start()
        self._jobs.put(lambda: self._run(future, function, args))
        return future

    async def run(self, function: Callable[..., T], *args: Any, limit_s: float) -> T:
        """Call ``function(*args)`` in a thread and wait for it; raises what it raises.

        Raises :class:`RhvError` ``call.overdue`` after ``limit_s`` seconds; the call itself goes on in its thread.
        """
        return await within(self.submit(function, *args), limit_s)

    def close(self) -> None:
        """Let the idle threads end; one that is stuck ends with the process."""
        for _ in range(self._threads):
            self._jobs.put(None)
        self._threads = 0

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            if job is None:
                return
            job()

    def _run(self, future: asyncio.Future[T], function: Callable[..., T], args: tuple[Any, ...]) -> None:
        try:
            result = function(*args)
        except BaseException as error:  # noqa: BLE001 - the caller's to handle: it is raised where the call is awaited
            self._deliver(self._fail, future, error)
        else:
            self._deliver(self._succeed, future, result)

    def _deliver(self, settle: Callable[[asyncio.Future[T], Any], None], future: asyncio.Future[T], value: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(settle, future, value)
        except RuntimeError:
            logger.debug("the event loop ended before a call did")

    def _succeed(self, future: asyncio.Future[T], result: T) -> None:
        self._busy -= 1
        if not future.done():
            future.set_result(result)

    def _fail(self, future: asyncio.Future[T], error: BaseException) -> None:
        self._busy -= 1
        if not future.done():
            future.set_exception(error)
            # read once, so that an overdue call nobody waits for any more is not reported as forgotten
            future.exception()


async def within(call: Awaitable[T], limit_s: float) -> T:
    """The result of ``call``; raises :class:`RhvError` ``call.overdue`` when it takes longer than ``limit_s`` seconds.

    The call is not cancelled: given a future, the caller can go on waiting for it.
    """
    future = asyncio.ensure_future(call)
    done, _ = await asyncio.wait({future}, timeout=limit_s)
    if not done:
        raise _overdue(limit_s)
    return future.result()


def call_within(
    limit_s: float, function: Callable[[], T], look_s: float | None = None, look: Callable[[], object] | None = None
) -> T:
    """The result of ``function()``, for whoever has no event loop; raises what it raises.

    Raises :class:`RhvError` ``call.overdue`` after ``limit_s`` seconds; the call itself goes on in its thread, which
    ends with the process at the latest. What comes of it then is dropped at once: it may hold a connection.
    ``look`` is called after every ``look_s`` seconds of waiting; what it raises ends the wait, too.
    """
    late = threading.Event()
    answers: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def work() -> None:
        try:
            result = function()
        except BaseException as error:  # noqa: BLE001 - the caller's to handle: it is raised where the call is waited for
            if not late.is_set():
                answers.put((None, error))
            return
        if not late.is_set():
            answers.put((result, None))

    threading.Thread(target=work, name="limited call", daemon=True).start()
    deadline = time.monotonic() + limit_s
    try:
        while True:
            left_s = max(0.0, deadline - time.monotonic())
            try:
                result, error = answers.get(timeout=left_s if look_s is None else min(left_s, look_s))
                break
            except Empty:
                if time.monotonic() >= deadline:
                    raise _overdue(limit_s) from None
            if look is not None:
                look()
    except BaseException:
        late.set()
        raise
    if error is not None:
        raise error
    return cast("T", result)


def require_time(deadline: float) -> None:
    """For a call that goes on after it is overdue: right before what cannot be undone. ``deadline``: monotonic seconds.

    Raises :class:`RhvError` ``call.too_late`` when it has passed: whoever asked has been told that there was no answer,
    and what was looked at before may not be so any more.
    """
    if time.monotonic() > deadline:
        raise RhvError(
            "call.too_late",
            msg("call.too_late", "It took too long to look at everything, so that nothing was changed."),
            msg("call.too_late.hint", "Try again, or look for a storage that does not answer."),
        )


def _overdue(limit_s: float) -> RhvError:
    return RhvError(
        "call.overdue",
        msg("call.overdue", "No answer within {seconds} seconds.", seconds=round(limit_s, 1)),
        msg("call.overdue.hint", "What was asked for may still go on: look again in a while, before asking anew."),
    )
