# SPDX-License-Identifier: Apache-2.0
"""A guest as the API shows it, from the statistics its host reports."""

from __future__ import annotations

import ipaddress
import uuid
from datetime import datetime, timezone

from ...hosts.live import Guest, HostLive, whole
from ..tree import Items, Link, Node, Obj
from . import statistics
from .builtin import BLANK_ID

Vm = tuple[Guest, HostLive]

_NAMESPACE = uuid.UUID("4d4b9b52-71d0-4c1e-9d68-9d0b5a7b0c11")
_NO_CDROM = "00000000-0000-0000-0000-000000000000"
HOSTED_ENGINE = "HostedEngine"
"""Name of the guest this Manager itself runs in."""
_LINKS = (
    "affinitylabels", "applications", "backups", "cdroms", "checkpoints", "diskattachments", "graphicsconsoles",
    "hostdevices", "katelloerrata", "mediateddevices", "nics", "numanodes", "permissions", "reporteddevices",
    "sessions", "snapshots", "statistics", "tags", "watchdogs",
)  # fmt: skip


def vm_node(vm: Vm, cluster_id: str) -> Obj:
    """A guest. Its definition is libvirt's on its host; what the statistics do not tell has oVirt's default."""
    guest, live = vm
    href = f"/vms/{guest.id}"
    memory = statistics.guest_memory(guest)
    vcpus = whole(guest.stats.get("vcpuCount")) or 1
    return Obj(
        {
            "name": guest.name,
            "description": "",
            "comment": "",
            "status": live.guest_status(guest),
            "bios": Obj({"boot_menu": Obj({"enabled": False}), "type": "cluster_default"}),
            "cpu": Obj({"topology": Obj({"cores": 1, "sockets": vcpus, "threads": 1})}),
            "creation_time": started(guest),
            "start_time": started(guest),
            "delete_protected": guest.name == HOSTED_ENGINE,
            "display": _display(guest),
            "fqdn": str(guest.stats["guestFQDN"]) if guest.stats.get("guestFQDN") else None,
            "high_availability": Obj({"enabled": False, "priority": 0}),
            "io": Obj({"threads": 0}),
            "memory": memory,
            "memory_policy": Obj({"ballooning": True, "guaranteed": memory, "max": memory}),
            "migration_downtime": -1,
            "multi_queues_enabled": True,
            "next_run_configuration_exists": False,
            "origin": "managed_hosted_engine" if guest.name == HOSTED_ENGINE else "external",
            "os": Obj({"boot": Obj({"devices": Items("device", ["hd"])}), "type": "other"}),
            "placement_policy": Obj({"affinity": "migratable"}),
            "run_once": False,
            "sso": Obj({"methods": Items("method")}),
            "start_paused": False,
            "stateless": False,
            "time_zone": Obj({"name": "Etc/GMT"}),
            "tpm_enabled": False,
            "type": "server",
            "usb": Obj({"enabled": False}),
            "cluster": Obj(id=cluster_id, href=f"/clusters/{cluster_id}"),
            "host": Obj(id=guest.host_id, href=f"/hosts/{guest.host_id}"),
            "template": Obj(id=BLANK_ID, href=f"/templates/{BLANK_ID}"),
            "original_template": Obj(id=BLANK_ID, href=f"/templates/{BLANK_ID}"),
        },
        guest.id,
        href,
        links=[Link(name, f"{href}/{name}") for name in _LINKS],
    )


def started(guest: Guest) -> datetime:
    return datetime.fromtimestamp(guest.started_s, timezone.utc)


def displays(guest: Guest) -> list[dict[str, str]]:
    info = guest.stats.get("displayInfo")
    items = [item for item in info if isinstance(item, dict)] if isinstance(info, list) else []
    return [{key: str(value) for key, value in item.items()} for item in items if item.get("type") in ("vnc", "spice")]


