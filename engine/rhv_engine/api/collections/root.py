# SPDX-License-Identifier: Apache-2.0
"""``GET /ovirt-engine/api``."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ... import __version__
from ...hosts.live import UP
from ..request import Reply, Route
from ..tree import Document, Link, Obj
from .builtin import BLANK_ID, ROOT_TAG_ID
from .empty import TOP_LEVEL as EMPTY
from .users import user_reference

if TYPE_CHECKING:
    from ..request import ApiRequest

_API_VERSION = (4, 5, 6)
"""What clients take us for; modules compare it with the features of 4.5."""

_SEARCHABLE = ("clusters", "datacenters", "events", "hosts", "networks", "templates", "users", "vms")
_PLAIN = ("macpools", "permissions", "roles", "schedulingpolicies", "tags", "vnicprofiles")


async def show(request: ApiRequest) -> Reply:
    """Who asks, what product this is, and where everything is."""
    manager = request.manager
    user = user_reference(request.user)
    guests = manager.fleet.guests()
    major, minor, build = _API_VERSION
    node = Obj(
        {
            "authenticated_user": user,
            "effective_user": user,
            "product_info": Obj(
                {
                    "instance_id": manager.inventory.instance_id,
                    "name": "oVirt Engine",
                    "vendor": "cockpit-rhv",
                    "version": Obj(
                        {
                            "build": build,
                            "full_version": f"{major}.{minor}.{build}-{__version__}.rhv",
                            "major": major,
                            "minor": minor,
                            "revision": 0,
                        }
                    ),
                }
            ),
            "special_objects": Obj(
                {
                    "blank_template": Obj(id=BLANK_ID, href=f"/templates/{BLANK_ID}"),
                    "root_tag": Obj(id=ROOT_TAG_ID, href=f"/tags/{ROOT_TAG_ID}"),
                }
            ),
            "summary": Obj(
                {
                    "hosts": _count(
                        sum(manager.fleet.live(host_id).status == UP for host_id in manager.inventory.hosts),
                        len(manager.inventory.hosts),
                    ),
                    "storage_domains": _count(0, 0),
                    "users": _count(1, 1),
                    "vms": _count(
                        sum(live.guest_status(guest) == "up" for guest, live in guests.values()), len(guests)
                    ),
                }
            ),
            "time": datetime.now(timezone.utc),
        },
        links=_links(),
    )
    return Reply(Document("api", node))


def _count(active: int, total: int) -> Obj:
    return Obj({"active": active, "total": total})


def _links() -> list[Link]:
    """The SDK ignores them; older clients and remote-viewer go by them."""
    links = []
    for name in sorted({*_SEARCHABLE, *_PLAIN, *EMPTY}):
        links.append(Link(name, f"/{name}"))
        if name in _SEARCHABLE:
            links.append(Link(f"{name}/search", f"/{name}?search={{query}}"))
    return links


ROUTES = [Route("", {"GET": show}, deploy=frozenset({"GET"}))]
