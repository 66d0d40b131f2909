# SPDX-License-Identifier: Apache-2.0
"""The lease of the engine's disk: who holds it is refused, what was changed for it is undone, to the byte."""

from __future__ import annotations

import fcntl
import os
import platform
import subprocess
import sys
import xml.etree.ElementTree as ET
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.deploy import lease as leases
from cockpit_rhv.deploy import lease_file, lock_manager, places
from cockpit_rhv.deploy.cleanup_plan import plan_cleanup
from cockpit_rhv.deploy.domain_xml import engine_domain
from cockpit_rhv.deploy.lease import Lease, lease_in, lease_of, start_leased
from cockpit_rhv.deploy.state import Deployment, read_record
from cockpit_rhv.errors import RhvError

from tests.unit import deploy_support as world

from .cleanup_support import Host, carry_out, made_host
from .test_deploy_domain import plan
from .test_deploy_storage_pool import nfs

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = '# a comment\n#lock_manager = "lockd"\nuser = "root"'


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    yield from made_host(tmp_path, monkeypatch)


@pytest.fixture
def lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lease:
    """One that is there, and that nobody waits for long."""
    monkeypatch.setattr(leases, "_FREE_S", 0.3)
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(tmp_path / "state"))
    lease_file.make(Deployment.open(world.JOB), tmp_path / "HostedEngine.lease", "HostedEngine")
    return Lease("cockpit-rhv", "HostedEngine", tmp_path / "HostedEngine.lease")


_HOLD = "import fcntl, sys; f = open(sys.argv[1], 'r+b'); fcntl.lockf(f, 2, 1); print(flush=True); sys.stdin.read()"


@contextmanager
def held(lease: Lease) -> Iterator[None]:
    """Another process has it locked as virtlockd has."""
    argv = [sys.executable, "-c", _HOLD, str(lease.path / lease.key)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        holder.stdout.readline()
        yield
        holder.stdin.close()


class Domain:
    """A domain whose start takes the lease, or does not."""

    def __init__(self, lease: Lease | None, takes: bool = True) -> None:
        self.lease, self.takes, self.did = lease, takes, []  # type: ignore[var-annotated]
        self._holding: Any = None

    def XMLDesc(self) -> str:
        inside = "" if self.lease is None else ET.tostring(leases.lease_element(self.lease), encoding="unicode")
        return f"<domain><devices>{inside}</devices></domain>"

    def create(self) -> None:
        self.did.append("create")
        if self.takes and self.lease is not None:
            self._holding = held(self.lease)
            self._holding.__enter__()

    def destroy(self) -> None:
        self.did.append("destroy")
        if self._holding is not None:
            self._holding.__exit__(None, None, None)


# -- the definition ---------------------------------------------------------------------------------------------------


def test_only_a_disk_that_others_reach_has_one() -> None:
    assert lease_of(world.answers()) is None
    assert lease_of(nfs()) == Lease("cockpit-rhv", "HostedEngine", places.storage_folder(nfs()) / "HostedEngine.lease")


def test_it_is_in_the_definition_and_found_there_again() -> None:
    assert lease_in(engine_domain(nfs(), plan())) == lease_of(nfs())
    assert lease_in(engine_domain(world.answers(), plan())) is None
    theirs = "<lease><lockspace>theirs</lockspace><key>k</key><target path='/x'/></lease>"
    assert lease_in(f"<domain><devices>{theirs}</devices></domain>") is None


# -- the start --------------------------------------------------------------------------------------------------------


def test_a_start_takes_it_and_leaves_the_hosts_name(lease: Lease) -> None:
    domain = Domain(lease)
    start_leased(domain)  # type: ignore[arg-type]
    assert domain.did == ["create"]
    assert lease_file.signed_by(lease.path, lease.key) == platform.node()
    domain.destroy()


def test_a_host_is_refused_while_another_has_it(lease: Lease) -> None:
    (lease.path / lease.key).write_bytes(b"host7\x1b[2J\n")
    domain = Domain(lease)
    with held(lease), pytest.raises(RhvError) as caught:
        start_leased(domain)  # type: ignore[arg-type]
    assert caught.value.code == "lease.held"
    assert "host7[2J:" in str(caught.value.hint), "its name, without what a terminal would obey"
    assert domain.did == []
    start_leased(domain)  # type: ignore[arg-type]
    domain.destroy()


def test_a_vm_that_libvirt_starts_without_it_is_switched_off(lease: Lease) -> None:
    """A libvirt whose lock manager is off passes over the element."""
    domain = Domain(lease, takes=False)
    with pytest.raises(RhvError) as caught:
        start_leased(domain)  # type: ignore[arg-type]
    assert caught.value.code == "lease.not_taken"
    assert domain.did == ["create", "destroy"]


def test_a_lease_that_is_gone_is_told(lease: Lease) -> None:
    lease_file.remove(lease.path)
    lease_file.remove(lease.path)
    with pytest.raises(RhvError) as caught:
        start_leased(Domain(lease))  # type: ignore[arg-type]
    assert caught.value.code == "lease.gone"


def test_a_guest_without_one_is_just_started() -> None:
    domain = Domain(None)
    start_leased(domain)  # type: ignore[arg-type]
    assert domain.did == ["create"]


def test_looking_does_not_take_it(lease: Lease) -> None:
    assert not lease_file.is_held(lease.path, lease.key)
    with open(lease.path / lease.key, "r+b") as stream:
        fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)  # free


