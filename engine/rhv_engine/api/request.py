# SPDX-License-Identifier: Apache-2.0
"""What a resource's handler gets and gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Awaitable, Callable

from .faults import Fault
from .tree import Document, Items, Obj

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..manager import Manager
    from ..sso.tokens import Grant
    from .body import Body
    from .negotiation import Target


@dataclass(frozen=True)
class ApiRequest:
    """One request, authenticated. ``ids``: the variable parts of the path, by the names the route gives them."""

    manager: Manager
    grant: Grant
    target: Target
    ids: Mapping[str, str]
    body: Body
    correlation_id: str

    @property
    def user(self) -> str:
        """Who asks."""
        return self.grant.user


@dataclass(frozen=True)
class Reply:
    """One answer. ``document`` None: an empty body, which clients accept for DELETE only."""

    document: Document | None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[ApiRequest], Awaitable[Reply]]


@dataclass(frozen=True)
class Route:
    """A path below the root (``hosts/{host}/statistics``), its handlers by method, and who may call them.

    ``deploy``: methods that the deployment's token may use too.
    """

    path: str
    handlers: Mapping[str, Handler]
    deploy: frozenset[str] = frozenset()


def entity(tag: str, node: Obj) -> Reply:
    """200 with one entity."""
    return Reply(Document(tag, node))


def listing(tag: str, item: str, values: list[Obj]) -> Reply:
    """200 with a list."""
    return Reply(Document(tag, Items(item, values)))


def created(tag: str, node: Obj, base: str) -> Reply:
    """201 with the new entity and its address."""
    return Reply(Document(tag, node), 201, {"Location": f"{base}{node.href}"})


def action(perform: Callable[[ApiRequest], Awaitable[None]]) -> Handler:
    """A handler for an action (``POST hosts/1/activate``): ``complete``, or its refusal as an action with a fault,
    which is where the SDK's reader of actions looks for one."""

    async def handler(request: ApiRequest) -> Reply:
        try:
            await perform(request)
        except Fault as fault:
            if fault.status not in (400, 409):
                raise
            node = Obj({"fault": fault.node(), "status": "failed"})
            return Reply(Document("action", node), fault.status)
        return Reply(Document("action", Obj({"status": "complete"})))

    return handler
