# SPDX-License-Identifier: Apache-2.0
"""The Manager and a real agent over port 54321: coming up, following the host, noticing silence, refusing impostors.

The agent runs libvirt's test driver; its certificate comes from the Manager's own enrolment.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.agent.service import Agent, Settings

from tests.engine.conftest import FAST
from tests.engine.hosts_support import ADDRESS, LIVE_S, Seen, new_host, running
from tests.engine.manager_support import ROOT, ManagerProcess, enrol_folder, free_port
from tests.own_driver import TEST_GUEST, own_test_driver
from tests.unit.tls_support import Authority
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

_HOG = 'import sys; held = bytearray(600 << 20); held[::4096] = b"x" * len(held[::4096]); sys.stdin.read()'


@pytest.fixture
def seen(manager: ManagerProcess) -> Seen:
    return Seen(manager)


@pytest.fixture(autouse=True)
def no_hosts_left(manager: ManagerProcess) -> Iterator[None]:
    """One address is one host: each test gives it back, as soon as the Manager no longer takes it for working."""
    yield
    headers = manager.admin()

    def removed(host_id: str) -> bool:
        return manager.request("DELETE", f"/api/hosts/{host_id}", headers=headers).status_code in (200, 404)

    for host in manager.get("/api/hosts", headers=headers).json().get("host", []):
        until("the host is removed", functools.partial(removed, host["id"]))


async def test_a_host_comes_up_and_is_described(manager: ManagerProcess, seen: Seen, tmp_path: Path) -> None:
    folder, host_id, port = new_host(manager, tmp_path, "node1")
    assert seen.status(host_id) == "installing"
    async with running(folder, port):
        await seen.until("it is up", lambda: seen.status(host_id) == "up")
        host = seen.get(f"/hosts/{host_id}")
        memory_kib = next(
            int(line.split()[1])
            for line in open("/proc/meminfo", encoding="ascii")  # noqa: SIM115
            if line.startswith("MemTotal")
        )
        assert int(host["memory"]) == memory_kib // 1024 * 1024**2
        topology = host["cpu"]["topology"]
        assert int(topology["sockets"]) * int(topology["cores"]) * int(topology["threads"]) == os.cpu_count()
        assert host["summary"] == {"active": "1", "migrating": "0", "total": "1"}
        assert host["version"]["full_version"]
        assert "status_detail" not in host
        assert seen.codes(host_id) == [42, 13]


async def test_statistics_follow_the_host(manager: ManagerProcess, seen: Seen, tmp_path: Path) -> None:
    folder, host_id, port = new_host(manager, tmp_path, "node1")
    assert seen.statistics("hosts", host_id) == {}
    async with running(folder, port):
        first = await seen.until(
            "two samples are there", lambda: seen.statistics("hosts", host_id).get("boot.time") and 1
        )
        assert first
        numbers = seen.statistics("hosts", host_id)
        assert 0 < numbers["memory.used"] < numbers["memory.total"]
        assert numbers["memory.used"] + numbers["memory.free"] == numbers["memory.total"]
        assert 0 <= numbers["cpu.current.idle"] <= 100
        before = numbers["memory.used"]
        with subprocess.Popen([sys.executable, "-c", _HOG], stdin=subprocess.PIPE) as hog:
            await seen.until(
                "600 MiB more are used",
                lambda: seen.statistics("hosts", host_id).get("memory.used", 0) > before + (400 << 20),
            )
            hog.communicate(b"")


async def test_guests_show_and_go_within_seconds(manager: ManagerProcess, seen: Seen, tmp_path: Path) -> None:
    folder, host_id, port = new_host(manager, tmp_path, "node1")
    xml = "<domain type='test'><name>brief</name><memory>65536</memory><os><type>hvm</type></os></domain>"
    async with running(folder, port) as agent:
        await seen.until("it is up", lambda: seen.status(host_id) == "up")
        (known,) = seen.get("/vms")["vm"]
        assert (known["id"], known["name"], known["status"]) == (TEST_GUEST, "test", "up")
        assert known["host"]["id"] == host_id

        uuid = await agent.connection.call(lambda conn: conn.createXML(xml).UUIDString())
        began = time.monotonic()
        await seen.until(
            "the guest is up with its name",
            lambda: (seen.get(f"/vms/{uuid}") or {}).get("name") == "brief",
            LIVE_S,
        )
        assert seen.get("/vms?search=name%3Dbrief+and+status%3Dup+and+host%3Dnode1")["vm"][0]["id"] == uuid
        await seen.until("its load is known", lambda: "cpu.current.total" in seen.statistics("vms", uuid))

        await agent.connection.call(lambda conn: conn.lookupByUUIDString(TEST_GUEST).suspend())
        await seen.until("the pause shows", lambda: seen.get(f"/vms/{TEST_GUEST}")["status"] == "paused", LIVE_S)

        await agent.connection.call(lambda conn: conn.lookupByUUIDString(uuid).destroy())
        await seen.until("the guest is gone", lambda: seen.get(f"/vms/{uuid}") is None, LIVE_S)
        assert time.monotonic() - began < 3 * LIVE_S
        (paused,) = seen.get("/vms")["vm"]
        assert paused["id"] == TEST_GUEST
        about = seen.get(f"/events?search=vm.id%3D{uuid}")["event"]
        assert [(event["code"], event["description"]) for event in about] == [
            ("61", "VM brief is down."), ("32", "VM brief started on host node1."),
        ]  # fmt: skip
        assert [event["code"] for event in seen.get("/events?search=type%3D1025")["event"]] == ["1025"]


async def test_events_alone_are_enough(fresh: ManagerProcess, tmp_path: Path) -> None:
    """A guest's start, with its name, and its end do not wait for the next round of questions."""
    fresh.write_settings(timing={**FAST, "poll_s": 600})
    fresh.start()
    seen = Seen(fresh)
    folder, host_id, port = new_host(fresh, tmp_path, "node1")
    xml = "<domain type='test'><name>brief</name><memory>65536</memory><os><type>hvm</type></os></domain>"
    async with running(folder, port) as agent:
        await seen.until("it is up", lambda: seen.status(host_id) == "up")
        uuid = await agent.connection.call(lambda conn: conn.createXML(xml).UUIDString())
        await seen.until("it is named", lambda: (seen.get(f"/vms/{uuid}") or {}).get("name") == "brief", LIVE_S)
        await agent.connection.call(lambda conn: conn.lookupByUUIDString(uuid).destroy())
        await seen.until("the guest is gone", lambda: seen.get(f"/vms/{uuid}") is None, LIVE_S)


