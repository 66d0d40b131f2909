# SPDX-License-Identifier: Apache-2.0
"""The helper on a real libvirtd with real QEMU guests: events from elsewhere, load, console, a crash of the daemon."""

from __future__ import annotations

import configparser
import time
import xml.etree.ElementTree as ET
from typing import Any

import libvirt
import pytest

from tests.wire.helper_process import HelperProcess, RpcFailure
from tests.wire.libvirt_daemon import MISSING, LibvirtDaemon

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))


def guest_is(helper: HelperProcess, uuid: str, state: str) -> dict[str, Any]:
    """Wait for a guest's state; returns the guest."""
    states = helper.until("machines", lambda seen: seen["machines"].get(uuid, {}).get("state") == state)
    guest: dict[str, Any] = states["machines"][uuid]
    return guest


def test_what_others_do_is_seen(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = daemon.define("one")
    guest = guest_is(live, uuid, "shut_off")
    assert guest["name"] == "one"
    assert guest["emulated"] is True
    daemon.undefine(uuid)
    live.until("machines", lambda state: uuid not in state["machines"])


def test_a_guest_runs_with_load_console_and_serial_log(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = daemon.define("two")
    guest_is(live, uuid, "shut_off")
    with pytest.raises(RpcFailure) as caught:
        live.call("machines.console", uuid=uuid, host="host.example.org")
    assert caught.value.code == "console.not_running"

    live.call("machines.start", uuid=uuid)
    guest = guest_is(live, uuid, "running")
    assert guest["graphics"] == [{"type": "vnc", "address": "0.0.0.0", "port": guest["graphics"][0]["port"]}]
    live.until("machines", lambda state: state["machines"][uuid].get("cpu_percent") is not None)

    file = live.call("machines.console", uuid=uuid, host="host.example.org")
    assert file["filename"] == "two.vv"
    parser = configparser.RawConfigParser()
    parser.read_string(file["content"])
    viewer = dict(parser["virt-viewer"])
    assert viewer["host"] == "host.example.org"
    assert int(viewer["port"]) == guest["graphics"][0]["port"]
    assert_ticket_is_live_only(daemon, uuid, viewer["password"])

    daemon.serial_log("two").write_text("login: ")
    assert live.call("machines.serial_log", uuid=uuid, offset=0) == {"text": "login: ", "next_offset": 7}

    live.call("machines.power_off", uuid=uuid)
    guest = guest_is(live, uuid, "shut_off")
    assert "cpu_percent" not in guest
    assert live.close() == 0


def test_a_console_that_is_not_locked_is_handed_out_as_it_is(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = daemon.define("open", locked=False)
    guest_is(live, uuid, "shut_off")
    live.call("machines.start", uuid=uuid)
    guest_is(live, uuid, "running")
    assert "password=" not in live.call("machines.console", uuid=uuid, host="192.0.2.1")["content"]


def assert_ticket_is_live_only(daemon: LibvirtDaemon, uuid: str, ticket: str) -> None:
    """The ticket opens the display for two minutes at most and is nowhere in what is stored."""
    conn = libvirt.open(daemon.uri())
    try:
        domain = conn.lookupByUUIDString(uuid)
        live = ET.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE)).find("devices/graphics")
        stored = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE | libvirt.VIR_DOMAIN_XML_INACTIVE)
    finally:
        conn.close()
    assert live is not None
    assert live.get("passwd") == ticket
    until = time.strptime(str(live.get("passwdValidTo")), "%Y-%m-%dT%H:%M:%S")
    assert time.mktime(until) - time.mktime(time.gmtime()) <= 121
    assert ticket not in stored
    assert not any(ticket in path.read_text(errors="replace") for path in daemon.folder.rglob("*.log"))


