# SPDX-License-Identifier: Apache-2.0
"""The few words of JSON Schema that our requests use, checked without the jsonschema package.

Importing jsonschema takes longer than a helper's whole start. A schema with any other word in it is left to
jsonschema; ``tests/unit/test_rpc_schema.py`` holds the two to the same verdicts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ANNOTATIONS = {"description", "title", "default", "$schema", "$id", "x-min", "x-max"}
_KEYWORDS = {"type", "properties", "required", "additionalProperties", "items"} | {
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "enum",
}
_TYPES = {"object", "array", "string", "boolean", "integer", "number", "null"}


class Fault(NamedTuple):
    """``path``: dotted, empty for the whole value. ``detail``: what is wrong there, never the value itself."""

    path: str
    detail: str


def is_flat(schema: Any) -> bool:
    """Whether :func:`faults` understands every word of ``schema``."""
    if not isinstance(schema, dict) or not set(schema) <= _KEYWORDS | _ANNOTATIONS:
        return False
    kinds = schema.get("type", "object")
    if not set(_listed(kinds)) <= _TYPES:
        return False
    # numbers would need JSON's own equality, in which true is not 1
    if not all(isinstance(choice, str) for choice in schema.get("enum", ())):
        return False
    nested = [*schema.get("properties", {}).values()]
    if "items" in schema:
        nested.append(schema["items"])
    if not isinstance(schema.get("additionalProperties", True), bool):
        nested.append(schema["additionalProperties"])
    return all(map(is_flat, nested))


def faults(schema: Mapping[str, Any], value: Any, path: str = "") -> Iterator[Fault]:
    """What is wrong with ``value``; ``schema`` must be flat."""
    kinds = schema.get("type")
    if kinds is not None and not any(_has_type(value, kind) for kind in _listed(kinds)):
        yield Fault(path, f"not of type {' or '.join(_listed(kinds))}")
        return
    if "enum" in schema and value not in schema["enum"]:
        yield Fault(path, f"none of {', '.join(schema['enum'])}")
    if isinstance(value, list):
        yield from _range_faults(schema, "minItems", "maxItems", len(value), path)
    if isinstance(value, dict):
        yield from _object_faults(schema, value, path)
    elif isinstance(value, list) and "items" in schema:
        for index, element in enumerate(value):
            yield from faults(schema["items"], element, join(path, str(index)))
    elif isinstance(value, str):
        yield from _range_faults(schema, "minLength", "maxLength", len(value), path)
    elif _has_type(value, "number"):
        yield from _range_faults(schema, "minimum", "maximum", value, path)


def _listed(kinds: str | list[str]) -> list[str]:
    return kinds if isinstance(kinds, list) else [kinds]


def join(path: str, name: str) -> str:
    """One step further down a dotted path."""
    return f"{path}.{name}" if path else name


def _range_faults(schema: Mapping[str, Any], least: str, most: str, amount: float, path: str) -> Iterator[Fault]:
    if least in schema and amount < schema[least]:
        yield Fault(path, f"{least} is {schema[least]}")
    if most in schema and amount > schema[most]:
        yield Fault(path, f"{most} is {schema[most]}")


def _object_faults(schema: Mapping[str, Any], value: dict[str, Any], path: str) -> Iterator[Fault]:
    properties = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    for name in schema.get("required", ()):
        if name not in value:
            yield Fault(join(path, name), "missing")
    for name, member in value.items():
        if name in properties:
            yield from faults(properties[name], member, join(path, name))
        elif others is False:
            yield Fault(join(path, name), "unknown")
        elif others is not True:
            yield from faults(others, member, join(path, name))


def _has_type(value: Any, kind: str) -> bool:
    # bool is an int in Python but no number in JSON; 1.0 is an integer since Draft 6
    if kind == "integer":
        return _has_type(value, "number") and (isinstance(value, int) or value.is_integer())
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    types: dict[str, type] = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    return isinstance(value, types[kind])
