# SPDX-License-Identifier: Apache-2.0
"""The guest store under everything that goes wrong: slow reads, failed reads, a lost connection."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines import sampler as sampler_module
from cockpit_rhv.machines import store as store_module
from cockpit_rhv.machines.model import LibvirtState, Load, Machine
from cockpit_rhv.machines.reading import Listed, list_machines, read_machine, read_machines
from cockpit_rhv.machines.sampler import Sampler, Taken, take
from cockpit_rhv.machines.store import Change, MachineStore
from cockpit_rhv.messages import msg
from cockpit_rhv.workers import within

from tests.leaks import assert_no_tasks

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

UP = LibvirtState("connected", "read-write", "fake:///", "1.0.0")
GONE = LibvirtState("disconnected", "none", "fake:///", error=RhvError("libvirt.unreachable", msg("x", "Gone.")))
BROKEN = RhvError("machine.qemu_failed", msg("y", "Broken."))


class FakeConnection:
    """Answers reads when the test says so. ``reads``: the calls that wait, by uuid."""

    def __init__(self) -> None:
        self.state = UP
        self.names: dict[str, str] = {}
        self.reads: dict[str, list[asyncio.Future[Any]]] = {}
        self.takes: list[asyncio.Future[Any]] = []
        self.shares: list[tuple[list[str], asyncio.Future[Any]]] = []
        self._state_watchers: list[Callable[[LibvirtState], None]] = []
        self.event: Callable[[str], None] = lambda _uuid: None

    def on_state(self, watcher: Callable[[LibvirtState], None]) -> None:
        self._state_watchers.append(watcher)

    def on_domain(self, watcher: Callable[[str], None]) -> None:
        self.event = watcher

    def become(self, state: LibvirtState) -> None:
        self.state = state
        for watcher in self._state_watchers:
            watcher(state)

    async def call(self, function: Any, *args: Any, limit_s: float = 10) -> Any:
        if function is read_machines:
            self.shares.append(([one.domain for one in args[0]], asyncio.get_running_loop().create_future()))
            return await within(self.shares[-1][1], limit_s)
        assert function is list_machines
        return {uuid: listed(uuid, name) for uuid, name in self.names.items()}

    def submit(self, function: Any, *args: Any) -> asyncio.Future[Any]:
        future = asyncio.get_running_loop().create_future()
        if function is take:
            self.takes.append(future)
        else:
            assert function is read_machine
            self.reads.setdefault(args[0], []).append(future)
        return future

    async def waits(self, uuid: str) -> asyncio.Future[Any]:
        """The one read of this guest that is under way."""
        await settle()
        (future,) = [read for read in self.reads.get(uuid, []) if not read.done()]
        return future


def listed(uuid: str, name: str) -> Listed:
    """The uuid stands for libvirt's domain."""
    return Listed(name, uuid, 5, 0, persistent=True, autostart=False)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def guest(uuid: str, state: str = "running", **fields: Any) -> Machine:
    return Machine(uuid, f"name of {uuid}", state, **fields)


@pytest.fixture
def connection() -> FakeConnection:
    return FakeConnection()


@pytest.fixture
async def store(connection: FakeConnection) -> AsyncIterator[MachineStore]:
    store = MachineStore(connection)  # type: ignore[arg-type]
    yield store
    await store.close()
    assert_no_tasks()


async def fill(connection: FakeConnection, *uuids: str) -> None:
    """Connect and let every guest be read as running."""
    connection.names = {uuid: f"name of {uuid}" for uuid in uuids}
    connection.become(UP)
    for uuid in uuids:
        (await connection.waits(uuid)).set_result(guest(uuid))
    await settle()


async def test_the_list_is_complete_when_all_are_read(connection: FakeConnection, store: MachineStore) -> None:
    connection.names = {"a": "name of a"}
    connection.become(UP)
    read = await connection.waits("a")
    assert store.complete is False
    read.set_result(guest("a"))
    await settle()
    assert store.machines["a"].state == "running"
    assert store.complete is True


async def test_an_event_during_a_read_causes_another(connection: FakeConnection, store: MachineStore) -> None:
    await fill(connection, "a")
    connection.event("a")
    slow = await connection.waits("a")
    connection.event("a")
    connection.event("a")
    await settle()
    assert len(connection.reads["a"]) == 2  # never two at once
    slow.set_result(guest("a", "paused"))
    second = await connection.waits("a")
    second.set_result(guest("a", "shut_off"))
    await settle()
    assert store.machines["a"].state == "shut_off"
    assert len(connection.reads["a"]) == 3


