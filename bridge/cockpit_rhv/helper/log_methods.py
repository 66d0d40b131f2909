# SPDX-License-Identifier: Apache-2.0
"""``events.list`` and ``logs.*``: what happened on this host, and the archives for whoever helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .session import Call

#: The whole event log is read for a word that is not in it.
READ_LIMIT_S = 20.0


async def events(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """A page of events."""
    from ..events.query import Query, list_events

    return await call.session.library.run(list_events, Query.from_json(params), limit_s=READ_LIMIT_S)


async def archives(_params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """The log archives."""
    from ..logs.archives import KEPT_ARCHIVES, KEPT_S, list_archives

    found = await call.session.library.run(list_archives, limit_s=READ_LIMIT_S)
    return {"archives": [archive.to_json() for archive in found], "kept": KEPT_ARCHIVES, "kept_s": KEPT_S}


async def delete(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Remove a log archive."""
    from ..logs.archives import delete_archive

    await call.session.library.run(delete_archive, params["archive"], limit_s=READ_LIMIT_S)
    return {}


LOG_METHODS = {
    "events.list": events,
    "logs.list": archives,
    "logs.delete": delete,
}
