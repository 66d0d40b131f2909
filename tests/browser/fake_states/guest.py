# SPDX-License-Identifier: Apache-2.0
"""What one guest's page is told: a guest that differs from its stored definition, one that is off, one on raw disks."""

from __future__ import annotations

from typing import Any, Callable

from . import plans
from .guests import few
from .texts import Json, error, msg

GIB = 1024**3
XML = "<domain type='kvm'>\n  <name>{name}</name>\n  <uuid>{uuid}</uuid>\n  <vcpu>4</vcpu>\n</domain>\n"


def disk(target: str, source: str | None, **fields: Any) -> Json:
    return {
        "key": f"disk:{target}",
        "target": target,
        "device": "disk",
        "bus": "virtio",
        "kind": "file",
        "source": source,
        "format": "qcow2",
        "read_only": False,
        "shareable": False,
        **fields,
    }


def drive(source: str | None) -> Json:
    return disk("sda", source, device="cdrom", bus="sata", format="raw", read_only=True)


def nic(mac: str, target: str | None, **fields: Any) -> Json:
    return {
        "key": f"nic:{mac}",
        "mac": mac,
        "model": "virtio",
        "kind": "network",
        "source": "default",
        "target": target,
        "link": True,
        **fields,
    }


def definition(one: Json, running: bool, **fields: Any) -> Json:
    mac = one["macs"][0]
    path = f"/var/lib/libvirt/images/{one['uuid'][-4:]}.qcow2"
    return {
        "vcpus": one["vcpus"],
        "vcpus_max": 4,
        "topology": None,
        "memory_mib": one["memory_mib"],
        "memory_max_mib": one["memory_mib"],
        "balloon": True,
        "arch": "x86_64",
        "chipset": "q35",
        "firmware": "bios",
        "nvram": False,
        "system": "http://debian.org/debian/13",
        "agent": "connected" if running else "disconnected",
        "boot": ["disk:vda"],
        "disks": [disk("vda", path), drive(None)],
        "nics": [nic(mac, "vnet3" if running else None)],
        **fields,
    }


def snapshot(name: str, created_s: int, parent: str | None, depth: int, **fields: Any) -> Json:
    return {
        "name": name,
        "description": "",
        "created_s": created_s,
        "state": "shutoff",
        "memory": False,
        "external": False,
        "parent": parent,
        "current": False,
        "depth": depth,
        **fields,
    }


def snapshots() -> list[Json]:
    return [
        snapshot("installed", 1_788_000_000, None, 0, description="Debian 13, nothing else\nbefore any update"),
        snapshot("before the upgrade", 1_788_600_000, "installed", 1, state="running", memory=True),
        snapshot("upgraded", 1_788_900_000, "before the upgrade", 2, current=True),
    ]


def not_qcow2() -> Json:
    return error(
        "snapshot.not_qcow2",
        msg(
            "snapshot.not_qcow2",
            "Only disks in the format qcow2 can hold snapshots; these are in another: {disks}.",
            disks="vda, vdb",
        ),
        msg("snapshot.not_qcow2.hint", "Convert them with qemu-img convert while the guest is off."),
    )


def no_answer() -> Json:
    return error(
        "disk.no_answer",
        msg("disk.no_answer", "The storage of this disk does not answer."),
        msg("disk.no_answer.hint", "See that the server or the device it lies on is there."),
    )


def details(one: Json) -> Json:
    """Topic ``machine/<uuid>`` for a guest of the list."""
    running = one["state"] not in ("shut_off", "crashed", "unknown")
    stored = definition(one, False)
    live = definition(one, True) if running else None
    answer: Json = {
        "live": live,
        "stored": stored,
        "snapshots": [],
        "no_snapshots": None,
        "most_vcpus": 288,
        "host_cpus": 8,
        "host_memory_mib": 32768,
        "sizes": {"vda": {"capacity": 20 * GIB, "allocation": 3 * GIB}},
        "size_errors": {},
        "rates": {},
        "addresses": {one["macs"][0]: one["addresses"] or []},
    }
    if running:
        answer["rates"] = {"vda": {"read": 41_000, "written": 9_000}, "vnet3": {"read": 120_000, "written": 30_000}}
    if one["name"] == "web-1":
        disc = "/var/lib/libvirt/images/debian-13.2.0-amd64-netinst.iso"
        stored.update(vcpus=4, memory_mib=4096, memory_max_mib=8192, boot=["disk:sda", "disk:vda"])
        answer["live"] = {**definition(one, True), "disks": [disk("vda", stored["disks"][0]["source"]), drive(disc)]}
        stored["nics"] = [
            nic(one["macs"][0], None, link=False),
            nic("52:54:00:0a:0b:0c", None, kind="bridge", source="br0"),
        ]
        answer["snapshots"] = snapshots()
    if one["name"] == "database":
        raw = [disk(name, f"/dev/vg0/database-{name}", kind="block", format="raw") for name in ("vda", "vdb")]
        for part in filter(None, (answer["live"], stored)):
            part["disks"] = raw
        answer["no_snapshots"] = not_qcow2()
        answer["sizes"] = {}
    if one["name"] == "build-agent":
        answer["size_errors"], answer["sizes"] = {"vda": no_answer()}, {}
        stored["nics"] = [nic(one["macs"][0], None, link=False, kind="bridge", source="br0")]
        stored["agent"] = None
    return answer