def test_libvirt_goes_and_comes_back(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    running, removed = daemon.define("three"), daemon.define("four")
    guest_is(live, running, "shut_off")
    guest_is(live, removed, "shut_off")
    live.call("machines.start", uuid=running)
    guest_is(live, running, "running")

    daemon.stop()
    state = live.until("machines", lambda state: state["libvirt"]["state"] == "disconnected")
    assert state["libvirt"]["error"]["code"] == "libvirt.unreachable"
    guest = guest_is(live, running, "unknown")
    assert guest["name"] == "three"
    assert guest["error"]["code"] == "libvirt.unreachable"
    with pytest.raises(RpcFailure) as caught:
        live.call("machines.power_off", uuid=running)
    assert caught.value.code == "libvirt.unreachable"

    daemon.start()
    daemon.undefine(removed)
    state = live.until("machines", lambda state: state["libvirt"]["state"] == "connected")
    guest = guest_is(live, running, "running")
    assert "error" not in guest
    live.until("machines", lambda state: removed not in state["machines"])
    # and its events come again
    live.call("machines.power_off", uuid=running)
    guest_is(live, running, "shut_off")


def test_a_page_nobody_looks_at_is_not_sampled_for(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = daemon.define("five")
    guest_is(live, uuid, "shut_off")
    live.call("visible", visible=False)
    live.call("machines.start", uuid=uuid)
    guest_is(live, uuid, "running")
    live.topics["machines"].patches.clear()
    live.drain(quiet_s=4.0)  # longer than a tick; of the start itself something may still be told
    told = {name for patch in live.topics["machines"].patches for name in patch.get("machines", {}).get(uuid, {})}
    assert told <= {"state", "reason", "started_s", "graphics"}
    live.call("visible", visible=True)
    live.until("machines", lambda state: state["machines"][uuid].get("cpu_percent") is not None)


def test_many_guests_are_acted_on_at_once(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    one, two = daemon.define("six"), daemon.define("it's <seven> \N{SNOWMAN}")
    missing = "00000000-0000-4000-8000-000000000000"
    for uuid in (one, two):
        guest_is(live, uuid, "shut_off")
    outcomes = act(live, "start", one, missing, two)
    assert outcomes == [(one, "done", None), (missing, "failed", "machine.not_found"), (two, "done", None)]
    for uuid in (one, two):
        guest_is(live, uuid, "running")
    assert act(live, "pause", one, two) == [(one, "done", None), (two, "done", None)]
    guest_is(live, one, "paused")
    assert act(live, "shutdown", one) == [(one, "failed", "machine.wrong_state")]  # it could not hear it
    act(live, "resume", one, two)
    guest_is(live, one, "running")
    assert act(live, "reset", two) == [(two, "done", None)]
    # SeaBIOS does not hear the request
    assert act(live, "shutdown", one) == [(one, "done", None)]
    assert act(live, "power_off", one, two) == [(one, "done", None), (two, "done", None)]
    guest_is(live, one, "shut_off")
    assert act(live, "pause", one) == [(one, "failed", "machine.wrong_state")]
    assert live.close() == 0


def test_a_saved_guest_goes_on_where_it_was(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = daemon.define("eight")
    act(live, "start", uuid)
    guest_is(live, uuid, "running")
    assert act(live, "save", uuid) == [(uuid, "done", None)]
    assert guest_is(live, uuid, "shut_off")["reason"] == "saved"
    act(live, "start", uuid)
    assert guest_is(live, uuid, "running")["reason"] == "restored"


def test_a_guest_that_does_not_answer_holds_up_no_other(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    hung, lively = daemon.define("nine"), daemon.define("ten")
    act(live, "start", hung, lively)
    live.until("machines", lambda state: all("cpu_percent" in state["machines"][uuid] for uuid in (hung, lively)))
    with daemon.stopped_qemu("nine"):
        live.until("machines", lambda state: "cpu_percent" not in state["machines"][lively])
        live.until("machines", lambda state: "cpu_percent" in state["machines"][lively])
    live.until("machines", lambda state: "cpu_percent" in state["machines"][hung])


def act(live: HelperProcess, action: str, *uuids: str, **more: Any) -> list[tuple[str, str, str | None]]:
    """What became of each guest: uuid, outcome, code of the error."""
    results = live.call("machines.act", action=action, uuids=list(uuids), **more)["results"]
    return [(one["uuid"], one["outcome"], one["error"]["code"] if one["error"] else None) for one in results]