async def test_everything_below_a_guest_answers(manager: ManagerProcess, seen: Seen, tmp_path: Path) -> None:
    folder, host_id, port = new_host(manager, tmp_path, "node1")
    async with running(folder, port):
        await seen.until("it is up", lambda: seen.status(host_id) == "up")
        vm = seen.get(f"/vms/{TEST_GUEST}")
        lists = {link["rel"]: seen.get(link["href"].removeprefix("/ovirt-engine/api")) for link in vm["link"]}
        assert None not in lists.values(), lists
        assert len(lists["cdroms"]["cdrom"]) == 1
        assert [item["snapshot_type"] for item in lists["snapshots"]["snapshot"]] == ["active"]
        assert lists["numanodes"] == {}
        followed = seen.get(f"/vms/{TEST_GUEST}?follow=host.cluster,statistics,nics.reporteddevices")
        assert followed["host"]["cluster"]["name"] == "Default"
        assert followed["statistics"]["statistic"]
        links = seen.get(f"/hosts/{host_id}")["link"]
        assert None not in [seen.get(link["href"].removeprefix("/ovirt-engine/api")) for link in links]


async def test_without_the_agent_it_is_non_responsive_and_comes_back(
    manager: ManagerProcess, seen: Seen, tmp_path: Path
) -> None:
    folder, host_id, port = new_host(manager, tmp_path, "node1")
    async with running(folder, port):
        await seen.until("it is up", lambda: seen.status(host_id) == "up")
    await seen.until("it is connecting", lambda: seen.status(host_id) == "connecting", 2)
    assert seen.get(f"/vms/{TEST_GUEST}")["status"] == "up"
    await seen.until("it is non_responsive", lambda: seen.status(host_id) == "non_responsive", 5)
    assert seen.get(f"/vms/{TEST_GUEST}")["status"] == "unknown"
    assert seen.statistics("hosts", host_id) == {}
    assert str(port) in seen.detail(host_id)
    async with running(folder, port):
        await seen.until("it is up again", lambda: seen.status(host_id) == "up", 5)
        assert seen.get(f"/vms/{TEST_GUEST}")["status"] == "up"
    await seen.until("the event is stored", lambda: seen.codes(host_id)[:5] == [42, 13, 9008, 12, 13])


