# SPDX-License-Identifier: Apache-2.0
"""The client against servers that behave as a real vdsm does, or badly: over real TLS, from a script."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import TYPE_CHECKING, Any, Callable

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.rpc.stomp import EVENT_QUEUE, Frame, FrameParser, encode
from cockpit_rhv.rpc.stomp_client import EventCallback, JsonRpcRemoteError, StompRpcClient
from cockpit_rhv.rpc.tls import client_context, server_context

from tests.unit.tls_support import Authority

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from pathlib import Path

Answer = Callable[["Host", Frame], "Awaitable[None]"]


class Host:
    """A server that answers CONNECT and gives each SEND to ``on_send``; all frames are kept in ``seen``."""

    def __init__(self, folder: Path) -> None:
        self._authority = Authority(folder)
        self.seen: list[Frame] = []
        self.heart_beats = 0
        self.heart_beat = "0,0"
        self.on_send: Answer = answer_true
        self.on_connect: bytes | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._queues: dict[str, str] = {}

    async def start(self) -> None:
        context = server_context(self._authority.ca, *self._authority.issue("host", "127.0.0.1"))
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)

    async def stop(self) -> None:
        self._server.close()
        self.cut()
        await asyncio.sleep(0)

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    def write(self, data: bytes) -> None:
        self._writers[-1].write(data)

    def message(self, destination: str, body: Any) -> None:
        headers = {"destination": destination, "subscription": self._queues[destination]}
        self.write(encode(Frame("MESSAGE", headers, json.dumps(body).encode())))

    def answer(self, request: Frame, **members: Any) -> None:
        self.message(request.headers["reply-to"], {"jsonrpc": "2.0", "id": json.loads(request.body)["id"], **members})

    async def connect(self, on_event: EventCallback | None = None, **options: Any) -> StompRpcClient:
        context = client_context(self._authority.ca, *self._authority.issue("engine"))
        port = self._server.sockets[0].getsockname()[1]
        return await StompRpcClient.connect(
            "127.0.0.1", port, context, server_names=["127.0.0.1"], on_event=on_event, **options
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        parser = FrameParser()
        try:
            while data := await reader.read(4096):
                self.heart_beats += data == b"\n"
                parser.feed(data)
                while (frame := parser.next_frame()) is not None:
                    self.seen.append(frame)
                    await self._take(frame)
        except OSError:
            pass

    async def _take(self, frame: Frame) -> None:
        if frame.command == "CONNECT":
            connected = encode(Frame("CONNECTED", {"version": "1.2", "heart-beat": self.heart_beat}))
            self.write(connected if self.on_connect is None else self.on_connect)
        elif frame.command == "SUBSCRIBE":
            self._queues[frame.headers["destination"]] = frame.headers["id"]
        elif frame.command == "SEND":
            await self.on_send(self, frame)


async def answer_true(host: Host, request: Frame) -> None:
    host.answer(request, result=True)


async def no_answer(host: Host, request: Frame) -> None:
    """A hung verb."""


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Host]:
    server = Host(tmp_path)
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def client(host: Host) -> AsyncIterator[StompRpcClient]:
    connected = await host.connect()
    yield connected
    await connected.close()


async def test_what_a_real_vdsm_gets_to_see(host: Host, client: StompRpcClient) -> None:
    await client.call("Host.echo", {"message": "ñ"})
    connect, subscribe, send = host.seen
    assert connect.command == "CONNECT"
    assert connect.headers["accept-version"] == "1.2"
    assert subscribe.headers["ack"] == "auto"
    assert send.headers["destination"] == "jms.topic.vdsm_requests"
    assert send.headers["reply-to"] == subscribe.headers["destination"]
    body = json.loads(send.body)
    assert body["id"], "a request without id kills vdsm's RPC thread"
    assert {key: body[key] for key in ("jsonrpc", "method", "params")} == {
        "jsonrpc": "2.0",
        "method": "Host.echo",
        "params": {"message": "ñ"},
    }


async def test_two_clients_have_queues_of_their_own(host: Host) -> None:
    clients = [await host.connect() for _ in range(2)]
    queues = [frame.headers["destination"] for frame in host.seen if frame.command == "SUBSCRIBE"]
    assert len(set(queues)) == 2
    for each in clients:
        await each.close()


async def test_answers_in_another_order(host: Host, client: StompRpcClient) -> None:
    waiting: list[Frame] = []

    async def both_backwards(host: Host, request: Frame) -> None:
        waiting.append(request)
        if len(waiting) == 2:
            for held in reversed(waiting):
                host.answer(held, result=json.loads(held.body)["params"]["n"])

    host.on_send = both_backwards
    first, second = await asyncio.gather(client.call("A", {"n": 1}), client.call("B", {"n": 2}))
    assert (first, second) == (1, 2)


async def test_answer_in_an_array(host: Host, client: StompRpcClient) -> None:
    async def in_array(host: Host, request: Frame) -> None:
        host.message(request.headers["reply-to"], [{"id": json.loads(request.body)["id"], "result": "r"}])

    host.on_send = in_array
    assert await client.call("A") == "r"


async def test_error_answer(host: Host, client: StompRpcClient) -> None:
    async def fail(host: Host, request: Frame) -> None:
        host.answer(request, error={"code": 99, "message": "Recovering from crash or Initializing"})

    host.on_send = fail
    with pytest.raises(JsonRpcRemoteError) as caught:
        await client.call("Host.getStats")
    assert (caught.value.code, caught.value.message) == (99, "Recovering from crash or Initializing")
    host.on_send = answer_true
    assert await client.call("Host.ping2") is True


async def test_a_hung_verb_and_its_late_answer(host: Host, client: StompRpcClient) -> None:
    host.on_send = no_answer
    with pytest.raises(RhvError) as caught:
        await client.call("Host.getStats", timeout_s=0.1)
    assert caught.value.code == "rpc.timeout"
    host.answer(host.seen[-1], result="late")
    host.on_send = answer_true
    assert await client.call("Host.ping2") is True
    assert not client.closed.done()


async def test_events(host: Host) -> None:
    events: list[tuple[str, Any]] = []

    def take(method: str, params: Any) -> None:
        events.append((method, params))
        if method == "bad":
            raise ValueError("the reader's own mistake")

    client = await host.connect(take)
    await client.call("Host.ping2")
    host.message(EVENT_QUEUE, {"jsonrpc": "2.0", "method": "bad", "params": {}})
    host.message(EVENT_QUEUE, {"jsonrpc": "2.0", "method": "|virt|VM_status|x", "params": {"x": {"status": "Up"}}})
    assert await client.call("Host.ping2") is True
    assert events == [("bad", {}), ("|virt|VM_status|x", {"x": {"status": "Up"}})]
    await client.close()


async def test_no_subscription_to_events_without_a_reader(host: Host, client: StompRpcClient) -> None:
    await client.call("Host.ping2")
    assert EVENT_QUEUE not in [frame.headers.get("destination") for frame in host.seen]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"ERROR\ncontent-length:19\n\nVersion unsupported\0", "rpc.refused"),
        (b"RECEIPT\nreceipt-id:1\n\n\0SURPRISE\n\n\0", "rpc.refused"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "rpc.bad_frame"),
        (b"MESSAGE\n\nno json\0", "rpc.refused"),
        (b"MESSAGE\n\n[1]\0", "rpc.refused"),
        (b"MESSAGE\ncontent-length:99999999\n\n", "rpc.bad_frame"),
        (b"", "rpc.timeout"),
    ],
)
async def test_server_that_does_not_connect(host: Host, sent: bytes, code: str) -> None:
    host.on_connect = sent
    with pytest.raises(RhvError) as caught:
        await host.connect(timeout_s=60 if sent else 0.5)
    assert caught.value.code == code


async def test_connection_lost_during_a_call(host: Host, client: StompRpcClient) -> None:
    async def cut(host: Host, request: Frame) -> None:
        host.cut()

    host.on_send = cut
    with pytest.raises(RhvError) as caught:
        await client.call("Host.getStats", timeout_s=60)
    assert caught.value.code == "rpc.closed"
    reason = await client.closed
    assert reason is not None
    assert reason.code == "rpc.closed"
    with pytest.raises(RhvError):
        await client.call("Host.ping2")


async def test_closed_by_us(host: Host, client: StompRpcClient) -> None:
    host.on_send = no_answer
    call = asyncio.ensure_future(client.call("Host.getStats"))
    await asyncio.sleep(0.05)
    await client.close()
    with pytest.raises(RhvError) as caught:
        await call
    assert caught.value.code == "rpc.closed"
    assert client.closed.result() is None


async def test_heart_beats_both_ways(host: Host) -> None:
    host.heart_beat = "1000,1000"
    client = await host.connect(heart_beat_ms=(1000, 1000))
    for _ in range(5):
        await asyncio.sleep(0.5)
        host.write(b"\n")
    assert host.heart_beats >= 3
    assert not client.closed.done()
    start = asyncio.get_running_loop().time()
    reason = await asyncio.wait_for(client.closed, 60)
    assert reason is not None
    assert reason.code == "rpc.closed"
    assert 1.5 < asyncio.get_running_loop().time() - start < 20
    await client.close()


async def test_no_heart_beat_agreed(host: Host) -> None:
    host.heart_beat = "0,0"
    client = await host.connect(heart_beat_ms=(1000, 1000))
    await asyncio.sleep(1.3)
    assert host.heart_beats == 0
    assert not client.closed.done()
    await client.close()


async def test_nobody_listens(host: Host, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    authority = Authority(tmp_path / "x")
    with pytest.raises(RhvError) as caught:
        await StompRpcClient.connect(
            "127.0.0.1", port, client_context(authority.ca, *authority.issue("e")), server_names=[]
        )
    assert caught.value.code == "rpc.unreachable"


async def test_port_that_never_speaks_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(RhvError) as caught:
        await StompRpcClient.connect(
            "127.0.0.1",
            silent.getsockname()[1],
            client_context(authority.ca, *authority.issue("e")),
            server_names=[],
            timeout_s=0.3,
        )
    assert caught.value.code == "rpc.timeout"
