# SPDX-License-Identifier: Apache-2.0
"""Whatever an enrolled peer sends to the agent's port, the next peer is served and nothing of the last one is left."""

from __future__ import annotations

import asyncio
import json
import os
import random
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.rpc.stomp import MAX_HEADER, REQUEST_QUEUES, Frame, encode

from tests.unit.agent_support import AgentHouse, running_agent

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

BODIES: list[bytes] = [
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b'{"jsonrpc":"2.0","id":1e400,"method":"Host.ping2"}',
    b'{"jsonrpc":"2.0","id":NaN,"method":"Host.ping2"}',
    b'{"jsonrpc":"2.0","id":{"a":1},"method":"Host.ping2","params":{}}',
    b'{"jsonrpc":"2.0","id":"\\ud800","method":"\\udfff","params":[[[]]]}',
    b'[{"jsonrpc":"2.0","id":[1],"method":"x"},1,null,{"jsonrpc":"2.0","id":1e999}]',
    b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"method":"Host.ping2"}',
    '{"jsonrpc":"2.0","id":1,"method":"Host.ping2"}'.encode("utf-16"),
    b"\0\0\0",
    b"",
]


def request(body: bytes) -> bytes:
    return encode(Frame("SEND", {"destination": REQUEST_QUEUES[0], "reply-to": "replies"}, body))


CONNECT = b"CONNECT\naccept-version:1.2\nheart-beat:0,0\n\n\0"
SUBSCRIBE = encode(Frame("SUBSCRIBE", {"destination": "replies", "id": "1"}))
PING = request(b'{"jsonrpc":"2.0","id":"p","method":"Host.ping2","params":{}}')
RAW: list[bytes] = [
    b"\0",
    b"\0" * 5000,
    b"\xff" * 100,
    b"\xef\xbb\xbf" + CONNECT,
    b"\n" * 100_000,
    b"CONNECT\n",
    b"CONNECT\naccept-version:1.2",
    b"SEND\ncontent-length:99999999999999999999\n\n",
    b"SEND\ncontent-length:16777216\n\nshort",
    b"SEND\n" + b"x:y\n" * 5000,
    b"SEND\n" + b"x" * (MAX_HEADER + 1),
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    CONNECT * 200,
    SUBSCRIBE * 200,
    b"UNSUBSCRIBE\nid:1\n\n\0" * 200,
    b"DISCONNECT\nreceipt:r\n\n\0" * 3,
    b"ACK\nid:1\n\n\0BEGIN\ntransaction:t\n\n\0",
    PING * 300,
]
NUMBER_OF_MIXTURES = 60


def mixture(chance: random.Random) -> bytes:
    """Frames, halves of frames, turned bits and noise in a row."""
    pieces = []
    for _ in range(chance.randint(1, 6)):
        piece = bytearray(chance.choice([CONNECT, SUBSCRIBE, PING, request(chance.choice(BODIES[2:]))]))
        kind = chance.random()
        if kind < 0.3:
            del piece[chance.randrange(len(piece)) :]
        elif kind < 0.6:
            piece[chance.randrange(len(piece))] ^= 1 << chance.randrange(8)
        elif kind < 0.8:
            piece += chance.randbytes(chance.randint(1, 50))
        pieces.append(bytes(piece))
    return b"".join(pieces)


async def throw(house: AgentHouse, context: ssl.SSLContext, data: bytes, size: int) -> None:
    """Send it in pieces, read whatever comes for a moment, and hang up without a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port, ssl=context)
    try:
        for start in range(0, len(data), size):
            writer.write(data[start : start + size])
        await asyncio.wait_for(writer.drain(), 5)
        await asyncio.wait_for(reader.read(65536), 0.02)
    except (OSError, asyncio.TimeoutError):
        pass
    finally:
        writer.transport.abort()


async def settled(house: AgentHouse, descriptors: int) -> None:
    """The agent has noticed that everybody hung up."""
    for _ in range(1000):
        if not house.agent.server.clients and len(os.listdir("/proc/self/fd")) <= descriptors:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"left: {house.agent.server.clients}, {len(os.listdir('/proc/self/fd'))} of {descriptors} fds")


async def test_any_bytes_on_the_agents_port(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Tasks that are left behind fail the fixture; descriptors and defects are looked at here."""
    chance = random.Random(54321)
    async with running_agent(tmp_path) as house:
        context = house.context()
        await throw(house, context, CONNECT, 100)
        await settled(house, 10_000)
        before = len(os.listdir("/proc/self/fd")) + 1
        bodies = [CONNECT + SUBSCRIBE + request(body) for body in BODIES]
        for data in [*RAW, *bodies, *(mixture(chance) for _ in range(NUMBER_OF_MIXTURES))]:
            await throw(house, context, data, chance.choice([7, 100, 65536]) if len(data) < 2000 else 65536)
        await settled(house, before)
        client = await house.raw()
        client.subscribe()
        client.request("Host.ping2")
        assert (await client.answer())["result"] is True
        await client.close()
    defects = [record for record in caplog.records if record.exc_info or record.levelname in ("ERROR", "CRITICAL")]
    assert defects == [], [record.getMessage() for record in defects]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
async def test_a_body_that_is_no_request_is_answered_as_such(tmp_path: Path, body: bytes) -> None:
    async with running_agent(tmp_path) as house:
        client = await house.raw()
        client.subscribe()
        client.send_bytes(request(body))
        frame = await client.frame()
        answer: Any = json.loads(frame.body, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
        for one in answer if isinstance(answer, list) else [answer]:
            assert one["error"]["code"] in (-32700, -32600, -32601), one
        client.request("Host.ping2")
        assert (await client.answer())["result"] is True
        await client.close()
