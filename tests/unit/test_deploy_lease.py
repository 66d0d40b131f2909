# SPDX-License-Identifier: Apache-2.0
"""The lease of the engine's disk: who holds it is refused, what was changed for it is undone, to the byte."""

from __future__ import annotations

import fcntl
import os
import platform
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.deploy import lease as leases
from cockpit_rhv.deploy import lock_manager, places, storage
from cockpit_rhv.deploy.cleanup_plan import plan_cleanup
from cockpit_rhv.deploy.discard import discard_unfinished
from cockpit_rhv.deploy.disk import make_disk
from cockpit_rhv.deploy.domain_xml import engine_domain
from cockpit_rhv.deploy.lease import leased_disk, signed_by, start_leased
from cockpit_rhv.deploy.progress import ProgressFile
from cockpit_rhv.deploy.state import Deployment, made_by, read_record
from cockpit_rhv.errors import RhvError
from cockpit_rhv.host.services import UnitState
from cockpit_rhv.messages import msg

from tests.unit import deploy_support as world

from .cleanup_support import Host, carry_out, made_host
from .test_deploy_disk import needs_qemu_img, seal
from .test_deploy_domain import plan
from .test_deploy_storage_pool import nfs

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = '# a comment\n#lock_manager = "lockd"\nuser = "root"'


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    yield from made_host(tmp_path, monkeypatch)


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    monkeypatch.setattr(leases, "_FREE_S", 0.3)
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(tmp_path / "state"))
    return Deployment.open(world.JOB)


@pytest.fixture
def disk(deployment: Deployment) -> Path:
    """The engine's, on an export that is mounted."""
    folder = places.storage_folder(nfs())
    folder.mkdir(parents=True)
    path = places.disk_file(folder, "HostedEngine")
    path.write_bytes(bytes(1000))
    return path


_HOLD = (
    "import fcntl, sys; f = open(sys.argv[1], 'r+b'); fcntl.lockf(f, 2, 1, int(sys.argv[2])); print(flush=True);"
    " sys.stdin.read()"
)


@contextmanager
def held(disk: Path, byte: int = 0) -> Iterator[None]:
    """Another process has that byte locked: virtlockd the first, QEMU some from the hundredth on."""
    argv = [sys.executable, "-c", _HOLD, str(disk), str(byte)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        holder.stdout.readline()
        yield
        holder.stdin.close()


class Domain:
    """The engine's domain, whose start has libvirt lock the byte."""

    def __init__(self, disk: Path, byte: int = 0) -> None:
        self.disk, self.byte = disk, byte
        self.did: list[str] = []
        self._holding: Any = None

    def XMLDesc(self) -> str:
        return engine_domain(nfs(), plan(disk=str(self.disk), drive=str(self.disk.parent / "HostedEngine-cidata.iso")))

    def create(self) -> None:
        self.did.append("create")
        if self.disk.exists():
            self._holding = held(self.disk, self.byte)
            self._holding.__enter__()

    def destroy(self) -> None:
        self.did.append("destroy")
        self._holding.__exit__(None, None, None)


# -- the start --------------------------------------------------------------------------------------------------------


def test_only_a_disk_that_others_reach_is_leased(disk: Path) -> None:
    assert leased_disk(Domain(disk).XMLDesc()) == disk
    assert leased_disk(engine_domain(world.answers(), plan())) is None


def test_a_start_takes_it_and_leaves_the_hosts_name(deployment: Deployment, disk: Path) -> None:
    domain = Domain(disk)
    start_leased(deployment, domain)
    assert domain.did == ["create"]
    assert signed_by(disk) == platform.node()
    assert ["file", str(places.lease_file(disk))] in made_by(deployment.record), "a cleanup removes it"
    domain.destroy()


@pytest.mark.parametrize("byte", [0, 100], ids=["virtlockd", "a QEMU without it"])
def test_a_host_is_refused_while_another_has_it(deployment: Deployment, disk: Path, byte: int) -> None:
    places.lease_file(disk).write_bytes(b"host7\x1b[2J\n")
    domain = Domain(disk)
    with held(disk, byte), pytest.raises(RhvError) as caught:
        start_leased(deployment, domain)
    assert caught.value.code == "lease.held"
    assert "host7[2J:" in str(caught.value.hint), "its name, without what a terminal would obey"
    assert domain.did == []
    start_leased(deployment, domain)
    domain.destroy()


def test_a_vm_that_libvirt_starts_without_it_is_switched_off(deployment: Deployment, disk: Path) -> None:
    """QEMU has locks of its own, and no libvirt behind them."""
    domain = Domain(disk, byte=100)
    with pytest.raises(RhvError) as caught:
        start_leased(deployment, domain)
    assert caught.value.code == "lease.not_taken"
    assert domain.did == ["create", "destroy"]


def test_a_disk_of_this_host_alone_is_just_started(deployment: Deployment, tmp_path: Path) -> None:
    domain = Domain(tmp_path / "HostedEngine.qcow2")
    start_leased(deployment, domain)
    assert domain.did == ["create"]


def test_looking_takes_nothing(disk: Path) -> None:
    leases.refuse_held(disk)
    with disk.open("r+b") as stream:
        fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)  # free


