# SPDX-License-Identifier: Apache-2.0
"""A guest is removed, on a real libvirtd: what goes with it, what stays, what is refused before anything is changed."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import libvirt
import pytest

from tests.wire.libvirt_daemon import MISSING, LibvirtDaemon
from tests.wire.test_machines_details import define, refusal, start

if TYPE_CHECKING:
    from pathlib import Path

    from tests.wire.helper_process import HelperProcess

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))

POOL = "<pool type='dir'><name>images</name><target><path>{path}</path></target></pool>"


def change(daemon: LibvirtDaemon, uuid: str, old: str, new: str) -> None:
    """Another stored definition."""
    conn = libvirt.open(daemon.uri())
    try:
        text = conn.lookupByUUIDString(uuid).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE)
        assert old in text
        conn.defineXML(text.replace(old, new, 1))
    finally:
        conn.close()


def with_pool(daemon: LibvirtDaemon, path: Path) -> None:
    """The folder as a pool of libvirt's."""
    conn = libvirt.open(daemon.uri())
    try:
        conn.storagePoolCreateXML(POOL.format(path=path))
    finally:
        conn.close()


def disks(live: HelperProcess, uuid: str) -> dict[str, Any]:
    """Of the plan: path and message id of why it stays, by target."""
    plan = live.call("machines.removal_plan", uuid=uuid)
    return {disk["target"]: (disk["path"], disk["kept"] and disk["kept"]["id"]) for disk in plan["disks"]}


def gone(live: HelperProcess, uuid: str) -> None:
    live.until("machines", lambda state: uuid not in state["machines"])


def test_a_guest_goes_and_its_disk_stays(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = define(daemon, "one")
    disk = daemon.folder / "one.qcow2"
    plan = live.call("machines.removal_plan", uuid=uuid)
    assert (plan["off"], plan["snapshots"], plan["saved"]) == (True, 0, False)
    assert disks(live, uuid) == {"vda": (str(disk), None)}
    live.call("machines.remove", uuid=uuid, paths=[])
    gone(live, uuid)
    assert disk.exists()
    assert refusal(live, "machines.removal_plan", uuid=uuid) == "machine.not_found"


@pytest.mark.parametrize("pooled", [False, True])
def test_a_guest_goes_with_its_disk_and_snapshots(daemon: LibvirtDaemon, live: HelperProcess, pooled: bool) -> None:
    uuid = define(daemon, "one")
    disk = daemon.folder / "one.qcow2"
    if pooled:
        with_pool(daemon, daemon.folder)
    live.call("machines.snapshot_create", uuid=uuid, name="before", description="")
    assert live.call("machines.removal_plan", uuid=uuid)["snapshots"] == 1
    start(live, uuid)
    assert live.call("machines.removal_plan", uuid=uuid)["off"] is False
    assert refusal(live, "machines.remove", uuid=uuid, paths=[str(disk)]) == "machine.not_off"
    live.call("machines.act", action="save", uuids=[uuid])
    assert live.call("machines.removal_plan", uuid=uuid)["saved"] is True
    live.call("machines.remove", uuid=uuid, paths=[str(disk)])
    gone(live, uuid)
    assert not disk.exists()


def test_what_others_use_stays(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    """The same file in another guest; a file that another guest's disk is based on; a path that is no disk of it."""
    one, two, three = (define(daemon, name) for name in ("one", "two", "three"))
    mine, base, other = (daemon.folder / f"{name}.qcow2" for name in ("one", "two", "three"))
    change(daemon, three, str(other), str(mine))
    assert disks(live, one) == {"vda": (str(mine), "machine.disk.shared")}
    for path in (str(mine), str(other), "/etc/passwd"):
        assert refusal(live, "machines.remove", uuid=one, paths=[path]) == "machine.disk_kept"
    other.unlink()
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base, other], check=True)
    with_pool(daemon, daemon.folder)
    assert disks(live, two) == {"vda": (str(base), "machine.disk.base")}, "a volume that no guest has"
    change(daemon, three, str(mine), str(other))
    assert disks(live, two) == {"vda": (str(base), "machine.disk.shared")}
    assert refusal(live, "machines.remove", uuid=two, paths=[str(base)]) == "machine.disk_kept"
    conn = libvirt.open(daemon.uri())
    conn.storagePoolLookupByName("images").destroy()
    conn.close()
    assert disks(live, two) == {"vda": (str(base), "machine.disk.shared")}, "in no pool"
    spoken = f'json:{{"driver":"qcow2","file":{{"driver":"file","filename":"{base}"}}}}'
    subprocess.run(["qemu-img", "rebase", "-q", "-u", "-F", "qcow2", "-b", spoken, other], check=True)
    assert disks(live, two) == {"vda": (str(base), "machine.disk.unclear")}
    assert refusal(live, "machines.remove", uuid=two, paths=[str(base)]) == "machine.disk_kept"
    assert all(path.exists() for path in (mine, base, other))


def test_what_is_no_file_of_its_own_stays(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = define(daemon, "one")
    disk = daemon.folder / "one.qcow2"
    disk.rename(disk.with_name("elsewhere"))
    assert disks(live, uuid) == {"vda": (str(disk), "machine.disk.gone")}
    disk.symlink_to("elsewhere")
    assert disks(live, uuid) == {"vda": (str(disk), "machine.disk.device")}
    disk.unlink()
    disk.with_name("elsewhere").rename(disk)
    change(daemon, uuid, "<target dev='vda' bus='virtio'/>", "<target dev='vda' bus='virtio'/><readonly/>")
    assert disks(live, uuid) == {"vda": (str(disk), "machine.disk.common")}


def test_a_disk_that_cannot_be_deleted_is_told(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = define(daemon, "one")
    disk = daemon.folder / "one.qcow2"
    subprocess.run(["chattr", "+i", disk], check=True)
    try:
        assert refusal(live, "machines.remove", uuid=uuid, paths=[str(disk)]) == "machine.disks_left"
    finally:
        subprocess.run(["chattr", "-i", disk], check=True)
    gone(live, uuid)
    assert disk.exists()
