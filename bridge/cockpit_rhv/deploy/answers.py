# SPDX-License-Identifier: Apache-2.0
"""Reading, writing and completing an answers document by dotted paths; it is plain JSON throughout."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def get(answers: Mapping[str, Any], path: str, default: Any = None) -> Any:
    """The value at a dotted path; ``default`` where any part of it is missing or no object."""
    value: Any = answers
    for part in path.split("."):
        if not isinstance(value, dict) or part not in value:
            return default
        value = value[part]
    return value


def put(answers: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at a dotted path, making the objects on the way."""
    *parents, last = path.split(".")
    place = answers
    for part in parents:
        place = place.setdefault(part, {})
    place[last] = value


def fields(schema: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every leaf of an answers schema with its dotted path, in the schema's order."""
    for name, part in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        if part.get("type") == "object":
            yield from fields(part, f"{path}.")
        else:
            yield path, part


def complete(schema: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with the schema's defaults filled in, and 2.0 written as 2 where that is meant: JSON has one number."""
    whole: dict[str, Any] = copy.deepcopy(dict(answers))
    for path, part in fields(schema):
        value = get(whole, path)
        if value is None and "default" in part:
            put(whole, path, part["default"])
        elif part.get("type") == "integer" and isinstance(value, float) and value.is_integer():
            put(whole, path, int(value))
    return whole


def without(answers: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """A copy without the answers, or groups of them, at these dotted paths; a path that is not there is no fault."""
    rest: dict[str, Any] = copy.deepcopy(dict(answers))
    for path in paths:
        parent, _, last = path.rpartition(".")
        place = get(rest, parent) if parent else rest
        if isinstance(place, dict):
            place.pop(last, None)
    return rest
