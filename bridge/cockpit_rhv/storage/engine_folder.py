# SPDX-License-Identifier: Apache-2.0
"""Where the engine's files lie: the directory that was asked for, a mounted shared storage, or beside a volume."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Kinds of ``storage.kind`` that this host mounts itself.
MOUNTED_KINDS = frozenset({"nfs"})
#: Kinds where the engine's disk is a logical volume; what else it needs lies in a folder of ours.
VOLUME_KINDS = frozenset({"lvm"})


def engine_folder(name: str, storage: Mapping[str, Any]) -> Path:
    """``name``: ``engine.name``; ``storage``: the section of the answers, complete or not."""
    if storage.get("kind", "directory") == "directory":
        return Path(storage.get("path", ""))
    return mount_folder(name, storage_source(storage))


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


def storage_source(storage: Mapping[str, Any]) -> str:
    """What tells one storage of a kind from another: an export as mount(8) writes it, or a volume group."""
    if storage.get("kind") in VOLUME_KINDS:
        return f"lvm:{storage.get('volume_group', '')}"
    return f"{storage.get('server', '')}:{storage.get('export', '')}"


def engine_volume(name: str, storage: Mapping[str, Any]) -> str | None:
    """``group/volume`` of the engine's disk where that is a logical volume, else None.

    The prefix keeps names apart that LVM has reserved ("snapshot").
    """
    if storage.get("kind") not in VOLUME_KINDS:
        return None
    return f"{storage.get('volume_group', '')}/rhv-{name}"
