# SPDX-License-Identifier: Apache-2.0
"""The resources below the API's root, one file a subject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import builtin, clusters, datacenters, empty, events, hosts, networks, root, users, vms

if TYPE_CHECKING:
    from ..request import Route


def all_routes() -> list[Route]:
    """Every route there is."""
    modules = (root, datacenters, clusters, hosts, vms, networks, builtin, users, events, empty)
    return [route for module in modules for route in module.ROUTES]
