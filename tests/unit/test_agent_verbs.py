# SPDX-License-Identifier: Apache-2.0
"""The verbs of a whole agent on libvirt's test driver: shapes and types as vdsm.md, 2.4 and 3, has them."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines.uptime import host_clock_s
from cockpit_rhv.messages import msg
from cockpit_rhv.rpc.stomp_client import JsonRpcRemoteError

from tests.own_driver import TEST_GUEST
from tests.unit.agent_support import PATIENCE_S, AgentHouse, running_agent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import libvirt
    from cockpit_rhv.rpc.stomp_client import StompRpcClient

UP = f"|virt|VM_status|{TEST_GUEST}"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[AgentHouse]:
    async with running_agent(tmp_path) as running:
        yield running


@pytest.fixture
async def client(house: AgentHouse) -> AsyncIterator[StompRpcClient]:
    connected = await house.client()
    yield connected
    await connected.close()


async def code_of(client: StompRpcClient, method: str, **params: Any) -> int:
    with pytest.raises(JsonRpcRemoteError) as caught:
        await client.call(method, params)
    return caught.value.code


async def test_capabilities_have_the_documented_types(client: StompRpcClient) -> None:
    caps = await client.call("Host.getCapabilities")
    for key in ("cpuSockets", "cpuCores", "cpuThreads", "memSize"):
        assert re.fullmatch(r"[1-9][0-9]*", caps[key]), key
    assert caps["kvmEnabled"] in ("true", "false")
    assert re.fullmatch(r"[0-9]+(,[0-9]+)*", caps["onlineCpus"])
    assert len(caps["cpuTopology"]) == int(caps["cpuThreads"])
    assert caps["packages2"]["libvirt"]["version"].count(".") == 2
    assert caps["lastClientIface"] == "lo"
    assert {"networks", "nics", "bridges", "bondings", "vlans"} <= caps.keys()
    for nic in caps["nics"].values():
        assert isinstance(nic["mtu"], str)
    assert caps["supportedENGINEs"] == caps["clusterLevels"] == [], "nothing is promised that is not there"


async def test_stats_grow_with_the_second_sample(client: StompRpcClient) -> None:
    first = await client.call("Host.getStats")
    assert first["dateTime"].endswith(" GMT")
    assert isinstance(first["memFree"], int)
    assert re.fullmatch(r"[0-9]+", first["memUsed"])
    assert (first["vmCount"], first["vmActive"]) == (1, 1)
    await asyncio.sleep(0.6)
    second = await client.call("Host.getStats")
    for key in ("cpuUser", "cpuSys", "cpuIdle"):
        assert re.fullmatch(r"[0-9]+\.[0-9]{2}", second[key]), key
    assert 0 <= float(second["cpuIdle"]) <= 100
    assert second["network"]["lo"]["rx"].isdigit()
    assert second["cpuStatistics"]["0"].keys() == {"nodeIndex", "cpuUser", "cpuSys", "cpuIdle"}
    assert not {"ksmState", "ksmPages", "memShared", "haScore"} & second.keys(), "absent as with MOM down"


async def test_vm_list_in_both_shapes(client: StompRpcClient) -> None:
    listed = await client.call("Host.getVMList", {"onlyUUID": False})
    assert [(vm["vmId"], vm["status"]) for vm in listed] == [(TEST_GUEST, "Up")]
    assert listed[0]["statusTime"].isdigit()
    assert await client.call("Host.getVMList") == listed
    assert await client.call("Host.getVMList", {"onlyUUID": True}) == [TEST_GUEST]
    assert await client.call("Host.getVMList", {"onlyUUID": "true"}) == [TEST_GUEST]
    assert await client.call("Host.getVMList", {"vmList": ["no-such"]}) == []
    assert await code_of(client, "Host.getVMList", vmList="x") == 11
    assert await code_of(client, "Host.getVMList", onlyUUID=3) == 11


async def test_vm_stats(client: StompRpcClient, house: AgentHouse) -> None:
    await asyncio.sleep(0.5)
    (stats,) = await client.call("Host.getAllVmStats")
    assert stats["vmId"] == TEST_GUEST
    assert stats["monitorResponse"] == "0"
    assert stats["vcpuCount"] == "2"
    assert re.fullmatch(r"[0-9a-f]{64}", stats["hash"])
    assert await client.call("VM.getStats", {"vmID": TEST_GUEST}) == [stats]
    assert await code_of(client, "VM.getStats", vmID="00000000-0000-0000-0000-000000000000") == 1
    assert await code_of(client, "VM.getStats") == 11


async def test_dumpxmls(client: StompRpcClient) -> None:
    answer = await client.call("Host.dumpxmls", {"vmList": [TEST_GUEST]})
    assert f"<uuid>{TEST_GUEST}</uuid>" in answer[TEST_GUEST]
    assert await client.call("Host.dumpxmls", {"vmList": []}) == {}
    assert await code_of(client, "Host.dumpxmls", vmList=["no-such"]) == 1


async def test_hardware_info_is_strings(client: StompRpcClient) -> None:
    assert all(isinstance(value, str) for value in (await client.call("Host.getHardwareInfo")).values())


async def test_events_of_a_guests_life(house: AgentHouse) -> None:
    events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    reader = await house.client(lambda method, params: events.put_nowait((method, params)))
    deaf = await house.raw()
    deaf.subscribe("jms")  # vdsm, too, sends no events to a parent of the queue

    async def do(name: str) -> dict[str, Any]:
        await house.agent.connection.call(lambda conn: getattr(domain(conn), name)())
        method, params = await asyncio.wait_for(events.get(), PATIENCE_S)
        assert method == UP
        assert params.keys() == {TEST_GUEST, "notify_time"}
        told: dict[str, Any] = params[TEST_GUEST]
        assert params["notify_time"] >= 2**31 - 1
        assert told["statusTime"] == str(params["notify_time"])
        return told

    paused = await do("suspend")
    assert (paused["status"], paused["pauseCode"]) == ("Paused", "NOERR")
    assert (await reader.call("Host.getVMList"))[0]["status"] == "Paused"
    assert (await do("resume"))["status"] == "Up"
    down = await do("destroy")
    assert (down["status"], down["exitCode"], down["exitReason"]) == ("Down", 0, 6)
    assert await reader.call("Host.getVMList") == [], "nobody would send VM.destroy for it"
    assert await reader.call("Host.getAllVmStats") == []
    assert (await do("create"))["status"] == "Up"
    assert (await do("shutdown"))["exitReason"] == 7
    await deaf.nothing(0.1)
    assert events.empty()
    await reader.close()
    await deaf.close()


async def test_events_of_a_transient_guest(house: AgentHouse) -> None:
    """Of its end only the event knows the reason: the domain is gone before anyone can ask."""
    events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    reader = await house.client(lambda method, params: events.put_nowait((method, params)))
    xml = "<domain type='test'><name>brief</name><memory>1024</memory><os><type>hvm</type></os></domain>"
    uuid = await house.agent.connection.call(lambda conn: conn.createXML(xml).UUIDString())
    _, params = await asyncio.wait_for(events.get(), PATIENCE_S)
    assert params[uuid]["status"] == "Up"
    await house.agent.connection.call(lambda conn: conn.lookupByUUIDString(uuid).destroy())
    _, params = await asyncio.wait_for(events.get(), PATIENCE_S)
    assert (params[uuid]["status"], params[uuid]["exitReason"]) == ("Down", 6)
    await reader.close()


async def test_without_libvirt_the_host_still_answers(tmp_path: Path) -> None:
    async with running_agent(tmp_path, "test:///nowhere/at/all.xml") as house:
        client = await house.client()
        assert await client.call("Host.ping2") is True
        caps = await client.call("Host.getCapabilities")
        assert "emulatedMachines" not in caps
        assert int(caps["memSize"]) > 0
        stats = await client.call("Host.getStats")
        assert "vmCount" not in stats, "unknown is not none"
        assert await code_of(client, "Host.getVMList") in (99, -32000)
        await client.close()


async def test_the_first_question_waits_for_libvirt(tmp_path: Path) -> None:
    """Asked at once after the start, when libvirt has not been read yet."""
    house = AgentHouse(tmp_path)
    await house.agent.start()
    client = await house.client()
    assert not house.agent.guests.complete
    caps, vms = await asyncio.gather(client.call("Host.getCapabilities"), client.call("Host.getVMList"))
    assert "libvirt" in caps["packages2"]
    assert [vm["vmId"] for vm in vms] == [TEST_GUEST]
    await client.close()
    await house.agent.stop()


async def test_uptime_goes_on_between_readings(house: AgentHouse, client: StompRpcClient) -> None:
    guests = house.agent.guests
    guest = guests.get(TEST_GUEST)
    guests._guests[TEST_GUEST] = guest._replace(machine=replace(guest.machine, started_s=host_clock_s() - 150))
    (stats,) = await client.call("VM.getStats", {"vmID": TEST_GUEST})
    assert 150 <= int(stats["elapsedTime"]) < 160


async def test_state_file(house: AgentHouse, client: StompRpcClient) -> None:
    await client.call("Host.ping2")
    for _ in range(1000):
        state = json.loads(house.settings.state_file.read_text())
        if state["clients"]:
            break
        await asyncio.sleep(0.05)
    (found,) = state["clients"]
    assert (found["name"], found["address"]) == ("engine", "127.0.0.1")
    assert state["started_s"] <= found["connected_s"] <= state["last_request_s"]


async def test_state_file_goes_with_the_agent(tmp_path: Path) -> None:
    async with running_agent(tmp_path) as house:
        await asyncio.sleep(0.05)
        assert house.settings.state_file.exists()
    assert not house.settings.state_file.exists()


def domain(conn: libvirt.virConnect) -> libvirt.virDomain:
    return conn.lookupByUUIDString(TEST_GUEST)


async def test_a_guest_that_cannot_be_read_is_neither_down_nor_gone(house: AgentHouse, client: StompRpcClient) -> None:
    """One guest whose QEMU hangs must not be reported as ended: a Manager would start it elsewhere."""
    store = house.agent.guests._store
    events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    reader = await house.client(lambda method, params: events.put_nowait((method, params)))
    store._publish_unknown(TEST_GUEST, RhvError("call.overdue", msg("call.overdue", "No answer.")))
    (stats,) = await client.call("Host.getAllVmStats")
    assert (stats["status"], stats["monitorResponse"]) == ("Up", "-1")
    assert events.empty()
    await reader.close()
