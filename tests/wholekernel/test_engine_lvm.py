# SPDX-License-Identifier: Apache-2.0
"""The engine deployed onto a local volume group: a VM that runs from a logical volume, restarts, and leaves the group
as it was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.wholekernel import bootguest
from tests.wholekernel import deployment as deployments

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wholekernel.guest import Guest

# Emulated, and beside other tests, a deployment takes minutes.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]

_GROUP = "wkgroup"
_VOLUME = f"{_GROUP}/rhv-{deployments.NAME}"
_DEVICE = f"/dev/{_VOLUME}"
_DISK = "/var/tmp/wkgroup.disk"
_MAKE = f"""
set -eu
truncate -s 5G {_DISK}
vgcreate --quiet {_GROUP} "$(losetup --find --show {_DISK})"
lvcreate --quiet --yes --name theirs --size 64M {_GROUP}
lvcreate --quiet --yes --name asleep --size 64M {_GROUP}
echo mine > /dev/{_GROUP}/theirs
lvchange --activate n {_GROUP}/asleep
"""
_REMOVE = (
    f"vgremove --yes --quiet {_GROUP}; losetup --detach $(losetup --noheadings --output NAME -j {_DISK}); rm {_DISK}"
)
_LISTING = (
    f"lvs --noheadings --options lv_name,lv_uuid,lv_size,lv_active,lv_tags {_GROUP}; head -c 5 /dev/{_GROUP}/theirs"
)
_LVM = {"storage__kind": "lvm", "storage__volume_group": _GROUP}


@pytest.fixture
def ready(host1: Guest) -> Iterator[Guest]:
    """The host with an image and a group that others use, too; its volumes must be as before at the end."""
    host1.run(_MAKE)
    try:
        before = host1.run(_LISTING).stdout
        with deployments.prepared(host1):
            yield host1
        assert host1.run(_LISTING).stdout == before
    finally:
        host1.run(_REMOVE)


def _active(host: Guest) -> bool:
    return host.run(f"lvs --noheadings --options lv_active {_VOLUME}").stdout.split() == ["active"]


def test_engine_on_lvm(ready: Guest) -> None:
    """Made, filled, booted from there; inactive as after a reboot it is activated and booted again; then cleaned up."""
    job = deployments.deploy(ready, **_LVM)
    try:
        deployments.until_booted(ready, job, 1, 400)
        assert ready.run(f"lvs --noheadings --units g --options lv_size,lv_tags {_VOLUME}").stdout.split() == [
            "4.00g",
            "cockpit-rhv",
        ]
        written = ready.run(f"dd if={_DEVICE} bs=512 count=2 iflag=direct status=none | od -An -v -tx1").stdout
        assert bytes.fromhex(written) == bootguest.SECTOR * 2, "what the machine wrote has gone all the way"

        ready.run("cockpit-rhv", "cancel", limit_s=120)
        ready.run(f"virsh --quiet destroy {deployments.NAME} && lvchange --activate n {_VOLUME}")
        assert not _active(ready)
        ready.run("cockpit-rhv", "resume", "--detach", limit_s=120)
        deployments.until_booted(ready, job, 2, 400)
        assert _active(ready)
    finally:
        ready.run("cockpit-rhv", "cancel", limit_s=120, check=False)
        deployments.clean_up(ready)
    assert ready.run(f"test ! -e {_DEVICE} && virsh --quiet list --all --name").stdout.strip() == ""


def test_a_group_that_is_no_good(ready: Guest) -> None:
    """The preflight tries it: nothing is begun, and the group is as before (the fixture looks)."""
    assert "There is no volume group nowhere" in deployments.refused(
        ready, **{**_LVM, "storage__volume_group": "nowhere"}
    )
    assert "too little" in deployments.refused(ready, **_LVM, engine__disk_gib=40)
    ready.run(f"lvcreate --quiet --yes --name rhv-{deployments.NAME} --size 64M {_GROUP}")
    try:
        assert f"{_DEVICE} exists and is not from an unfinished deployment" in deployments.refused(ready, **_LVM)
    finally:
        ready.run(f"lvremove --yes --quiet {_VOLUME}")


def test_a_pool_of_libvirt_would_touch_every_volume(ready: Guest) -> None:
    """Why the engine's volume is in none (docs/decisions.md): starting and stopping a pool is for the whole group."""
    asleep, theirs = (f"lvs --noheadings --options lv_active {_GROUP}/{name}" for name in ("asleep", "theirs"))
    ready.run(f"virsh --quiet pool-define-as {_GROUP} logical --source-name {_GROUP} --target /dev/{_GROUP}")
    try:
        ready.run(f"virsh --quiet pool-start {_GROUP}")
        assert ready.run(asleep).stdout.split() == ["active"]
        ready.run(f"virsh --quiet pool-destroy {_GROUP}")
        assert ready.run(theirs).stdout.split() == []
    finally:
        ready.run(f"virsh --quiet pool-undefine {_GROUP}; lvchange --activate y {_GROUP}/theirs")