def _display(guest: Guest) -> Obj | None:
    shown = displays(guest)
    if not shown:
        return None
    first = shown[0]
    return Obj(
        {
            "type": first["type"],
            "address": first.get("ipAddress") or None,
            "port": _port(first.get("port")),
            "secure_port": _port(first.get("tlsPort")),
            "monitors": 1,
        }
    )


def _port(text: str | None) -> int | None:
    value = whole(text)
    return value if value is not None and value > 0 else None


def guest_addresses(guest: Guest) -> list[str]:
    return str(guest.stats.get("guestIPs") or "").split()


def guest_nics(guest: Guest) -> list[tuple[Obj, Obj]]:
    """NICs and the devices the guest itself reports for them."""
    network = guest.stats.get("network")
    nics = []
    for tap, nic in sorted(network.items()) if isinstance(network, dict) else ():
        if not isinstance(nic, dict) or not nic.get("macAddr"):
            continue
        mac = str(nic["macAddr"])
        id_ = str(uuid.uuid5(_NAMESPACE, f"{guest.id} {mac}"))
        href = f"/vms/{guest.id}/nics/{id_}"
        shown = Obj(
            {
                "name": str(tap),
                "interface": "virtio",
                "linked": True,
                "plugged": True,
                "mac": Obj({"address": mac}),
                "vm": Obj(id=guest.id, href=f"/vms/{guest.id}"),
            },
            id_,
            href,
            links=[Link(name, f"{href}/{name}") for name in ("reporteddevices", "statistics")],
        )
        nics.append((shown, _reported(guest, mac, id_)))
    return nics


def _reported(guest: Guest, mac: str, id_: str) -> Obj:
    addresses: list[str] = []
    interfaces = guest.stats.get("netIfaces")
    for interface in interfaces if isinstance(interfaces, list) else ():
        if isinstance(interface, dict) and str(interface.get("hw", "")).lower() == mac.lower():
            addresses += [str(item) for kind in ("inet", "inet6") for item in interface.get(kind) or ()]
    return Obj(
        {
            "name": "",
            "type": "network",
            "mac": Obj({"address": mac}),
            "ips": Items("ip", [Obj({"address": item, "version": _ip_version(item)}) for item in addresses]),
            "vm": Obj(id=guest.id, href=f"/vms/{guest.id}"),
        },
        id_,
        f"/vms/{guest.id}/reporteddevices/{id_}",
    )


def _ip_version(text: str) -> str | None:
    try:
        return f"v{ipaddress.ip_address(text.partition('%')[0].partition('/')[0]).version}"
    except ValueError:
        return None


def snapshot_nodes(guest: Guest) -> list[Obj]:
    """The one state there is: the running one."""
    id_ = str(uuid.uuid5(_NAMESPACE, f"{guest.id} active snapshot"))
    fields: dict[str, Node] = {
        "description": "Active VM",
        "date": started(guest),
        "persist_memorystate": False,
        "snapshot_status": "ok",
        "snapshot_type": "active",
        "vm": Obj(id=guest.id, href=f"/vms/{guest.id}"),
    }
    return [Obj(fields, id_, f"/vms/{guest.id}/snapshots/{id_}")]


def cdrom_nodes(guest: Guest) -> list[Obj]:
    """oVirt gives every VM exactly one drive and modules take the first of the list; ours is shown empty."""
    return [Obj({"vm": Obj(id=guest.id, href=f"/vms/{guest.id}")}, _NO_CDROM, f"/vms/{guest.id}/cdroms/{_NO_CDROM}")]


def console_nodes(guest: Guest) -> list[Obj]:
    """Graphics consoles; their id is the protocol's name in hexadecimal."""
    nodes = []
    for display in displays(guest):
        id_ = display["type"].encode("ascii").hex()
        fields: dict[str, Node] = {
            "protocol": display["type"],
            "address": display.get("ipAddress") or None,
            "port": _port(display.get("port")),
            "tls_port": _port(display.get("tlsPort")),
            "vm": Obj(id=guest.id, href=f"/vms/{guest.id}"),
        }
        nodes.append(Obj(fields, id_, f"/vms/{guest.id}/graphicsconsoles/{id_}"))
    return nodes
