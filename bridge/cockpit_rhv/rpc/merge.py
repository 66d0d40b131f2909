# SPDX-License-Identifier: Apache-2.0
"""RFC 7396 merge patches over states in which an absent member means null.

A merge patch cannot say "this member is null": null deletes. So states lose the null members of their objects, at any
depth and inside arrays too, before they are compared or sent, and the page reads a missing member as null.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

JsonObject = dict[str, Any]


def strip_nulls(value: Any) -> Any:
    """A deep copy of a JSON value without the null members of its objects; null elements of arrays stay."""
    if isinstance(value, Mapping):
        return {key: strip_nulls(member) for key, member in value.items() if member is not None}
    if isinstance(value, (list, tuple)):
        return [strip_nulls(element) for element in value]
    return value


def diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> JsonObject:
    """The patch that turns ``old`` into ``new``, empty when they are equal; both without null members."""
    patch: JsonObject = {key: None for key in old if key not in new}
    for key, value in new.items():
        if key not in old:
            patch[key] = value
            continue
        before = old[key]
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            nested = diff(before, value)
            if nested:
                patch[key] = nested
        elif not same(before, value):
            patch[key] = value
    return patch


def apply(target: Any, patch: Any) -> Any:
    """``MergePatch(target, patch)`` of RFC 7396, section 2; neither argument is changed."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = apply(result.get(key), value)
    return result


def same(left: Any, right: Any) -> bool:
    """Equality of JSON values; unlike Python's, true is not 1."""
    if left is right:
        return True
    if isinstance(left, bool) or isinstance(right, bool):
        return False  # two equal booleans are one object and were found above
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def split(patch: JsonObject, limit: int) -> Iterator[JsonObject]:
    """Patches that together do what ``patch`` does, each at most ``limit`` characters of JSON where that is possible.

    Only members of objects can be parted; a single longer value is yielded as it is. The first part keeps every member
    beside the parted object, so that a snapshot's first part still has its top-level members.
    """
    if _size(patch) <= limit:
        yield patch
        return
    path = _path_to_divide(patch)
    members = list(_at(patch, path).items())
    if len(members) < 2:
        yield patch
        return
    middle = len(members) // 2
    yield from split(_replaced(patch, path, dict(members[:middle])), limit)
    rest: JsonObject = dict(members[middle:])
    for key in reversed(path):
        rest = {key: rest}
    yield from split(rest, limit)


def _path_to_divide(patch: JsonObject) -> list[str]:
    """Follow the largest member for as long as it is an object that makes up most of its parent."""
    path: list[str] = []
    here = patch
    while here:
        key = max(here, key=lambda name: _size(here[name]))
        if not isinstance(here[key], dict) or _size(here[key]) * 2 < _size(here):
            break
        path.append(key)
        here = here[key]
    # a lone member cannot be parted: go back up to where there are two
    while path and len(_at(patch, path)) < 2:
        path.pop()
    return path


def _at(patch: JsonObject, path: list[str]) -> JsonObject:
    for key in path:
        patch = patch[key]
    return patch


def _replaced(patch: JsonObject, path: list[str], value: JsonObject) -> JsonObject:
    if not path:
        return value
    return {**patch, path[0]: _replaced(patch[path[0]], path[1:], value)}


def _size(value: Any) -> int:
    return len(json.dumps(value))
