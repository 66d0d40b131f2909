# SPDX-License-Identifier: Apache-2.0
"""The engine deployed onto a real NFS server: a VM that runs from the export under a lease, on one host at a time."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.waiting import until
from tests.wholekernel import bootguest, pools
from tests.wholekernel import deployment as deployments
from tests.wholekernel.asking import ask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wholekernel.guest import Guest

# Emulated, and beside other tests, a deployment takes minutes.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]

_GOOD = deployments.EXPORT
_DISK = f"{_GOOD}/{deployments.NAME}.qcow2"
_LISTING = f"ls -lnAR --time-style=+ {_GOOD}"
_XML = f"virsh dumpxml --inactive --security-info {deployments.NAME}"
# What the phases say on a second host; byte 0 is virtlockd's.
_REFUSE = """
from pathlib import Path
from cockpit_rhv.deploy import lease
lease._WHOLE = lease._LOCKD_BYTE
try:
    lease.refuse_held(Path("{disk}"))
except lease.RhvError as error:
    raise SystemExit(f"{{error.message}} {{error.hint}}")
"""
_LOCKD = """
cp -a /etc/libvirt/qemu.conf /root/qemu.conf && echo 'lock_manager = "lockd"' >> /etc/libvirt/qemu.conf
systemctl start virtlockd.socket && systemctl restart libvirtd
"""
_NO_LOCKD = """
mv /root/qemu.conf /etc/libvirt/qemu.conf
systemctl restart libvirtd
"""


@pytest.fixture
def ready(host1: Guest, server: Guest) -> Iterator[Guest]:
    """The host with an image; the export must be as before at the end, too."""
    before = server.run(_LISTING).stdout
    with deployments.prepared(host1):
        yield host1
    assert server.run(_LISTING).stdout == before


def _mounted(host: Guest) -> list[str]:
    """Type and options of the engine's storage; [] when it is not mounted."""
    found = host.run("grep ' /var/lib/cockpit-rhv/storage/' /proc/mounts", check=False).stdout.split()
    return found[2:4]


def _sectors(server: Guest) -> bytes:
    """The first two of the engine's disk, as the server has them."""
    convert = f"qemu-img dd -U -f qcow2 -O raw bs=512 count=2 if={_DISK} of=/tmp/sectors"
    return bytes.fromhex(server.run(f"{convert} && od -An -v -tx1 /tmp/sectors").stdout)


def _restarted_storage(host: Guest, job: str) -> None:
    """As a reboot leaves it: VM off, export not mounted; a resume mounts it and starts the VM."""
    host.run("cockpit-rhv", "cancel", limit_s=120)
    host.run(f"virsh --quiet destroy {deployments.NAME}")
    # virtlockd lets go of the disk a moment after QEMU has ended.
    host.run(f"timeout 30 sh -c 'until virsh --quiet pool-destroy {deployments.POOL}; do sleep 1; done'")
    assert _mounted(host) == []
    host.run("cockpit-rhv", "resume", "--detach", limit_s=120)
    deployments.until_booted(host, job, 2, 400)
    assert _mounted(host)[0] == "nfs4"


class _Second:
    """The second host with the same engine VM defined, libvirt's lock manager turned on by its administrator."""

    def __init__(self, host: Guest, first: Guest) -> None:
        self.host = host
        pool = first.run(f"virsh pool-dumpxml {deployments.POOL}").stdout
        self.folder = re.findall("<path>(.*)</path>", pool)[0]
        self.disk = f"{self.folder}/{deployments.NAME}.qcow2"
        host.run(f"mkdir -p {self.folder} && {_LOCKD}")
        host.run("cat > /tmp/pool.xml && virsh --quiet pool-define /tmp/pool.xml", input=pool)
        host.run(f"virsh --quiet pool-start {deployments.POOL} && virsh --quiet net-start default", check=False)
        host.run("cat > /tmp/vm.xml && virsh --quiet define /tmp/vm.xml", input=first.run(_XML).stdout)
        self.uuid = host.run(f"virsh domuuid {deployments.NAME}").stdout.strip()

    def start(self) -> dict[str, object]:
        return ask(self.host, "machines.start", uuid=self.uuid)

    def gone(self) -> None:
        name, pool = deployments.NAME, deployments.POOL
        self.host.run(f"virsh --quiet destroy {name}; virsh --quiet undefine {name}", check=False)
        self.host.run(f"virsh --quiet pool-destroy {pool}; virsh --quiet pool-undefine {pool}", check=False)
        self.host.run(f"virsh --quiet net-destroy default; rm -r /tmp/pool.xml /tmp/vm.xml {_NO_LOCKD}", check=False)
        self.host.run("rmdir -p /var/lib/cockpit-rhv/storage/*", check=False)


