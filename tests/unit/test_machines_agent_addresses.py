# SPDX-License-Identifier: Apache-2.0
"""What guests' agents say of addresses: sifted, asked for a few at a time, forgotten when it is no longer said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import libvirt
import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines import agent_addresses as module
from cockpit_rhv.machines.agent_addresses import AgentAddresses, ask_addresses, parse_interfaces
from cockpit_rhv.machines.model import LibvirtState
from cockpit_rhv.messages import msg
from hypothesis import given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

MAC = "52:54:00:aa:bb:cc"
UUID = "6c7f9f5e-0000-4000-8000-000000000001"
#: As libvirt's bindings hand it over: an interface without addresses has None.
INTERFACES = {
    "lo": {
        "hwaddr": "00:00:00:00:00:00",
        "addrs": [{"addr": "127.0.0.1", "prefix": 8, "type": 0}, {"addr": "::1", "prefix": 128, "type": 1}],
    },
    "enp1s0": {
        "hwaddr": MAC.upper(),
        "addrs": [
            {"addr": "192.0.2.10", "prefix": 24, "type": 0},
            {"addr": "2001:DB8:0:0::7", "prefix": 64, "type": 1},
            {"addr": "fe80::5054:ff:feaa:bbcc", "prefix": 64, "type": 1},
            {"addr": "169.254.3.4", "prefix": 16, "type": 0},
        ],
    },
    # A bridge has the address of its card; both are the same way in.
    "br0": {"hwaddr": MAC, "addrs": [{"addr": "192.0.2.10", "prefix": 24, "type": 0}]},
    "docker0": {"hwaddr": "02:42:00:00:00:01", "addrs": [{"addr": "172.17.0.1", "prefix": 16, "type": 0}]},
    "enp2s0": {"hwaddr": "52:54:00:aa:bb:cd", "addrs": None},
}


def test_what_others_can_reach_is_left() -> None:
    assert parse_interfaces(INTERFACES) == {MAC: ("192.0.2.10", "2001:db8::7"), "02:42:00:00:00:01": ("172.17.0.1",)}


def test_a_guest_cannot_fill_the_list() -> None:
    many = [{"addr": f"192.0.2.{number}", "prefix": 24, "type": 0} for number in range(200)]
    assert len(parse_interfaces({"eth0": {"hwaddr": MAC, "addrs": many}})[MAC]) == module.MOST_ADDRESSES


@settings(deadline=None)  # other tests run beside this
@given(st.text(), st.one_of(st.none(), st.text()))
def test_whatever_a_guest_says(address: str, mac: str | None) -> None:
    found = parse_interfaces({"eth0": {"hwaddr": mac, "addrs": [{"addr": address, "prefix": 1, "type": 0}]}})
    assert all(len(text) <= 39 for texts in found.values() for text in texts)


class FakeDomain:
    """``state`` of its agent's channel."""

    def __init__(self, state: str) -> None:
        self.state = state
        self.sources: list[int] = []

    def XMLDesc(self) -> str:
        target = f"<target type='virtio' name='org.qemu.guest_agent.0' state='{self.state}'/>"
        devices = f"<devices><channel type='unix'>{target}</channel></devices>"
        return f"<domain><name>a</name><uuid>{UUID}</uuid>{devices}</domain>"

    def interfaceAddresses(self, source: int, flags: int) -> Any:
        self.sources.append(source)
        assert flags == 0
        return INTERFACES


class FakeConn:
    def __init__(self, domain: FakeDomain) -> None:
        self.domain = domain

    def lookupByUUIDString(self, uuid: str) -> FakeDomain:
        assert uuid == UUID
        return self.domain


def test_only_an_agent_that_is_there_is_asked() -> None:
    absent, there = FakeDomain("disconnected"), FakeDomain("connected")
    assert ask_addresses(FakeConn(absent), UUID) is None
    assert absent.sources == []
    assert ask_addresses(FakeConn(there), UUID) == parse_interfaces(INTERFACES)
    assert there.sources == [libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT]


def test_libvirts_own_driver_answers_in_this_shape() -> None:
    conn = libvirt.open("test:///default")
    try:
        found = parse_interfaces(conn.lookupByName("test").interfaceAddresses(0, 0))
    finally:
        conn.close()
    assert [address for addresses in found.values() for address in addresses] == ["192.168.122.3"]


