# SPDX-License-Identifier: Apache-2.0
"""What every installation has and nobody can change: template Blank, the default MAC pool, scheduling policies, the
root tag."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ..faults import not_found
from ..request import Handler, Reply, Route, entity, listing
from ..search.match import Fields, select
from ..tree import Items, Link, Obj

if TYPE_CHECKING:
    from ..request import ApiRequest

BLANK_ID = "00000000-0000-0000-0000-000000000000"
ROOT_TAG_ID = BLANK_ID
_MAC_POOL_ID = "58ca604b-017d-0374-0220-00000000014e"
"""The id that oVirt's own database script gives its default pool."""
_POLICY_NONE_ID = "b4ed2332-a7ac-4d5f-9596-99a439cb2812"
"""The id that oVirt's own database script gives its policy ``none``."""

COMPATIBILITY = Obj({"major": 4, "minor": 7})
"""Compatibility level of data center and cluster; modules compare it with features up to 4.7."""


def mac_pool_reference() -> Obj:
    """The default pool."""
    return Obj(id=_MAC_POOL_ID, href=f"/macpools/{_MAC_POOL_ID}")


def scheduling_policy_reference() -> Obj:
    """The policy ``none``."""
    return Obj(id=_POLICY_NONE_ID, href=f"/schedulingpolicies/{_POLICY_NONE_ID}")


def blank_template() -> Obj:
    """Template ``Blank``: belongs to no cluster and so to every data center."""
    href = f"/templates/{BLANK_ID}"
    return Obj(
        {
            "name": "Blank",
            "description": "Blank template",
            "comment": "",
            "bios": Obj({"boot_menu": Obj({"enabled": False}), "type": "cluster_default"}),
            "cpu": Obj({"architecture": "undefined", "topology": Obj({"cores": 1, "sockets": 1, "threads": 1})}),
            "creation_time": datetime(2008, 4, 1, tzinfo=timezone.utc),
            "delete_protected": False,
            "high_availability": Obj({"enabled": False, "priority": 0}),
            "memory": 1024**3,
            "memory_policy": Obj({"ballooning": True, "guaranteed": 1024**3, "max": 4 * 1024**3}),
            "origin": "ovirt",
            "os": Obj({"boot": Obj({"devices": Items("device", ["hd"])}), "type": "other"}),
            "start_paused": False,
            "stateless": False,
            "status": "ok",
            "type": "server",
            "usb": Obj({"enabled": False}),
            "version": Obj({"version_name": "base version", "version_number": 1}),
        },
        BLANK_ID,
        href,
        links=[
            Link(name, f"{href}/{name}")
            for name in ("cdroms", "diskattachments", "graphicsconsoles", "nics", "permissions", "tags", "watchdogs")
        ],
    )


_TEMPLATE_FIELDS: Fields[Obj] = Fields(
    {
        "id": lambda item: item.id,
        "name": lambda item: str(item.fields["name"]),
        "description": lambda item: str(item.fields["description"]),
        "comment": lambda _item: "",
        "status": lambda _item: "ok",
        "version_name": lambda _item: "base version",
        "vm.name": lambda _item: None,
        "vms.name": lambda _item: None,
    },
    free_text=("name", "description"),
    # A module that creates a VM looks for Blank in the VM's data center, whichever that is.
    always=("datacenter", "cluster", "datacenter.name", "cluster.name"),
)


async def list_templates(request: ApiRequest) -> Reply:
    """``GET templates``."""
    return listing("templates", "template", select([blank_template()], _TEMPLATE_FIELDS, request.target))


def _mac_pool() -> Obj:
    return Obj(
        {
            "name": "Default",
            "description": "Default MAC pool",
            "comment": "",
            "allow_duplicates": False,
            "default_pool": True,
            # QEMU's own prefix, the range oVirt's installer proposes.
            "ranges": Items("range", [Obj({"from": "56:6f:00:00:00:00", "to": "56:6f:ff:ff:ff:ff"})]),
        },
        _MAC_POOL_ID,
        f"/macpools/{_MAC_POOL_ID}",
        links=[Link("permissions", f"/macpools/{_MAC_POOL_ID}/permissions")],
    )


def _scheduling_policy() -> Obj:
    href = f"/schedulingpolicies/{_POLICY_NONE_ID}"
    return Obj(
        {
            "name": "none",
            "description": "Schedules nothing by itself",
            "comment": "",
            "default_policy": True,
            "locked": True,
            "properties": Items("property"),
        },
        _POLICY_NONE_ID,
        href,
        links=[Link(name, f"{href}/{name}") for name in ("balances", "filters", "weight")],
    )


def _root_tag() -> Obj:
    return Obj({"name": "root", "description": "root", "comment": ""}, ROOT_TAG_ID, f"/tags/{ROOT_TAG_ID}")


def _shown(tag: str, what: str, node: Obj) -> Handler:
    async def show(request: ApiRequest) -> Reply:
        if request.ids["id"] != node.id:
            raise not_found(what, request.ids["id"])
        return entity(tag, node)

    return show


def _listed(tag: str, item: str, node: Obj) -> Handler:
    async def list_all(_request: ApiRequest) -> Reply:
        return listing(tag, item, [node])

    return list_all


ROUTES = [
    Route("templates", {"GET": list_templates}),
    Route("templates/{id}", {"GET": _shown("template", "Template", blank_template())}),
    Route("macpools", {"GET": _listed("mac_pools", "mac_pool", _mac_pool())}),
    Route("macpools/{id}", {"GET": _shown("mac_pool", "MacPool", _mac_pool())}),
    Route("schedulingpolicies", {"GET": _listed("scheduling_policies", "scheduling_policy", _scheduling_policy())}),
    Route("schedulingpolicies/{id}", {"GET": _shown("scheduling_policy", "SchedulingPolicy", _scheduling_policy())}),
    Route("tags", {"GET": _listed("tags", "tag", _root_tag())}),
    Route("tags/{id}", {"GET": _shown("tag", "Tag", _root_tag())}),
]
