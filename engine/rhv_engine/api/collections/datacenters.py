# SPDX-License-Identifier: Apache-2.0
"""``datacenters``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import not_found
from ..request import Reply, Route, entity, listing
from ..search.match import Fields, select
from ..tree import Link, Obj
from .builtin import COMPATIBILITY, mac_pool_reference

if TYPE_CHECKING:
    from ...db.models import DataCenter
    from ..request import ApiRequest

_FIELDS: Fields[DataCenter] = Fields(
    {
        "id": lambda item: item.id,
        "name": lambda item: item.name,
        "description": lambda item: item.description,
        "comment": lambda item: item.comment,
        "status": lambda _item: "up",
        "local": lambda _item: "false",
        "compatibility_version": lambda _item: "4.7",
        # No data center holds a storage domain yet; a search for one finds none rather than fails.
        "storage": lambda _item: None,
        "storage.name": lambda _item: None,
    },
    free_text=("name", "description", "comment"),
)


def data_center_node(item: DataCenter) -> Obj:
    """A data center. It is ``up``: with hosts alone, before any shared storage, nothing in it can be down."""
    href = f"/datacenters/{item.id}"
    return Obj(
        {
            "name": item.name,
            "description": item.description,
            "comment": item.comment,
            "local": False,
            "quota_mode": "disabled",
            "status": "up",
            "storage_format": "v5",
            "supported_versions": _versions(),
            "version": COMPATIBILITY,
            "mac_pool": mac_pool_reference(),
        },
        item.id,
        href,
        links=[
            Link(name, f"{href}/{name}")
            for name in ("clusters", "networks", "permissions", "qoss", "quotas", "storagedomains", "iscsibonds")
        ],
    )


def _versions() -> Obj:
    return Obj({"version": COMPATIBILITY})


async def list_all(request: ApiRequest) -> Reply:
    """``GET datacenters``."""
    inventory = request.manager.inventory
    names: dict[str, list[str]] = {item_id: [] for item_id in inventory.data_centers}
    for cluster in inventory.clusters.values():
        names[cluster.data_center_id].append(cluster.name)
    fields = _FIELDS.extended({"clusters.name": lambda item: names[item.id], "cluster": lambda item: names[item.id]})
    found = select(inventory.data_centers.values(), fields, request.target)
    return listing("data_centers", "data_center", [data_center_node(item) for item in found])


def find(request: ApiRequest) -> DataCenter:
    """The data center of the path. Raises Fault 404."""
    item = request.manager.inventory.data_centers.get(request.ids["datacenter"])
    if item is None:
        raise not_found("DataCenter", request.ids["datacenter"])
    return item


async def show(request: ApiRequest) -> Reply:
    """``GET datacenters/{datacenter}``."""
    return entity("data_center", data_center_node(find(request)))


ROUTES = [
    Route("datacenters", {"GET": list_all}, deploy=frozenset({"GET"})),
    Route("datacenters/{datacenter}", {"GET": show}, deploy=frozenset({"GET"})),
]
