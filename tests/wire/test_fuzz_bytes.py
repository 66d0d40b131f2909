# SPDX-License-Identifier: Apache-2.0
"""Raw bytes, floods and chaos on the helper's channel: each is answered or ignored, and the helper stays sound."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.rpc.lines import READ_LIMIT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.wire.helper_process import PATIENCE_S
from tests.wire.soundness import Watched, holdings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wire.helper_process import HelperProcess

VISIBLE = b'{"jsonrpc":"2.0","id":%s,"method":"visible","params":{"visible":true}}'


@pytest.fixture
def watched(helper: HelperProcess) -> Iterator[Watched]:
    """A helper that must be sound at the test's end."""
    watching = Watched(helper)
    yield watching
    watching.check()


def answers(helper: HelperProcess, count: int) -> list[Any]:
    """The next ``count`` messages that are answers."""
    found: list[Any] = []
    while len(found) < count:
        message: Any = helper.next_message()
        if isinstance(message, list) or "method" not in message:
            found.append(message)
    return found


def visible(identity: Any = 7) -> bytes:
    return VISIBLE % json.dumps(identity).encode() + b"\n"


@pytest.mark.parametrize(
    ("sent", "codes"),
    [
        pytest.param(b"\0\n", [-32700], id="NUL"),
        pytest.param(b"\0" * 5000 + b"\n", [-32700], id="many NUL"),
        pytest.param(visible()[:-1] + b"\0\n", [-32700], id="NUL behind a request"),
        pytest.param(b"\xef\xbb\xbf" + visible(), [-32700], id="BOM"),
        pytest.param(visible().decode().encode("utf-16") + b"\n", None, id="UTF-16"),
        pytest.param(b"\xc3\n", [-32700], id="half a character"),
        pytest.param(b'{"jsonrpc":"2.0","id":1,"method":"\xed\xa0\x80"}\n', [-32700], id="a surrogate in UTF-8"),
        pytest.param(b'{"jsonrpc":"2.0","id":"\\ud800","method":"x"}\n', [-32601], id="half a character as id"),
        pytest.param(b'{"jsonrpc":"2.0","id":1e400,"method":"x"}\n', [-32700], id="an id that is infinite"),
        pytest.param(b'[{"jsonrpc":"2.0","id":-1e999,"method":"x"}]\n', [-32700], id="the same in a batch"),
        pytest.param(b'{"jsonrpc":"2.0","id":' + b"9" * 4000 + b',"method":"x"}\n', [-32601], id="a long number as id"),
        pytest.param(b'{"jsonrpc":"2.0","id":' + b"9" * 9000 + b',"method":"x"}\n', None, id="a longer one"),
        pytest.param(b'{"jsonrpc":"2.0","id":"' + b"i" * 900_000 + b'","method":"x"}\n', None, id="an endless id"),
        pytest.param(
            b'{"jsonrpc":"2.0","id":1,"method":"' + b"m" * 900_000 + b'"}\n', [-32601], id="an endless method"
        ),
        pytest.param(b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"\n", [-32700], id="deep objects"),
        pytest.param(b"[" * 500 + b"]" * 500 + b"\n", [[-32600]], id="deep lists"),
        pytest.param(b"[]\n", [-32600], id="an empty batch"),
        pytest.param(b"[" + b",".join([visible()[:-1]] * 101) + b"]\n", [-32600], id="a batch above the limit"),
        pytest.param(b"\r\n \n\t\n\n", [], id="blank lines"),
        pytest.param(b"x" * READ_LIMIT + b"\n", [-32700], id="a line of the limit"),
        pytest.param(b"x" * (READ_LIMIT + 1) + b"\n", [-32700], id="a line above the limit"),
        pytest.param(b"x" * 10_000_000 + b"\n", [-32700], id="10 MB in a line"),
        pytest.param((b"x" * 10_000 + b"\n") * 200, [-32700] * 200, id="many wrong lines"),
    ],
)
def test_odd_bytes(watched: Watched, sent: bytes, codes: list[Any] | None) -> None:
    """``codes``: of the answers that come before that of a good request; None: any, but all errors."""
    helper = watched.helper
    helper.write(sent + visible("after"))
    found: list[Any] = []
    while True:
        (answer,) = answers(helper, 1)
        if isinstance(answer, dict) and answer["id"] == "after":
            break
        found.append(
            [item["error"]["code"] for item in answer] if isinstance(answer, list) else answer["error"]["code"]
        )
    assert codes is None or found == codes, found
    assert -32603 not in found


