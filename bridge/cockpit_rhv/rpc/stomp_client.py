# SPDX-License-Identifier: Apache-2.0
"""JSON-RPC client for port 54321: our agent, or a real vdsm.

It keeps to what a real vdsm survives: one request a frame, always with an id and a reply queue of its own, never a
batch, never a notification.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from . import link_errors as link
from .stomp import (
    EVENT_QUEUE,
    HEART_BEAT,
    MAX_BODY,
    REQUEST_QUEUES,
    Frame,
    FrameParser,
    agree_heart_beat,
    encode,
    parse_heart_beat,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Mapping, Sequence

logger = logging.getLogger(__name__)

EventCallback = Callable[[str, Any], None]
"""Called with an event's method and params, in the order of arrival."""

_READ_SIZE = 64 * 1024


class JsonRpcRemoteError(Exception):
    """The other side answered with an error; ``code`` and ``message`` as it sent them, ``data`` None with vdsm."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.data = data


class StompRpcClient:
    """One connection; made by :meth:`connect`, never reconnects by itself.

    ``closed`` becomes done when the connection ends: None after :meth:`close`, else the RhvError that says why.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, on_event: EventCallback | None, host: str
    ) -> None:
        """Use :meth:`connect`."""
        self._reader = reader
        self._writer = writer
        self._on_event = on_event
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._parser = FrameParser(max_body=MAX_BODY)
        self._reply_queue = str(uuid.uuid4())
        self._pending: dict[str, asyncio.Future[Any]] = {}
        self._connected: asyncio.Future[Mapping[str, str]] = self._loop.create_future()
        self._outgoing_s = 0.0
        self._incoming_s = 0.0
        self._received_at = self._sent_at = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self.closed: asyncio.Future[RhvError | None] = self._loop.create_future()

    @classmethod
    async def connect(
        cls,
        host: str,
        port: int,
        ssl_context: ssl.SSLContext,
        *,
        server_names: Iterable[str],
        on_event: EventCallback | None = None,
        heart_beat_ms: tuple[int, int] = (10_000, 10_000),
        timeout_s: float = 20.0,
    ) -> StompRpcClient:
        """Connect, prove the server and say CONNECT; with ``on_event`` also subscribe to events.

        ``server_names``: addresses or names of which the server's certificate must hold at least one; an empty
        collection skips that test (vdsm's own rule: the CA is enough). ``heart_beat_ms``: what we offer to send and
        ask to receive. ``timeout_s`` covers the whole of it.

        Raises RhvError: ``rpc.unreachable``, ``rpc.timeout``, ``rpc.untrusted`` (server's certificate),
        ``rpc.wrong_name``, ``rpc.refused`` (our certificate, or the protocol), ``rpc.closed``, ``rpc.bad_frame``.
        """
        try:
            return await asyncio.wait_for(
                cls._connect(host, port, ssl_context, list(server_names), on_event, heart_beat_ms), timeout_s
            )
        except asyncio.TimeoutError as error:
            raise link.timeout(host, timeout_s) from error

    @classmethod
    async def _connect(
        cls,
        host: str,
        port: int,
        ssl_context: ssl.SSLContext,
        server_names: Sequence[str],
        on_event: EventCallback | None,
        heart_beat_ms: tuple[int, int],
    ) -> StompRpcClient:
        try:
            reader, writer = await asyncio.open_connection(host, port, ssl=ssl_context)
        except OSError as error:  # ssl.SSLError is one
            raise link.explain(error, host, port) from error
        client = cls(reader, writer, on_event, host)
        try:
            link.check_name(writer.get_extra_info("peercert") or {}, server_names, host)
            await client._start(host, heart_beat_ms)
        except BaseException:
            await client.close()
            raise
        return client

    async def _start(self, host: str, heart_beat_ms: tuple[int, int]) -> None:
        offer = ",".join(str(value) for value in heart_beat_ms)
        self._write(Frame("CONNECT", {"accept-version": "1.2", "heart-beat": offer, "host": host}))
        self._subscribe(self._reply_queue)
        if self._on_event is not None:
            self._subscribe(EVENT_QUEUE)
        self._task = asyncio.create_task(self._run(), name=f"stomp client {host}")
        headers = await self._connected
        outgoing, incoming = agree_heart_beat(heart_beat_ms, parse_heart_beat(headers.get("heart-beat")))
        self._outgoing_s, self._incoming_s = outgoing / 1000, incoming / 1000
        self._beat()

    def _subscribe(self, destination: str) -> None:
        self._write(Frame("SUBSCRIBE", {"destination": destination, "ack": "auto", "id": str(uuid.uuid4())}))

    async def call(self, method: str, params: Any = None, timeout_s: float = 60.0) -> Any:
        """The result of ``method``. ``params``: object (by name) or list; None sends an empty object.

        Raises JsonRpcRemoteError when the other side answers with an error; RhvError ``rpc.timeout`` when it does not
        answer in ``timeout_s``, and the reason of the end when the connection ends meanwhile or has ended before.
        """
        if self.closed.done():
            raise self._ended()
        request_id = str(uuid.uuid4())
        body = {"jsonrpc": "2.0", "method": method, "params": {} if params is None else params, "id": request_id}
        frame = Frame(
            "SEND",
            {
                "destination": REQUEST_QUEUES[0],
                "reply-to": self._reply_queue,
                "content-type": "application/json",
            },
            json.dumps(body).encode("ascii"),
        )
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._pending[request_id] = answer
        try:
            self._write(frame)
            return await asyncio.wait_for(answer, timeout_s)
        except asyncio.TimeoutError as error:
            raise link.timeout(self._host, timeout_s) from error
        finally:
            del self._pending[request_id]

    async def close(self) -> None:
        """End the connection; calls under way fail with ``rpc.closed``. Harmless when it has ended already."""
        self._finish(None)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            await asyncio.wait_for(self._writer.wait_closed(), 1.0)
        except asyncio.TimeoutError:  # a peer that does not answer the end of TLS
            self._writer.transport.abort()
        except OSError as error:
            logger.debug("%s did not close cleanly: %s", self._host, error)

    def _write(self, frame: Frame) -> None:
        self._writer.write(encode(frame))
        self._sent_at = self._loop.time()

    async def _run(self) -> None:
        """Read until the end; whatever ends it becomes the value of ``closed``."""
        try:
            while data := await self._reader.read(_READ_SIZE):
                self._received_at = self._loop.time()
                self._parser.feed(data)
                while (frame := self._parser.next_frame()) is not None:
                    self._take(frame)
            self._finish(self._broken("end of stream"))
        except RhvError as error:
            self._finish(error)
        except OSError as error:
            self._finish(self._broken(str(error)))
        except Exception as error:
            # Ours, not the peer's: whoever waits for `closed` or an answer must learn of it all the same.
            self._finish(link.closed(self._host, f"{type(error).__name__}: {error}"))
            raise

    def _broken(self, detail: str) -> RhvError:
        """With TLS 1.3 a client learns only after its handshake that the server does not take its certificate."""
        return (link.closed if self._connected.done() else link.refused)(self._host, detail)

    def _take(self, frame: Frame) -> None:
        if frame.command == "MESSAGE":
            self._take_body(frame.body)
        elif frame.command == "CONNECTED":
            if not self._connected.done():
                self._connected.set_result(frame.headers)
        elif frame.command == "ERROR":
            # It names no request, so no call could be failed alone.
            raise link.refused(self._host, frame.body.decode("utf-8", "replace"))
        elif frame.command != "RECEIPT":
            raise link.refused(self._host, f"unexpected frame {frame.command}")

    def _take_body(self, body: bytes) -> None:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise link.refused(self._host, f"body is not JSON: {error}") from error
        for item in document if isinstance(document, list) else [document]:
            if not isinstance(item, dict):
                raise link.refused(self._host, f"not a JSON-RPC object: {str(item)[:200]}")
            if "method" in item:
                self._take_event(str(item["method"]), item.get("params"))
            else:
                self._take_answer(item)

    def _take_event(self, method: str, params: Any) -> None:
        if self._on_event is None:
            return
        try:
            self._on_event(method, params)
        except Exception:
            logger.exception("event %s of %s could not be handled", method, self._host)

    def _take_answer(self, item: Mapping[str, Any]) -> None:
        answer = self._pending.get(str(item.get("id")))
        if answer is None or answer.done():
            logger.debug("late or unasked answer of %s: id %s", self._host, item.get("id"))
        elif item.get("error") is not None:
            error = item["error"]
            if not isinstance(error, dict):
                error = {"message": str(error)}
            code = error.get("code")
            code = code if isinstance(code, int) else -32603
            answer.set_exception(JsonRpcRemoteError(code, str(error.get("message", "")), error.get("data")))
        elif "result" in item:
            answer.set_result(item["result"])
        else:
            raise link.refused(self._host, "an answer with neither result nor error")

    def _beat(self) -> None:
        """Send our heart-beats and miss theirs; runs twice per interval."""
        if self.closed.done():
            return
        now = self._loop.time()
        if self._incoming_s and now - self._received_at > 2 * self._incoming_s:
            self._finish(link.closed(self._host, f"no heart-beat for {now - self._received_at:.0f} s"))
            return
        intervals = [value for value in (self._outgoing_s, self._incoming_s) if value]
        if not intervals:
            return
        if self._outgoing_s and now - self._sent_at >= self._outgoing_s / 4:
            self._writer.write(HEART_BEAT)
            self._sent_at = now
        self._timer = self._loop.call_later(min(intervals) / 2, self._beat)

    def _finish(self, reason: RhvError | None) -> None:
        if self.closed.done():
            return
        self.closed.set_result(reason)
        if self._timer is not None:
            self._timer.cancel()
        ended = self._ended()
        if not self._connected.done():
            self._connected.set_exception(ended)
            self._connected.exception()  # nobody may be waiting for it
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(ended)
        self._writer.close()

    def _ended(self) -> RhvError:
        return self.closed.result() or link.closed(self._host, "closed by us")
