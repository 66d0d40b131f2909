# SPDX-License-Identifier: Apache-2.0
"""The tree as JSON, in the form that oVirt's web clients read."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .tree import Items, Obj
from .xml_codec import scalar_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .tree import Document, Link, Node, Scalar


def write_json(document: Document, base: str) -> bytes:
    """ASCII JSON; ``base`` goes in front of every href.

    The root has no name of its own; a list is an object with the singular name, which is absent when it is empty.
    """
    return json.dumps(_value(document.node, base), separators=(",", ":")).encode("ascii")


def _value(node: Node, base: str) -> Any:
    if isinstance(node, Obj):
        return _object(node, base)
    if isinstance(node, Items):
        values = [_value(value, base) for value in node.values if value is not None]
        return {node.item: values} if values else {}
    return None if node is None else _scalar(node)


def _object(node: Obj, base: str) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if node.actions:
        out["actions"] = {"link": _links(node.actions, base)}
    for key, value in node.fields.items():
        if value is not None:
            out[key] = _value(value, base)
    if node.links:
        out["link"] = _links(node.links, base)
    if node.href is not None:
        out["href"] = base + node.href
    if node.id is not None:
        out["id"] = node.id
    return out


def _links(links: Sequence[Link], base: str) -> list[dict[str, str]]:
    return [{"href": base + link.href, "rel": link.rel} for link in links]


def _scalar(value: Scalar) -> Any:
    """oVirt writes integers and booleans as strings, decimals as numbers, dates as epoch milliseconds."""
    if isinstance(value, datetime):
        # Cut to milliseconds as the XML is, so that the two tell the same.
        return round(value.replace(microsecond=value.microsecond // 1000 * 1000).timestamp() * 1000)
    if isinstance(value, float):
        return round(value, 4)
    return scalar_text(value)
