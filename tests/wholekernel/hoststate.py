# SPDX-License-Identifier: Apache-2.0
"""What of a host a test of storage may not leave changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.wholekernel.guest import Guest

_READ = r"""
import glob, hashlib, json, os, subprocess

def said(*argv):
    done = subprocess.run(argv, capture_output=True, text=True)
    return sorted(line.strip() for line in done.stdout.splitlines() if line.strip())

# The kernel's own file systems, which come with its modules and stay, are nobody's storage.
mounts = [line.split()[:3] for line in open("/proc/mounts")]
print(json.dumps({
    "mounts": sorted(" ".join(m) for m in mounts if m[2] in ("nfs", "nfs4", "ext4", "xfs", "tmpfs", "iso9660")
                     and not m[1].startswith("/run/user/")),
    "sessions": sorted(os.path.basename(p) for p in glob.glob("/sys/class/iscsi_session/*")),
    "disks": sorted(n for n in os.listdir("/sys/block") if n.startswith(("sd", "dm-", "vd"))),
    "links": sorted(os.listdir("/sys/class/net")),
    "pools": said("virsh", "pool-list", "--all", "--name"),
    "secrets": said("virsh", "--quiet", "secret-list"),
    "guests": said("virsh", "list", "--all", "--name"),
    "engine": sorted({*glob.glob("/var/lib/cockpit-rhv/engine"), *glob.glob("/var/lib/cockpit-rhv/storage"),
                      *glob.glob("/etc/cockpit-rhv")}),
    "libvirt": {p: hashlib.sha256(open(p, "rb").read()).hexdigest() for p in glob.glob("/etc/libvirt/*.conf")},
    "locks": said("systemctl", "show", "--property=ActiveState,UnitFileState", "virtlockd.socket", "sanlock.service"),
    "networks": said("virsh", "net-list", "--all"),
    # Two folders are kept, empty: storage/private_mounts.py says why of its own; the other one holds notes.
    "files": sorted({*glob.glob("/run/*rhv*/*"), *glob.glob("/tmp/*rhv*"), *glob.glob("/var/tmp/*rhv*/*"),
                     *glob.glob("/run/cockpit-rhv/storage-*/*")}
                    - {"/run/cockpit-rhv/storage-test", "/run/cockpit-rhv/storage-sessions"}),
}))
"""


def storage_state(host: Guest) -> dict[str, Any]:
    """Mounts, iSCSI sessions, disks, links, pools, secrets, guests, networks, lock managers and our files."""
    state: dict[str, Any] = json.loads(host.run("python3 -", input=_READ).stdout)
    return state
