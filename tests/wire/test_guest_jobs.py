# SPDX-License-Identifier: Apache-2.0
"""What takes long with guests goes on without a page, on a real libvirtd with real QEMU: cancelled, killed, resumed."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import libvirt
import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.guest_jobs.shutdown import start_shut_down
from cockpit_rhv.guest_jobs.snapshot import snapshot
from cockpit_rhv.jobs.control import cancel_job, resume_job

from tests.unit.jobs_support import wait_for
from tests.wire.libvirt_daemon import MISSING, LibvirtDaemon
from tests.wire.test_machines_details import define

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.wire.live_jobs import Jobs

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))


def domain(jobs: Jobs, uuid: str) -> libvirt.virDomain:
    """As it is now: libvirt keeps the number of the run in what it hands out."""
    return jobs.conn.lookupByUUIDString(uuid)


def shut_down(jobs: Jobs, uuids: Sequence[str], wait_s: int) -> str:
    answer = start_shut_down(jobs.conn, uuids, wait_s, "me", store=jobs.store, launcher=jobs.launcher)
    return str(answer["job"])


def take(jobs: Jobs, uuid: str, what: str, name: str, **more: Any) -> str | None:
    params = {"name": name, **({"description": ""} if what == "create" else {}), **more}
    return snapshot(jobs.conn, uuid, what, params, "me", store=jobs.store, launcher=jobs.launcher)


def told(jobs: Jobs, job: str) -> list[tuple[str, str]]:
    """Severity and text of what the job logged."""
    return [(event.severity, str(event.message)) for event in jobs.store.events(job) if event.type == "log"]


def waits(jobs: Jobs, job: str) -> Any:
    """Wait until the job tells how long it waits; returns its status."""
    return wait_for(lambda: jobs.store.stored(job).progress and jobs.store.stored(job))


def names(jobs: Jobs, uuid: str) -> list[str]:
    return sorted(one.getName() for one in domain(jobs, uuid).listAllSnapshots())


# -- shutting down


def test_who_does_not_shut_down_is_powered_off_and_each_has_a_result(daemon: LibvirtDaemon, jobs: Jobs) -> None:
    """SeaBIOS hears nothing; one goes off by itself, one is started anew meanwhile, one was off, one is a Manager's."""
    deaf, goes, anew, off = (daemon.define(name) for name in ("deaf", "goes", "anew", "off"))
    managed = define(daemon, "theirs", metadata="<ovirt-vm:vm xmlns:ovirt-vm='http://ovirt.org/vm/1.0'/>")
    for uuid in (deaf, goes, anew, managed):
        domain(jobs, uuid).create()
    job = shut_down(jobs, [deaf, goes, anew, off, managed, deaf], 6)
    status = waits(jobs, job)
    assert status.guests == (deaf, goes, anew, off)
    assert (status.progress.unit, status.progress.total) == ("seconds", 6)
    domain(jobs, goes).destroy()
    domain(jobs, anew).destroy()
    domain(jobs, anew).create()
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
    domain(jobs, uuid).create()
    job = shut_down(jobs, [uuid], 3)
    waits(jobs, job)
    cancel_job(job, store=jobs.store, launcher=jobs.launcher)
    assert jobs.store.stored(job).state == "cancelled"
    time.sleep(4)
    assert domain(jobs, uuid).isActive()


def test_a_job_that_was_killed_waits_its_whole_time_anew(daemon: LibvirtDaemon, jobs: Jobs) -> None:
    uuid = daemon.define("killed")
    domain(jobs, uuid).create()
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
    domain(jobs, uuid).create()
    job = shut_down(jobs, [uuid], 2)
    jobs.launcher.kill(waits(jobs, job).unit)
    domain(jobs, uuid).destroy()
    domain(jobs, uuid).create()
    resume_job(job, store=jobs.store, launcher=jobs.launcher)
    jobs.ended(job, "succeeded")
    assert domain(jobs, uuid).isActive()
    assert told(jobs, job) == [("warning", "Started anew meanwhile, and left running: other")]


def test_libvirt_may_go_and_come_back_meanwhile(daemon: LibvirtDaemon, jobs: Jobs) -> None:
    uuid = daemon.define("patient")
    domain(jobs, uuid).create()
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
        domain(jobs, one).create()
    with contextlib.suppress(ProcessLookupError), daemon.stopped_qemu("hangs"):
        job = shut_down(jobs, [uuid, other], 3)
        jobs.ended(job, "succeeded")
    assert not domain(jobs, uuid).isActive()


