# SPDX-License-Identifier: Apache-2.0
"""Where the engine's files lie: the directory that was asked for, or where this host mounts a shared storage."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

#: Kinds of ``storage.kind`` that this host mounts itself.
MOUNTED_KINDS = frozenset({"nfs"})


def engine_folder(kind: str, path: str, name: str, source: str) -> Path:
    """``kind`` and ``path``: the answers ``storage.*``; ``name``: ``engine.name``; ``source``: see below."""
    return mount_folder(name, source) if kind in MOUNTED_KINDS else Path(path)


def mount_folder(name: str, source: str) -> Path:
    """Where the shared storage of the engine ``name`` is mounted; a folder of ours, so nothing else is hidden below.

    ``source``: server and export. Each has a folder of its own: what is known as ours by its path on one export is
    not taken for ours on another, where another host's engine may have the same name.
    """
    mark = hashlib.sha256(source.encode()).hexdigest()[:8]
    return mounts() / f"{name}-{mark}"


def mounts() -> Path:
    """The folder with all of them."""
    return Path(os.environ.get("COCKPIT_RHV_STATE") or "/var/lib/cockpit-rhv") / "storage"


def nfs_source(server: str, export: str) -> str:
    """As mount(8) writes it."""
    return f"{server}:{export}"