async def test_a_failed_read_leaves_the_guest_as_unknown_and_tries_again(
    connection: FakeConnection, store: MachineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "RETRY_S", 0.02)
    await fill(connection, "a")
    connection.event("a")
    (await connection.waits("a")).set_exception(BROKEN)
    await settle()
    machine = store.machines["a"]
    assert (machine.state, machine.error, machine.name) == ("unknown", BROKEN, "name of a")
    await asyncio.sleep(0.05)
    (await connection.waits("a")).set_result(guest("a"))
    await settle()
    assert store.machines["a"].error is None


async def test_a_guest_that_could_never_be_read_has_its_name(connection: FakeConnection, store: MachineStore) -> None:
    connection.names = {"a": "name of a"}
    connection.become(UP)
    (await connection.waits("a")).set_exception(BROKEN)
    await settle()
    assert store.machines["a"].name == "name of a"
    assert store.machines["a"].state == "unknown"


async def test_a_read_that_hangs_holds_up_nobody_else(
    connection: FakeConnection, store: MachineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "CALL_LIMIT_S", 0.02)
    await fill(connection, "a", "b")
    connection.event("a")
    hung = await connection.waits("a")
    await asyncio.sleep(0.05)
    error = store.machines["a"].error
    assert error is not None
    assert error.code == "call.overdue"
    connection.event("b")
    (await connection.waits("b")).set_result(guest("b", "paused"))
    await settle()
    assert store.machines["b"].state == "paused"
    connection.event("a")
    await settle()
    assert len(connection.reads["a"]) == 2  # no second call beside the one that hangs
    hung.set_result(guest("a"))
    (await connection.waits("a")).set_result(guest("a", "crashed"))
    await settle()
    assert store.machines["a"].state == "crashed"


async def test_a_lost_connection_makes_all_unknown_and_its_return_reads_anew(
    connection: FakeConnection, store: MachineStore
) -> None:
    await fill(connection, "a", "b")
    connection.event("a")
    stale = await connection.waits("a")
    connection.become(GONE)
    stale.set_result(guest("a"))  # it was answered before the connection broke
    await settle()
    assert {machine.state for machine in store.machines.values()} == {"unknown"}
    assert store.machines["b"].error is GONE.error
    assert not store.complete
    connection.names = {"b": "name of b"}
    connection.become(UP)
    (await connection.waits("b")).set_result(guest("b", "shut_off"))
    (await connection.waits("a")).set_result(None)
    await settle()
    assert set(store.machines) == {"b"}
    assert store.machines["b"].state == "shut_off"