class FakeConnection:
    """Calls stay open until the test settles them. ``calls``: the guests asked, in order."""

    def __init__(self, state: str = "connected", access: str = "read-write") -> None:
        self.state = LibvirtState(state, access, "test:///")
        self.started = 0
        self.calls: list[tuple[str, asyncio.Future[Any]]] = []
        self.watchers: list[Callable[[LibvirtState], None]] = []

    def start(self) -> None:
        self.started += 1

    def on_state(self, watcher: Callable[[LibvirtState], None]) -> None:
        self.watchers.append(watcher)

    def submit(self, function: Any, uuid: str) -> asyncio.Future[Any]:
        assert function is ask_addresses
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.calls.append((uuid, future))
        return future

    def asked(self) -> list[str]:
        return [uuid for uuid, _ in self.calls]


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def agents_of(connection: FakeConnection, limit_s: float = 60.0) -> AgentAddresses:
    return AgentAddresses(connection, limit_s)  # type: ignore[arg-type]


async def test_all_are_asked_two_at_a_time_and_then_rest() -> None:
    connection = FakeConnection()
    agents = agents_of(connection)
    agents.refresh([])
    assert connection.started == 0
    agents.refresh(["a", "b", "c"])
    assert connection.started == 1
    await settle()
    assert connection.asked() == ["a", "b"]
    connection.calls[0][1].set_result({MAC: ("192.0.2.1",)})
    await settle()
    assert connection.asked() == ["a", "b", "c"]
    connection.calls[1][1].set_result(None)
    connection.calls[2][1].set_exception(RhvError("machine.failed", msg("machine.failed", "No answer.")))
    await settle()
    assert agents.known == {"a": {MAC: ("192.0.2.1",)}}
    agents.refresh(["a", "b", "c"])
    await settle()
    assert len(connection.calls) == 3
    await agents.close()


@pytest.mark.parametrize(("state", "access"), [("connecting", "none"), ("connected", "read-only")])
async def test_nobody_is_asked_before_that_is_possible(state: str, access: str) -> None:
    connection = FakeConnection(state, access)
    agents = agents_of(connection)
    agents.refresh(["a"])
    await settle()
    assert connection.calls == []
    connection.state = LibvirtState("connected", "read-write", "test:///")
    for watcher in connection.watchers:
        watcher(connection.state)
    await settle()
    assert connection.asked() == ["a"]
    await agents.close()


async def test_agents_that_hang_hold_up_nobody_but_three_at_once_all() -> None:
    connection = FakeConnection()
    agents = agents_of(connection, limit_s=0.02)
    names = ["a", "b", "c", "d", "e", "f", "g"]
    agents.refresh(names)
    await asyncio.sleep(0.2)
    hung = len(connection.calls)
    assert module.MOST_OVERDUE <= hung <= module.MOST_OVERDUE + module.MOST_AT_ONCE - 1
    agents.refresh(names)
    await settle()
    assert len(connection.calls) == hung
    # libvirt gives one up: the next ones are asked, and those that hang are not asked a second time.
    for _, call in connection.calls[:2]:
        call.set_result({MAC: ("192.0.2.1",)})
    await settle()
    agents.refresh(names)
    await settle()
    assert len(connection.calls) > hung
    assert len(set(connection.asked())) == len(connection.calls)
    assert agents.known == {}  # what came too late is not taken
    await agents.close()


async def test_what_is_no_longer_said_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWERED_S", 0.0)
    connection = FakeConnection()
    agents = agents_of(connection)
    agents.refresh(["a", "b"])
    await settle()
    for _, call in connection.calls:
        call.set_result({MAC: ("192.0.2.1",)})
    await settle()
    assert set(agents.known) == {"a", "b"}
    agents.refresh(["a"])  # the other one has ended
    assert set(agents.known) == {"a"}
    await settle()
    again = [call for uuid, call in connection.calls if uuid == "a" and not call.done()]
    again[0].set_exception(RhvError("machine.failed", msg("machine.failed", "No answer.")))
    await settle()
    assert agents.known == {}
    await agents.close()


async def test_a_definition_that_cannot_be_read_holds_up_nobody() -> None:
    connection = FakeConnection()
    agents = agents_of(connection)
    names = ["a", "b", "c", "d"]
    agents.refresh(names)
    await settle()
    for _, call in connection.calls[:2]:
        call.set_exception(ValueError("not XML"))
    await settle()
    assert connection.asked() == names  # the next ones without a new look
    for _, call in connection.calls[2:]:
        call.set_result({MAC: ("192.0.2.1",)})
    await settle()
    agents.refresh(names)
    await settle()
    assert connection.asked() == names
    assert sorted(agents.known) == ["c", "d"]
    await agents.close()
