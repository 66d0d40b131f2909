# SPDX-License-Identifier: Apache-2.0
"""Storage domains of hosts in several states, and what lies on them."""

from __future__ import annotations

from typing import Any

from .host import libvirt_state
from .texts import Json, error, msg

GIB = 1024**3
LOCAL, NFS, DEAD, GROUP, OFF, LOST = (f"5a0c1a2e-0000-4000-8000-{number:012d}" for number in range(1, 7))


def silent() -> Json:
    return error(
        "storage.silent",
        msg("storage.silent", "This storage does not answer."),
        msg(
            "storage.silent.hint",
            "Look at its server and at the network to it. It is asked again by itself; guests with disks on it wait.",
        ),
        "/srv/iso does not answer",
    )


def unreadable() -> Json:
    return error(
        "storage.unreadable",
        msg("storage.unreadable", "The folder of this storage is not there."),
        msg("storage.unreadable.hint", "Bring back the disk or the file server it lies on, then activate it anew."),
        "[Errno 116] Stale file handle: '/srv/old'",
    )


def needed() -> Json:
    return error(
        "volume.needed",
        msg("volume.needed", "The volume {name} is needed.", name="debian-13.qcow2"),
        msg("machine.disk.base", "The volume {name} is based on it.", name="web-1.qcow2"),
    )


def pool(uuid: str, name: str, **more: Any) -> Json:
    base: Json = {
        "uuid": uuid,
        "name": name,
        "state": "active",
        "error": None,
        "kind": "dir",
        "persistent": True,
        "autostart": True,
        "source": None,
        "target": f"/srv/{name}",
        "owner": "0:0 0711",
        "capacity_bytes": 200 * GIB,
        "allocation_bytes": 64 * GIB,
        "available_bytes": 136 * GIB,
        "answer_ms": None,
    }
    return {**base, **more}


def off(**more: Any) -> Json:
    return {"state": "inactive", "autostart": False, **dict.fromkeys(_BYTES), **more}


_BYTES = ("capacity_bytes", "allocation_bytes", "available_bytes")


def some() -> list[Json]:
    nearly = {"capacity_bytes": 2048 * GIB, "allocation_bytes": 1946 * GIB, "available_bytes": 102 * GIB}
    share = {"kind": "netfs", "owner": "36:36 0755"}
    return [
        pool(LOCAL, "images", target="/var/lib/libvirt/images"),
        pool(NFS, "nfs-disks", source="nfs1.example.org:/export/rhv", answer_ms=1.4, **share, **nearly),
        pool(DEAD, "iso", source="nfs2.example.org:/iso", state="silent", error=silent(), **share),
        pool(GROUP, "vg_guests", kind="logical", source="vg_guests", target="/dev/vg_guests", owner=None),
        pool(OFF, "backup", **off(kind="iscsi", source="192.0.2.9:iqn.2024-01.org.example:backup")),
        pool(LOST, "old", state="unknown", error=unreadable(), persistent=False),
    ]


def topic(kind: str, libvirt: str = "connected") -> Json:
    pools = {"none": [], "some": some()}[kind]
    return {
        "libvirt": libvirt_state(libvirt),
        "complete": libvirt == "connected",
        "error": None,
        "pools": {one["uuid"]: one for one in pools},
    }


def volume(name: str, *users: str, **more: Any) -> Json:
    base: Json = {
        "name": name,
        "path": f"/var/lib/libvirt/images/{name}",
        "kind": "file",
        "format": "qcow2",
        "capacity_bytes": 40 * GIB,
        "allocation_bytes": 11 * GIB,
        "backing": None,
        "partial": name.endswith(".part"),
        "error": None,
        "users": [
            {"uuid": f"4b0c1a2e-0000-4000-8000-{number:012d}", "name": user, "owner": "local", "active": True}
            for number, user in enumerate(users, 1)
        ],
    }
    return {**base, **more}


def content(one: Json, many: bool = False) -> Json:
    base = "/var/lib/libvirt/images/debian-13.qcow2"
    volumes = [
        volume("debian-13.qcow2", capacity_bytes=3 * GIB, allocation_bytes=GIB),
        volume("web-1.qcow2", "web-1", backing=base),
        volume("database.qcow2", "database"),
        volume("install.iso", format="iso", capacity_bytes=700 * 1024**2, allocation_bytes=700 * 1024**2),
        volume(".fedora.iso.rhv-upload.part", format="raw", capacity_bytes=GIB, allocation_bytes=GIB),
    ]
    if many:
        volumes += [volume(f"disk-{number:04d}.qcow2") for number in range(1000)]
    if one["state"] == "inactive":
        volumes = []
    return {
        "complete": True,
        "error": one["error"],
        "usage_error": None,
        "volumes": {each["name"]: each for each in volumes},
    }
