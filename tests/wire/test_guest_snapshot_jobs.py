# SPDX-License-Identifier: Apache-2.0
"""Snapshots with memory are jobs, on a real libvirtd with real QEMU: cancelled, killed, resumed, done once."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import libvirt
import pytest
from cockpit_rhv.deploy.progress import ProgressFile
from cockpit_rhv.errors import RhvError
from cockpit_rhv.guest_jobs.guest_run import current_run
from cockpit_rhv.guest_jobs.snapshot import snapshot, snapshot_guest
from cockpit_rhv.jobs.control import cancel_job, resume_job
from cockpit_rhv.machines.snapshots import create_snapshot, delete_snapshot, identities, revert_to_snapshot

from tests.unit.jobs_support import wait_for
from tests.wire.libvirt_daemon import MISSING, LibvirtDaemon
from tests.wire.live_jobs import code_of, domain, start, told
from tests.wire.test_machines_details import define

if TYPE_CHECKING:
    from tests.wire.live_jobs import Jobs

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))


def take(jobs: Jobs, uuid: str, what: str, name: str, **more: Any) -> str | None:
    params = {"name": name, **({"description": ""} if what == "create" else {}), **more}
    return snapshot(
        jobs.conn, uuid, what, params, "me", time.monotonic() + 60, store=jobs.store, launcher=jobs.launcher
    )


def names(jobs: Jobs, uuid: str) -> list[str]:
    return sorted(one.getName() for one in domain(jobs, uuid).listAllSnapshots())


def test_a_snapshot_with_memory_is_taken_gone_back_to_and_deleted(daemon: LibvirtDaemon, jobs: Jobs) -> None:
    uuid = define(daemon, 'the "four"')
    assert take(jobs, uuid, "create", "off") is None
    start(jobs, uuid)
    job = take(jobs, uuid, "create", "on {{ x }}", description="a <b> & c")
    assert job is not None
    status = jobs.ended(job, "succeeded")
    assert status.guests == (uuid,)
    assert str(status.title) == 'Take the snapshot “on {{ x }}” of the "four"'
    assert told(jobs, job) == [("info", "The snapshot “on {{ x }}” is there.")]
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
    start(jobs, uuid)
    launch = jobs.launcher.launch

    def late(unit: str, folder: Any) -> None:
        domain(jobs, uuid).destroy()
        start(jobs, uuid)
        launch(unit, folder)

    monkeypatch.setattr(jobs.launcher, "launch", late)
    job = take(jobs, uuid, "create", "late")
    assert job is not None
    assert jobs.ended(job, "failed").error.code == "snapshot.other_run"
    assert names(jobs, uuid) == []


@pytest.mark.parametrize("what", ["create", "delete"])
def test_a_killed_job_is_resumed(daemon: LibvirtDaemon, jobs: Jobs, what: str) -> None:
    """QEMU answers nobody until the job is dead; what libvirt was asked for by then it finishes."""
    uuid = define(daemon, "six")
    start(jobs, uuid)
    if what == "delete":
        first = take(jobs, uuid, "create", "kept")
        assert first is not None
        jobs.ended(first, "succeeded")
    with daemon.stopped_qemu("six"):
        job = take(jobs, uuid, what, "kept", **({"children": False} if what == "delete" else {}))
        assert job is not None
        wait_for((jobs.store.folder(job) / "private" / "begun.json").exists)
        jobs.launcher.kill(jobs.store.stored(job).unit)
    resume_job(job, store=jobs.store, launcher=jobs.launcher)
    assert jobs.ended(job, "succeeded").attempt == 2
    assert names(jobs, uuid) == (["kept"] if what == "create" else [])


@pytest.mark.parametrize("what", ["create", "revert", "delete"])
def test_what_libvirt_finished_is_not_done_twice(
    daemon: LibvirtDaemon, jobs: Jobs, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """As a job finds it whose earlier attempt was killed after it had asked."""
    monkeypatch.setenv("COCKPIT_RHV_LIBVIRT_URI", daemon.uri())
    uuid = define(daemon, "done")
    start(jobs, uuid)
    work: dict[str, Any] = {"what": what, "uuid": uuid, "name": "kept", "description": "", "children": False}
    work["run"] = current_run(domain(jobs, uuid)).to_json()
    work["asked_s"] = 0.0  # long ago: the guest ran then
    work["meant"] = [["kept", 1_700_000_000]] if what == "delete" else []
    private = jobs.folder / "job" / "private"
    private.mkdir(parents=True)
    at_s = int(time.time())
    if what != "delete":
        create_snapshot(jobs.conn, uuid, "kept", "")
    if what == "revert":
        work["meant"] = identities(domain(jobs, uuid), "kept", below=False)
        create_snapshot(jobs.conn, uuid, "later", "")
        revert_to_snapshot(jobs.conn, uuid, "kept")
    before = {"create": None, "revert": "later", "delete": "kept"}[what]
    (private / "begun.json").write_text(json.dumps({"current": before, "at_s": at_s}))
    number, taken = domain(jobs, uuid).ID(), names(jobs, uuid)
    params = {"guest": work, "job": {"folder": str(private.parent)}}
    assert snapshot_guest(params, ProgressFile(None))["changed"]
    assert (domain(jobs, uuid).ID(), names(jobs, uuid)) == (number, taken)
    if what != "revert":
        return
    # where it had been at the snapshot before, and runs on: nobody can tell
    work["run"] = current_run(domain(jobs, uuid)).to_json()
    (private / "begun.json").write_text(json.dumps({"current": "kept", "at_s": at_s}))
    assert code_of(lambda: snapshot_guest(params, ProgressFile(None))) == "snapshot.unclear"
    assert domain(jobs, uuid).ID() == number


def killed(jobs: Jobs, monkeypatch: pytest.MonkeyPatch, uuid: str, what: str, **more: Any) -> str:
    """A job that died before it did anything, with ``begun.json`` as of one that died right after having written it."""
    launch = jobs.launcher.launch

    def fail(unit: str, folder: Any) -> None:
        launch(unit, folder)
        jobs.launcher.kill(unit)

    with monkeypatch.context() as patch:
        patch.setattr(jobs.launcher, "launch", fail)
        job = take(jobs, uuid, what, "kept", **more)
    assert job is not None
    begun = jobs.store.folder(job) / "private" / "begun.json"
    begun.write_text(json.dumps({"current": None, "at_s": int(time.time())}))
    return job


def resumed(jobs: Jobs, job: str) -> str:
    """The code of the error with which it ends."""
    resume_job(job, store=jobs.store, launcher=jobs.launcher)
    return str(jobs.ended(job, "failed").error.code)


def take_anew(jobs: Jobs, uuid: str) -> None:
    """Another snapshot of the same name, one second younger at least."""
    delete_snapshot(jobs.conn, uuid, "kept", False)
    time.sleep(1.1)
    create_snapshot(jobs.conn, uuid, "kept", "")


@pytest.mark.parametrize("what", ["revert", "delete"])
def test_another_snapshot_that_got_the_name_is_left_alone(
    daemon: LibvirtDaemon, jobs: Jobs, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    uuid = define(daemon, "namesake")
    start(jobs, uuid)
    create_snapshot(jobs.conn, uuid, "kept", "")
    job = killed(jobs, monkeypatch, uuid, what, **({"children": False} if what == "delete" else {}))
    take_anew(jobs, uuid)
    number = domain(jobs, uuid).ID()
    assert resumed(jobs, job) == "snapshot.other"
    assert (domain(jobs, uuid).ID(), names(jobs, uuid)) == (number, ["kept"])


def test_what_came_below_a_snapshot_since_is_not_deleted_with_it_and_what_went_is_no_matter(
    daemon: LibvirtDaemon, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = define(daemon, "grown")
    start(jobs, uuid)
    for name in ("kept", "below"):
        create_snapshot(jobs.conn, uuid, name, "")
    job = killed(jobs, monkeypatch, uuid, "delete", children=True)
    create_snapshot(jobs.conn, uuid, "new", "")
    assert resumed(jobs, job) == "snapshot.other"
    assert names(jobs, uuid) == ["below", "kept", "new"]
    for name in ("below", "new"):
        delete_snapshot(jobs.conn, uuid, name, False)
    resume_job(job, store=jobs.store, launcher=jobs.launcher)
    jobs.ended(job, "succeeded")
    assert names(jobs, uuid) == []


def test_a_snapshot_that_somebody_else_took_meanwhile_is_not_told_as_ours(
    daemon: LibvirtDaemon, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = define(daemon, "theirs")
    start(jobs, uuid)
    job = killed(jobs, monkeypatch, uuid, "create")
    create_snapshot(jobs.conn, uuid, "kept", "")
    begun = jobs.store.folder(job) / "private" / "begun.json"
    begun.write_text(json.dumps({"current": None, "at_s": int(time.time()) + 60}))
    assert resumed(jobs, job) == "snapshot.exists"
    begun.unlink()  # it was killed before it had looked
    assert resumed(jobs, job) == "snapshot.exists"
    assert not begun.exists()


@pytest.mark.parametrize("begun", [True, False])
def test_a_guest_that_was_off_may_have_run_until_its_job_is_resumed(
    daemon: LibvirtDaemon, jobs: Jobs, monkeypatch: pytest.MonkeyPatch, begun: bool
) -> None:
    """Whatever it wrote would be lost."""
    uuid = define(daemon, "between")
    start(jobs, uuid)
    create_snapshot(jobs.conn, uuid, "kept", "")
    create_snapshot(jobs.conn, uuid, "later", "")
    domain(jobs, uuid).destroy()
    job = killed(jobs, monkeypatch, uuid, "revert")
    private = jobs.store.folder(job) / "private"
    if not begun:  # it was killed before it had looked
        (private / "begun.json").unlink()
        variables = json.loads((private / "vars.json").read_text())
        variables["rhv_task"]["guest"]["asked_s"] -= 121
        (private / "vars.json").write_text(json.dumps(variables))
    start(jobs, uuid)
    domain(jobs, uuid).destroy()
    assert resumed(jobs, job) == "snapshot.other_run"
    assert not domain(jobs, uuid).isActive()


@pytest.mark.parametrize("running", [True, False])
def test_nothing_is_done_for_whom_was_told_that_there_was_no_answer(
    daemon: LibvirtDaemon, jobs: Jobs, running: bool
) -> None:
    uuid = define(daemon, "late")
    if running:
        start(jobs, uuid)
    params = {"name": "kept", "description": ""}

    def ask() -> object:
        return snapshot(
            jobs.conn, uuid, "create", params, "me", time.monotonic() - 1, store=jobs.store, launcher=jobs.launcher
        )

    assert code_of(ask) == "call.too_late"
    assert names(jobs, uuid) == []
    assert not jobs.store.ids()


def test_a_cancelled_snapshot_leaves_the_guest_as_it_is(daemon: LibvirtDaemon, jobs: Jobs) -> None:
    uuid = define(daemon, "seven")
    start(jobs, uuid)
    job = take(jobs, uuid, "create", "never")
    assert job is not None
    with daemon.stopped_qemu("seven"):
        wait_for((jobs.store.folder(job) / "private" / "begun.json").exists)
        cancel_job(job, store=jobs.store, launcher=jobs.launcher)
        assert jobs.store.stored(job).state == "cancelled"
    # QEMU cannot be interrupted in it: libvirt finishes what it had been asked for
    wait_for(lambda: domain(jobs, uuid).state()[0] == libvirt.VIR_DOMAIN_RUNNING)
