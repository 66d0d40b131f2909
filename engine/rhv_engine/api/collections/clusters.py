# SPDX-License-Identifier: Apache-2.0
"""``clusters``, and the lists of clusters and networks that hang on a data center or a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import not_found
from ..request import Reply, Route, entity, listing
from ..search.match import Fields, select
from ..tree import Items, Link, Obj
from .builtin import COMPATIBILITY, mac_pool_reference, scheduling_policy_reference
from .datacenters import find as find_data_center
from .networks import network_node

if TYPE_CHECKING:
    from ...db.models import Cluster
    from ...inventory import Inventory
    from ..request import ApiRequest

_LINKS = (
    "affinitygroups", "cpuprofiles", "enabledfeatures", "externalnetworkproviders", "glusterhooks", "glustervolumes",
    "networkfilters", "networks", "permissions",
)  # fmt: skip


def _fields(inventory: Inventory) -> Fields[Cluster]:
    def data_center(item: Cluster) -> str:
        return inventory.data_centers[item.data_center_id].name

    return Fields(
        {
            "id": lambda item: item.id,
            "name": lambda item: item.name,
            "description": lambda item: item.description,
            "comment": lambda item: item.comment,
            "cpu_type": lambda item: item.cpu_type,
            "compatibility_level": lambda _item: "4.7",
            "datacenter": data_center,
            "datacenter.name": data_center,
        },
        free_text=("name", "description", "comment"),
    )


def cluster_node(item: Cluster) -> Obj:
    """A cluster. ``ovirt_cluster`` reads all of the policies without a guard, so each has oVirt's default."""
    href = f"/clusters/{item.id}"
    return Obj(
        {
            "name": item.name,
            "description": item.description,
            "comment": item.comment,
            "ballooning_enabled": True,
            "bios_type": "q35_ovmf",
            "cpu": Obj({"architecture": "x86_64", "type": item.cpu_type}),
            "custom_scheduling_policy_properties": Items("property"),
            "data_center": Obj(id=item.data_center_id, href=f"/datacenters/{item.data_center_id}"),
            "error_handling": Obj({"on_error": "migrate"}),
            "fencing_policy": Obj(
                {
                    "enabled": True,
                    "skip_if_connectivity_broken": Obj({"enabled": False, "threshold": 50}),
                    "skip_if_gluster_bricks_up": False,
                    "skip_if_gluster_quorum_not_met": False,
                    "skip_if_sd_active": Obj({"enabled": False}),
                }
            ),
            "firewall_type": "firewalld",
            "fips_mode": "undefined",
            "gluster_service": False,
            "ha_reservation": False,
            "ksm": Obj({"enabled": False, "merge_across_nodes": True}),
            "mac_pool": mac_pool_reference(),
            "maintenance_reason_required": False,
            "memory_policy": Obj(
                {"over_commit": Obj({"percent": 100}), "transparent_hugepages": Obj({"enabled": True})}
            ),
            "migration": Obj(
                {
                    "auto_converge": "inherit",
                    "bandwidth": Obj({"assignment_method": "auto"}),
                    "compressed": "inherit",
                    "encrypted": "inherit",
                }
            ),
            "optional_reason": False,
            "required_rng_sources": Items("required_rng_source", ["urandom"]),
            "scheduling_policy": scheduling_policy_reference(),
            "switch_type": "legacy",
            "threads_as_cores": False,
            "trusted_service": False,
            "tunnel_migration": False,
            "version": COMPATIBILITY,
            "virt_service": True,
            "vnc_encryption": False,
        },
        item.id,
        href,
        links=[Link(name, f"{href}/{name}") for name in _LINKS],
    )


async def list_all(request: ApiRequest) -> Reply:
    """``GET clusters``."""
    inventory = request.manager.inventory
    found = select(inventory.clusters.values(), _fields(inventory), request.target)
    return listing("clusters", "cluster", [cluster_node(item) for item in found])


def find(request: ApiRequest) -> Cluster:
    """The cluster of the path. Raises Fault 404."""
    item = request.manager.inventory.clusters.get(request.ids["cluster"])
    if item is None:
        raise not_found("Cluster", request.ids["cluster"])
    return item


async def show(request: ApiRequest) -> Reply:
    """``GET clusters/{cluster}``."""
    return entity("cluster", cluster_node(find(request)))


async def list_of_data_center(request: ApiRequest) -> Reply:
    """``GET datacenters/{datacenter}/clusters``."""
    parent = find_data_center(request)
    items = [item for item in request.manager.inventory.clusters.values() if item.data_center_id == parent.id]
    return listing("clusters", "cluster", [cluster_node(item) for item in items])


async def list_networks(request: ApiRequest) -> Reply:
    """``GET clusters/{cluster}/networks``: every network of its data center; there is no choice yet."""
    parent = find(request)
    networks = request.manager.inventory.networks.values()
    items = [item for item in networks if item.data_center_id == parent.data_center_id]
    return listing("networks", "network", [network_node(item, cluster=parent) for item in items])


async def show_network(request: ApiRequest) -> Reply:
    """``GET clusters/{cluster}/networks/{network}``."""
    parent = find(request)
    item = request.manager.inventory.networks.get(request.ids["network"])
    if item is None or item.data_center_id != parent.data_center_id:
        raise not_found("Network", request.ids["network"])
    return entity("network", network_node(item, cluster=parent))


ROUTES = [
    Route("clusters", {"GET": list_all}, deploy=frozenset({"GET"})),
    Route("clusters/{cluster}", {"GET": show}, deploy=frozenset({"GET"})),
    Route("clusters/{cluster}/networks", {"GET": list_networks}),
    Route("clusters/{cluster}/networks/{network}", {"GET": show_network}),
    Route("datacenters/{datacenter}/clusters", {"GET": list_of_data_center}),
]
