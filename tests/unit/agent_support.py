# SPDX-License-Identifier: Apache-2.0
"""A real agent in this process, on a loopback port, with libvirt's test driver; and a client that speaks raw STOMP."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import uuid
from typing import TYPE_CHECKING, Any

from cockpit_rhv.agent.service import Agent, Settings
from cockpit_rhv.rpc.stomp import EVENT_QUEUE, REQUEST_QUEUES, Frame, FrameParser, encode
from cockpit_rhv.rpc.stomp_client import EventCallback, StompRpcClient
from cockpit_rhv.rpc.tls import client_context

from tests.own_driver import own_test_driver
from tests.unit.tls_support import Authority

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PATIENCE_S = 60.0


class AgentHouse:
    """An agent and the authority that its clients' certificates come from."""

    def __init__(self, folder: Path, libvirt_uri: str | None = None) -> None:
        self.config = folder / "etc"
        self.authority = Authority(self.config / "pki")
        self.authority.issue("host", "127.0.0.1", "host.example", stem="agent")
        self.settings = Settings(
            self.config, "127.0.0.1", 0, libvirt_uri or own_test_driver(folder), folder / "run/agent.json", tick_s=0.2
        )
        self.agent = Agent(self.settings)

    @property
    def port(self) -> int:
        return self.agent.server.port

    def context(self, name: str = "engine") -> ssl.SSLContext:
        return client_context(self.authority.ca, *self.authority.issue(name))

    async def client(self, on_event: EventCallback | None = None, name: str = "engine") -> StompRpcClient:
        return await StompRpcClient.connect(
            "127.0.0.1", self.port, self.context(name), server_names=["127.0.0.1"], on_event=on_event
        )

    async def raw(self, context: ssl.SSLContext | None = None) -> RawClient:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=context or self.context())
        return RawClient(reader, writer)

    async def libvirt_connected(self) -> None:
        async def wait() -> None:
            while self.agent.connection.state.state != "connected" or not self.agent.guests.complete:
                await asyncio.sleep(0.01)

        await asyncio.wait_for(wait(), PATIENCE_S)


@contextlib.asynccontextmanager
async def running_agent(folder: Path, libvirt_uri: str | None = None) -> AsyncIterator[AgentHouse]:
    """An agent that has read the test driver's guest; stopped at the end, and nothing of it may be left."""
    before = asyncio.all_tasks()
    house = AgentHouse(folder, libvirt_uri)
    await house.agent.start()
    try:
        if libvirt_uri is None:
            await house.libvirt_connected()
        yield house
    finally:
        await house.agent.stop()
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not left, left


class RawClient:
    """Sends what it is told, byte for byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._parser = FrameParser()
        self.heart_beats = 0

    def send(self, command: str, body: bytes = b"", **headers: str) -> None:
        self.send_bytes(encode(Frame(command, {key.replace("_", "-"): value for key, value in headers.items()}, body)))

    def send_bytes(self, data: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(data)

    def request(self, method: str, reply_to: str | None = "replies", **params: Any) -> str:
        """Send a request; returns its id."""
        identity = str(uuid.uuid4())
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": identity}).encode()
        headers = {} if reply_to is None else {"reply_to": reply_to}
        self.send("SEND", body, destination=REQUEST_QUEUES[0], **headers)
        return identity

    def subscribe(self, destination: str = "replies", identity: str = "1") -> None:
        self.send("SUBSCRIBE", destination=destination, id=identity, ack="auto")

    def subscribe_events(self) -> None:
        self.subscribe(EVENT_QUEUE, "events")

    async def frame(self) -> Frame:
        """The next frame; fails the test when none comes."""
        return await asyncio.wait_for(self._next(), PATIENCE_S)

    async def answer(self) -> Any:
        """The JSON body of the next frame."""
        return json.loads((await self.frame()).body)

    async def nothing(self, seconds: float = 0.3) -> None:
        """Assert that no frame comes."""
        try:
            frame = await asyncio.wait_for(self._next(), seconds)
        except asyncio.TimeoutError:
            return
        raise AssertionError(f"unexpected {frame}")

    async def closed(self, seconds: float = PATIENCE_S) -> float:
        """Assert that the server closes; the seconds it took."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        try:
            while True:
                data = await asyncio.wait_for(self._reader.read(4096), seconds)
                if not data:
                    break
        except (ConnectionError, ssl.SSLError):
            pass
        return loop.time() - start

    async def close(self) -> None:
        self._writer.close()
        try:
            await asyncio.wait_for(self._writer.wait_closed(), 1)
        except asyncio.TimeoutError:
            self._writer.transport.abort()
        except OSError:
            pass  # the server was first

    async def _next(self) -> Frame:
        while (frame := self._parser.next_frame()) is None:
            data = await self._reader.read(4096)
            if not data:
                raise ConnectionResetError("closed by the server")
            if not data.strip():
                self.heart_beats += len(data)
            self._parser.feed(data)
        return frame
