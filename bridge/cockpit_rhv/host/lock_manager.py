# SPDX-License-Identifier: Apache-2.0
"""libvirt's lock manager on this host: which one guests are started under, and which ones are installed."""

from __future__ import annotations

import re
from pathlib import Path

#: libvirt's own, whose daemon is virtlockd, and the one for block storage.
LOCKD, SANLOCK = "lockd", "sanlock"
CONFIGURATION = "etc/libvirt/qemu.conf"
_SETTING = re.compile(r'^[ \t]*lock_manager[ \t]*=[ \t]*"([^"\n]*)"', re.MULTILINE)
_ELSEWHERE = re.compile(r"^[ \t]*(auto_disk_leases[ \t]*=[ \t]*0|file_lockspace_dir[ \t]*=.*)", re.MULTILINE)
_PLUGINS = ("usr/lib/*/libvirt/lock-driver", "usr/lib64/libvirt/lock-driver", "usr/lib/libvirt/lock-driver")


def read_lock_manager(root: Path = Path("/")) -> str | None:
    """``lock_manager`` in qemu.conf, None where libvirt has none. Raises OSError when the file cannot be read."""
    try:
        text = (root / CONFIGURATION).read_text("utf-8", "replace")
    except FileNotFoundError:
        return None
    found = _SETTING.search(text)  # of several libvirt takes the first
    return found.group(1) if found else None


def not_on_disks(root: Path = Path("/")) -> str | None:
    """The line by which lockd does not lock the disks themselves, None where it does, as it comes. Raises OSError."""
    try:
        text = (root / "etc/libvirt/qemu-lockd.conf").read_text("utf-8", "replace")
    except FileNotFoundError:
        return None
    found = _ELSEWHERE.search(text)
    return found.group(1) if found else None


def has_plugin(manager: str, root: Path = Path("/")) -> bool:
    """Whether libvirt can load it."""
    return any(True for folder in _PLUGINS for _ in root.glob(f"{folder}/{manager}.so"))
