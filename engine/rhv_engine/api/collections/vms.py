# SPDX-License-Identifier: Apache-2.0
"""``vms``: the guests that hosts report. Reading only: this version starts and defines none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from ...hosts.live import Guest, whole
from ..faults import not_found
from ..request import Reply, Route, entity, listing
from ..search.match import Fields, select
from . import statistics
from .vm_node import (
    Vm,
    cdrom_nodes,
    console_nodes,
    guest_addresses,
    guest_nics,
    snapshot_nodes,
    started,
    vm_node,
)

if TYPE_CHECKING:
    from ...manager import Manager
    from ..request import ApiRequest
    from ..tree import Obj


def _fields(manager: Manager) -> Fields[Vm]:
    inventory = manager.inventory

    def host(vm: Vm) -> str:
        return inventory.hosts[vm[0].host_id].name

    def cluster(vm: Vm) -> str:
        return inventory.clusters[inventory.hosts[vm[0].host_id].cluster_id].name

    def data_center(vm: Vm) -> str:
        cluster_id = inventory.hosts[vm[0].host_id].cluster_id
        return inventory.data_centers[inventory.clusters[cluster_id].data_center_id].name

    def nothing(_vm: Vm) -> None:
        return None

    return Fields(
        {
            "id": lambda vm: vm[0].id,
            "name": lambda vm: vm[0].name,
            "status": lambda vm: vm[1].guest_status(vm[0]),
            "host": host,
            "host.name": host,
            "hosts.name": host,
            "cluster": cluster,
            "cluster.name": cluster,
            "datacenter": data_center,
            "template": lambda _vm: "Blank",
            "template.name": lambda _vm: "Blank",
            "type": lambda _vm: "server",
            "os": lambda _vm: "other",
            "description": lambda _vm: "",
            "comment": lambda _vm: "",
            "fqdn": lambda vm: str(vm[0].stats.get("guestFQDN") or "") or None,
            "ip": lambda vm: guest_addresses(vm[0]),
            "memory": lambda vm: (statistics.guest_memory(vm[0]) or 0) // 1024**2,
            "cpu_usage": lambda vm: whole(vm[0].stats.get("cpuUser")),
            "mem_usage": lambda vm: whole(vm[0].stats.get("memUsage")),
            "uptime": lambda vm: whole(vm[0].stats.get("elapsedTime")),
            "creationdate": lambda vm: started(vm[0]).isoformat(),
            "tag": nothing, "pool": nothing, "loggedinuser": nothing, "quota": nothing, "storage": nothing,
            "storage.name": nothing,
        },
        free_text=("name",),
    )  # fmt: skip


def find(request: ApiRequest) -> Vm:
    """The VM of the path. Raises Fault 404."""
    vm = request.manager.fleet.guests().get(request.ids["vm"])
    if vm is None:
        raise not_found("Vm", request.ids["vm"])
    return vm


def _node(request: ApiRequest, vm: Vm) -> Obj:
    return vm_node(vm, request.manager.inventory.hosts[vm[0].host_id].cluster_id)


async def list_all(request: ApiRequest) -> Reply:
    """``GET vms``."""
    found = select(request.manager.fleet.guests().values(), _fields(request.manager), request.target)
    return listing("vms", "vm", [_node(request, vm) for vm in found])


async def show(request: ApiRequest) -> Reply:
    """``GET vms/{vm}``."""
    return entity("vm", _node(request, find(request)))


def _statistics(guest: Guest) -> list[Obj]:
    return statistics.guest_statistics(guest)


def _nics(guest: Guest) -> list[Obj]:
    return [nic for nic, _ in guest_nics(guest)]


def _reported_devices(guest: Guest) -> list[Obj]:
    return [device for _, device in guest_nics(guest)]


def _part(segment: str, tag: str, item: str, what: str, nodes: Callable[[Guest], list[Obj]]) -> tuple[Route, Route]:
    """Routes of a list below a VM and of its entries."""

    async def list_part(request: ApiRequest) -> Reply:
        return listing(tag, item, nodes(find(request)[0]))

    async def show_part(request: ApiRequest) -> Reply:
        for node in nodes(find(request)[0]):
            if node.id == request.ids["item"]:
                return entity(item, node)
        raise not_found(what, request.ids["item"])

    path = f"vms/{{vm}}/{segment}"
    return Route(path, {"GET": list_part}), Route(f"{path}/{{item}}", {"GET": show_part})


async def list_devices_of_nic(request: ApiRequest) -> Reply:
    """``GET vms/{vm}/nics/{nic}/reporteddevices``."""
    for nic, device in guest_nics(find(request)[0]):
        if nic.id == request.ids["nic"]:
            return listing("reported_devices", "reported_device", [device])
    raise not_found("VmNic", request.ids["nic"])


ROUTES = [
    Route("vms", {"GET": list_all}),
    Route("vms/{vm}", {"GET": show}),
    *_part("statistics", "statistics", "statistic", "Statistic", _statistics),
    *_part("nics", "nics", "nic", "VmNic", _nics),
    *_part("reporteddevices", "reported_devices", "reported_device", "ReportedDevice", _reported_devices),
    *_part("cdroms", "cdroms", "cdrom", "VmCdrom", cdrom_nodes),
    *_part("graphicsconsoles", "graphics_consoles", "graphics_console", "GraphicsConsole", console_nodes),
    *_part("snapshots", "snapshots", "snapshot", "Snapshot", snapshot_nodes),
    Route("vms/{vm}/nics/{nic}/reporteddevices", {"GET": list_devices_of_nic}),
]