def _xml(params: Json) -> Json:
    return {"text": XML.format(name="web-1", uuid=params["uuid"]), "fingerprint": "0" * 64}


def _define(params: Json) -> Json:
    if "<nonsense/>" not in params["text"]:
        return {}
    raise plans.Refused(
        error(
            "machine.bad_xml",
            msg("machine.bad_xml", "libvirt refuses the guest's definition."),
            None,
            "XML document failed to validate against schema: Invalid element nonsense (libvirt error 91, domain 20)",
        )
    )


def _snapshot(params: Json) -> Json:
    if params["name"] != "too large":
        return {"job": None}
    raise plans.Refused(
        error(
            "machine.qemu_failed",
            msg("machine.qemu_failed", "QEMU could not run the guest."),
            msg("machine.qemu_failed.hint", "The guest's log in /var/log/libvirt/qemu says more."),
            "Error while writing VM state: No space left on device (libvirt error 1, domain 10)",
        )
    )


def _agent(_params: Json) -> Json:
    return {
        "hostname": "web-1",
        "system": "Debian GNU/Linux 13 (trixie)",
        "kernel": "6.12.41+deb13-amd64",
        "timezone": "UTC",
        "users": ["root"],
        "file_systems": [
            {"mounted": "/", "kind": "ext4", "total_bytes": 19 * GIB, "used_bytes": 3 * GIB},
            {"mounted": "/boot/efi", "kind": "vfat", "total_bytes": None, "used_bytes": None},
        ],
    }


def _media(_params: Json) -> Json:
    folder = "/var/lib/libvirt/images"
    names = ["debian-13.2.0-amd64-netinst.iso", "virtio-win-0.1.271.iso"]
    return {"media": [{"path": f"{folder}/{name}", "name": name, "pool": "default"} for name in names]}


def _removal(params: Json) -> Json:
    folder = "/var/lib/libvirt/images"
    shared = msg("machine.disk.shared", "The guest {name} uses it too.", name="web-2")
    return {
        "off": params["uuid"] in {one["uuid"] for one in few() if one["state"] == "shut_off"},
        "snapshots": 3,
        "saved": True,
        "nvram": False,
        "disks": [
            {"target": "vda", "source": "a", "path": f"{folder}/0002.qcow2", "size_bytes": 3 * GIB, "kept": None},
            {"target": "vdb", "source": "b", "path": f"{folder}/data.qcow2", "size_bytes": None, "kept": shared},
        ],
    }


def _remove(params: Json) -> Json:
    if not params["paths"]:
        return {}
    raise plans.Refused(
        error(
            "machine.disks_left",
            msg("machine.disks_left", "The guest is gone, but not all of its disks could be deleted."),
            msg("machine.disks_left.hint", "Delete them by hand; the details name them."),
            f"{params['paths'][0]}: Read-only file system",
        )
    )


def _disk_choices(_params: Json) -> Json:
    folder = "/var/lib/libvirt/images"
    shared = msg("machine.disk.shared", "The guest {name} uses it too.", name="web-2")

    def image(name: str, form: str, kept: Json | None = None) -> Json:
        path = f"{folder}/{name}"
        size = 8 * GIB
        return {"path": path, "name": name, "pool": "default", "format": form, "capacity_bytes": size, "kept": kept}

    return {
        "pools": [
            {"name": "default", "path": folder, "free_bytes": 120 * GIB},
            {"name": "nfs", "path": "/srv/nfs", "free_bytes": 900 * GIB},
        ],
        "images": [
            image("old-data.qcow2", "qcow2"),
            image("scratch.img", "raw"),
            image("web-2.qcow2", "qcow2", shared),
        ],
    }


def _nic_choices(_params: Json) -> Json:
    networks = [{"name": "default", "active": True}, {"name": "isolated", "active": False}]
    return {"networks": networks, "bridges": ["br0"]}


def _add_disk(params: Json) -> Json:
    if params.get("create", {}).get("name") != "taken.qcow2":
        return {"target": "vdb"}
    raise plans.Refused(
        error(
            "image.exists",
            msg(
                "image.exists",
                "There is a file {name} in {folder} already.",
                name="taken.qcow2",
                folder="/var/lib/libvirt/images",
            ),
            msg("image.exists.hint", "Choose another name, or attach the existing image."),
        )
    )


def _remove_disk(params: Json) -> Json:
    if params["now"] is False:
        return {}
    raise plans.Refused(
        error(
            "device.held",
            msg("device.held", "The guest has been asked to let go of the device and has not done so yet."),
            msg(
                "device.held.hint",
                "It goes as soon as the system inside agrees; one that does not listen keeps it until it is off.",
            ),
        )
    )


ANSWERS: dict[str, Callable[[Json], Json]] = {
    "machines.removal_plan": _removal,
    "machines.remove": _remove,
    "machines.xml": _xml,
    "machines.define_xml": _define,
    "machines.snapshot_create": _snapshot,
    "machines.snapshot_delete": lambda _params: {"job": None},
    "machines.agent": _agent,
    "machines.media": _media,
    "machines.disk_choices": _disk_choices,
    "machines.add_disk": _add_disk,
    "machines.remove_disk": _remove_disk,
    "machines.nic_choices": _nic_choices,
    "machines.add_nic": lambda _params: {"mac": "52:54:00:aa:bb:cc"},
}
