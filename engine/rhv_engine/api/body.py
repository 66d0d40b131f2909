# SPDX-License-Identifier: Apache-2.0
"""What a client sends: an XML or JSON body as one kind of tree."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from .faults import Fault

MAX_BODY = 4 * 1024 * 1024
"""Bytes. The largest bodies real clients send are initialisation scripts of some hundred KiB."""
_MAX_DEPTH = 64


@dataclass
class Body:
    """An element: attributes, text (stripped; None when there is none) and children by name."""

    attributes: dict[str, str] = field(default_factory=dict)
    text: str | None = None
    children: dict[str, list[Body]] = field(default_factory=dict)

    def child(self, path: str) -> Body | None:
        """The first element at a path such as ``cluster/name``."""
        node: Body | None = self
        for name in path.split("/"):
            found = node.children.get(name) if node else None
            node = found[0] if found else None
        return node

    def value(self, path: str) -> str | None:
        """Text of the element at a path; None when it is absent or empty."""
        node = self.child(path)
        return (node.text or None) if node else None

    def require(self, entity: str, path: str, where: str) -> str:
        """Like :meth:`value`, but raises oVirt's 400 ``Incomplete parameters`` when there is none."""
        value = self.value(path)
        if value is None:
            raise Fault(400, "Incomplete parameters", f"{entity} [{path.replace('/', '.')}] required for {where}")
        return value

    def integer(self, path: str) -> int | None:
        """Integer at a path, None when absent. Raises Fault 400."""
        value = self.value(path)
        try:
            return None if value is None else int(value)
        except ValueError as error:
            raise Fault(400, "Invalid value", f"{path} is not an integer: {value}") from error


def read_body(data: bytes, content_type: str) -> Body:
    """Parse a request body; an empty one is an empty element. Raises Fault 400 or 415."""
    kind = content_type.partition(";")[0].strip().lower()
    if not data.strip():
        return Body()
    if kind in ("application/json", "text/json"):
        return _read_json(data)
    if kind in ("application/xml", "text/xml", ""):
        return _read_xml(data)
    raise Fault(415, "Unsupported media type", f"{kind}: send application/xml or application/json")


def _read_json(data: bytes) -> Body:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Fault(400, "Request syntactically incorrect.", f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Fault(400, "Request syntactically incorrect.", "the body is not a JSON object")
    return _from_json(value, 0)


def _from_json(value: Any, depth: int) -> Body:
    if depth > _MAX_DEPTH:
        raise Fault(400, "Request syntactically incorrect.", "the body is nested too deeply")
    if isinstance(value, bool):
        return Body(text="true" if value else "false")
    if not isinstance(value, dict):
        return Body(text=None if value is None else str(value))
    body = Body()
    for key, item in value.items():
        items = item if isinstance(item, list) else [item]
        body.children[key] = [_from_json(each, depth + 1) for each in items]
        if key in ("id", "href") and isinstance(item, str):
            body.attributes[key] = item
    return body


def _read_xml(data: bytes) -> Body:
    root = Body()
    stack = [root]
    texts: list[list[str]] = [[]]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) > _MAX_DEPTH:
            raise Fault(400, "Request syntactically incorrect.", "the body is nested too deeply")
        element = Body(attributes)
        stack[-1].children.setdefault(name, []).append(element)
        stack.append(element)
        texts.append([])

    def end(_name: str) -> None:
        text = "".join(texts.pop()).strip()
        stack.pop().text = text or None

    def refuse_doctype(*_arguments: object) -> None:
        # Entities are how a small body becomes gigabytes or reads files; no client of the API sends a document type.
        raise Fault(400, "Request syntactically incorrect.", "a document type is not accepted")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = lambda text: texts[-1].append(text)
    parser.StartDoctypeDeclHandler = refuse_doctype
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Fault(400, "Request syntactically incorrect.", f"not XML: {error}") from error
    return next(iter(root.children.values()))[0]
