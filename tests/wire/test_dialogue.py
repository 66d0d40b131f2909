# SPDX-License-Identifier: Apache-2.0
"""What a page and a helper say to each other, over the pipes of a real helper process."""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv import __version__

from tests.wire.helper_process import TEST_DRIVER, HelperProcess, RpcFailure

if TYPE_CHECKING:
    from tests.wire.conftest import Start

GUEST = "6695eb01-f6a4-8304-79aa-97f2502e193f"  # the one that the test driver starts with
NO_GUEST = "00000000-0000-4000-8000-000000000000"


def listed(helper: HelperProcess) -> None:
    """Subscribe to the guests and wait until libvirt has listed them."""
    helper.subscribe("machines")
    helper.until("machines", is_listed)


def is_listed(state: dict[str, Any]) -> bool:
    """Whether the one guest is there: one that is slow to read follows the list."""
    return state["libvirt"]["state"] == "connected" and GUEST in state["machines"]


def test_hello_says_who_serves(helper: HelperProcess) -> None:
    hello = helper.call("hello", client_version=__version__, language="es")
    assert hello["version"] == __version__
    assert hello["uid"] == os.geteuid()
    assert hello["privileged"] is (os.geteuid() == 0)
    assert hello["hostname"] == socket.gethostname()


def test_the_host_is_what_the_kernel_says(helper: HelperProcess) -> None:
    facts = helper.subscribe("host").state
    assert facts["kernel"] == os.uname().release
    assert facts["hostname"] == socket.gethostname()
    assert facts["cpu"]["threads"] == os.cpu_count()


def test_the_guests_come_at_once_and_then_live(helper: HelperProcess) -> None:
    topic = helper.subscribe("machines")
    assert topic.state["libvirt"]["uri"] == TEST_DRIVER
    guest = helper.until("machines", is_listed)["machines"][GUEST]
    assert (guest["name"], guest["state"], guest["vcpus"], guest["memory_mib"]) == ("test", "running", 2, 8192)
    assert guest["macs"] == ["aa:bb:cc:dd:ee:ff"]
    assert guest["owner"] == "local"

    topic.patches.clear()
    helper.call("machines.power_off", uuid=GUEST)
    state = helper.until("machines", lambda state: state["machines"][GUEST]["state"] == "shut_off")
    assert state["machines"][GUEST]["reason"] == "destroyed"
    # nothing but what changed travels
    assert all(set(patch["machines"][GUEST]) <= {"state", "reason", "started_s"} for patch in topic.patches)

    helper.call("machines.start", uuid=GUEST)
    helper.until("machines", lambda state: state["machines"][GUEST]["state"] == "running")
    helper.call("machines.shutdown", uuid=GUEST)
    helper.until("machines", lambda state: state["machines"][GUEST]["state"] == "shut_off")
    assert helper.close() == 0


def test_what_is_so_already_is_no_error(helper: HelperProcess) -> None:
    helper.call("machines.start", uuid=GUEST)
    helper.call("machines.power_off", uuid=GUEST)
    helper.call("machines.power_off", uuid=GUEST)
    helper.call("machines.shutdown", uuid=GUEST)


@pytest.mark.parametrize("uuid", [NO_GUEST, "", "test", "../x", "\x00"])
@pytest.mark.parametrize("method", ["machines.start", "machines.shutdown", "machines.power_off", "machines.console"])
def test_a_guest_that_does_not_exist(helper: HelperProcess, method: str, uuid: str) -> None:
    with pytest.raises(RpcFailure) as caught:
        helper.call(method, uuid=uuid)
    assert caught.value.code == "machine.not_found"


def test_there_are_no_jobs_at_first(helper: HelperProcess) -> None:
    assert helper.subscribe("jobs").state == {"jobs": {}}
    with pytest.raises(RpcFailure) as caught:
        helper.call("subscribe", topic="job/20260101-000000-abcd")
    assert caught.value.code == "job.not_found"


def test_the_engine_of_a_host_without_one(helper: HelperProcess) -> None:
    engine = helper.subscribe("engine").state
    assert engine["state"] == "none"
    assert "config" not in engine


def test_an_unsubscribed_topic_is_silent(helper: HelperProcess) -> None:
    listed(helper)
    helper.call("unsubscribe", topic="machines")
    helper.call("unsubscribe", topic="machines")  # once more is no error
    helper.call("machines.power_off", uuid=GUEST)
    assert helper.drain(quiet_s=0.5) == 0


