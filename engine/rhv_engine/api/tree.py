# SPDX-License-Identifier: Apache-2.0
"""The one tree every answer is made of; ``xml_codec`` and ``json_codec`` write it.

A node is an object (:class:`Obj`), a list (:class:`Items`) or a scalar. What an element is called is said by whoever
holds it: a field's key, a list's item name, or the document's tag. ``None`` is never written: oVirt's XML reader turns
an empty number, boolean or date into an error, so such an element must be absent.

Every ``href`` in a tree is relative to the API's root (``/hosts/1``); the writers put the root in front that the client
used, because the SDK's ``follow_link`` cuts its own connection's path off.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Scalar = Union[str, int, bool, float, datetime]
Node = Union["Obj", "Items", Scalar, None]


@dataclass(frozen=True)
class Link:
    """A pointer to a sub-collection or an action."""

    rel: str
    href: str


@dataclass(frozen=True)
class Obj:
    """An entity or a structured value. ``id`` and ``href`` are attributes in XML and plain keys in JSON."""

    fields: Mapping[str, Node] = field(default_factory=dict)
    id: str | None = None
    href: str | None = None
    links: Sequence[Link] = ()
    actions: Sequence[Link] = ()

    def with_fields(self, fields: Mapping[str, Node]) -> Obj:
        """The same entity with some fields added or replaced."""
        return Obj({**self.fields, **fields}, self.id, self.href, self.links, self.actions)


@dataclass(frozen=True)
class Items:
    """A list; each value is written under the singular name ``item``."""

    item: str
    values: Sequence[Node] = ()


@dataclass(frozen=True)
class Document:
    """A whole answer: the root element's name and what it holds."""

    tag: str
    node: Obj | Items


def reference(id: str | None, href: str | None = None, **fields: Node) -> Obj | None:
    """A pointer to another entity, or None where there is none."""
    return None if id is None else Obj(fields, id, href)