async def many(connection: FakeConnection, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list of six guests, read by two; returns the uuids in the order of their names."""
    monkeypatch.setattr(store_module, "SHARE", 2)
    monkeypatch.setattr(store_module, "MOST_SHARES", 2)
    connection.names = {uuid: f"name of {uuid}" for uuid in "fbdace"}
    connection.become(UP)
    await settle()
    return sorted(connection.names)


async def test_a_long_list_is_read_in_shares_in_the_order_of_names(
    connection: FakeConnection, store: MachineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuids = await many(connection, monkeypatch)
    assert [share for share, _ in connection.shares] == [uuids[:2], uuids[2:4]]
    connection.shares[0][1].set_result({"a": guest("a"), "b": None})  # one is gone since
    await settle()
    assert (set(store.machines), store.complete) == ({"a"}, False)
    assert connection.shares[2][0] == uuids[4:]
    for share, found in connection.shares[1:]:
        found.set_result({uuid: guest(uuid) for uuid in share})
    await settle()
    assert (set(store.machines), store.complete) == (set(uuids) - {"b"}, True)
    assert not connection.reads


async def test_what_a_share_says_is_not_put_over_a_newer_event(
    connection: FakeConnection, store: MachineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await many(connection, monkeypatch)
    connection.event("a")
    (await connection.waits("a")).set_result(guest("a", "shut_off"))
    await settle()
    connection.shares[0][1].set_result({"a": guest("a", "running"), "b": guest("b")})
    await settle()
    assert store.machines["a"].state == "shut_off"
    assert store.machines["b"].state == "running"


async def test_a_list_is_not_put_over_an_event_that_was_read_while_libvirt_listed(
    connection: FakeConnection, store: MachineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    answer = connection.call

    async def slow(function: Any, *args: Any, limit_s: float = 10) -> Any:
        if function is list_machines:
            await listing
        return await answer(function, *args, limit_s=limit_s)

    monkeypatch.setattr(connection, "call", slow)
    uuids = await many(connection, monkeypatch)
    connection.event("a")
    (await connection.waits("a")).set_result(guest("a", "shut_off"))
    await settle()
    listing.set_result(None)
    await settle()
    for _share, found in connection.shares:
        found.set_result({uuid: guest(uuid) for uuid in uuids})
        await settle()
    assert {uuid: machine.state for uuid, machine in store.machines.items()} == {
        uuid: "shut_off" if uuid == "a" else "running" for uuid in uuids
    }
    assert store.complete


async def test_who_is_not_read_in_a_share_is_read_alone(
    connection: FakeConnection, store: MachineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "SETTLE_S", 0.05)
    await many(connection, monkeypatch)
    connection.shares[0][1].set_result({"a": BROKEN, "b": guest("b")})
    await settle()
    (await connection.waits("a")).set_exception(BROKEN)
    await asyncio.sleep(0.1)  # the others hang, and no longer than that
    await connection.waits("c")
    (await connection.waits("d")).set_result(guest("d"))
    await settle()
    assert {uuid: machine.state for uuid, machine in store.machines.items()} == {
        "a": "unknown", "b": "running", "d": "running",
    }  # fmt: skip


async def test_a_load_that_came_before_its_guest_is_not_lost(connection: FakeConnection, store: MachineStore) -> None:
    connection.names = {"a": "name of a", "b": "name of b"}
    connection.become(UP)
    store.apply_loads({"a": Load(cpu_percent=7), "b": Load(cpu_percent=8)})
    (await connection.waits("a")).set_result(guest("a"))
    (await connection.waits("b")).set_result(guest("b", "shut_off"))
    await settle()
    assert [store.machines[uuid].load.cpu_percent for uuid in "ab"] == [7, None]


async def test_changes_are_told_with_before_and_after(connection: FakeConnection, store: MachineStore) -> None:
    changes: list[Change] = []
    end = store.on_change(changes.append)
    await fill(connection, "a")
    connection.event("a")
    (await connection.waits("a")).set_result(guest("a"))  # the same again is no change
    await settle()
    connection.event("a")
    (await connection.waits("a")).set_result(None)
    await settle()
    end()
    await fill(connection, "b")
    assert changes == [Change("a", None, guest("a")), Change("a", guest("a"), None)]


async def test_load_survives_a_read_and_ends_with_the_guest(connection: FakeConnection, store: MachineStore) -> None:
    await fill(connection, "a", "b")
    store.apply_loads({"a": Load(cpu_percent=12, memory_used_mib=100)})
    connection.event("a")
    (await connection.waits("a")).set_result(replace(guest("a"), autostart=True, started_s=7.0))
    await settle()
    assert store.machines["a"].load == Load(12, 100)
    assert store.machines["a"].started_s == 7.0
    assert store.machines["b"].load == Load()
    connection.event("a")
    (await connection.waits("a")).set_result(guest("a", "shut_off"))
    await settle()
    assert store.machines["a"].load == Load()
    store.apply_loads({"a": Load(cpu_percent=1)})
    assert store.machines["a"].load == Load()


class NoAddresses:
    """An address book with one entry. ``asked``: how often it was to be read."""

    def __init__(self) -> None:
        self.known = {"52:54:00:00:00:01": ("192.0.2.7",)}
        self.asked = 0

    def refresh(self) -> None:
        self.asked += 1


class Agents:
    """One guest's agent says something."""

    def __init__(self) -> None:
        mac = "52:54:00:00:00:01"
        self.known = {"a": {mac: ("2001:db8::7", "192.0.2.7")}, "b": {mac: ("192.0.2.9",)}}
        self.running: list[set[str]] = []

    def refresh(self, running: Collection[str]) -> None:
        self.running.append(set(running))


def sampler_of(connection: FakeConnection, store: MachineStore, tick_s: float, agents: Agents | None = None) -> Sampler:
    return Sampler(connection, store, NoAddresses(), agents or Agents(), tick_s)  # type: ignore[arg-type]


async def asked(connection: FakeConnection, number: int) -> asyncio.Future[Any]:
    """The sampler's call of that number, from 0, once it has been made."""
    for _ in range(2000):
        if len(connection.takes) > number:
            return connection.takes[number]
        await asyncio.sleep(0.002)
    raise AssertionError(f"only {len(connection.takes)} calls")


async def test_a_call_that_hangs_holds_up_the_others_once(
    connection: FakeConnection, store: MachineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampler_module, "CALL_LIMIT_S", 0.02)
    await fill(connection, "a")
    sampler = sampler_of(connection, store, 0.01)
    await asyncio.sleep(0.03)
    assert connection.takes == []  # off at first
    sampler.set_active(True)
    await asked(connection, sampler_module.MOST_OVERDUE - 1)
    await asyncio.sleep(0.1)
    assert len(connection.takes) == sampler_module.MOST_OVERDUE  # and no more, however long they hang
    monkeypatch.setattr(sampler_module, "CALL_LIMIT_S", 60)
    connection.takes[0].set_result(Taken(10.0, {}))
    for number, cpu_s in ((2, 4), (3, 5)):
        sample = {"state.state": 1, "cpu.time": cpu_s * 10**9}
        (await asked(connection, number)).set_result(Taken(10.0 + number, {"a": sample}))
    await asked(connection, 4)
    assert store.machines["a"].load.cpu_percent == 100
    sampler.set_active(False)
    await settle()
    await asyncio.sleep(0.05)
    assert len(connection.takes) == 5
    await sampler.close()


async def test_a_call_left_behind_by_a_hidden_page_counts(connection: FakeConnection, store: MachineStore) -> None:
    await fill(connection, "a")
    sampler = sampler_of(connection, store, 60)
    for _ in range(sampler_module.MOST_OVERDUE + 2):
        sampler.set_active(True)
        await settle()
        sampler.set_active(False)
        await settle()
    assert len(connection.takes) == sampler_module.MOST_OVERDUE
    await sampler.close()


async def test_a_sample_has_rates_and_addresses(connection: FakeConnection, store: MachineStore) -> None:
    connection.names = {"a": "name of a"}
    connection.become(UP)
    (await connection.waits("a")).set_result(guest("a", macs=("52:54:00:00:00:01",)))
    await settle()
    agents = Agents()
    sampler = sampler_of(connection, store, 0.01, agents)
    sampler.set_active(True)
    for number in (0, 1):
        call = await asked(connection, number)
        counted = {
            "block.count": 1,
            "block.0.rd.bytes": number * 10**6,
            "net.count": 1,
            "net.0.tx.bytes": number * 5000,
        }
        call.set_result(Taken(10.0 + number, {"a": {"state.state": 1, **counted}}))
    await asked(connection, 2)
    assert store.machines["a"].load == Load(
        disk_read_bytes_s=10**6, net_tx_bytes_s=5000, addresses=("192.0.2.7", "2001:db8::7")
    )
    assert agents.running[-1] == {"a"}
    await sampler.close()


async def test_the_first_load_does_not_wait_for_a_whole_tick(
    connection: FakeConnection, store: MachineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampler_module, "SECOND_TICK_S", 0.01)
    await fill(connection, "a")
    sampler = sampler_of(connection, store, 60)
    sampler.set_active(True)
    for number in (0, 1):
        counted = {"state.state": 1, "cpu.time": number * 10**9, "vcpu.current": 1}
        (await asked(connection, number)).set_result(Taken(10.0 + number, {"a": counted}))
    await settle()
    assert store.machines["a"].load.cpu_percent == 100
    await asyncio.sleep(0.1)
    assert len(connection.takes) == 2, "the third waits for its tick"
    await sampler.close()


async def test_whoever_looks_before_libvirt_is_there_does_not_wait_a_tick_for_it(
    connection: FakeConnection, store: MachineStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampler_module, "SECOND_TICK_S", 0.01)
    connection.become(replace(UP, state="connecting"))
    sampler = sampler_of(connection, store, 60)
    sampler.set_active(True)
    await asyncio.sleep(0.03)
    assert connection.takes == []
    await fill(connection, "a")
    await asked(connection, 0)
    await sampler.close()


async def test_an_idle_guest_changes_nothing(connection: FakeConnection, store: MachineStore) -> None:
    await fill(connection, "a")
    changes: list[Change] = []
    sampler = sampler_of(connection, store, 0.001)
    sampler.set_active(True)
    for number in range(6):
        call = await asked(connection, number)
        counted = {"cpu.time": number * 4 * 10**6, "vcpu.current": 1, "net.count": 1, "net.0.rx.bytes": number * 300}
        call.set_result(Taken(10.0 + number, {"a": {"state.state": 1, **counted}}))
        await settle()
        if number == 2:
            store.on_change(changes.append)
    assert store.machines["a"].load == Load(cpu_percent=0, net_rx_bytes_s=0)
    assert changes == []
    await sampler.close()


async def test_a_missed_event_is_noticed_by_the_sampler(connection: FakeConnection, store: MachineStore) -> None:
    await fill(connection, "a")
    sampler = sampler_of(connection, store, 60)
    sampler.set_active(True)
    await settle()
    connection.takes[0].set_result(Taken(1.0, {"a": {"state.state": 3}, "new": {"state.state": 1}}))
    (await connection.waits("a")).set_result(guest("a", "paused"))
    (await connection.waits("new")).set_result(guest("new"))
    await settle()
    assert store.machines["a"].state == "paused"
    assert store.machines["new"].state == "running"
    await sampler.close()