def test_an_agent_that_stops_answering_is_noticed(manager: ManagerProcess, seen: Seen, tmp_path: Path) -> None:
    """The connection stays, no answer comes: a process that is stopped closes nothing."""
    folder, host_id, port = new_host(manager, tmp_path, "node1")
    argv = [
        sys.executable, "-m", "cockpit_rhv.agent", "--config", str(folder), "--bind", ADDRESS, "--port", str(port),
        "--libvirt-uri", own_test_driver(folder), "--state", str(folder / "agent.json"),
    ]  # fmt: skip
    with subprocess.Popen(argv, env={**os.environ, "PYTHONPATH": str(ROOT / "bridge")}) as agent:
        try:
            until("it is up", lambda: seen.status(host_id) == "up")
            agent.send_signal(signal.SIGSTOP)
            until("it is non_responsive", lambda: seen.status(host_id) == "non_responsive", limit_s=60)
            agent.send_signal(signal.SIGCONT)
            until("it is up again", lambda: seen.status(host_id) == "up", limit_s=60)
        finally:
            agent.send_signal(signal.SIGCONT)
            agent.terminate()


async def test_a_host_of_a_foreign_ca_is_never_up(manager: ManagerProcess, seen: Seen, tmp_path: Path) -> None:
    """Its certificate names the right address, but another authority vouches for it."""
    pki = tmp_path / "imposter/pki"
    Authority(pki).issue("node1", ADDRESS, stem="agent")
    # It trusts the Manager, so the refusal can only be the Manager's.
    (pki / "ca.pem").write_bytes(manager.ca_file.read_bytes())
    port = free_port()
    host_id = manager.add_host("node1", ADDRESS, port)
    async with running(tmp_path / "imposter", port) as agent:
        await seen.until("it is given up", lambda: seen.status(host_id) == "non_responsive")
        assert "not of this Manager's CA" in seen.detail(host_id)
        assert agent.server.last_request_s is None
        assert 13 not in seen.codes(host_id)


async def test_a_certificate_of_another_host_is_refused(manager: ManagerProcess, seen: Seen, tmp_path: Path) -> None:
    """A machine that stole another host's certificate cannot play this one."""
    folder = enrol_folder(manager, tmp_path / "other", "node2", "192.0.2.99")
    port = free_port()
    host_id = manager.add_host("node1", ADDRESS, port)
    async with running(folder, port) as agent:
        await seen.until("it is given up", lambda: seen.status(host_id) == "non_responsive")
        assert "192.0.2.99" in seen.detail(host_id)
        assert agent.server.last_request_s is None


async def test_a_name_alone_is_enough(manager: ManagerProcess, seen: Seen, tmp_path: Path) -> None:
    """After a host's address changed its certificate still names it."""
    folder = enrol_folder(manager, tmp_path / "moved", "node1", "192.0.2.98")
    port = free_port()
    host_id = manager.add_host("node1", ADDRESS, port)
    async with running(folder, port):
        await seen.until("it is up", lambda: seen.status(host_id) == "up")


