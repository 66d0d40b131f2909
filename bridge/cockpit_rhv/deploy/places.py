# SPDX-License-Identifier: Apache-2.0
"""Where a deployment keeps its files on the host (docs/architecture.md, "Files on the host").

An environment variable moves a folder, for tests and for a tree that is not installed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..storage import engine_folder as folders
from ..storage.logical import device_of
from .answers import get

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def state_dir() -> Path:
    """State a resume needs; 0700 root."""
    return Path(os.environ.get("COCKPIT_RHV_STATE") or "/var/lib/cockpit-rhv") / "engine"


def config_dir() -> Path:
    """``engine.json`` and ``pki/``."""
    return Path(os.environ.get("COCKPIT_RHV_ETC") or "/etc/cockpit-rhv")


def engine_json() -> Path:
    """EngineConfig of a finished deployment; readable by everybody."""
    return config_dir() / "engine.json"


def pki_dir() -> Path:
    """The engine's CA and the agent's certificate and key."""
    return config_dir() / "pki"


#: In :func:`pki_dir`.
AGENT_KEY, AGENT_CERTIFICATE, ENGINE_CA = "agent.key", "agent.pem", "ca.pem"


def pki_files() -> list[Path]:
    """What enrolment writes."""
    return [pki_dir() / name for name in (AGENT_KEY, ENGINE_CA, AGENT_CERTIFICATE)]


def half_written(path: Path) -> list[Path]:
    """What a kill in the middle of replacing ``path`` leaves beside it, by the names that enrolment and jobs use."""
    ours = re.compile(rf"\.{re.escape(path.name)}\.(new|\d+\.\d+)")
    try:
        return sorted(found for found in path.parent.iterdir() if ours.fullmatch(found.name))
    except (FileNotFoundError, NotADirectoryError):
        return []


def storage_folder(answers: Mapping[str, Any]) -> Path:
    """Where the engine's disk and config drive lie."""
    return folders.engine_folder(get(answers, "engine.name", ""), get(answers, "storage", {}))


def engine_volume(answers: Mapping[str, Any]) -> str | None:
    """``group/name`` of the logical volume that is the engine's disk; None where the disk is a file."""
    return folders.engine_volume(get(answers, "engine.name", ""), get(answers, "storage", {}))


def engine_disk(answers: Mapping[str, Any]) -> Path:
    """The engine's disk: a file, or a volume's device."""
    volume = engine_volume(answers)
    if volume is not None:
        return device_of(volume)
    return disk_file(storage_folder(answers), get(answers, "engine.name"))


def storage_pool(answers: Mapping[str, Any]) -> str | None:
    """libvirt's name of the shared storage the deployment mounts; None where nothing is mounted."""
    shared = get(answers, "storage.kind", "directory") in folders.MOUNTED_KINDS
    return pool_name(get(answers, "engine.name")) if shared else None


def pool_name(name: str) -> str:
    """libvirt's name of the pool that mounts the storage of the engine ``name``."""
    return f"rhv-{name}"


def disk_file(folder: str | Path, name: str) -> Path:
    """The engine's disk in the storage directory."""
    return Path(folder) / f"{name}.qcow2"


def partial_file(disk: Path) -> Path:
    """The engine's disk while it is copied."""
    return disk.with_name(f".{disk.name}.partial")


def drive_file(folder: str | Path, name: str) -> Path:
    """The config drive; beside the disk, because QEMU's user can reach it only there."""
    return Path(folder) / f"{name}-cidata.iso"


def first_contact_file(name: str) -> Path:
    """Host end of the first-contact port; in a folder that belongs to QEMU's user, the file itself 0600."""
    return Path("/var/lib/libvirt/qemu") / f"{name}.first-contact"


def vm_files(name: str) -> list[Path]:
    """What libvirt makes for a VM of that name and leaves when the VM is undefined."""
    return [first_contact_file(name), serial_log_file(name), serial_log_file(name).with_name(f"{name}.log")]


def stale_runtime_folders(name: str, active: Collection[int]) -> list[Path]:
    """What libvirt had for runs of the VM that a power cut ended: ``domain-<number>-<name, at most 20 characters>``.

    ``active``: the numbers of all domains that run now, whose folders are in use.
    """
    found = Path("/var/lib/libvirt/qemu").glob("domain-*")
    ours = re.compile(rf"domain-(\d+)-{re.escape(name[:20])}")
    return [path for path in found if (match := ours.fullmatch(path.name)) and int(match.group(1)) not in active]


def serial_log_file(name: str) -> Path:
    """Log of the serial console; the name libvirt's own tools would give it."""
    return Path("/var/log/libvirt/qemu") / f"{name}-serial0.log"
