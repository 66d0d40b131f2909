# SPDX-License-Identifier: Apache-2.0
"""One page's channel: its requests side by side, its subscriptions, its end."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from ..rpc import faults
from ..rpc.dispatcher import Dispatcher, refusal
from ..rpc.schema import RpcSchema
from ..rpc.topics import Subscriptions
from ..storage.active import ACTIVE
from . import methods
from .library import Library
from .topics import Topics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..rpc.lines import LineChannel

logger = logging.getLogger(__name__)

#: Requests served at once; further ones wait in the pipe.
MOST_REQUESTS = 64
#: Seconds for putting everything away; what hangs longer ends with the process.
END_LIMIT_S = 2.0
#: The same while a test of storage undoes: two logouts of 20 s each, two maps, and udev.
UNDO_LIMIT_S = 90.0
#: Seconds between two looks at whether it has.
UNDONE_LOOK_S = 0.05


class Call:
    """The context of a request. What :attr:`afterwards` holds is called when its answer has been written."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.afterwards: list[Callable[[], None]] = []


class Session:
    """Serves one channel. Made inside a running event loop."""

    def __init__(self, channel: LineChannel) -> None:
        self._channel = channel
        self._ending = asyncio.Event()
        self._requests: set[asyncio.Task[None]] = set()
        self._free = asyncio.Semaphore(MOST_REQUESTS)
        self._visible = True
        self.library = Library()
        self.topics = Topics(self.library, lambda: self._visible)
        self.subscriptions = Subscriptions(self.topics.find, channel.send)
        self._schema = RpcSchema()
        self._dispatcher: Dispatcher[Call] = Dispatcher(self._validate)
        methods.register(self._dispatcher)

    async def serve(self) -> None:
        """Until the channel closes or :meth:`end` is called."""
        loop = asyncio.get_running_loop()
        reading = loop.create_task(self._read())
        ending = loop.create_task(self._ending.wait())
        try:
            await asyncio.wait({reading, ending}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
        finally:
            for task in (reading, ending):
                task.cancel()
            await asyncio.gather(reading, ending, return_exceptions=True)

    def end(self, why: str) -> None:
        """Make :meth:`serve` return."""
        logger.debug("ending: %s", why)
        self._ending.set()

    @property
    def close_limit_s(self) -> float:
        """Seconds that :meth:`close` may take: more while something on storage has to be undone."""
        return UNDO_LIMIT_S if ACTIVE.busy else END_LIMIT_S

    async def close(self) -> None:
        """Drop the requests that are still served, wait until tests of storage have undone, let go of everything."""
        for task in self._requests:
            task.cancel()
        await asyncio.gather(*self._requests, return_exceptions=True)
        while ACTIVE.busy:
            # Again each time: one that had been accepted may begin only now.
            ACTIVE.cancel()
            await asyncio.sleep(UNDONE_LOOK_S)
        await self.subscriptions.close()
        await self.topics.close()
        await self.library.close()

    def set_visible(self, visible: bool) -> None:
        """Whether anybody looks at the page."""
        self._visible = visible
        self.update_sampler()

    def update_sampler(self) -> None:
        """Sample the guests' load only while it is looked at: by a page that shows it, in a tab that is seen."""
        wanted = self._visible and "machines" in self.subscriptions
        # who never asked for a guest needs no connection to libvirt to be told so
        if wanted or self.library.uses_libvirt:
            self.library.sampler.set_active(wanted)

    def _validate(self, method: str, params: Mapping[str, Any]) -> None:
        self._schema.validate(method, params)
        if self._schema.is_privileged(method) and os.geteuid() != 0:
            raise methods.access_denied()

    async def _read(self) -> None:
        while True:
            await self._free.acquire()
            try:
                request = await self._channel.receive()
            except EOFError:
                return
            except faults.RequestError as error:
                self._free.release()
                await self._send(refusal(error))
                continue
            task = asyncio.get_running_loop().create_task(self._serve_one(request))
            self._requests.add(task)
            task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        self._requests.discard(task)
        self._free.release()
        if not task.cancelled() and task.exception() is not None:
            logger.error("a request failed outside its handler", exc_info=task.exception())

    async def _serve_one(self, request: object) -> None:
        call = Call(self)
        answer = await self._dispatcher.handle(request, call)
        if answer is not None:
            await self._send(answer)
        for step in call.afterwards:
            step()

    async def _send(self, answer: Any) -> None:
        try:
            await self._channel.send(answer)
        except (RhvError, ValueError) as error:
            logger.error("an answer cannot be sent: %s", error)
            fault = error if isinstance(error, RhvError) else faults.internal(error)
            identity = answer.get("id") if isinstance(answer, dict) else None
            await self._channel.send({**refusal(fault), "id": identity})
        except ConnectionError as error:
            self.end(f"nobody reads the answers: {error}")