# -- snapshots


def test_a_snapshot_with_memory_is_taken_gone_back_to_and_deleted(daemon: LibvirtDaemon, jobs: Jobs) -> None:
    uuid = define(daemon, 'the "four"')
    assert take(jobs, uuid, "create", "off") is None
    domain(jobs, uuid).create()
    job = take(jobs, uuid, "create", "on {{ x }}", description="a <b> & c")
    assert job is not None
    status = jobs.ended(job, "succeeded")
    assert status.guests == (uuid,)
    assert str(status.title) == 'Take the snapshot on {{ x }} of the "four"'
    assert told(jobs, job) == [("info", "The snapshot on {{ x }} is there.")]
    text = domain(jobs, uuid).snapshotLookupByName("on {{ x }}").getXMLDesc()
    assert "<description>a &lt;b&gt; &amp; c</description>" in text
    with pytest.raises(RhvError, match="has a snapshot named"):
        take(jobs, uuid, "create", "on {{ x }}")
    domain(jobs, uuid).destroy()
    job = take(jobs, uuid, "revert", "on {{ x }}")
    assert job is not None
    jobs.ended(job, "succeeded")
    assert domain(jobs, uuid).isActive()  # it goes on where it was
    assert take(jobs, uuid, "revert", "off") is None
    assert not domain(jobs, uuid).isActive()
    job = take(jobs, uuid, "delete", "off", children=True)  # memory goes with it
    assert job is not None
    jobs.ended(job, "succeeded")
    assert names(jobs, uuid) == []


def test_a_snapshot_of_another_run_is_refused(
    daemon: LibvirtDaemon, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The guest is stopped and started between the click and the job."""
    uuid = define(daemon, "five")
    domain(jobs, uuid).create()
    launch = jobs.launcher.launch

    def late(unit: str, folder: Any) -> None:
        domain(jobs, uuid).destroy()
        domain(jobs, uuid).create()
        launch(unit, folder)

    monkeypatch.setattr(jobs.launcher, "launch", late)
    job = take(jobs, uuid, "create", "late")
    assert job is not None
    assert jobs.ended(job, "failed").error.code == "snapshot.other_run"
    assert names(jobs, uuid) == []


@pytest.mark.parametrize("what", ["create", "revert", "delete"])
def test_libvirt_finishes_what_a_killed_job_began(daemon: LibvirtDaemon, jobs: Jobs, what: str) -> None:
    uuid = define(daemon, "six")
    domain(jobs, uuid).create()
    if what != "create":
        first = take(jobs, uuid, "create", "kept")
        assert first is not None
        jobs.ended(first, "succeeded")
        second = take(jobs, uuid, "create", "later")
        assert second is not None
        jobs.ended(second, "succeeded")
    job = take(jobs, uuid, what, "kept", **({"children": False} if what == "delete" else {}))
    assert job is not None
    begun = jobs.store.folder(job) / "private" / "begun.json"
    wait_for(begun.exists)
    time.sleep(0.3)
    jobs.launcher.kill(jobs.store.stored(job).unit)
    number = domain(jobs, uuid).ID()
    resume_job(job, store=jobs.store, launcher=jobs.launcher)
    status = jobs.ended(job, "succeeded")
    assert status.attempt == 2
    assert ("kept" in names(jobs, uuid)) is (what != "delete")
    if what == "revert":
        assert domain(jobs, uuid).snapshotCurrent().getName() == "kept"
        assert domain(jobs, uuid).ID() == number  # it was not gone back to a second time


def test_a_cancelled_snapshot_leaves_the_guest_as_it_is(daemon: LibvirtDaemon, jobs: Jobs) -> None:
    uuid = define(daemon, "seven")
    domain(jobs, uuid).create()
    job = take(jobs, uuid, "create", "never")
    assert job is not None
    with daemon.stopped_qemu("seven"):
        wait_for((jobs.store.folder(job) / "private" / "begun.json").exists)
        cancel_job(job, store=jobs.store, launcher=jobs.launcher)
        assert jobs.store.stored(job).state == "cancelled"
    # QEMU cannot be interrupted in it: libvirt finishes what it had been asked for
    wait_for(lambda: domain(jobs, uuid).state()[0] == libvirt.VIR_DOMAIN_RUNNING)