# -- libvirt's lock manager -------------------------------------------------------------------------------------------


@pytest.fixture
def settings(host: Host) -> Path:
    folder = host.folder / "etc/libvirt"
    folder.mkdir(parents=True)
    (folder / "qemu.conf").write_text(SETTINGS)
    (folder / "qemu.conf").chmod(0o600)
    return folder


def test_it_is_turned_on_once_and_off_to_the_byte(host: Host, settings: Path) -> None:
    deployment = Deployment.open(world.JOB)
    before = {path.name: path.read_bytes() for path in settings.iterdir()}
    assert lock_manager.turn_on(deployment, "lockd")
    assert not lock_manager.turn_on(deployment, "lockd")
    assert host.restarts == 1
    assert '\nlock_manager = "lockd"\n' in (settings / "qemu.conf").read_text()
    assert host.units["virtlockd.socket"] == ["active", "enabled"]
    assert lock_manager.our_manager() == "lockd"
    assert (settings / "qemu.conf").stat().st_mode & 0o777 == 0o600
    always = host.real.lookupByName("test")  # the test driver's own guest
    always.destroy()
    try:
        carry_out()
    finally:
        always.create()
    assert {path.name: path.read_bytes() for path in settings.iterdir()} == before
    assert host.restarts == 2
    assert host.units["virtlockd.socket"] == ["inactive", "disabled"]


def test_the_daemon_stays_while_guests_run(host: Host, settings: Path) -> None:
    """virtlockd takes every guest along that it holds a lock for."""
    lock_manager.turn_on(Deployment.open(world.JOB), "lockd")
    host.define("theirs", None)
    _changed, told = carry_out()
    assert (settings / "qemu.conf").read_text() == SETTINGS
    assert host.units["virtlockd.socket"] == ["active", "disabled"]
    assert "cleanup.did.lock_daemon_stays" in {text["id"] for text in told}
    assert plan_cleanup().items == []


def test_what_an_administrator_has_set_stays(host: Host, settings: Path) -> None:
    (settings / "qemu.conf").write_text('lock_manager = "lockd"\n')
    host.units["virtlockd.socket"] = ["active", "enabled"]
    deployment = Deployment.open(world.JOB)
    assert not lock_manager.turn_on(deployment, "lockd")
    assert (host.restarts, deployment.record.made) == (0, [])
    assert lock_manager.our_manager() is None


def test_another_lock_manager_is_not_replaced(settings: Path) -> None:
    (settings / "qemu.conf").write_text('lock_manager = "sanlock"\nlock_manager = "lockd"\n')
    with pytest.raises(RhvError) as caught:
        lock_manager.turn_on(Deployment.open(world.JOB), "lockd")
    assert caught.value.code == "lease.other_manager"


