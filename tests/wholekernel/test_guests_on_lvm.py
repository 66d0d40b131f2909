# SPDX-License-Identifier: Apache-2.0
"""Guests whose disks are logical volumes: made, cloned, refused and removed by the helper, on LVM that does it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.wholekernel import bootguest
from tests.wire.helper_process import HelperProcess, RpcFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wholekernel.guest import Guest

pytestmark = pytest.mark.timeout(1200)

VG = "vgwk"
_POOL = f"""<pool type='logical'><name>volumes</name><source><name>{VG}</name><format type='lvm2'/></source>
<target><path>/dev/{VG}</path></target></pool>"""
_CLOUD = {"hostname": "web", "user": "admin", "ssh_key": "ssh-ed25519 AAAAC3Nz me@home", "password": ""}


@contextmanager
def volume_group(host: Guest) -> Iterator[None]:
    """A pool of libvirt's on a disk in a file, with somebody's old data all over its beginning; gone at the end."""
    host.run("truncate -s 3G /var/tmp/lvm.img && losetup /dev/loop7 /var/tmp/lvm.img")
    try:
        host.run(f"vgcreate --yes {VG} /dev/loop7 && lvcreate --yes -L 16m -n old {VG}")
        host.run(f"yes precious | head -c 16M > /dev/{VG}/old; lvremove --yes {VG}/old")
        host.run("cat > /tmp/pool.xml && virsh --quiet pool-define /tmp/pool.xml && rm /tmp/pool.xml", input=_POOL)
        host.run("virsh --quiet pool-start volumes")
        yield
    finally:
        host.run(
            "for guest in img copy Web_1; do virsh --quiet destroy $guest; virsh --quiet undefine $guest; done",
            check=False,
        )
        host.run("virsh --quiet pool-destroy volumes; virsh --quiet pool-undefine volumes", check=False)
        host.run(f"vgremove --yes --force {VG}; losetup -d /dev/loop7")
        host.run("rm -f /var/tmp/lvm.img /var/tmp/base.raw /var/tmp/locked.iso")


@contextmanager
def helper_in(host: Guest) -> Iterator[HelperProcess]:
    """The installed helper."""
    helper = HelperProcess({}, host.argv("/usr/libexec/cockpit-rhv/helper"))
    try:
        helper.subscribe("machines")
        helper.until("machines", lambda state: state["libvirt"]["state"] == "connected")
        yield helper
    finally:
        helper.kill()


def volumes(host: Guest) -> list[str]:
    """LVM's own word."""
    return sorted(host.run(f"lvs --noheadings --options lv_name {VG}").stdout.split())


def wanted(**changes: Any) -> dict[str, Any]:
    """Parameters of machines.create."""
    return {
        "name": "Web_1",
        "source": {"kind": "empty", "path": None},
        "folder": f"/dev/{VG}",
        "disk_gib": 1,
        "memory_mib": 64,
        "vcpus": 1,
        "network": None,
        "firmware": "bios",
        "autostart": False,
        "start": False,
        "cloud": None,
        **changes,
    }


def remove(helper: HelperProcess, uuid: str) -> list[tuple[str, bool]]:
    """The guest with all that its plan offers: each path, and whether its size is known."""
    disks = helper.call("machines.removal_plan", uuid=uuid)["disks"]
    assert [disk["kept"] for disk in disks] == [None] * len(disks)
    helper.call("machines.remove", uuid=uuid, paths=[disk["path"] for disk in disks])
    return [(disk["path"], disk["size_bytes"] is not None) for disk in disks]


def test_disks_are_volumes_and_go_with_their_guests(host1: Guest) -> None:
    host1.run("cat > /var/tmp/base.raw && truncate -s 4M /var/tmp/base.raw", input=bootguest.SECTOR)
    with volume_group(host1), helper_in(host1) as helper:
        place = next(one for one in helper.call("machines.create_options")["places"] if one["block"])
        assert (place["path"], place["pool"]) == (f"/dev/{VG}", "volumes")
        answer = helper.call("machines.create", **wanted(disk_gib=4))
        assert [(one["path"], one["error"]["code"]) for one in answer["errors"]] == [("folder", "create.no_space")]

        # empty, where somebody's data was
        answer = helper.call("machines.create", **wanted())
        empty = f"Web-1-{answer['uuid'][:8]}"
        assert volumes(host1) == [empty]
        assert host1.run(f"head -c 1M /dev/{VG}/{empty} | tr -d '\\0' | wc -c").stdout.strip() == "0"
        assert remove(helper, answer["uuid"]) == [(f"/dev/{VG}/{empty}", True)]
        assert volumes(host1) == []

        # one that cannot start leaves nothing
        host1.run("truncate -s 1M /var/tmp/locked.iso && chmod 0 /var/tmp/locked.iso")
        locked = {"kind": "iso", "path": "/var/tmp/locked.iso"}
        with pytest.raises(RpcFailure):
            helper.call("machines.create", **wanted(source=locked, start=True))
        assert (volumes(host1), host1.run("virsh list --all --name").stdout.split()) == ([], [])

        # an image with a seed, running; then its clone
        source = {"kind": "image", "path": "/var/tmp/base.raw"}
        answer = helper.call(
            "machines.create", **wanted(name="img", source=source, disk_gib=None, cloud=_CLOUD, start=True)
        )
        host1.run("cockpit-rhv", "attach", answer["job"], limit_s=400)
        image = f"img-{answer['uuid'][:8]}"
        assert volumes(host1) == [image, f"{image}-seed"]
        assert host1.run("virsh domstate img").stdout.strip() == "running"
        # it boots from there, and writes its first sector over its second
        device = f"/dev/{VG}/{image}"
        second = f"dd if={device} iflag=direct bs=512 skip=1 count=1 status=none | cmp -s -n 510 - /var/tmp/base.raw"
        host1.run(f"timeout 120 sh -c 'until {second}; do sleep 0.5; done'")
        host1.run("virsh --quiet destroy img")
        host1.run(f"cmp -i 1024 -n 4000000 {device} /var/tmp/base.raw")
        assert host1.run(f"blkid -o value -s TYPE /dev/{VG}/{image}-seed").stdout.strip() == "iso9660"
        plan = helper.call("machines.clone_plan", uuid=answer["uuid"])
        assert (plan["folder"], [disk["obstacle"] for disk in plan["disks"]]) == (f"/dev/{VG}", [None, None])
        cloned = helper.call("machines.clone", uuid=answer["uuid"], name="copy", folder=plan["folder"], start=False)
        host1.run("cockpit-rhv", "attach", cloned["job"], limit_s=400)
        copy = f"copy-{cloned['uuid'][:8]}"
        assert host1.run(f"cmp /dev/{VG}/{image} /dev/{VG}/{copy}").returncode == 0
        names = (copy, f"copy-vdb-{cloned['uuid'][:8]}")
        assert remove(helper, cloned["uuid"]) == [(f"/dev/{VG}/{name}", True) for name in names]
        assert volumes(host1) == [image, f"{image}-seed"]
        remove(helper, answer["uuid"])
        assert volumes(host1) == []
