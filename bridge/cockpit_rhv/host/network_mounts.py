# SPDX-License-Identifier: Apache-2.0
"""File systems of the network that an administrator has mounted: other hosts reach what lies on them."""

from __future__ import annotations

import os
import re
from pathlib import Path

#: As mountinfo names them: file servers, clusters, and block devices that several hosts mount at once.
_KINDS = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "ceph",
        "fuse.ceph",
        "glusterfs",
        "fuse.glusterfs",
        "gfs2",
        "ocfs2",
        "lustre",
        "beegfs",
        "gpfs",
        "afs",
        "fuse.sshfs",
    }
)


def network_file_system(path: str, root: Path = Path("/")) -> str | None:
    """Kind (``nfs4``, ``ceph``…) of the network file system ``path`` lies on, or will; None on one of this host's.

    Blocks while a server on the way does not answer. Raises OSError when the kernel's list cannot be read.
    """
    text = (root / "proc/self/mountinfo").read_text("utf-8", "surrogateescape")
    place = Path(os.path.realpath(path))
    found, depth = "", -1
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if len(fields) < 5 or not kind:
            continue
        # proc_pid_mountinfo(5): blanks and backslashes are octal.
        point = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4]))
        # Of two on one place the later one is seen.
        if (point == place or point in place.parents) and len(point.parts) >= depth:
            found, depth = kind[0], len(point.parts)
    return found if found in _KINDS else None
