# SPDX-License-Identifier: Apache-2.0
"""The tree as XML, in the form that oVirt's SDK reads."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from .tree import Items, Obj

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .tree import Document, Link, Node, Scalar

# What XML 1.0 cannot carry at all, not even escaped; a guest's name or a host's error text may hold it.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_xml(document: Document, base: str) -> bytes:
    """UTF-8 bytes with a prolog; ``base`` goes in front of every href.

    Strings are always written open and close (``<x></x>``): the SDK reads ``<x/>`` as None, and its modules call
    string methods on some of them.
    """
    writer = _Writer(base)
    writer.write(document.tag, document.node)
    return "".join(writer.out).encode("utf-8")


class _Writer:
    def __init__(self, base: str) -> None:
        self.base = base
        self.out = ['<?xml version="1.0" encoding="UTF-8" standalone="yes"?>']

    def write(self, tag: str, node: Node) -> None:
        if isinstance(node, Obj):
            self._write_object(tag, node)
        elif isinstance(node, Items):
            self.out.append(f"<{tag}>")
            for value in node.values:
                self.write(node.item, value)
            self.out.append(f"</{tag}>")
        elif node is not None:
            self.out.append(f"<{tag}>{_escape(scalar_text(node))}</{tag}>")

    def _write_object(self, tag: str, node: Obj) -> None:
        href = "" if node.href is None else f' href="{_escape(self.base + node.href)}"'
        id_ = "" if node.id is None else f' id="{_escape(node.id)}"'
        self.out.append(f"<{tag}{href}{id_}>")
        if node.actions:
            self.out.append("<actions>")
            self._write_links(node.actions)
            self.out.append("</actions>")
        for key, value in node.fields.items():
            self.write(key, value)
        self._write_links(node.links)
        self.out.append(f"</{tag}>")

    def _write_links(self, links: Sequence[Link]) -> None:
        for link in links:
            self.out.append(f'<link href="{_escape(self.base + link.href)}" rel="{_escape(link.rel)}"/>')


def _escape(text: str) -> str:
    text = _FORBIDDEN.sub("\ufffd", text)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    # A reader turns a bare carriage return into a line feed.
    return text.replace("\r", "&#13;")


def scalar_text(value: Scalar) -> str:
    """Text of a scalar: ``true``/``false``; dates with milliseconds and a colon in the offset, 4 decimals at most."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat(timespec="milliseconds")
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".")
    return str(value)
