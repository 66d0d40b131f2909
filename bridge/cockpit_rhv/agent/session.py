# SPDX-License-Identifier: Apache-2.0
"""One client on port 54321: the STOMP rules of vdsm, with its holes closed.

An answer goes to the connection that asked and nowhere else, and nothing a client sends is forwarded to another:
a real vdsm lets every client read and forge the traffic of all.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Callable

from ..rpc.stomp import (
    EVENT_QUEUE,
    HEART_BEAT,
    REQUEST_QUEUES,
    Frame,
    FrameError,
    FrameParser,
    encode,
    parse_heart_beat,
)
from .requests import answer, busy

if TYPE_CHECKING:
    from .requests import AgentDispatcher, Asker

logger = logging.getLogger(__name__)

MAX_REQUEST = 1024 * 1024
"""Bytes of one request's body. The largest real one, VM.create, has some 20 KiB of XML."""
MAX_UNDER_WAY = 32
MAX_UNSENT = 16 * 1024 * 1024
"""A client that reads so slowly that this many bytes wait for it is cut off."""
FIRST_FRAME_S = 10.0
"""vdsm gives as long to show which protocol a client speaks."""
_READ_SIZE = 64 * 1024


class EndOfSession(Exception):
    """The client did what only a closed connection answers; the text says what."""


class Session:
    """Serves one connection until it ends; see :meth:`run`."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        asker: Asker,
        dispatcher: AgentDispatcher,
        on_request: Callable[[], None] = lambda: None,
        first_frame_s: float = FIRST_FRAME_S,
    ) -> None:
        self.asker = asker
        self._reader = reader
        self._writer = writer
        self._dispatcher = dispatcher
        self._on_request = on_request
        self._first_frame_s = first_frame_s
        self._loop = asyncio.get_running_loop()
        self._parser = FrameParser(max_body=MAX_REQUEST)
        self._subscriptions: dict[str, str] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._received_at = self._sent_at = self._loop.time()
        self._client_beats_s = self._our_beats_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Until the client goes, breaks a rule or falls silent; logs why, raises nothing but CancelledError."""
        reason = "closed by the client"
        opening = self._loop.call_later(self._first_frame_s, self.end, "no first frame in time")
        try:
            while data := await self._reader.read(_READ_SIZE):
                self._received_at = self._loop.time()
                self._parser.feed(data)
                while (frame := self._parser.next_frame()) is not None:
                    opening.cancel()
                    self._take(frame)
        except EndOfSession as error:
            reason = str(error)
        except FrameError as error:
            reason = error.detail or str(error)
        except OSError as error:
            reason = str(error)
        finally:
            opening.cancel()
            if self._timer is not None:
                self._timer.cancel()
            for task in self._under_way:
                task.cancel()
            await asyncio.gather(*self._under_way, return_exceptions=True)
            self._writer.close()
        logger.info("%s at %s: %s", self.asker.name, self.asker.address, reason)

    def end(self, reason: str) -> None:
        """Cut the connection now; :meth:`run` ends soon after."""
        logger.info("%s at %s: cut off, %s", self.asker.name, self.asker.address, reason)
        self._writer.transport.abort()

    def publish(self, body: bytes) -> None:
        """Send an event to this client if it has subscribed to events."""
        self._send_message(EVENT_QUEUE, body)

    def _take(self, frame: Frame) -> None:
        if frame.command == "CONNECT":
            self._connect(frame)
        elif frame.command == "SUBSCRIBE":
            self._subscribe(frame)
        elif frame.command == "UNSUBSCRIBE":
            self._subscriptions.pop(frame.headers.get("id", ""), None)
        elif frame.command == "SEND":
            self._request(frame)
        elif frame.command == "DISCONNECT" and "receipt" in frame.headers:
            # vdsm leaves the closing to the client, and its clients count on the receipt.
            self._write(Frame("RECEIPT", {"receipt-id": frame.headers["receipt"]}))
        else:
            raise EndOfSession(f"unknown command {frame.command}")

    def _connect(self, frame: Frame) -> None:
        if frame.headers.get("accept-version") != "1.2":
            self._error("Version unsupported")
            return
        sends, wants = parse_heart_beat(frame.headers.get("heart-beat"))
        self._client_beats_s, self._our_beats_s = sends / 1000, wants / 1000
        self._write(Frame("CONNECTED", {"version": "1.2", "heart-beat": f"{wants},{sends}"}))
        if self._timer is not None:
            self._timer.cancel()
        self._beat()

    def _subscribe(self, frame: Frame) -> None:
        destination, identity = frame.headers.get("destination"), frame.headers.get("id")
        if not destination or not identity:
            self._error("Missing destination or subscription id header")
        elif identity in self._subscriptions:
            self._error("Subscription id already exists")
        else:
            self._subscriptions[identity] = destination

    def _request(self, frame: Frame) -> None:
        destination = frame.headers.get("destination", "")
        if not any(destination == queue or destination.startswith(queue + ".") for queue in REQUEST_QUEUES):
            if destination in self._subscriptions.values():
                logger.warning("%s sent to %s; nothing is forwarded here", self.asker.name, destination)
            else:
                self._error("Subscription not available")
            return
        self._on_request()
        if len(self._under_way) >= MAX_UNDER_WAY:
            self._reply(frame, busy(frame.body))
            return
        task = self._loop.create_task(self._serve(frame))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _serve(self, frame: Frame) -> None:
        self._reply(frame, await answer(self._dispatcher, frame.body, self.asker))

    def _reply(self, request: Frame, body: bytes | None) -> None:
        if body is None:
            return
        queue = request.headers.get("reply-to", "")
        if not self._send_message(queue, body):
            logger.warning("%s asked with reply-to %r, which it does not read: no answer", self.asker.name, queue)

    def _send_message(self, destination: str, body: bytes) -> bool:
        identities = [identity for identity, queue in self._subscriptions.items() if queue == destination]
        for identity in identities:
            headers = {"destination": destination, "content-type": "application/json", "subscription": identity}
            self._write(Frame("MESSAGE", headers, body))
        return bool(identities)

    def _error(self, text: str) -> None:
        self._write(Frame("ERROR", {}, text.encode("utf-8")))

    def _write(self, frame: Frame) -> None:
        if self._writer.transport.is_closing():
            return
        self._writer.write(encode(frame))
        self._sent_at = self._loop.time()
        if self._writer.transport.get_write_buffer_size() > MAX_UNSENT:
            self.end("it does not read what we send")

    def _beat(self) -> None:
        """Keep our promise of heart-beats, and hold the client to its own."""
        if self._writer.transport.is_closing():
            return
        now = self._loop.time()
        waits = []
        if self._client_beats_s:
            left = self._received_at + 2 * self._client_beats_s - now
            if left <= 0:
                self.end(f"silent for {now - self._received_at:.1f} s")
                return
            waits.append(left)
        if self._our_beats_s:
            # Half the interval, so that a busy moment of ours does not look like our end.
            left = self._sent_at + self._our_beats_s / 2 - now
            if left <= 0:
                self._writer.write(HEART_BEAT)
                self._sent_at = now
                left = self._our_beats_s / 2
            waits.append(left)
        if waits:
            self._timer = self._loop.call_later(min(waits), self._beat)
