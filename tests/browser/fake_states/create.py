# SPDX-License-Identifier: Apache-2.0
"""What there is for a new guest, what is wrong with one, and what a copy of one would be."""

from __future__ import annotations

from typing import Callable

from .texts import TASK, Json, error, msg

GIB = 1024**3
NEW = "0b5a5c8e-0000-4000-8000-0000000000ff"


def _places() -> list[Json]:
    dead = error(
        "create.folder",
        msg("create.folder", "{folder} is no directory of this host that can be used.", folder="/mnt/nfs"),
    )
    return [
        {"path": "/var/lib/libvirt/images", "pool": "default", "free_bytes": 212 * GIB, "error": None, "block": False},
        {"path": "/mnt/nfs", "pool": "nfs", "free_bytes": None, "error": dead, "block": False},
        {"path": "/dev/vg_guests", "pool": "lvm", "free_bytes": 480 * GIB, "error": None, "block": True},
    ]


def _options(_params: Json) -> Json:
    reason = "The CPU offers no hardware virtualization, or the firmware has it switched off."
    folder = "/var/lib/libvirt/images"
    names = ("debian-13.2.0-amd64-netinst.iso", "debian-13-genericcloud-amd64.qcow2")
    iso, image = ({"path": f"{folder}/{name}", "name": name, "pool": "default"} for name in names)
    return {
        "kvm": {"usable": False, "reason": msg("host.kvm.no_flag", reason)},
        "arch": "x86_64",
        "machine": "q35",
        "firmwares": ["bios", "efi"],
        "vcpus": {"default": 2, "host": 8, "most": 255},
        "memory_mib": {"default": 2048, "available": 21_504, "most": 32_768},
        "disk_gib": 20,
        "places": _places(),
        "isos": [iso],
        "images": [image],
        "networks": [
            {"kind": "network", "name": "default", "active": True},
            {"kind": "network", "name": "lab", "active": False},
            {"kind": "bridge", "name": "br0", "active": True},
        ],
        "seeds": True,
    }


def _taken(name: str) -> Json:
    text = "There is a guest called {name} already."
    hint = msg("create.name_taken.hint", "Choose another name.")
    return {"path": "name", "error": error("create.name_taken", msg("create.name_taken", text, name=name), hint)}


def _create(params: Json) -> Json:
    if params["name"] == "taken":
        return {"errors": [_taken("taken")], "uuid": None, "job": None}
    return {"errors": [], "uuid": NEW, "job": TASK if params["source"]["kind"] == "image" else None}


def _plan(_params: Json) -> Json:
    disks = [
        {"target": "vda", "source": "/srv/a.qcow2", "size_bytes": 11 * GIB, "copied": True, "obstacle": None},
        {"target": "vdb", "source": "/srv/shared.raw", "size_bytes": 0, "copied": False, "obstacle": None},
    ]
    return {
        "off": True,
        "name": "database-clone",
        "snapshots": 2,
        "nvram": True,
        "disks": disks,
        "folder": "/srv",
        "places": _places(),
    }


def _clone(params: Json) -> Json:
    if params["name"] == "taken":
        return {"errors": [_taken("taken")], "uuid": None, "job": None}
    return {"errors": [], "uuid": NEW, "job": TASK}


ANSWERS: dict[str, Callable[[Json], Json]] = {
    "machines.create_options": _options,
    "machines.create": _create,
    "machines.clone_plan": _plan,
    "machines.clone": _clone,
}
