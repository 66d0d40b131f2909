# SPDX-License-Identifier: Apache-2.0
"""JSON-RPC 2.0 as its specification has it, and our errors as its ``data``."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.messages import msg
from cockpit_rhv.rpc.dispatcher import MAX_BATCH, Dispatcher
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Mapping


class Numbered(RhvError):
    rpc_code = 1


def make_dispatcher() -> Dispatcher[str]:
    dispatcher: Dispatcher[str] = Dispatcher()

    async def echo(params: Mapping[str, Any], context: str) -> Any:
        return {"params": dict(params), "context": context}

    async def fail(params: Mapping[str, Any], _context: str) -> Any:
        raise {
            "rhv": RhvError("disk.full", msg("disk.full", "{path} is full.", path="/x"), msg("h", "Delete."), "ENOSPC"),
            "numbered": Numbered("vm.missing", msg("vm.missing", "No such VM.")),
            "bug": ZeroDivisionError("division by zero"),
        }[params["how"]]

    dispatcher.register("echo", echo, positional=("first", "second"))
    dispatcher.register("fail", fail)
    return dispatcher


def handle(request: object, dispatcher: Dispatcher[str] | None = None) -> Any:
    return asyncio.run((dispatcher or make_dispatcher()).handle(request, "asker"))


def request(method: str, params: Any = None, **members: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, **({} if params is None else {"params": params}), **members}


@pytest.mark.parametrize("identity", [1, 0, -3, 1.5, "x", "", None])
def test_an_answer_carries_the_id_and_the_result(identity: Any) -> None:
    answer = handle(request("echo", {"a": 1}, id=identity))
    assert answer == {"jsonrpc": "2.0", "id": identity, "result": {"params": {"a": 1}, "context": "asker"}}


def test_parameters_may_be_left_out_or_come_by_position() -> None:
    assert handle(request("echo", id=1))["result"]["params"] == {}
    assert handle(request("echo", ["x"], id=1))["result"]["params"] == {"first": "x"}
    assert handle(request("echo", [1, 2, 3], id=1))["error"]["code"] == -32602


def test_a_notification_is_served_and_not_answered(caplog: pytest.LogCaptureFixture) -> None:
    assert handle(request("echo")) is None
    with caplog.at_level(logging.WARNING):
        assert handle(request("missing")) is None
    assert "missing" in caplog.text


@pytest.mark.parametrize(
    "malformed",
    [
        None,
        1,
        "text",
        True,
        {},
        [],
        {"method": "echo", "id": 1},
        {"jsonrpc": "1.0", "method": "echo", "id": 1},
        {"jsonrpc": "2.0", "method": 7, "id": 1},
        {"jsonrpc": "2.0", "method": "echo", "id": {}},
        {"jsonrpc": "2.0", "method": "echo", "id": True},
        {"jsonrpc": "2.0", "method": "echo", "params": "x", "id": 1},
        {"jsonrpc": "2.0", "method": "echo", "params": None, "id": 1},
        [{}] * (MAX_BATCH + 1),
    ],
)
def test_what_is_no_request_is_refused_with_a_null_id(malformed: object) -> None:
    answer = handle(malformed)
    assert answer["id"] is None
    assert answer["error"]["code"] == -32600
    assert answer["error"]["data"]["code"] == "request.malformed"
    assert "result" not in answer


def test_an_unknown_method_is_named() -> None:
    error = handle(request("machines.explode", id=1))["error"]
    assert error["code"] == -32601
    assert "machines.explode" in error["message"]
    assert error["data"]["code"] == "request.unknown_method"


def test_our_errors_travel_whole() -> None:
    error = handle(request("fail", {"how": "rhv"}, id=1))["error"]
    assert error == {
        "code": -32000,
        "message": "/x is full.",
        "data": {
            "code": "disk.full",
            "message": {"id": "disk.full", "text": "{path} is full.", "params": {"path": "/x"}},
            "hint": {"id": "h", "text": "Delete.", "params": {}},
            "detail": "ENOSPC",
        },
    }
    assert handle(request("fail", {"how": "numbered"}, id=1))["error"]["code"] == 1


def test_a_defect_is_answered_without_its_traceback_and_logged_with_it(caplog: pytest.LogCaptureFixture) -> None:
    error = handle(request("fail", {"how": "bug"}, id=1))["error"]
    assert error["code"] == -32603
    assert error["data"]["detail"] == "ZeroDivisionError: division by zero"
    assert "Traceback" not in str(error)
    assert "Traceback" in caplog.text


def test_a_batch_is_answered_in_order_without_its_notifications() -> None:
    answers = handle([request("echo", id=1), request("echo"), 7, request("missing", id="z")])
    assert [answer["id"] for answer in answers] == [1, None, "z"]
    assert handle([request("echo"), request("echo")]) is None


def test_validation_comes_before_the_handler() -> None:
    called = []

    def refuse(method: str, params: Mapping[str, Any]) -> None:
        raise RhvError("request.invalid", msg("x", "no"))

    async def handler(_params: Mapping[str, Any], _context: str) -> None:
        called.append(1)

    dispatcher: Dispatcher[str] = Dispatcher(refuse)
    dispatcher.register("m", handler)
    assert handle(request("m", id=1), dispatcher)["error"]["data"]["code"] == "request.invalid"
    assert not called


def test_a_method_has_one_handler() -> None:
    dispatcher = make_dispatcher()

    async def other(_params: Mapping[str, Any], _context: str) -> None:
        raise AssertionError

    with pytest.raises(ValueError, match="echo"):
        dispatcher.register("echo", other)


texts = st.text(alphabet="ab\x00ä\ud800", max_size=4)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=10,
)
almost_requests = st.fixed_dictionaries(
    {}, optional={"jsonrpc": st.just("2.0") | json_values, "method": st.just("echo") | json_values, "id": json_values}
)


@given(st.one_of(json_values, almost_requests, st.lists(almost_requests, max_size=3)))
def test_whatever_comes_the_answer_is_json_rpc(value: Any) -> None:
    answer = handle(value)
    for one in answer if isinstance(answer, list) else [] if answer is None else [answer]:
        assert one["jsonrpc"] == "2.0"
        assert ("result" in one) != ("error" in one)
        assert "id" in one
