# SPDX-License-Identifier: Apache-2.0
"""Errors as part of the interface: a code, a sentence, a hint, the raw detail."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .messages import Message, Scalar

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Remedy:
    """A remedy that can be automated: the host task ``ansible/host/<task>.yml`` and the words of its button."""

    task: str
    title: Message
    params: Mapping[str, Scalar] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Wire form: definition ``Remedy`` of ``schemas/common.json``."""
        return {"task": self.task, "params": dict(self.params), "title": self.title.to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Remedy:
        """Inverse of :meth:`to_json`; raises KeyError when a field is missing."""
        return cls(value["task"], Message.from_json(value["title"]), dict(value["params"]))


class RhvError(Exception):
    """An error a person can act on.

    ``code`` is stable and dotted (``libvirt.unreachable``); ``detail`` is the raw text of whatever failed and
    is shown one click away. ``cause`` is the likely one, where the table of known causes has it. Never put a secret
    into any of them. ``rpc_code`` is the number a JSON-RPC answer carries; a front door whose protocol has numbers of
    its own (vdsm's verbs) sets it in a subclass.
    """

    rpc_code: int = -32000

    def __init__(
        self,
        code: str,
        message: Message,
        hint: Message | None = None,
        detail: str | None = None,
        *,
        cause: Message | None = None,
        remedy: Remedy | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.hint = hint
        self.detail = detail
        self.cause = cause
        self.remedy = remedy

    def to_json(self) -> dict[str, Any]:
        """Wire form: definition ``RhvError`` of ``schemas/common.json``."""
        return {
            "code": self.code,
            "message": self.message.to_json(),
            "hint": self.hint.to_json() if self.hint else None,
            "detail": self.detail,
            # Left out where there is none: most errors have neither, and older readers know of neither.
            **({"cause": self.cause.to_json()} if self.cause else {}),
            **({"remedy": self.remedy.to_json()} if self.remedy else {}),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> RhvError:
        """Inverse of :meth:`to_json`; raises KeyError or TypeError when a field is missing or wrong."""
        code, message = value["code"], value["message"]
        hint, cause, remedy = value.get("hint"), value.get("cause"), value.get("remedy")
        return cls(
            code,
            Message.from_json(message),
            Message.from_json(hint) if hint else None,
            value.get("detail"),
            cause=Message.from_json(cause) if cause else None,
            remedy=Remedy.from_json(remedy) if remedy else None,
        )