async def test_a_host_that_answers_with_errors_is_non_operational(
    manager: ManagerProcess, seen: Seen, tmp_path: Path
) -> None:
    """The agent without libvirt: it is there, but it cannot say what runs."""
    folder, host_id, port = new_host(manager, tmp_path, "node1")
    agent = Agent(Settings(folder, ADDRESS, port, "test:///nowhere.xml", folder / "agent.json", tick_s=0.2))
    await agent.start()
    try:
        await seen.until("it is non_operational", lambda: seen.status(host_id) == "non_operational")
        assert "Host.getAllVmStats" in seen.detail(host_id)
        await seen.until("the event is there", lambda: 517 in seen.codes(host_id))
    finally:
        await agent.stop()


async def test_maintenance_is_refused_while_guests_run(manager: ManagerProcess, seen: Seen, tmp_path: Path) -> None:
    folder, host_id, port = new_host(manager, tmp_path, "node1")
    headers = manager.admin()
    async with running(folder, port) as agent:
        await seen.until("it is up", lambda: seen.status(host_id) == "up")
        refused = manager.request("POST", f"/api/hosts/{host_id}/deactivate", headers=headers, json={})
        assert (refused.status_code, refused.json()["status"]) == (409, "failed")
        assert "test" in refused.json()["fault"]["detail"]
        assert manager.request("DELETE", f"/api/hosts/{host_id}", headers=headers).status_code == 409
        await agent.connection.call(lambda conn: conn.lookupByUUIDString(TEST_GUEST).destroy())
        await seen.until("the guest is gone", lambda: seen.get(f"/vms/{TEST_GUEST}") is None)
        assert manager.request("POST", f"/api/hosts/{host_id}/deactivate", headers=headers, json={}).status_code == 200
        await seen.until("nobody asks it any more", lambda: not agent.server.clients)
        assert seen.status(host_id) == "maintenance"
        manager.request("POST", f"/api/hosts/{host_id}/activate", headers=headers, json={})
        await seen.until("it is up again", lambda: seen.status(host_id) == "up")


async def test_hosts_and_sessions_outlive_a_restart(fresh: ManagerProcess, tmp_path: Path) -> None:
    fresh.start()
    seen = Seen(fresh)
    folder, host_id, port = new_host(fresh, tmp_path, "node1")
    async with running(folder, port):
        await seen.until("it is up", lambda: seen.status(host_id) == "up")
        assert await asyncio.to_thread(fresh.stop) == 0
        await asyncio.to_thread(fresh.start)
        # The same token, the same host, up by itself.
        await seen.until("it is up", lambda: seen.status(host_id) == "up")
        assert [code for code in seen.codes(host_id) if code == 42] == [42]
    events = [event["code"] for event in seen.get("/events?search=type%3D1+or+type%3D2")["event"]]
    assert events == ["1", "2", "1"]


async def test_the_changes_stream_tells_what_changed(manager: ManagerProcess, seen: Seen, tmp_path: Path) -> None:
    """A guest's start reaches a watcher without its asking."""
    folder, host_id, port = new_host(manager, tmp_path, "node1")
    lines: list[str] = []
    about = [{"collection": "vms", "id": TEST_GUEST}, {"collection": "hosts", "id": host_id}]
    wanted = {f"data: {json.dumps(hint)}" for hint in about}
    headers = manager.admin()

    def watch() -> None:
        with (
            manager.client() as client,
            client.stream("GET", f"{manager.url}/services/changes", headers=headers) as answer,
        ):
            assert answer.headers["content-type"].startswith("text/event-stream")
            for line in answer.iter_lines():
                lines.append(line)
                if wanted <= {*lines}:
                    return

    watching = asyncio.create_task(asyncio.to_thread(watch))
    await seen.until("the stream began", lambda: lines)
    async with running(folder, port):
        await asyncio.wait_for(watching, 60)
    assert manager.get("/services/changes", headers={"Authorization": "Bearer nonsense"}).status_code == 401
    assert manager.get("/services/changes", headers=manager.deployer()).status_code == 401