def test_killed_between_writing_and_restarting_it_restarts(
    host: Host, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployment = Deployment.open(world.JOB)

    def killed(*_uri: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(lock_manager, "restart_libvirt", killed)
        with pytest.raises(KeyboardInterrupt):
            lock_manager.turn_on(deployment, "lockd")
    assert ["lock_manager", "lockd"] in (deployment.record.made or [])
    running = UnitState("loaded", "active", "running", "enabled", "", os.getpid())
    # A daemon that was there before the file was written: this process.
    monkeypatch.setattr(lock_manager, "unit_states", lambda names: dict.fromkeys(names, running))
    assert lock_manager.turn_on(Deployment.open(world.JOB), "lockd")
    assert host.restarts == 1


def test_a_libvirt_that_does_not_come_back_gets_its_settings_back(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def failing(*_uri: str) -> None:
        tried.append((settings / "qemu.conf").read_text())
        if len(tried) == 1:
            raise RhvError("lease.libvirt_failed", msg("t", "no"))

    monkeypatch.setattr(lock_manager, "restart_libvirt", failing)
    with pytest.raises(RhvError):
        lock_manager.turn_on(Deployment.open(world.JOB), "lockd")
    assert tried[1] == SETTINGS


def test_an_export_turns_it_on_before_anything_is_mounted(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart of libvirt's daemon in the middle of a mount would be taken for the mount's fault."""
    did: list[str] = []

    def turned_on(_deployment: Deployment, manager: str) -> bool:
        did.append(manager)
        return True

    def mounted(*_: Any) -> bool:
        did.append("mount")
        return False

    monkeypatch.setattr(leases, "turn_on", turned_on)
    monkeypatch.setitem(storage._KINDS, "nfs", mounted)
    assert storage.prepare_storage(deployment, nfs())
    assert did == ["lockd", "mount"]
    storage.prepare_storage(deployment, world.answers(storage=tmp_path / "images"))
    assert did == ["lockd", "mount"], "a disk of this host alone changes nothing of libvirt's"


# -- what removes the disk --------------------------------------------------------------------------------------------


def test_an_engine_that_another_host_runs_is_not_removed(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_FREE_S", 0.3)
    deployment = host.deploy()
    disk = Path(deployment.record.disk)
    wanted = [item.id for item in plan_cleanup().items]
    with held(disk), pytest.raises(RhvError) as caught:
        carry_out(wanted)
    assert caught.value.code == "lease.held"
    assert disk.exists()
    carry_out(wanted)
    assert not disk.exists()
    assert read_record() is None


def test_a_resume_with_other_answers_does_not_remove_it_either(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_FREE_S", 0.3)
    deployment = host.deploy()
    disk = Path(deployment.record.disk)
    deployment.update(discard=True)
    with held(disk), pytest.raises(RhvError) as caught:
        discard_unfinished(deployment)
    assert caught.value.code == "lease.held"
    assert disk.exists()
    assert discard_unfinished(deployment)


def test_a_damaged_record_does_not_leave_it_turned_on(host: Host, settings: Path) -> None:
    lock_manager.turn_on(host.deploy(), "lockd")
    (places.state_dir() / "deployment.json").write_text("")
    told = {text.id: text.params for text in plan_cleanup().kept}
    assert told["cleanup.unsure_units"] == {"units": "virtlockd.socket"}
    carry_out(engine="HostedEngine")
    assert (settings / "qemu.conf").read_text() == SETTINGS


# -- names on an export that another host has taken since -------------------------------------------------------------


def left(deployment: Deployment, disk: Path, **changes: Any) -> list[Path]:
    """What this host's unfinished deployment knows as its own."""
    drive = places.drive_file(disk.parent, "HostedEngine")
    drive.write_bytes(b"a drive")
    deployment.update(name="HostedEngine", disk=str(disk), drive=str(drive), **changes)
    return [disk, drive]


def sealed_image(tmp_path: Path) -> Path:
    image = tmp_path / "image.qcow2"
    image.write_bytes(b"an image")
    seal(image)
    return image


def test_what_another_host_has_made_under_our_names_is_never_overwritten(
    deployment: Deployment, disk: Path, tmp_path: Path
) -> None:
    left(deployment, disk)
    places.lease_file(disk).write_text("host7")
    disk.write_bytes(b"the engine of host7")
    image = sealed_image(tmp_path)
    with pytest.raises(RhvError) as caught:
        make_disk(deployment, nfs(), image, ProgressFile(None))
    assert caught.value.code == "disk.foreign"
    places.lease_file(disk).unlink()
    with held(disk), pytest.raises(RhvError) as caught:
        make_disk(deployment, nfs(), image, ProgressFile(None))
    assert caught.value.code == "lease.held"
    assert disk.read_bytes() == b"the engine of host7"


def test_where_an_earlier_engine_was_deleted_its_host_has_no_say(
    deployment: Deployment, disk: Path, tmp_path: Path
) -> None:
    disk.unlink()
    places.lease_file(disk).write_text("host7")
    image = sealed_image(tmp_path)
    with pytest.raises(RhvError, match="image") as caught:
        make_disk(deployment, nfs(), image, ProgressFile(None))
    assert caught.value.code.startswith("image."), "a copy that failed; the disk's name is in the record"
    assert str(disk) in deployment.record.files()
    disk.write_bytes(b"ours")
    assert disk.parent not in leases.taken_folders(deployment.record)


@needs_qemu_img
def test_a_disk_is_signed_before_its_first_start(deployment: Deployment, disk: Path, tmp_path: Path) -> None:
    """Until then another host's wizard would take it for what an earlier engine left."""
    disk.unlink()
    places.lease_file(disk).write_text("host7")
    image = tmp_path / "image.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(image), "1M"], check=True)
    seal(image)
    assert make_disk(deployment, nfs(), image, ProgressFile(None))
    assert signed_by(disk) == platform.node()
    assert ["file", str(places.lease_file(disk))] in made_by(deployment.record), "a cleanup removes it"
    # killed before it was signed, and resumed
    places.lease_file(disk).unlink()
    assert not make_disk(deployment, nfs(), image, ProgressFile(None))
    assert signed_by(disk) == platform.node()
    # an export has more hosts than this one
    places.lease_file(disk).write_text("host7")
    assert not make_disk(deployment, nfs(), image, ProgressFile(None))
    assert signed_by(disk) == "host7"


def test_what_another_host_has_made_under_our_names_stays(host: Host) -> None:
    folder = places.storage_folder(nfs())
    folder.mkdir(parents=True)
    disk = places.disk_file(folder, "HostedEngine")
    disk.write_bytes(b"the engine of host7")
    deployment = Deployment.open(world.JOB)
    files = [*left(deployment, disk, discard=True), places.lease_file(disk)]
    deployment.note("file", str(places.lease_file(disk)))
    places.lease_file(disk).write_text("host7")
    plan = plan_cleanup()
    assert not {item.name for item in plan.items} & set(map(str, files))
    assert [text.params["host"] for text in plan.kept if text.id == "cleanup.kept.taken"] == ["host7"]
    discard_unfinished(deployment)
    carry_out()
    assert all(path.exists() for path in files)


def test_a_signature_that_cannot_be_read_is_told_and_nothing_goes(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = places.storage_folder(nfs())
    folder.mkdir(parents=True)
    disk = places.disk_file(folder, "HostedEngine")
    disk.write_bytes(b"whose?")
    left(Deployment.open(world.JOB), disk, discard=True)
    places.lease_file(disk).mkdir()  # root can read every file here
    for refused in (plan_cleanup, lambda: discard_unfinished(Deployment.open(world.JOB))):
        with pytest.raises(RhvError) as caught:
            refused()
        assert caught.value.code == "lease.unsigned"
        assert str(places.lease_file(disk)) in str(caught.value.message)
    assert disk.exists()
    monkeypatch.setattr(leases, "_FREE_S", 0.3)
    with held(disk), pytest.raises(RhvError) as caught:
        leases.refuse_held(disk)
    assert caught.value.code == "lease.held"


def test_a_host_that_has_another_name_since_knows_its_own_disk(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = places.storage_folder(nfs())
    folder.mkdir(parents=True)
    disk = places.disk_file(folder, "HostedEngine")
    disk.write_bytes(bytes(1000))
    deployment = Deployment.open(world.JOB)
    domain = Domain(disk)
    start_leased(deployment, domain)
    domain.destroy()
    files = left(deployment, disk)
    monkeypatch.setattr(platform, "node", lambda: "renamed")
    assert {str(path) for path in files} <= {item.name for item in plan_cleanup().items}


def test_nothing_goes_of_a_deployment_whose_config_drive_is_in_use(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_FREE_S", 0.3)
    folder = places.storage_folder(nfs())
    folder.mkdir(parents=True)
    disk = places.disk_file(folder, "HostedEngine")
    disk.write_bytes(bytes(1000))
    deployment = Deployment.open(world.JOB)
    files = left(deployment, disk, discard=True)
    with held(files[1], 100):
        with pytest.raises(RhvError, match="Another host runs"):
            discard_unfinished(deployment)
        with pytest.raises(RhvError, match="Another host runs"):
            carry_out()
    assert all(path.exists() for path in files)
