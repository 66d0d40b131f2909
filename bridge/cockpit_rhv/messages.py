# SPDX-License-Identifier: Apache-2.0
"""Text for people: a stable id, an English template, its parameters.

The English template is the gettext key in ``po/*.po``; whoever shows the message translates it.
Placeholders are ``{name}``; a doubled brace is a literal brace.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from collections.abc import Mapping

Scalar = Union[str, int, float]


@dataclass(frozen=True)
class Message:
    """A sentence for a person.

    ``id``: stable, dotted, never shown (``host.kvm.no_flags``). ``text``: English template.
    ``params``: values of the placeholders; a number keeps its type so that the reader's locale can format it.
    """

    id: str
    text: str
    params: Mapping[str, Scalar] = field(default_factory=dict)

    def __str__(self) -> str:
        return render(self.text, self.params)

    def to_json(self) -> dict[str, Any]:
        """Wire form: definition ``Message`` of ``schemas/common.json``."""
        return {"id": self.id, "text": self.text, "params": dict(self.params)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Message:
        """Inverse of :meth:`to_json`; raises KeyError when a field is missing."""
        return cls(value["id"], value["text"], dict(value.get("params", {})))


def msg(id: str, text: str, **params: Scalar) -> Message:
    """Short form at the call site; xgettext reads its second argument."""
    return Message(id, text, params)


def render(text: str, params: Mapping[str, Scalar]) -> str:
    """Fill the placeholders of a (translated) template."""
    return text.format_map(dict(params.items()))