def test_the_same_host_twice_is_one(manager: ManagerProcess) -> None:
    port = free_port()
    host_id = manager.add_host("twice", ADDRESS, port)
    assert manager.add_host("twice", ADDRESS, port) == host_id
    headers = manager.deployer()
    for other in ({"name": "twice", "address": "127.0.0.3"}, {"name": "thrice", "address": ADDRESS}):
        answer = manager.request("POST", "/api/hosts", json=other, headers=headers)
        assert answer.status_code == 409, answer.text
    assert manager.request("DELETE", f"/api/hosts/{host_id}", headers=headers).status_code == 403


# -- another name, another address ------------------------------------------------------------------------------------


async def test_a_host_gets_another_name_while_it_goes_on(manager: ManagerProcess, seen: Seen, tmp_path: Path) -> None:
    folder, host_id, port = new_host(manager, tmp_path, "node1")
    async with running(folder, port):
        await seen.until("it is up", lambda: seen.status(host_id) == "up")
        answer = change(manager, host_id, name="node2", comment="moved")
        assert (answer.status_code, answer.json()["id"], answer.json()["name"]) == (200, host_id, "node2")
        host = seen.get(f"/hosts/{host_id}")
        assert (host["name"], host["address"], host["comment"], host["status"]) == ("node2", ADDRESS, "moved", "up")
        assert change(manager, host_id).json()["name"] == "node2", "what is left out stays"
        assert change(manager, host_id, name="node2").status_code == 200
    assert seen.codes(host_id).count(43) == 1, "what changes nothing is no event"


async def test_a_host_under_another_address_is_connected_to_anew(
    manager: ManagerProcess, seen: Seen, tmp_path: Path
) -> None:
    folder, host_id, port = new_host(manager, tmp_path, "node1")
    async with running(folder, port):
        await seen.until("it is up", lambda: seen.status(host_id) == "up")
        change(manager, host_id, address="127.0.0.3")
        await seen.until("it is not reached there", lambda: seen.status(host_id) != "up")
        change(manager, host_id, address=ADDRESS)
        await seen.until("it is up again", lambda: seen.status(host_id) == "up")


@pytest.mark.parametrize(
    ("change_to", "status"),
    [
        ({"name": "node2"}, 409),
        ({"address": "127.0.0.4"}, 409),
        ({"name": "no name"}, 400),
        ({"address": "-"}, 400),
        ({"name": 'x" onload="'}, 400),
    ],
)
def test_a_name_or_address_that_is_taken_or_none_is_refused(
    manager: ManagerProcess, seen: Seen, change_to: dict[str, str], status: int
) -> None:
    first = manager.add_host("node1", ADDRESS, 1)
    manager.add_host("node2", "127.0.0.4", 1)
    assert change(manager, first, **change_to).status_code == status
    host = seen.get(f"/hosts/{first}")
    assert (host["name"], host["address"]) == ("node1", ADDRESS)


def test_the_deployment_may_change_a_host_and_not_remove_it(manager: ManagerProcess) -> None:
    host_id = manager.add_host("node1", ADDRESS, 1)
    headers = manager.deployer()
    answer = manager.request("PUT", f"/api/hosts/{host_id}", json={"name": "node3"}, headers=headers)
    assert (answer.status_code, answer.json()["name"]) == (200, "node3")
    assert manager.request("DELETE", f"/api/hosts/{host_id}", headers=headers).status_code == 403
    assert manager.request("PUT", "/api/hosts/nowhere", json={"name": "x"}, headers=headers).status_code == 404


def change(manager: ManagerProcess, host_id: str, **values: str) -> httpx.Response:
    return manager.request("PUT", f"/api/hosts/{host_id}", json=values, headers=manager.admin())
