# SPDX-License-Identifier: Apache-2.0
"""Collections that are empty so far. Clients need the list, with the root element their reader knows (ovirt-api.md
§1.5): a 404 in its place raises ``NotFoundError`` in modules that only wanted to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import not_found
from ..request import Handler, Reply, Route
from ..tree import Document, Items

if TYPE_CHECKING:
    from collections.abc import Container

    from ..request import ApiRequest

TOP_LEVEL = {
    "affinitylabels": ("affinity_labels", "affinity_label"),
    "bookmarks": ("bookmarks", "bookmark"),
    "clusterlevels": ("cluster_levels", "cluster_level"),
    "cpuprofiles": ("cpu_profiles", "cpu_profile"),
    "diskprofiles": ("disk_profiles", "disk_profile"),
    "disks": ("disks", "disk"),
    "domains": ("domains", "domain"),
    "externalhostproviders": ("external_host_providers", "external_host_provider"),
    "externaltemplateimports": ("external_template_imports", "external_template_import"),
    "externalvmimports": ("external_vm_imports", "external_vm_import"),
    "groups": ("groups", "group"),
    "icons": ("icons", "icon"),
    "imagetransfers": ("image_transfers", "image_transfer"),
    "instancetypes": ("instance_types", "instance_type"),
    "jobs": ("jobs", "job"),
    "katelloerrata": ("katello_errata", "katello_erratum"),
    "networkfilters": ("network_filters", "network_filter"),
    "openstackimageproviders": ("openstack_image_providers", "openstack_image_provider"),
    "openstacknetworkproviders": ("openstack_network_providers", "openstack_network_provider"),
    "openstackvolumeproviders": ("openstack_volume_providers", "openstack_volume_provider"),
    "operatingsystems": ("operation_systems", "operating_system"),
    "schedulingpolicyunits": ("scheduling_policy_units", "scheduling_policy_unit"),
    "storageconnections": ("storage_connections", "storage_connection"),
    "storagedomains": ("storage_domains", "storage_domain"),
    "vmpools": ("vm_pools", "vm_pool"),
}
"""Segment to root tag and item tag."""

_PERMISSIONS = ("permissions", "permission")
_TAGS = ("tags", "tag")

BELOW = {
    "clusters/{parent}": {
        "affinitygroups": ("affinity_groups", "affinity_group"),
        "cpuprofiles": ("cpu_profiles", "cpu_profile"),
        "enabledfeatures": ("enabled_features", "cluster_feature"),
        "externalnetworkproviders": ("external_providers", "external_provider"),
        "glusterhooks": ("gluster_hooks", "gluster_hook"),
        "glustervolumes": ("gluster_volumes", "gluster_volume"),
        "networkfilters": ("network_filters", "network_filter"),
        "permissions": _PERMISSIONS,
    },
    "datacenters/{parent}": {
        "iscsibonds": ("iscsi_bonds", "iscsi_bond"),
        "permissions": _PERMISSIONS,
        "qoss": ("qoss", "qos"),
        "quotas": ("quotas", "quota"),
        "storagedomains": ("storage_domains", "storage_domain"),
    },
    "hosts/{parent}": {
        "affinitylabels": ("affinity_labels", "affinity_label"),
        "devices": ("host_devices", "host_device"),
        "fenceagents": ("agents", "agent"),
        "hooks": ("hooks", "hook"),
        "katelloerrata": ("katello_errata", "katello_erratum"),
        "networkattachments": ("network_attachments", "network_attachment"),
        "numanodes": ("host_numa_nodes", "host_numa_node"),
        "permissions": _PERMISSIONS,
        "storage": ("host_storages", "host_storage"),
        "storageconnectionextensions": ("storage_connection_extensions", "storage_connection_extension"),
        "tags": _TAGS,
        "unmanagednetworks": ("unmanaged_networks", "unmanaged_network"),
    },
    "macpools/{parent}": {"permissions": _PERMISSIONS},
    "networks/{parent}": {"networklabels": ("network_labels", "network_label"), "permissions": _PERMISSIONS},
    "roles/{parent}": {"permits": ("permits", "permit")},
    "schedulingpolicies/{parent}": {
        "balances": ("balances", "balance"),
        "filters": ("filters", "filter"),
        "weight": ("weights", "weight"),
    },
    "templates/{parent}": {
        "cdroms": ("cdroms", "cdrom"),
        "diskattachments": ("disk_attachments", "disk_attachment"),
        "graphicsconsoles": ("graphics_consoles", "graphics_console"),
        "nics": ("nics", "nic"),
        "permissions": _PERMISSIONS,
        "tags": _TAGS,
        "watchdogs": ("watchdogs", "watchdog"),
    },
    "users/{parent}": {
        "groups": ("groups", "group"),
        "options": ("user_options", "user_option"),
        "permissions": _PERMISSIONS,
        "roles": ("roles", "role"),
        "sshpublickeys": ("ssh_public_keys", "ssh_public_key"),
        "tags": _TAGS,
    },
    "vms/{parent}": {
        "affinitylabels": ("affinity_labels", "affinity_label"),
        "applications": ("applications", "application"),
        "checkpoints": ("checkpoints", "checkpoint"),
        "backups": ("backups", "backup"),
        "diskattachments": ("disk_attachments", "disk_attachment"),
        "hostdevices": ("host_devices", "host_device"),
        "katelloerrata": ("katello_errata", "katello_erratum"),
        "mediateddevices": ("vm_mediated_devices", "vm_mediated_device"),
        "numanodes": ("vm_numa_nodes", "vm_numa_node"),
        "permissions": _PERMISSIONS,
        "sessions": ("sessions", "session"),
        "tags": _TAGS,
        "watchdogs": ("watchdogs", "watchdog"),
    },
    "vnicprofiles/{parent}": {"permissions": _PERMISSIONS},
}
"""Parent's path to its empty sub-collections."""


def _exists(request: ApiRequest, parent: str) -> bool:
    """Whether the parent is there; a list below something that is not would be a lie."""
    manager, id_ = request.manager, request.ids["parent"]
    records: dict[str, Container[str]] = {
        "clusters": manager.inventory.clusters,
        "datacenters": manager.inventory.data_centers,
        "hosts": manager.inventory.hosts,
        "networks": manager.inventory.networks,
        "vnicprofiles": manager.inventory.vnic_profiles,
    }
    if parent in records:
        return id_ in records[parent]
    return parent != "vms" or id_ in manager.fleet.guests()


def _empty(tag: str, item: str, parent: str | None) -> Handler:
    async def list_none(request: ApiRequest) -> Reply:
        if parent is not None and not _exists(request, parent):
            raise not_found(parent, request.ids["parent"])
        return Reply(Document(tag, Items(item)))

    return list_none


def _absent(what: str) -> Handler:
    async def show(request: ApiRequest) -> Reply:
        raise not_found(what, request.ids["item"])

    return show


def _routes() -> list[Route]:
    routes = []
    for segment, (tag, item) in TOP_LEVEL.items():
        routes.append(Route(segment, {"GET": _empty(tag, item, None)}))
        routes.append(Route(f"{segment}/{{item}}", {"GET": _absent(segment)}))
    for parent, children in BELOW.items():
        for segment, (tag, item) in children.items():
            routes.append(Route(f"{parent}/{segment}", {"GET": _empty(tag, item, parent.partition("/")[0])}))
            routes.append(Route(f"{parent}/{segment}/{{item}}", {"GET": _absent(segment)}))
    return [*routes, Route("options/{item}", {"GET": _absent("options")})]


ROUTES = _routes()
