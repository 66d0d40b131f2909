# SPDX-License-Identifier: Apache-2.0
"""Guests that are shut down within a time, with a libvirt that says what the test says: nobody loses power unasked."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable

import pytest
from cockpit_rhv.deploy.progress import ProgressFile
from cockpit_rhv.errors import RhvError
from cockpit_rhv.guest_jobs import asked as asked_module
from cockpit_rhv.guest_jobs import waiting
from cockpit_rhv.guest_jobs.asked import Asked
from cockpit_rhv.guest_jobs.guest_run import GuestRun
from cockpit_rhv.guest_jobs.shutdown import _log as log_of
from cockpit_rhv.guest_jobs.waiting import wait_for_all
from cockpit_rhv.messages import msg

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOT = "boot"


def error(code: str) -> RhvError:
    return RhvError(code, msg("t.error", "It says no."))


class Host:
    """Guests by uuid with libvirt's number of their run. ``on``: what a call to one of them does."""

    def __init__(self) -> None:
        self.running: dict[str, int] = {}
        self.told: list[tuple[str, str]] = []
        self.on: dict[tuple[str, str], Callable[[], None]] = {}
        self.open: Callable[[], None] = lambda: None

    def domain(self, uuid: str) -> Any:
        host = self

        class Domain:
            def UUIDString(self) -> str:
                return uuid

            def ID(self) -> int:
                return host.running.get(uuid, -1)

            def shutdown(self) -> None:
                host.act(uuid, "shutdown")

            def destroy(self) -> None:
                host.act(uuid, "destroy")
                host.running.pop(uuid, None)

        return Domain()

    def end(self, uuid: str) -> None:
        del self.running[uuid]

    def act(self, uuid: str, what: str) -> None:
        self.told.append((what, uuid))
        self.on.get((what, uuid), lambda: None)()

    def listAllDomains(self, _flags: int) -> list[Any]:
        return [self.domain(uuid) for uuid in self.running]


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    host = Host()

    @contextmanager
    def connected(_uri: str) -> Iterator[Host]:
        host.open()
        yield host

    @contextmanager
    def domain_of(conn: Host, uuid: str) -> Iterator[Any]:
        yield conn.domain(uuid)

    monkeypatch.setattr(waiting, "connected", connected)
    monkeypatch.setattr(waiting, "domain_of", domain_of)
    monkeypatch.setattr(waiting, "require_own", lambda _conn, uuid, **_: host.act(uuid, "look"))
    monkeypatch.setattr(
        waiting,
        "current_run",
        lambda domain: GuestRun(domain.ID() if domain.ID() >= 0 else None, BOOT, None),
    )
    monkeypatch.setattr(waiting, "LOOK_S", 0.02)
    monkeypatch.setattr(waiting, "CALL_LIMIT_S", 0.5)
    return host


def ask(host: Host, *uuids: str, wait_s: float = 0.2) -> list[Asked]:
    asked = []
    for number, uuid in enumerate(uuids, 1):
        host.running[uuid] = number
        asked.append(Asked(uuid, uuid, GuestRun(number, BOOT, None)))
    wait_for_all(asked, wait_s, ProgressFile(None))
    return asked


def shut_down(host: Host, *uuids: str, wait_s: float = 0.2) -> dict[str, str | None]:
    """Outcome, or the error's code, of each."""
    return {one.uuid: one.error.code if one.error else one.outcome for one in ask(host, *uuids, wait_s=wait_s)}


def test_who_shuts_down_is_off_and_who_does_not_is_powered_off(host: Host) -> None:
    host.on["shutdown", "good"] = lambda: host.end("good")
    assert shut_down(host, "good", "deaf") == {"good": "off", "deaf": "powered_off"}
    assert ("destroy", "good") not in host.told


@pytest.mark.parametrize("code", ["libvirt.failed", "libvirt.unsupported", "machine.busy"])
def test_a_request_that_fails_is_not_repeated_for_ever(host: Host, code: str) -> None:
    """QEMU's monitor may be dead: its guest is powered off when the time is up, as was promised."""

    def fail() -> None:
        raise error(code)

    host.on["shutdown", "a"] = fail
    assert shut_down(host, "a") == {"a": "powered_off"}
    assert host.told.count(("shutdown", "a")) == 1


def test_a_power_off_that_fails_is_told(host: Host) -> None:
    def fail() -> None:
        raise error("libvirt.failed")

    host.on["destroy", "a"] = fail
    assert shut_down(host, "a") == {"a": "libvirt.failed"}
    assert host.told.count(("destroy", "a")) == 1


