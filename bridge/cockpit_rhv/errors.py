# SPDX-License-Identifier: Apache-2.0
"""Errors as part of the interface: a code, a sentence, a hint, the raw detail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping


class RhvError(Exception):
    """An error a person can act on.

    ``code`` is stable and dotted (``libvirt.unreachable``); ``detail`` is the raw text of whatever failed and
    is shown one click away. Never put a secret into any of them. ``rpc_code`` is the number a JSON-RPC answer
    carries; a front door whose protocol has numbers of its own (vdsm's verbs) sets it in a subclass.
    """

    rpc_code: int = -32000

    def __init__(self, code: str, message: Message, hint: Message | None = None, detail: str | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.hint = hint
        self.detail = detail

    def to_json(self) -> dict[str, Any]:
        """Wire form: definition ``RhvError`` of ``schemas/common.json``."""
        return {
            "code": self.code,
            "message": self.message.to_json(),
            "hint": self.hint.to_json() if self.hint else None,
            "detail": self.detail,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> RhvError:
        """Inverse of :meth:`to_json`."""
        hint = value.get("hint")
        return cls(
            value["code"],
            Message.from_json(value["message"]),
            Message.from_json(hint) if hint else None,
            value.get("detail"),
        )
