# SPDX-License-Identifier: Apache-2.0
"""``?follow=cluster,disk_attachments.disk``: links replaced by what they lead to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Awaitable, Callable

from .faults import Fault
from .tree import Document, Items, Obj

if TYPE_CHECKING:
    from .tree import Node

Fetch = Callable[[str], Awaitable["Obj | Items | None"]]
"""The node at an address relative to the root, None when there is nothing."""

_MAX_DEPTH = 5
Paths = dict[str, "Paths"]


async def follow(document: Document, wanted: str, fetch: Fetch) -> Document:
    """The document with every wanted link inlined. A name that is no link is ignored, as the engine does.

    Raises Fault 400 when paths are nested more than five deep.
    """
    paths: Paths = {}
    for path in wanted.split(","):
        parts = [part.strip().lower() for part in path.split(".") if part.strip()]
        if len(parts) > _MAX_DEPTH:
            raise Fault(400, "Invalid parameter", f"follow is nested too deeply: {path[:80]}")
        level = paths
        for part in parts:
            level = level.setdefault(part, {})
    node = await _inline(document.node, paths, fetch)
    return replace(document, node=node) if isinstance(node, (Obj, Items)) else document


async def _inline(node: Node, paths: Paths, fetch: Fetch) -> Node:
    if isinstance(node, Items):
        return Items(node.item, [await _inline(value, paths, fetch) for value in node.values])
    if not isinstance(node, Obj) or not paths:
        return node
    fields = {}
    for name, deeper in paths.items():
        address = _address(node, name)
        found = await fetch(address) if address is not None else node.fields.get(name)
        if found is not None:
            fields[name] = await _inline(found, deeper, fetch)
    return node.with_fields(fields)


def _address(node: Obj, name: str) -> str | None:
    """Where a name leads: a reference among the fields, or a link (``disk_attachments`` is ``diskattachments``)."""
    field = node.fields.get(name)
    if isinstance(field, Obj) and field.href is not None:
        return field.href
    relation = name.replace("_", "")
    return next((link.href for link in node.links if link.rel == relation), None)