def test_a_libvirt_that_refuses_us_is_no_libvirt_that_comes_back(host: Host) -> None:
    def refuse() -> None:
        raise error("libvirt.denied")

    host.open = refuse
    with pytest.raises(RhvError) as caught:
        shut_down(host, "a", wait_s=60)
    assert caught.value.code == "libvirt.denied"


def test_guests_that_hang_cost_no_other_its_power_unasked(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = [f"hangs-{number}" for number in range(5)]
    for uuid in hanging:
        host.on["look", uuid] = lambda: time.sleep(5)
    host.on["shutdown", "good"] = lambda: host.end("good")
    assert shut_down(host, *hanging, "good") == {**dict.fromkeys(hanging, "powered_off"), "good": "off"}
    assert ("destroy", "good") not in host.told


def test_a_guest_that_could_not_be_asked_keeps_its_power(host: Host) -> None:
    """Each connection to ask it hangs: no request has reached it, and none of the later ones may take its power."""
    opened = 0

    def open_slowly() -> None:
        nonlocal opened
        opened += 1
        if 1 < opened <= 1 + waiting.MOST_OVERDUE:  # the first is the one that looks
            time.sleep(5)

    host.open = open_slowly
    assert shut_down(host, "a") == {"a": "call.overdue"}
    assert host.told == []


def test_a_run_that_began_meanwhile_is_left_alone(host: Host) -> None:
    def again() -> None:
        host.running["a"] = 77

    host.on["shutdown", "a"] = again
    assert shut_down(host, "a") == {"a": "restarted"}
    assert ("destroy", "a") not in host.told


def test_a_late_thread_does_nothing_any_more(host: Host) -> None:
    """What hung before the power-off comes back when nobody waits for it: the guest may be another one by then."""
    release = time.monotonic() + 2

    def hang() -> None:
        time.sleep(max(0.0, release - time.monotonic()))

    host.on["look", "a"] = hang
    assert shut_down(host, "a") == {"a": "powered_off"}
    host.running["a"] = 1  # libvirt may give a number twice
    time.sleep(max(0.0, release - time.monotonic()) + 0.3)
    assert ("shutdown", "a") not in host.told
    assert host.running == {"a": 1}


def test_libvirt_that_dies_while_it_powers_off_does_not_make_it_a_shutdown(host: Host) -> None:
    def dies() -> None:
        host.running.pop("a")
        raise error("libvirt.unreachable")

    host.on["destroy", "a"] = dies
    assert shut_down(host, "a") == {"a": "powered_off"}


def test_a_full_disk_and_a_mistake_of_ours_stop_nobody_else(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    def mistake() -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(ProgressFile, "report", full)
    broken = ["x", "y", "z"]
    for uuid in broken:
        host.on["look", uuid] = mistake
    assert shut_down(host, *broken, "deaf") == {**dict.fromkeys(broken, "internal"), "deaf": "powered_off"}


def test_a_power_off_that_waits_in_libvirt_is_not_asked_for_again(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guest goes off by itself meanwhile, and somebody starts it: the first request may meet that run, no other."""
    monkeypatch.setattr(asked_module, "LATE_S", 0.3)

    def waits() -> None:
        time.sleep(0.2)
        host.end("a")
        time.sleep(1.3)  # several times the limit of a call
        host.running["a"] = 2
        answered.append(True)

    answered: list[bool] = []
    host.on["destroy", "a"] = waits
    (one,) = ask(host, "a")
    assert answered, "nothing is told of the guest before"
    assert host.told.count(("destroy", "a")) == 1
    assert (one.outcome, one.late, host.running) == ("powered_off", True, {})
    assert [line["id"] for line in log_of([one])] == ["shutdown.late", "shutdown.forced"]


def test_a_power_off_in_time_is_told_as_such(host: Host) -> None:
    (one,) = ask(host, "a")
    assert (one.outcome, one.late) == ("powered_off", False)
    assert [line["id"] for line in log_of([one])] == ["shutdown.forced"]


def test_a_power_off_that_is_never_answered_is_told_to_be_on_its_way(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "PENDING_S", 1.0)
    host.on["destroy", "a"] = lambda: time.sleep(4)
    assert shut_down(host, "a") == {"a": "machine.pending"}
    assert host.told.count(("destroy", "a")) == 1