def test_a_flood_without_a_line_end_takes_no_memory_and_is_no_request(helper: HelperProcess) -> None:
    watching = Watched(helper)
    before = holdings(helper.process.pid).resident_kib
    for _ in range(40):
        helper.write(b'{"jsonrpc":"2.0",' * 64_000)
    assert holdings(helper.process.pid).resident_kib < before + 32 * 1024
    helper.write(b"\n")
    (refused,) = answers(helper, 1)
    assert refused["error"]["code"] == -32700
    watching.check()


def test_an_unfinished_line_is_no_request(helper: HelperProcess) -> None:
    Watched(helper)
    helper.write(visible()[:-1])
    assert helper.close() == 0
    assert b"Traceback" not in helper.stderr


def test_hundreds_of_requests_in_one_write(watched: Watched) -> None:
    watched.helper.write(b"".join(visible(number) for number in range(600)))
    assert sorted(answer["id"] for answer in answers(watched.helper, 600)) == list(range(600))


def test_a_request_byte_by_byte(watched: Watched) -> None:
    for byte in visible("slowly"):
        watched.helper.write(bytes([byte]))
    assert answers(watched.helper, 1)[0]["id"] == "slowly"


TOPICS = ["host", "health", "load", "machines", "jobs", "engine", "job/20260101-000000-abcd", "nonsense"]


@pytest.mark.parametrize("seed", range(3))
def test_a_storm_of_subscriptions(watched: Watched, seed: int) -> None:
    """In any order, many at once and none waited for; afterwards nothing is subscribed and nobody is told anything."""
    chance = random.Random(seed)
    helper = watched.helper
    lines = []
    for number in range(400):
        method, topic = chance.choice(["subscribe", "subscribe", "unsubscribe"]), chance.choice(TOPICS)
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": {"topic": topic}}
        lines.append(json.dumps(request).encode())
    helper.write(b"\n".join(lines) + b"\n")
    found = answers(helper, 400)
    assert {answer["id"] for answer in found} == set(range(400))
    wrong = [answer for answer in found if answer.get("error", {}).get("data", {}).get("code") == "internal"]
    assert wrong == []
    for topic in TOPICS[:6]:
        helper.write(
            json.dumps({"jsonrpc": "2.0", "id": topic, "method": "unsubscribe", "params": {"topic": topic}}).encode()
        )
        helper.write(b"\n")
    answers(helper, 6)
    assert helper.drain(quiet_s=0.3) == 0


pieces = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"\n", b"\0", b"\xff", b"\xef\xbb\xbf", b'{"jsonrpc":', b"[", b"]}", b'"\\u', b"1e999", b"\r"]),
    st.just(visible(1)),
    st.just(b"[" + visible(2)[:-1] + b"," + visible(3)[:-1] + b"]\n"),
)


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(pieces, max_size=12), st.integers(1, 64))
def test_any_bytes_in_any_pieces(watched: Watched, sent: list[bytes], size: int) -> None:
    """A stream is never out of step: after a line end the next request is served."""
    helper = watched.helper
    stream = b"".join(sent)
    for start in range(0, len(stream), size * 8):
        helper.write(stream[start : start + size * 8])
    identity = f"end-{helper.new_id()}"
    helper.write(b"\n" + visible(identity))
    began = time.monotonic()
    while True:
        (answer,) = answers(helper, 1)
        if isinstance(answer, dict) and answer["id"] == identity:
            assert "result" in answer
            break
        for one in answer if isinstance(answer, list) else [answer]:
            assert one.get("error", {}).get("data", {}).get("code") != "internal", one
    assert time.monotonic() - began < PATIENCE_S / 2
