# SPDX-License-Identifier: Apache-2.0
"""A real libvirtd that stops answering while a guest is powered off: nothing meets another run without being told."""

from __future__ import annotations

import gc
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable

import libvirt
import pytest
from cockpit_rhv.deploy.progress import ProgressFile
from cockpit_rhv.errors import RhvError
from cockpit_rhv.guest_jobs import asked as asked_module
from cockpit_rhv.guest_jobs import waiting
from cockpit_rhv.guest_jobs.asked import Asked
from cockpit_rhv.guest_jobs.guest_run import current_run
from cockpit_rhv.machines import once as once_module
from cockpit_rhv.machines.actions import act_on_own
from cockpit_rhv.machines.once import Once
from cockpit_rhv.messages import msg
from cockpit_rhv.workers import call_within

from tests.waiting import until
from tests.wire.libvirt_daemon import MISSING, LibvirtDaemon
from tests.wire.test_libvirt_hangs import impatient

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.skipif(MISSING is not None, reason=str(MISSING)), pytest.mark.timeout(120)]


@pytest.fixture
def victim(daemon: LibvirtDaemon, caplog: pytest.LogCaptureFixture) -> Iterator[str]:
    """The uuid of a running guest."""
    uuid = daemon.define("victim")
    with connection(daemon) as conn:
        conn.lookupByUUIDString(uuid).create()
    yield uuid
    # A call that is left behind has its connection in its traceback, and errors that are logged keep theirs.
    caplog.get_records("call").clear()
    gc.collect()


@contextmanager
def connection(daemon: LibvirtDaemon) -> Iterator[libvirt.virConnect]:
    conn = libvirt.open(daemon.uri())
    try:
        yield conn
    finally:
        conn.close()


def number(daemon: LibvirtDaemon, uuid: str) -> int:
    """libvirt's number of the run that there is now."""
    with connection(daemon) as conn:
        return int(conn.lookupByUUIDString(uuid).ID())


def power_off(daemon: LibvirtDaemon, uuid: str, limit_s: float) -> str | None:
    """As the helper does it; the code of what the page is told. An error's traceback would keep the connection."""
    once = Once("power_off", time.monotonic() + limit_s)
    conn = libvirt.open(daemon.uri())
    try:
        call_within(limit_s, lambda: act_on_own(conn, uuid, once))
    except RhvError as error:
        return once.told(error).code
    return None


def test_what_was_not_sent_in_time_is_never_sent(daemon: LibvirtDaemon, victim: str) -> None:
    before = number(daemon, victim)
    raised: list[str] = []
    begun, hung = threading.Event(), threading.Event()
    once = Once("power_off", time.monotonic() + 1)

    def act() -> None:
        try:
            with connection(daemon) as conn:
                begun.set()
                hung.wait()
                act_on_own(conn, victim, once)
        except RhvError as error:
            raised.append(error.code)

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    begun.wait()
    with daemon.hung():
        hung.set()
        time.sleep(1.5)
        overdue = once.told(RhvError("call.overdue", msg("t", "No answer.")))
    thread.join()
    assert raised == ["call.too_late"]
    assert (overdue.code, overdue.hint and overdue.hint.id) == ("call.overdue", "machine.not_sent.hint")
    assert number(daemon, victim) == before


def test_a_run_that_began_after_the_question_is_left_alone(
    daemon: LibvirtDaemon, victim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    meant = Once.meant

    def then_it_is_started_anew(self: Once, found: libvirt.virDomain) -> None:
        meant(self, found)
        with connection(daemon) as conn:
            domain = conn.lookupByUUIDString(victim)
            domain.destroy()
            domain.create()

    monkeypatch.setattr(Once, "meant", then_it_is_started_anew)
    before = number(daemon, victim)
    assert power_off(daemon, victim, 30) == "machine.other_run"
    assert number(daemon, victim) > before


def hang_before_it_is_sent(hang: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """libvirt stops right after it was looked which run there is."""
    look = once_module._number

    def then_hang(found: libvirt.virDomain) -> int:
        run = look(found)
        hang()
        return run

    monkeypatch.setattr(once_module, "_number", then_hang)


def test_what_waits_in_libvirt_is_told(daemon: LibvirtDaemon, victim: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with daemon.hanging_when_told() as hang:
        hang_before_it_is_sent(hang, monkeypatch)
        assert power_off(daemon, victim, 1) == "machine.pending"
    # and it is true
    until("the number of the run", lambda: number(daemon, victim), lambda run: run == -1)


def shut_down(victim: str, daemon: LibvirtDaemon, patch: pytest.MonkeyPatch, hang: Any) -> tuple[str | None, bool]:
    """The job's work: the outcome or the error's code, and whether it was late. libvirt stops before the power-off."""
    calls = 0

    def look(found: libvirt.virDomain) -> Any:
        nonlocal calls
        calls += 1
        run = current_run(found)
        if calls == 3:  # the first two are of the request to shut down
            hang()
        return run

    patch.setattr(waiting, "job_uri", daemon.uri)
    patch.setattr(waiting, "current_run", look)
    with connection(daemon) as conn:
        one = Asked(victim, "victim", current_run(conn.lookupByUUIDString(victim)))
    waiting.wait_for_all([one], 1.0, ProgressFile(None))
    told = one.error.code if one.error else one.outcome, one.late
    # the job's threads keep the guest, and that its connection
    one.order = one.error = None
    return told


def test_a_job_waits_for_its_power_off_and_tells_that_it_was_late(
    daemon: LibvirtDaemon, victim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked_module, "LATE_S", 2.0)
    with daemon.hanging_when_told() as hang, impatient(monkeypatch):
        process = daemon.process

        def hang_a_while() -> None:
            hang()
            threading.Timer(5, process.send_signal, [18]).start()

        assert shut_down(victim, daemon, monkeypatch, hang_a_while) == ("powered_off", True)


def test_a_job_that_gives_up_says_that_its_power_off_is_on_its_way(
    daemon: LibvirtDaemon, victim: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "BACK_WITHIN_S", 3.0)
    with daemon.hanging_when_told() as hang, impatient(monkeypatch):
        assert shut_down(victim, daemon, monkeypatch, hang) == ("machine.pending", True)
    until("the number of the run", lambda: number(daemon, victim), lambda run: run == -1)
