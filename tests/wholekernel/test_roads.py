# SPDX-License-Identifier: Apache-2.0
"""From a server's storage to a running virtual machine and back, through libvirt and a kernel that does it for real."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from tests.wholekernel import bootguest, pools
from tests.wholekernel.guest import GuestError

if TYPE_CHECKING:
    from tests.wholekernel.guest import Guest

pytestmark = pytest.mark.timeout(1200)


def _second_sector(server: Guest, path: str) -> bytes:
    """As the storage server has it: what the machine wrote has gone all the way."""
    return base64.b64decode(server.run(f"dd if={path} bs=512 skip=1 count=1 status=none | base64").stdout)


def test_our_package_works_there(host1: Guest) -> None:
    """Installed by dpkg without a way out: all it depends on is in the image; the shell answers."""
    assert host1.run("dpkg-query --show --showformat='${db:Status-Status}' cockpit-rhv").stdout == "installed"
    assert json.loads(host1.run("cockpit-rhv status --json").stdout)["state"] == "none"


def test_nfs_road(host1: Guest, server: Guest) -> None:
    """A volume on NFS 4.2 is made, booted from, written by the machine, and gone from the server at the end."""
    with pools.nfs_pool(host1, "nfsroad", "4.2"):
        mount = host1.run("grep /var/lib/libvirt/nfsroad /proc/mounts").stdout.split()
        assert mount[2] == "nfs4"
        assert "vers=4.2" in mount[3].split(",")
        host1.run("virsh --quiet vol-create-as nfsroad boot.raw 4M --format raw")
        pools.upload(host1, "nfsroad", "boot.raw", bootguest.SECTOR)
        with bootguest.running(host1, "nfsguest", "nfsroad", "boot.raw") as said:
            assert said == "!"
        assert _second_sector(server, "/srv/nfs/good/boot.raw") == bootguest.SECTOR
        assert pools.volumes(host1, "nfsroad") == ["boot.raw"]
        host1.run("virsh --quiet vol-delete boot.raw --pool nfsroad")
        assert server.run("ls /srv/nfs/good").stdout.split() == []


def test_iscsi_road(host1: Guest, server: Guest) -> None:
    """A LUN behind CHAP is logged in to, booted from, written by the machine, and logged out of."""
    server.run("dd if=/dev/zero of=/srv/iscsi/small bs=512 count=2 conv=notrunc status=none")
    with pools.iscsi_pool(host1, "iscsiroad"):
        assert pools.volumes(host1, "iscsiroad") == ["unit:0:0:0", "unit:0:0:1"]
        pools.upload(host1, "iscsiroad", "unit:0:0:1", bootguest.SECTOR)
        with bootguest.running(host1, "iscsiguest", "iscsiroad", "unit:0:0:1") as said:
            assert said == "!"
        assert _second_sector(server, "/srv/iscsi/small") == bootguest.SECTOR


def test_iscsi_with_a_wrong_secret_leaves_nothing(host1: Guest) -> None:
    """The target refuses the login: the pool does not start, and neither session nor disk is left."""
    with pytest.raises(GuestError, match="authorization failure"), pools.iscsi_pool(host1, "wrong", "not-the-secret-1"):
        pass
