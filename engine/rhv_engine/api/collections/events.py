# SPDX-License-Identifier: Apache-2.0
"""``events``: the log, newest first."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from ...events import SEVERITIES, description
from ..faults import Fault, not_found
from ..request import Reply, Route, entity, listing
from ..search.match import Fields
from ..search.parser import Search, SearchError, parse
from ..tree import Obj, reference
from .users import user_reference

if TYPE_CHECKING:
    from ...db.models import Event
    from ...inventory import Inventory
    from ...manager import Manager
    from ..request import ApiRequest

DEFAULT_MAX = 100
"""Events in an answer when the client sets no limit; the log holds ten thousand."""
_CHUNK = 500


def _fields(manager: Manager) -> Fields[Event]:
    inventory = manager.inventory
    guests = manager.fleet.guests()

    def host_name(event: Event) -> str | None:
        host = inventory.hosts.get(event.host_id or "")
        return host.name if host else None

    def vm_name(event: Event) -> str | None:
        found = guests.get(event.vm_id or "")
        # A guest that is gone is named in its own message only.
        return found[0].name if found else event.params.get("vm")

    return Fields(
        {
            "id": lambda event: event.id,
            "type": lambda event: event.code,
            "code": lambda event: event.code,
            "severity": lambda event: event.severity,
            "time": lambda event: _time(event).isoformat(),
            "message": description,
            "correlation_id": lambda event: event.correlation_id,
            "usrname": lambda event: event.user,
            "origin": lambda _event: "oVirt",
            "event_host": host_name,
            "host": host_name,
            "host.name": host_name,
            "host.id": lambda event: event.host_id,
            "event_vm": vm_name,
            "vm": vm_name,
            "vm.name": vm_name,
            "vm.id": lambda event: event.vm_id,
        },
        free_text=("message",),
        ranks={"severity": SEVERITIES},
    )


def _time(event: Event) -> datetime:
    return datetime.fromtimestamp(event.time_s, timezone.utc)


def event_node(event: Event, inventory: Inventory) -> Obj:
    """An event. ``rhv_message`` is our own element: what to translate ``description`` with, for the portal."""
    host = inventory.hosts.get(event.host_id or "")
    cluster_id = host.cluster_id if host else None
    return Obj(
        {
            "code": event.code,
            "correlation_id": event.correlation_id or "",
            "custom_id": -1,
            "description": description(event),
            "flood_rate": 0,
            "index": event.id,
            "origin": "oVirt",
            "severity": event.severity,
            "time": _time(event),
            "rhv_message": Obj({"key": event.message_id, "text": event.text, "params": Obj(dict(event.params))}),
            "cluster": reference(cluster_id, f"/clusters/{cluster_id}"),
            "host": reference(event.host_id, f"/hosts/{event.host_id}"),
            "user": user_reference(event.user) if event.user else None,
            "vm": reference(event.vm_id, f"/vms/{event.vm_id}"),
        },
        str(event.id),
        f"/events/{event.id}",
    )


async def list_all(request: ApiRequest) -> Reply:
    """``GET events?from=&max=&search=``; ``from``: only events with a greater id."""
    target = request.target
    count = target.integer("max")
    count = DEFAULT_MAX if count is None else count
    try:
        search = parse(target.parameters.get("search", ""))
        found = await _search(request, search, count, after=target.integer("from") or 0)
    except SearchError as error:
        raise Fault(400, "Invalid search", str(error)) from error
    return listing("events", "event", [event_node(event, request.manager.inventory) for event in found])


async def _search(request: ApiRequest, search: Search, count: int, after: int) -> list[Event]:
    """Reads only as far back as needed, unless the order asked for is not the log's own."""
    fields = _fields(request.manager)
    test = fields.predicate(search, case_sensitive=request.target.flag("case_sensitive"))
    skip = ((search.page or 1) - 1) * count
    own_order = search.sort in (None, "time", "id") and (search.sort is None or search.descending)
    found: list[Event] = []
    before: int | None = None
    while len(found) < skip + count or not own_order:
        chunk = await request.manager.log.newest(_CHUNK, after=after, before=before)
        found += [event for event in chunk if test(event)]
        if len(chunk) < _CHUNK:
            break
        before = chunk[-1].id
    return (found if own_order else fields.sort(found, search))[skip : skip + count]


async def show(request: ApiRequest) -> Reply:
    """``GET events/{event}``."""
    id_ = request.ids["event"]
    event = await request.manager.log.get(int(id_)) if id_.isascii() and id_.isdigit() and len(id_) < 16 else None
    if event is None:
        raise not_found("AuditLog", id_)
    return entity("event", event_node(event, request.manager.inventory))


ROUTES = [Route("events", {"GET": list_all}), Route("events/{event}", {"GET": show})]
