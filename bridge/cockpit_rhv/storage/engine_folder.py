# SPDX-License-Identifier: Apache-2.0
"""Where the engine's files lie: the directory that was asked for, or where this host mounts a shared storage."""

from __future__ import annotations

import os
from pathlib import Path

#: Kinds of ``storage.kind`` that this host mounts itself.
MOUNTED_KINDS = frozenset({"nfs"})


def engine_folder(kind: str, path: str, name: str) -> Path:
    """``kind``, ``path``: the answers ``storage.*``; ``name``: ``engine.name``, which fits a file's name."""
    return mount_folder(name) if kind in MOUNTED_KINDS else Path(path)


def mount_folder(name: str) -> Path:
    """Where the shared storage of the engine ``name`` is mounted; a folder of ours, so nothing else is hidden below."""
    return Path(os.environ.get("COCKPIT_RHV_STATE") or "/var/lib/cockpit-rhv") / "storage" / name