def test_engine_on_nfs(ready: Guest, host2: Guest, server: Guest) -> None:
    """From the export, under a lease; a second host is refused until the first is dead; then all of it goes again."""
    with pools.local_pool(ready, "mine"):
        ready.run("virsh --quiet vol-create-as mine mine.raw 4M --format raw")
        pools.upload(ready, "mine", "mine.raw", bootguest.SECTOR)
        with bootguest.running(ready, "mineguest", "mine", "mine.raw") as said:
            assert said == "!"
            pid = "cat /run/libvirt/qemu/mineguest.pid"
            before = ready.run(pid).stdout
            job = deployments.deploy(ready, storage__nfs_version="4.2")
            try:
                deployments.until_booted(ready, job, 1, 400)
                assert ready.run(pid).stdout == before, "libvirt's restart has cost a guest"
                _runs_from_there(ready, server)
                _restarted_storage(ready, job)
                second = _Second(host2, ready)
                try:
                    _only_one(ready, second)
                finally:
                    second.gone()
                # It runs since before there was a lock manager, and has no lease to let go of.
                ready.run("virsh --quiet suspend mineguest && virsh --quiet resume mineguest")
            finally:
                ready.run("cockpit-rhv", "cancel", limit_s=120, check=False)
                deployments.clean_up(ready)
            assert ready.run(pid).stdout == before
            assert "lock_manager" not in ready.run("grep -v '^#' /etc/libvirt/qemu.conf", check=False).stdout
        ready.run("virsh --quiet vol-delete mine.raw --pool mine")


def _runs_from_there(host: Guest, server: Guest) -> None:
    kind, options = _mounted(host)
    assert kind == "nfs4"
    assert "vers=4.2" in options.split(",")
    assert "yes" in host.run(f"virsh pool-info {deployments.POOL} | grep Autostart").stdout
    # libvirt has given root's copy to QEMU's user, and what the machine wrote has gone all the way.
    assert server.run(f"stat -c '%U %a' {_DISK}").stdout.split() == ["libvirt-qemu", "600"]
    assert _sectors(server) == bootguest.SECTOR * 2
    assert server.run(f"cat {_GOOD}/.{deployments.NAME}.qcow2.host").stdout.startswith("host1")
    # The server itself keeps virtlockd's lock, of the first byte, beside QEMU's: its kernel lists the file's number.
    inode = server.run(f"stat -c %i {_DISK}").stdout.strip()
    assert re.search(f"WRITE .*:{inode} 0 0$", server.run("cat /proc/locks").stdout, re.MULTILINE)


def _only_one(first: Guest, second: _Second) -> None:
    refused = second.start()
    assert "error" in refused, refused
    error = refused["error"]["data"]  # type: ignore[index]
    # QEMU's own lock is asked for before libvirt's; below, ours is seen by itself.
    assert error["code"] == "machine.disk_locked", error
    assert error["message"]["text"] == "Another guest, here or on another host, has a disk of this guest open."
    asked = second.host.run(f"python3 -c '{_REFUSE.format(disk=second.disk)}'", check=False)
    assert "Another host runs this engine" in asked.stderr, asked
    assert "host1" in asked.stderr
    running = f"virsh domstate {deployments.NAME}"
    assert second.host.run(running).stdout.strip() == "shut off"
    assert first.run(running).stdout.strip() == "running"
    first.pause()  # its power is gone, for all that anybody can see
    try:
        began = time.monotonic()
        until("lease of the dead host", second.start, lambda answer: "result" in answer, limit_s=180, every_s=2)
        assert time.monotonic() - began > 1, "the lease was not held by the host that is dead now"
        serial = f"tr -cd '?!' < {deployments.SERIAL_LOG}"
        until("boot there", lambda: second.host.run(serial, check=False).stdout, lambda said: said == "!", limit_s=120)
        second.host.run(f"virsh --quiet destroy {deployments.NAME}; rm {deployments.SERIAL_LOG}")
    finally:
        first.resume()
