# SPDX-License-Identifier: Apache-2.0
"""Guests are shut down without a page, on a real libvirtd with real QEMU: cancelled, killed, resumed."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import libvirt
import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.guest_jobs.shutdown import start_shut_down
from cockpit_rhv.jobs.control import cancel_job, resume_job

from tests.wire.libvirt_daemon import MISSING, LibvirtDaemon
from tests.wire.live_jobs import domain, frozen, start, told, waits
from tests.wire.test_machines_details import define

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.wire.live_jobs import Jobs

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))


def shut_down(jobs: Jobs, uuids: Sequence[str], wait_s: int) -> str:
    answer = start_shut_down(
        jobs.conn, uuids, wait_s, "me", time.monotonic() + 60, store=jobs.store, launcher=jobs.launcher
    )
    return str(answer["job"])


def test_who_does_not_shut_down_is_powered_off_and_each_has_a_result(daemon: LibvirtDaemon, jobs: Jobs) -> None:
    """SeaBIOS hears nothing; one goes off by itself, one is started anew meanwhile, one was off, one is a Manager's."""
    deaf, goes, anew, off = (daemon.define(name) for name in ("deaf", "goes", "anew", "off"))
    managed = define(daemon, "theirs", metadata="<ovirt-vm:vm xmlns:ovirt-vm='http://ovirt.org/vm/1.0'/>")
    for uuid in (deaf, goes, anew, managed):
        start(jobs, uuid)
    job = shut_down(jobs, [deaf, goes, anew, off, managed, deaf], 6)
    status = waits(jobs, job)
    assert status.guests == (deaf, goes, anew, off)
    assert (status.progress.unit, status.progress.total) == ("seconds", 6)
    with frozen(jobs, job):
        domain(jobs, goes).destroy()
        domain(jobs, anew).destroy()
        start(jobs, anew)
    status = jobs.ended(job, "failed")
    assert [bool(domain(jobs, uuid).isActive()) for uuid in (deaf, goes, anew, managed)] == [False, False, True, True]
    assert status.error.code == "shutdown.some_failed"
    assert told(jobs, job) == [
        ("error", "theirs was not shut down:"),
        ("error", "This guest is run by a Manager."),
        ("warning", "Powered off when the time was up: deaf"),
        ("warning", "Started anew meanwhile, and left running: anew"),
        ("info", "Shut down: goes"),
        ("info", "Off already: off"),
    ]
    with pytest.raises(RhvError, match="run by a Manager"):
        shut_down(jobs, [managed], 1)


def test_cancelling_leaves_it_running(daemon: LibvirtDaemon, jobs: Jobs) -> None:
    uuid = daemon.define("stays")
    start(jobs, uuid)
    job = shut_down(jobs, [uuid], 3)
    waits(jobs, job)
    cancel_job(job, store=jobs.store, launcher=jobs.launcher)
    assert jobs.store.stored(job).state == "cancelled"
    time.sleep(4)
    assert domain(jobs, uuid).isActive()


def test_a_job_that_was_killed_waits_its_whole_time_anew(daemon: LibvirtDaemon, jobs: Jobs) -> None:
    uuid = daemon.define("killed")
    start(jobs, uuid)
    job = shut_down(jobs, [uuid], 4)
    status = waits(jobs, job)
    jobs.launcher.kill(status.unit)
    time.sleep(4)
    assert domain(jobs, uuid).isActive()  # nobody is left who would power it off
    begin = time.monotonic()
    resume_job(job, store=jobs.store, launcher=jobs.launcher)
    jobs.ended(job, "succeeded")
    assert time.monotonic() - begin > 4
    assert not domain(jobs, uuid).isActive()
    assert told(jobs, job) == [("warning", "Powered off when the time was up: killed")]


def test_a_resumed_job_leaves_another_run_alone(daemon: LibvirtDaemon, jobs: Jobs) -> None:
    uuid = daemon.define("other")
    start(jobs, uuid)
    job = shut_down(jobs, [uuid], 2)
    jobs.launcher.kill(waits(jobs, job).unit)
    domain(jobs, uuid).destroy()
    start(jobs, uuid)
    resume_job(job, store=jobs.store, launcher=jobs.launcher)
    jobs.ended(job, "succeeded")
    assert domain(jobs, uuid).isActive()
    assert told(jobs, job) == [("warning", "Started anew meanwhile, and left running: other")]


def test_libvirt_may_go_and_come_back_meanwhile(daemon: LibvirtDaemon, jobs: Jobs) -> None:
    uuid = daemon.define("patient")
    start(jobs, uuid)
    job = shut_down(jobs, [uuid], 3)
    waits(jobs, job)
    daemon.stop()
    time.sleep(4)
    assert jobs.store.stored(job).state == "running"
    daemon.start()
    jobs.conn = libvirt.open(daemon.uri())
    jobs.ended(job, "succeeded")
    assert not domain(jobs, uuid).isActive()


def test_a_guest_that_does_not_answer_is_powered_off_in_time(daemon: LibvirtDaemon, jobs: Jobs) -> None:
    uuid, other = daemon.define("hangs"), daemon.define("beside")
    for one in (uuid, other):
        start(jobs, one)
    with contextlib.suppress(ProcessLookupError), daemon.stopped_qemu("hangs"):
        job = shut_down(jobs, [uuid, other], 3)
        jobs.ended(job, "succeeded")
    assert not domain(jobs, uuid).isActive()