def test_subscribing_again_starts_afresh(helper: HelperProcess) -> None:
    listed(helper)
    again = helper.subscribe("machines")
    assert again.revision == 1
    assert again.state["machines"][GUEST]["name"] == "test"
    helper.call("machines.power_off", uuid=GUEST)
    helper.until("machines", lambda state: state["machines"][GUEST]["state"] == "shut_off")


@pytest.mark.parametrize("topic", ["", "hosts", "host/", "job/", "job/../../etc", "machines/x"])
def test_an_unknown_topic_is_refused(helper: HelperProcess, topic: str) -> None:
    with pytest.raises(RpcFailure) as caught:
        helper.call("subscribe", topic=topic)
    assert caught.value.code in ("topic.unknown", "job.not_found")


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("machines.explode", {}, "request.unknown_method"),
        ("hello", {"client_version": "1", "language": "en", "more": 1}, "request.invalid"),
        ("hello", {"client_version": 1, "language": "en"}, "request.invalid"),
        ("subscribe", {}, "request.invalid"),
        ("visible", {"visible": "yes"}, "request.invalid"),
        ("machines.serial_log", {"uuid": GUEST, "offset": -1}, "request.invalid"),
    ],
)
def test_a_wrong_request_is_refused_and_the_next_one_served(
    helper: HelperProcess, method: str, params: dict[str, object], code: str
) -> None:
    with pytest.raises(RpcFailure) as caught:
        helper.call(method, **params)
    assert caught.value.code == code
    helper.call("visible", visible=False)


@pytest.mark.parametrize(
    "garbage", [b"\xff\xfe\x00\n", b"{\n", b"[1,\n", b"NaN\n", b"x" * 3_000_000 + b"\n", b"[" * 200_000 + b"\n"]
)
def test_garbage_is_answered_and_the_next_request_served(helper: HelperProcess, garbage: bytes) -> None:
    helper.write(garbage)
    answer = helper.answer_to(None)
    assert answer["error"]["code"] == -32700
    assert answer["error"]["data"]["code"] == "request.unreadable"
    helper.call("hello", client_version="1", language="en")


def test_a_batch_and_notifications(helper: HelperProcess) -> None:
    say = {"jsonrpc": "2.0", "method": "visible", "params": {"visible": True}}
    helper.write(json.dumps([{**say, "id": 1}, say, {**say, "id": "b"}]).encode() + b"\n")
    answers: Any = helper.next_message()
    assert [answer["id"] for answer in answers] == [1, "b"]
    helper.write(json.dumps(say).encode() + b"\n")
    assert helper.drain(quiet_s=0.3) == 0


def test_requests_split_anywhere_arrive_whole(helper: HelperProcess) -> None:
    line = json.dumps({"jsonrpc": "2.0", "id": 7, "method": "visible", "params": {"visible": True}}).encode() + b"\n"
    for byte in line:
        helper.write(bytes([byte]))
    assert helper.answer_to(7)["result"] == {}


def test_the_console_of_a_guest_without_one(helper: HelperProcess) -> None:
    with pytest.raises(RpcFailure) as caught:
        helper.call("machines.console", uuid=GUEST)
    assert caught.value.code == "console.none"


def test_a_host_name_that_would_write_more_into_the_file(helper: HelperProcess) -> None:
    with pytest.raises(RpcFailure) as caught:
        helper.call("machines.console", uuid=GUEST, host="a\npassword=b")
    assert caught.value.code == "console.bad_host"


def test_libvirt_that_cannot_be_reached_is_said_so(start_helper: Start) -> None:
    helper = start_helper(environ={"COCKPIT_RHV_LIBVIRT_URI": "test+unix:///default?socket=/nonexistent/socket"})
    helper.subscribe("machines")
    state = helper.until("machines", lambda state: state["libvirt"]["state"] == "disconnected")
    assert state["libvirt"]["error"]["code"] == "libvirt.unreachable"
    assert state["libvirt"]["error"]["hint"]
    with pytest.raises(RpcFailure) as caught:
        helper.call("machines.start", uuid=GUEST)
    assert caught.value.code == "libvirt.unreachable"
    assert helper.close() == 0
