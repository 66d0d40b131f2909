# SPDX-License-Identifier: Apache-2.0
"""``hosts``: add, read, change, remove, activate, deactivate, NICs and statistics."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ... import events
from ...hosts.live import CONNECTING, MAINTENANCE, UP, whole
from ...pki.signing import is_name_or_address
from ..faults import Fault, conflict, not_found
from ..request import Reply, Route, action, created, entity, listing
from ..search.match import Fields, select
from . import statistics
from .host_node import host_node, nic_nodes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ...db.models import Cluster, Host
    from ...manager import Manager
    from ..body import Body
    from ..request import ApiRequest
    from ..tree import Obj

DEFAULT_PORT = 54321
_ADDING = asyncio.Lock()
"""Looking for a free name and taking it are one step."""


def _fields(manager: Manager) -> Fields[Host]:
    inventory, fleet = manager.inventory, manager.fleet

    def cluster(host: Host) -> Cluster:
        return inventory.clusters[host.cluster_id]

    def guests(host: Host) -> list[str]:
        return [guest.name for guest in fleet.live(host.id).guests.values()]

    return Fields(
        {
            "id": lambda host: host.id,
            "name": lambda host: host.name,
            "address": lambda host: host.address,
            "comment": lambda host: host.comment,
            "status": lambda host: fleet.live(host.id).status,
            "type": lambda _host: "rhel",
            "cluster": lambda host: cluster(host).name,
            "cluster.name": lambda host: cluster(host).name,
            "datacenter": lambda host: inventory.data_centers[cluster(host).data_center_id].name,
            "memory": lambda host: whole(fleet.live(host.id).capabilities.get("memSize")),
            "cpus": lambda host: whole(fleet.live(host.id).capabilities.get("cpuThreads")),
            "load": lambda host: str(fleet.live(host.id).stats.get("cpuLoad", "")) or None,
            "vms.name": guests,
            "vm.name": guests,
            "update_available": lambda _host: "false",
            "spm_id": lambda _host: None,
            "tag": lambda _host: None,
            "storage.name": lambda _host: None,
        },
        free_text=("name", "address", "comment"),
    )


def find(request: ApiRequest) -> Host:
    """The host of the path. Raises Fault 404."""
    host = request.manager.inventory.hosts.get(request.ids["host"])
    if host is None:
        raise not_found("Host", request.ids["host"])
    return host


def _node(request: ApiRequest, host: Host) -> Obj:
    return host_node(host, request.manager.fleet.live(host.id))


async def list_all(request: ApiRequest) -> Reply:
    """``GET hosts``."""
    found = select(request.manager.inventory.hosts.values(), _fields(request.manager), request.target)
    return listing("hosts", "host", [_node(request, host) for host in found])


async def show(request: ApiRequest) -> Reply:
    """``GET hosts/{host}``."""
    return entity("host", _node(request, find(request)))


async def add(request: ApiRequest) -> Reply:
    """``POST hosts``. The agent and its certificate are the deployment's business; here the host becomes supervised.

    The same name and address again give the same host (200), so that a deployment can be resumed.
    """
    body = request.body
    name = body.require("Host", "name", "add")
    address = body.require("Host", "address", "add")
    port = body.integer("port") or DEFAULT_PORT
    _check(name, address)
    if not 0 < port < 65536:
        raise Fault(400, "Invalid value", f"{port} is no port")
    cluster = _cluster(request.manager, body)
    manager = request.manager
    async with _ADDING:
        for host in manager.inventory.hosts.values():
            if (host.name, host.address) == (name, address):
                return entity("host", _node(request, host))
        _refuse_taken(manager.inventory.hosts.values(), name, address, "add")
        host = await manager.inventory.add_host(name, address, port, cluster, body.value("comment") or "")
    await manager.log.add(events.host_added(host, request.user))
    manager.fleet.start([host])
    return created("host", _node(request, host), request.target.base)


async def change(request: ApiRequest) -> Reply:
    """``PUT hosts/{host}``: name, address and comment; what the body leaves out stays.

    Under another address the host is connected to anew: its certificate must name that one too.
    """
    host = find(request)
    body, manager = request.body, request.manager
    name, address = body.value("name") or host.name, body.value("address") or host.address
    comment = body.value("comment")
    _check(name, address)
    moved = address != host.address
    async with _ADDING:
        others = [other for other in manager.inventory.hosts.values() if other.id != host.id]
        _refuse_taken(others, name, address, "edit")
        comment = host.comment if comment is None else comment
        if (name, address, comment) == (host.name, host.address, host.comment):
            return entity("host", _node(request, host))
        await manager.inventory.change_host(host, name=name, address=address, comment=comment)
    await manager.log.add(events.host_changed(host, request.user))
    await manager.fleet.renew(host, moved=moved)
    return entity("host", _node(request, host))


def _check(*names: str) -> None:
    for value in names:
        if not is_name_or_address(value):
            raise Fault(400, "Invalid value", f"{value[:80]!r} is neither a host name nor an address")


def _refuse_taken(hosts: Iterable[Host], name: str, address: str, verb: str) -> None:
    for host in hosts:
        if host.name == name:
            raise conflict(f"Cannot {verb} Host. The Host name {name} is already in use.")
        if host.address == address:
            raise conflict(f"Cannot {verb} Host. The address {address} is already in use by Host {host.name}.")


def _cluster(manager: Manager, body: Body) -> Cluster:
    asked = body.child("cluster")
    id_ = asked.attributes.get("id") if asked else None
    name = body.value("cluster/name")
    if id_ is None and name is None:
        return manager.inventory.default_cluster()
    for cluster in manager.inventory.clusters.values():
        if cluster.id == id_ or (id_ is None and cluster.name == name):
            return cluster
    raise Fault(404, "Operation Failed", f"[Cluster {id_ or name} does not exist]")


async def remove(request: ApiRequest) -> Reply:
    """``DELETE hosts/{host}``: only one that is not working."""
    host = find(request)
    manager = request.manager
    if manager.fleet.live(host.id).status in (UP, CONNECTING):
        raise conflict("Cannot remove Host. Host is operational. Please switch Host to Maintenance mode first.")
    await manager.inventory.remove_host(host)
    await manager.fleet.forget(host)
    await manager.log.add(events.host_removed(host, request.user))
    return Reply(None)


async def activate(request: ApiRequest) -> None:
    """``POST hosts/{host}/activate``."""
    host = find(request)
    manager = request.manager
    if not host.maintenance:
        status = manager.fleet.live(host.id).status
        raise conflict(f"Cannot activate Host. Host is already in status {status}.")
    await manager.inventory.set_maintenance(host, maintenance=False)
    await manager.log.add(events.host_activated(host, request.user))
    manager.fleet.start([host])


async def deactivate(request: ApiRequest) -> None:
    """``POST hosts/{host}/deactivate``. Guests are not moved elsewhere yet, so it is refused while one runs here: the
    Manager would lose sight of it."""
    host = find(request)
    manager = request.manager
    live = manager.fleet.live(host.id)
    if live.status == MAINTENANCE:
        raise conflict("Cannot switch Host to Maintenance mode. The Host is already in Maintenance mode.")
    if live.status in (UP, CONNECTING) and live.guests:
        names = ", ".join(sorted(guest.name for guest in live.guests.values())[:5])
        raise conflict(f"Cannot switch Host to Maintenance mode. VMs are running on it: {names}.")
    await manager.inventory.set_maintenance(host, maintenance=True)
    await manager.fleet.suspend(host)
    await manager.log.add(events.host_maintenance(host, request.user))


async def list_nics(request: ApiRequest) -> Reply:
    """``GET hosts/{host}/nics``."""
    host = find(request)
    return listing("host_nics", "host_nic", nic_nodes(host, request.manager.fleet.live(host.id)))


async def show_nic(request: ApiRequest) -> Reply:
    """``GET hosts/{host}/nics/{nic}``."""
    host = find(request)
    for node in nic_nodes(host, request.manager.fleet.live(host.id)):
        if node.id == request.ids["nic"]:
            return entity("host_nic", node)
    raise not_found("HostNic", request.ids["nic"])


def _statistics(request: ApiRequest) -> list[Obj]:
    host = find(request)
    live = request.manager.fleet.live(host.id)
    # The last numbers of a host that does not answer say nothing about now.
    return statistics.host_statistics(host.id, live) if live.status == UP else []


async def list_statistics(request: ApiRequest) -> Reply:
    """``GET hosts/{host}/statistics``; empty when the host is not up."""
    return listing("statistics", "statistic", _statistics(request))


async def show_statistic(request: ApiRequest) -> Reply:
    """``GET hosts/{host}/statistics/{statistic}``."""
    return entity("statistic", statistics.find(_statistics(request), request.ids["statistic"]))


_READ = frozenset({"GET"})

ROUTES = [
    Route("hosts", {"GET": list_all, "POST": add}, deploy=frozenset({"GET", "POST"})),
    Route("hosts/{host}", {"GET": show, "PUT": change, "DELETE": remove}, deploy=frozenset({"GET", "PUT"})),
    Route("hosts/{host}/activate", {"POST": action(activate)}),
    Route("hosts/{host}/deactivate", {"POST": action(deactivate)}),
    Route("hosts/{host}/nics", {"GET": list_nics}, deploy=_READ),
    Route("hosts/{host}/nics/{nic}", {"GET": show_nic}, deploy=_READ),
    Route("hosts/{host}/statistics", {"GET": list_statistics}, deploy=_READ),
    Route("hosts/{host}/statistics/{statistic}", {"GET": show_statistic}, deploy=_READ),
]
