# SPDX-License-Identifier: Apache-2.0
"""The dialogue on port 54321, rule by rule (shared fact sheet vdsm.md, 1.2 and 1.3), with raw frames over real TLS."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.agent import session
from cockpit_rhv.rpc.stomp import REQUEST_QUEUES, RESPONSE_QUEUE, Frame, encode

from tests.unit.agent_support import AgentHouse, RawClient, running_agent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[AgentHouse]:
    async with running_agent(tmp_path) as running:
        yield running


@pytest.fixture
async def raw(house: AgentHouse) -> AsyncIterator[RawClient]:
    client = await house.raw()
    yield client
    await client.close()


def error(text: str) -> Frame:
    return Frame("ERROR", {"content-length": str(len(text))}, text.encode())


CONNECTED = Frame("CONNECTED", {"version": "1.2", "heart-beat": "0,0"})


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        pytest.param("CONNECT\naccept-version:1.2\n\n\0", [CONNECTED], id="no heart-beat"),
        pytest.param("CONNECT\r\naccept-version:1.2\r\nheart-beat:0,0\r\n\r\n\0", [CONNECTED], id="CRLF"),
        pytest.param(
            "CONNECT\naccept-version:1.2\nheart-beat:5000,24000\nhost:h\n\n\0",
            [Frame("CONNECTED", {"version": "1.2", "heart-beat": "24000,5000"})],
            id="the client's pair swapped",
        ),
        pytest.param(
            "CONNECT\naccept-version:1.2\nheart-beat:1,2\n\n\0",
            [Frame("CONNECTED", {"version": "1.2", "heart-beat": "1000,1000"})],
            id="at least a second",
        ),
        pytest.param("CONNECT\naccept-version:1.2\nheart-beat:soon\n\n\0", [CONNECTED], id="unreadable heart-beat"),
        pytest.param("CONNECT\naccept-version:1.1,1.2\n\n\0", [error("Version unsupported")], id="list of versions"),
        pytest.param(
            "CONNECT\n\n\0CONNECT\naccept-version:1.2\n\n\0",
            [error("Version unsupported"), CONNECTED],
            id="CONNECT after a refused one",
        ),
        pytest.param(
            "SUBSCRIBE\nid:1\n\n\0", [error("Missing destination or subscription id header")], id="no destination"
        ),
        pytest.param(
            "SUBSCRIBE\ndestination:a\n\n\0", [error("Missing destination or subscription id header")], id="no id"
        ),
        pytest.param(
            "SUBSCRIBE\ndestination:a\nid:1\n\n\0SUBSCRIBE\ndestination:b\nid:1\n\n\0",
            [error("Subscription id already exists")],
            id="id twice",
        ),
        pytest.param(
            "SUBSCRIBE\ndestination:a\nid:1\n\n\0UNSUBSCRIBE\nid:1\n\n\0SUBSCRIBE\ndestination:b\nid:1\n\n\0", [],
            id="id again after UNSUBSCRIBE",
        ),
        pytest.param("UNSUBSCRIBE\nid:1\n\n\0", [], id="UNSUBSCRIBE of nothing"),
        pytest.param("SEND\ndestination:x\n\n{}\0", [error("Subscription not available")], id="SEND to no queue"),
        pytest.param(
            "SUBSCRIBE\ndestination:x\nid:1\n\n\0SEND\ndestination:x\n\n{}\0", [], id="SEND is never forwarded"
        ),
        pytest.param(
            "DISCONNECT\nreceipt:77\n\n\0CONNECT\naccept-version:1.2\n\n\0",
            [Frame("RECEIPT", {"receipt-id": "77"}), CONNECTED],
            id="DISCONNECT does not close",
        ),
    ],
)  # fmt: skip
async def test_dialogue(raw: RawClient, sent: str, expected: list[Frame]) -> None:
    raw.send_bytes(sent.encode())
    assert [await raw.frame() for _ in expected] == expected
    await raw.nothing()


@pytest.mark.parametrize(
    "sent",
    [
        "STOMP\naccept-version:1.2\n\n\0",
        "BEGIN\ntransaction:1\n\n\0",
        "ACK\nid:1\n\n\0",
        "DISCONNECT\n\n\0",
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "PUT / HTTP/1.1\r\n",
        "\x00\x01\x02garbage",
        "SEND\ncontent-length:2\n\nabc\0",
        "SEND\ncontent-length:1048577\n\n",
        "SEND\nbroken\n\n\0",
    ],
)
async def test_closed_at_once(house: AgentHouse, raw: RawClient, sent: str) -> None:
    raw.send_bytes(sent.encode())
    assert await raw.closed() < session.FIRST_FRAME_S / 2
    other = await house.client()
    assert await other.call("Host.ping2") is True
    await other.close()


@pytest.mark.parametrize("queue", [*REQUEST_QUEUES, f"{REQUEST_QUEUES[0]}.host.example", f"{REQUEST_QUEUES[1]}.x"])
async def test_request_queues(raw: RawClient, queue: str) -> None:
    raw.subscribe()
    body = b'{"jsonrpc":"2.0","method":"Host.ping2","params":{},"id":1}'
    raw.send("SEND", body, destination=queue, reply_to="replies")
    assert await raw.answer() == {"jsonrpc": "2.0", "result": True, "id": 1}


async def test_answer_has_what_clients_look_for(raw: RawClient) -> None:
    raw.subscribe(identity="mine")
    raw.request("Host.ping2")
    frame = await raw.frame()
    assert frame.command == "MESSAGE"
    assert frame.headers["destination"] == "replies"
    assert frame.headers["subscription"] == "mine"
    assert frame.headers["content-type"] == "application/json"
    assert int(frame.headers["content-length"]) == len(frame.body)


async def test_pipelined_in_any_order_without_connect(raw: RawClient) -> None:
    raw.subscribe()
    first, second = raw.request("Host.ping2"), raw.request("Host.echo", message="x")
    raw.send("CONNECT", accept_version="1.2")
    frames = [await raw.frame() for _ in range(3)]
    answers = {json.loads(frame.body)["id"]: json.loads(frame.body)["result"] for frame in frames if frame.body}
    assert answers == {first: True, second: "x"}


async def test_no_reply_to_or_an_unsubscribed_one_is_no_answer(raw: RawClient) -> None:
    raw.subscribe(RESPONSE_QUEUE)
    raw.request("Host.ping2", reply_to=None)
    raw.request("Host.ping2", reply_to="elsewhere")
    await raw.nothing()


async def test_two_clients_on_one_queue_do_not_see_each_others_answers(house: AgentHouse) -> None:
    first, second = await house.raw(), await house.raw(house.context("other"))
    for client in (first, second):
        client.subscribe(RESPONSE_QUEUE)
        client.subscribe(REQUEST_QUEUES[0], "spy")
        client.subscribe("jms", "spy on all")
    identity = first.request("Host.echo", RESPONSE_QUEUE, message="secret")
    answer = await first.answer()
    assert (answer["id"], answer["result"]) == (identity, "secret")
    await second.nothing()
    await first.nothing(0.05)
    await first.close()
    await second.close()


async def test_same_id_from_two_clients_in_flight(house: AgentHouse) -> None:
    clients = [await house.raw() for _ in range(2)]
    for number, client in enumerate(clients):
        client.subscribe()
        body = {"jsonrpc": "2.0", "method": "Host.echo", "params": {"message": str(number)}, "id": "same"}
        client.send("SEND", json.dumps(body).encode(), destination=REQUEST_QUEUES[0], reply_to="replies")
    assert [(await client.answer())["result"] for client in clients] == ["0", "1"]
    for client in clients:
        await client.close()


def request(method: str, identity: Any = "i", **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params, "id": identity}


async def ask(raw: RawClient, body: bytes | Any) -> Any:
    raw.subscribe()
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    raw.send("SEND", data, destination=REQUEST_QUEUES[0], reply_to="replies")
    return await raw.answer()


async def test_array_of_one_is_answered_with_an_object(raw: RawClient) -> None:
    assert await ask(raw, [request("Host.ping2")]) == {"jsonrpc": "2.0", "result": True, "id": "i"}


async def test_batch_is_answered_with_an_array(raw: RawClient) -> None:
    answers = await ask(raw, [request("Host.ping2", 1), request("No.such", 2), {"jsonrpc": "2.0"}])
    assert [answer["id"] for answer in answers] == [1, 2, None]
    assert answers[0]["result"] is True
    assert answers[1]["error"]["message"].endswith("{'method': 'No.such'}")
    assert answers[2]["error"]["code"] == -32600


async def test_params_by_position(raw: RawClient) -> None:
    body = {"jsonrpc": "2.0", "method": "Host.echo", "params": ["hello"], "id": 1}
    assert (await ask(raw, body))["result"] == "hello"


@pytest.mark.parametrize(
    ("body", "code", "identity"),
    [
        (b"no json", -32700, None),
        (b"\xff\xfe", -32700, None),
        ({"method": "Host.ping2", "id": 1}, -32600, None),
        ({"jsonrpc": "2.0", "id": 1}, -32600, None),
        ({"jsonrpc": "2.0", "method": "Host.ping2", "params": "x", "id": 1}, -32600, None),
        ([], -32600, None),
        (7, -32600, None),
        (request("host.ping2"), -32601, "i"),
        (request("Host.echo"), 11, "i"),
        (request("Host.echo", message=5), 11, "i"),
    ],
)
async def test_wrong_requests(raw: RawClient, body: Any, code: int, identity: str | None) -> None:
    answer = await ask(raw, body)
    assert (answer["error"]["code"], answer["id"]) == (code, identity)
    assert isinstance(answer["error"]["message"], str)
    await raw.nothing(0.05)  # a real vdsm answers some of these twice


async def test_unknown_method_in_vdsms_words(raw: RawClient) -> None:
    answer = await ask(raw, request("X.y"))
    assert answer["error"]["message"] == "The method does not exist or is not available: {'method': 'X.y'}"


async def test_notifications_are_harmless(raw: RawClient) -> None:
    raw.subscribe()
    for method in ("Host.ping2", "No.such"):
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": {}}).encode()
        raw.send("SEND", body, destination=REQUEST_QUEUES[0], reply_to="replies")
    await raw.nothing()
    identity = raw.request("Host.ping2")
    assert (await raw.answer())["id"] == identity


async def test_too_many_requests_at_once(raw: RawClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "MAX_UNDER_WAY", 3)
    raw.subscribe()
    body = b"".join(
        encode(
            Frame(
                "SEND",
                {"destination": REQUEST_QUEUES[0], "reply-to": "replies"},
                json.dumps(request("Host.getHardwareInfo", number)).encode(),
            )
        )
        for number in range(8)
    )
    raw.send_bytes(body)
    answers = [await raw.answer() for _ in range(8)]
    assert {answer["id"] for answer in answers} == set(range(8))
    refused = [answer for answer in answers if "error" in answer]
    assert len(refused) == 5
    assert {answer["error"]["code"] for answer in refused} == {1100}


async def test_silent_client_is_cut_off_at_twice_its_heart_beat(raw: RawClient) -> None:
    began = asyncio.get_running_loop().time()
    raw.send("CONNECT", accept_version="1.2", heart_beat="1000,0")
    await raw.frame()
    await raw.closed()
    assert 1.5 < asyncio.get_running_loop().time() - began < session.FIRST_FRAME_S


async def test_heart_beats_keep_a_client(raw: RawClient) -> None:
    raw.send("CONNECT", accept_version="1.2", heart_beat="1000,1000")
    await raw.frame()
    for _ in range(5):
        await asyncio.sleep(0.6)
        raw.send_bytes(b"\n")
    raw.subscribe()
    raw.request("Host.ping2")
    assert (await raw.answer())["result"] is True
    assert raw.heart_beats >= 3


async def test_client_that_says_nothing_after_the_handshake(house: AgentHouse, tmp_path: Path) -> None:
    house.agent.server._first_frame_s = 0.3
    began = asyncio.get_running_loop().time()
    client = await house.raw()
    client.send_bytes(b"CONN")
    await client.closed()
    assert 0.2 < asyncio.get_running_loop().time() - began < session.FIRST_FRAME_S


async def test_client_that_does_not_read_is_cut_off(house: AgentHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "MAX_UNSENT", 200_000)
    monkeypatch.setattr(session, "MAX_UNDER_WAY", 1000)
    client = await house.raw()
    client.subscribe()
    # The kernel's buffers take some megabytes before anything waits in the agent.
    for _ in range(200):
        client.request("Host.echo", message="x" * 100_000)
        await asyncio.sleep(0)
    for _ in range(1000):
        if not house.agent.server.clients:
            break
        await asyncio.sleep(0.05)
    assert house.agent.server.clients == []
    await client.close()
