# SPDX-License-Identifier: Apache-2.0
"""``networks`` and ``vnicprofiles``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import not_found
from ..request import Reply, Route, entity, listing
from ..search.match import Fields, select
from ..tree import Items, Link, Node, Obj, reference
from .datacenters import find as find_data_center

if TYPE_CHECKING:
    from ...db.models import Cluster, Network, VnicProfile
    from ...inventory import Inventory
    from ..request import ApiRequest


def _fields(inventory: Inventory) -> Fields[Network]:
    def data_center(item: Network) -> str:
        return inventory.data_centers[item.data_center_id].name

    return Fields(
        {
            "id": lambda item: item.id,
            "name": lambda item: item.name,
            "description": lambda item: item.description,
            "comment": lambda item: item.comment,
            "datacenter": data_center,
            "datacenter.name": data_center,
            "vlanid": lambda item: item.vlan,
            "mtu": lambda item: item.mtu,
            "vmnetwork": lambda item: "true" if "vm" in item.usages else "false",
            "label": lambda _item: None,
        },
        free_text=("name", "description", "comment"),
    )


def network_node(item: Network, cluster: Cluster | None = None) -> Obj:
    """A network; as part of a cluster it also says whether hosts must have it."""
    href = f"/networks/{item.id}"
    part_of_cluster: dict[str, Node] = {} if cluster is None else {
        "cluster": Obj(id=cluster.id, href=f"/clusters/{cluster.id}"), "display": "display" in item.usages,
        "required": "management" in item.usages, "status": "operational",
    }  # fmt: skip
    return Obj(
        {
            "name": item.name,
            "description": item.description,
            "comment": item.comment,
            "mtu": item.mtu,
            "port_isolation": False,
            "stp": False,
            "usages": Items("usage", item.usages),
            "vdsm_name": item.name,
            "vlan": reference(None if item.vlan is None else str(item.vlan)),
            "data_center": Obj(id=item.data_center_id, href=f"/datacenters/{item.data_center_id}"),
            **part_of_cluster,
        },
        item.id,
        href if cluster is None else f"/clusters/{cluster.id}{href}",
        links=[Link(name, f"{href}/{name}") for name in ("networklabels", "permissions", "vnicprofiles")],
    )


def profile_node(item: VnicProfile) -> Obj:
    """A vNIC profile."""
    return Obj(
        {
            "name": item.name,
            "description": "",
            "comment": "",
            "migratable": True,
            "pass_through": Obj({"mode": "disabled"}),
            "port_mirroring": False,
            "network": Obj(id=item.network_id, href=f"/networks/{item.network_id}"),
        },
        item.id,
        f"/vnicprofiles/{item.id}",
        links=[Link("permissions", f"/vnicprofiles/{item.id}/permissions")],
    )


async def list_networks(request: ApiRequest) -> Reply:
    """``GET networks``."""
    inventory = request.manager.inventory
    found = select(inventory.networks.values(), _fields(inventory), request.target)
    return listing("networks", "network", [network_node(item) for item in found])


async def list_of_data_center(request: ApiRequest) -> Reply:
    """``GET datacenters/{datacenter}/networks``."""
    parent = find_data_center(request)
    items = [item for item in request.manager.inventory.networks.values() if item.data_center_id == parent.id]
    return listing("networks", "network", [network_node(item) for item in items])


def _network(request: ApiRequest) -> Network:
    item = request.manager.inventory.networks.get(request.ids["network"])
    if item is None:
        raise not_found("Network", request.ids["network"])
    return item


async def show_network(request: ApiRequest) -> Reply:
    """``GET networks/{network}``."""
    return entity("network", network_node(_network(request)))


async def list_profiles(request: ApiRequest) -> Reply:
    """``GET vnicprofiles``."""
    items = request.manager.inventory.vnic_profiles.values()
    return listing("vnic_profiles", "vnic_profile", [profile_node(item) for item in items])


async def list_profiles_of_network(request: ApiRequest) -> Reply:
    """``GET networks/{network}/vnicprofiles``."""
    parent = _network(request)
    items = [item for item in request.manager.inventory.vnic_profiles.values() if item.network_id == parent.id]
    return listing("vnic_profiles", "vnic_profile", [profile_node(item) for item in items])


async def show_profile(request: ApiRequest) -> Reply:
    """``GET vnicprofiles/{profile}``."""
    item = request.manager.inventory.vnic_profiles.get(request.ids["profile"])
    if item is None:
        raise not_found("VnicProfile", request.ids["profile"])
    return entity("vnic_profile", profile_node(item))


ROUTES = [
    Route("networks", {"GET": list_networks}),
    Route("networks/{network}", {"GET": show_network}),
    Route("networks/{network}/vnicprofiles", {"GET": list_profiles_of_network}),
    Route("vnicprofiles", {"GET": list_profiles}),
    Route("vnicprofiles/{profile}", {"GET": show_profile}),
    Route("datacenters/{datacenter}/networks", {"GET": list_of_data_center}),
]
