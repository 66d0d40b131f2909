# SPDX-License-Identifier: Apache-2.0
"""The lease with a real libvirt and a real virtlockd: one of two guests gets the disk, the other hears why not."""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING, Callable

import libvirt
import pytest
from cockpit_rhv.deploy import lease as leases
from cockpit_rhv.deploy import lock_manager, places
from cockpit_rhv.deploy.lease import start_leased
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines.faults import from_libvirt

from tests.unit import deploy_support as world
from tests.unit.test_deploy_lease import held
from tests.waiting import until
from tests.wire.libvirt_daemon import ECHO, MISSING, NOBODY, LibvirtDaemon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(MISSING is not None, reason=str(MISSING)),
    pytest.mark.skipif(shutil.which("virtlockd", path="/usr/sbin:/usr/bin") is None, reason="needs virtlockd"),
]

_GUEST = """
<domain type='qemu'>
  <name>{name}</name><memory unit='MiB'>32</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <disk type='file'><driver name='qemu' type='raw'/><source file='{disk}'/><target dev='hda'/></disk>
    <memballoon model='none'/>
  </devices>
</domain>
"""


@pytest.fixture
def leasing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_leaks: None) -> Iterator[LibvirtDaemon]:
    """A libvirtd with the very line that a deployment adds; its folder is the host's state."""
    daemon = LibvirtDaemon()
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(daemon.folder / "state"))
    settings = daemon.folder / "libvirt"
    settings.mkdir()
    deployment = Deployment.open(world.JOB, tmp_path / "record")
    lock_manager.add_line(deployment, settings / "qemu.conf", 'lock_manager = "lockd"')
    for path in (settings, *settings.iterdir()):
        shutil.chown(path, NOBODY, NOBODY)
    daemon.start()
    yield daemon
    pid = next((int(path.read_text()) for path in daemon.folder.rglob("virtlockd.pid")), None)
    daemon.end()
    if pid is not None:
        # libvirtd has started it, and it would wait half a minute for another one.
        os.kill(pid, signal.SIGTERM)
        until("end of virtlockd", lambda: not os.path.exists(f"/proc/{pid}"), limit_s=30)


def _engine(conn: libvirt.virConnect, disk: Path, name: str = "HostedEngine") -> libvirt.virDomain:
    return conn.defineXML(_GUEST.format(name=name, disk=disk))


def _disk(daemon: LibvirtDaemon) -> Path:
    """The engine's, on an export of ours."""
    disk = places.disk_file(daemon.folder / "state/storage/HostedEngine-1", "HostedEngine")
    disk.parent.mkdir(parents=True)
    disk.write_bytes(ECHO.ljust(1024 * 1024, b"\0"))
    for path in (daemon.folder / "state", *(daemon.folder / "state").rglob("*")):
        shutil.chown(path, NOBODY, NOBODY)
    return disk


def _refused(start: Callable[[], object]) -> str:
    """The code of the error. Nothing of libvirt's is kept: a domain in a traceback would keep its connection."""
    try:
        start()
    except libvirt.libvirtError as error:
        return from_libvirt(error).code
    except RhvError as error:
        return error.code
    raise AssertionError("started")


def test_one_of_two_gets_it(leasing: LibvirtDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_FREE_S", 0.5)
    deployment = Deployment.open(world.JOB, tmp_path / "record")
    conn, disk = libvirt.open(leasing.uri()), _disk(leasing)
    try:
        first, second = _engine(conn, disk), _engine(conn, disk, "second")
        start_leased(deployment, first)
        # A guest starts paused, and libvirt takes its lease when it goes on: QEMU's own lock is asked for before.
        assert _refused(second.create) == "machine.disk_locked"
        assert not second.isActive()
        assert _refused(lambda: start_leased(deployment, first)) == "lease.held"
        first.suspend()
        first.resume()
        first.destroy()
        with held(disk):  # by a host whose QEMU has no locks
            assert _refused(second.create) == "machine.leased"
            assert not second.isActive()
        second.create()
        second.destroy()
        start_leased(deployment, first)
    finally:
        conn.close()


def test_without_its_lock_manager_we_notice(
    daemon: LibvirtDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(daemon.folder / "state"))
    deployment = Deployment.open(world.JOB, tmp_path / "record")
    conn = libvirt.open(daemon.uri())
    try:
        domain = _engine(conn, _disk(daemon))
        assert _refused(lambda: start_leased(deployment, domain)) == "lease.not_taken"
        assert not domain.isActive()
    finally:
        conn.close()