# -- libvirt's lock manager -------------------------------------------------------------------------------------------


@pytest.fixture
def settings(host: Host) -> Path:
    folder = host.folder / "etc/libvirt"
    folder.mkdir(parents=True)
    (folder / "qemu.conf").write_text(SETTINGS)
    (folder / "qemu.conf").chmod(0o600)
    (folder / "qemu-lockd.conf").write_text("#auto_disk_leases = 0\n")
    return folder


def test_it_is_turned_on_once_and_off_to_the_byte(host: Host, settings: Path) -> None:
    deployment = Deployment.open(world.JOB)
    before = {path.name: path.read_bytes() for path in settings.iterdir()}
    assert lock_manager.turn_on(deployment, "lockd")
    assert not lock_manager.turn_on(deployment, "lockd")
    assert host.restarts == 1
    assert '\nlock_manager = "lockd"\n' in (settings / "qemu.conf").read_text()
    assert "\nauto_disk_leases = 0\nrequire_lease_for_disks = 0\n" in (settings / "qemu-lockd.conf").read_text()
    assert host.units["virtlockd.socket"] == ["active", "enabled"]
    assert lock_manager.our_manager() == "lockd"
    assert (settings / "qemu.conf").stat().st_mode & 0o777 == 0o600
    carry_out()
    assert {path.name: path.read_bytes() for path in settings.iterdir()} == before
    assert host.restarts == 2
    assert host.units["virtlockd.socket"] == ["inactive", "disabled"]


def test_what_an_administrator_has_set_stays(host: Host, settings: Path) -> None:
    (settings / "qemu.conf").write_text('lock_manager = "lockd"\n')
    host.units["virtlockd.socket"] = ["active", "enabled"]
    deployment = Deployment.open(world.JOB)
    assert not lock_manager.turn_on(deployment, "lockd")
    assert (host.restarts, deployment.record.made) == (0, [])
    assert (settings / "qemu-lockd.conf").read_text() == "#auto_disk_leases = 0\n"
    assert lock_manager.our_manager() is None


def test_another_lock_manager_is_not_replaced(settings: Path) -> None:
    (settings / "qemu.conf").write_text('lock_manager = "sanlock"\nlock_manager = "lockd"\n')
    with pytest.raises(RhvError) as caught:
        lock_manager.turn_on(Deployment.open(world.JOB), "lockd")
    assert caught.value.code == "lease.other_manager"


def test_a_setting_of_the_administrators_is_not_written_a_second_time(host: Host, settings: Path) -> None:
    (settings / "qemu-lockd.conf").write_text("auto_disk_leases = 1\n")
    lock_manager.turn_on(Deployment.open(world.JOB), "lockd")
    text = (settings / "qemu-lockd.conf").read_text()
    assert text.startswith("auto_disk_leases = 1\n")
    assert text.count("auto_disk_leases") == 1
    assert "\nrequire_lease_for_disks = 0\n" in text


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
    # A daemon that was there before the file was written: this process.
    states = lock_manager.unit_states
    running = lambda names: {n: s._replace(main_pid=os.getpid()) for n, s in states(names).items()}  # noqa: E731
    monkeypatch.setattr(lock_manager, "unit_states", running)
    assert lock_manager.turn_on(Deployment.open(world.JOB), "lockd")
    assert host.restarts == 1


def test_a_libvirt_that_does_not_come_back_gets_its_settings_back(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def failing(*_uri: str) -> None:
        tried.append((settings / "qemu.conf").read_text())
        if len(tried) == 1:
            raise RhvError("lease.libvirt_failed", lock_manager.msg("t", "no"))

    monkeypatch.setattr(lock_manager, "restart_libvirt", failing)
    with pytest.raises(RhvError):
        lock_manager.turn_on(Deployment.open(world.JOB), "lockd")
    assert tried[1] == SETTINGS


# -- the cleanup ------------------------------------------------------------------------------------------------------


def test_an_engine_that_another_host_runs_is_not_removed(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_FREE_S", 0.3)
    deployment = host.deploy()
    folder = host.lease(deployment)
    wanted = [item.id for item in plan_cleanup().items]
    with held(Lease("", "HostedEngine", folder)), pytest.raises(RhvError) as caught:
        carry_out(wanted)
    assert caught.value.code == "lease.held"
    assert Path(deployment.record.disk).exists()
    carry_out(wanted)
    assert not folder.exists()
    assert read_record() is None


def test_a_lock_manager_that_others_rely_on_stays(host: Host) -> None:
    deployment = host.deploy()
    host.lease(deployment)
    host.real.defineXML(
        "<domain type='test'><name>theirs</name><memory unit='MiB'>8</memory><os><type>hvm</type></os><devices>"
        "<lease><lockspace>x</lockspace><key>k</key><target path='/x'/></lease></devices></domain>"
    )
    _changed, told = carry_out()
    assert any((text.get("params") or {}).get("guests") == "theirs" for text in told), told
    assert lock_manager.our_manager() == "lockd"
