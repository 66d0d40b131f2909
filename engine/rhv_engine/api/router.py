# SPDX-License-Identifier: Apache-2.0
"""Finding the route of a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .request import Handler, Route


class Router:
    """A tree of path segments; a fixed segment wins over a variable one."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Raises ValueError when two routes have the same path."""
        self._root = _Node()
        for route in routes:
            self._root.add([part for part in route.path.split("/") if part], route)

    def find(self, segments: Sequence[str]) -> tuple[Route, Mapping[str, str]]:
        """The route and the variable parts by name. Raises Fault 404."""
        found = self._root.find(segments)
        if found is None:
            raise Fault(404, "Not found", f"There is nothing at /{'/'.join(segments)[:200]}")
        route, values = found
        names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
        return route, dict(zip(names, values))


def handler_of(route: Route, method: str) -> Handler:
    """The handler of a method; HEAD is a GET whose body the server drops. Raises Fault 405, or 501 for a change that
    oVirt's API has but this version does not."""
    handler = route.handlers.get("GET" if method == "HEAD" else method)
    if handler is None:
        if method in ("POST", "PUT", "DELETE"):
            raise Fault(501, "Not implemented", f"{method} /{route.path} is not available in this version.")
        raise Fault(405, "Method not allowed", f"{method} is not allowed here.")
    return handler


class _Node:
    def __init__(self) -> None:
        self.fixed: dict[str, _Node] = {}
        self.variable: _Node | None = None
        self.route: Route | None = None

    def add(self, parts: Sequence[str], route: Route) -> None:
        if not parts:
            if self.route is not None:
                raise ValueError(f"two routes for {route.path}")
            self.route = route
        elif parts[0].startswith("{"):
            self.variable = self.variable or _Node()
            self.variable.add(parts[1:], route)
        else:
            self.fixed.setdefault(parts[0], _Node()).add(parts[1:], route)

    def find(self, segments: Sequence[str]) -> tuple[Route, list[str]] | None:
        if not segments:
            return None if self.route is None else (self.route, [])
        head, rest = segments[0], segments[1:]
        fixed = self.fixed.get(head)
        if fixed is not None and (found := fixed.find(rest)) is not None:
            return found
        if self.variable is not None and (found := self.variable.find(rest)) is not None:
            return found[0], [head, *found[1]]
        return None
