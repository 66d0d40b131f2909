# SPDX-License-Identifier: Apache-2.0
"""Refusals in oVirt's form: an HTTP status with ``<fault><reason/><detail/></fault>``."""

from __future__ import annotations

from .tree import Document, Obj

OPERATION_FAILED = "Operation Failed"


class Fault(Exception):
    """The request is refused. ``status``: HTTP code; ``reason`` and ``detail`` are for people, in English."""

    def __init__(self, status: int, reason: str, detail: str = "") -> None:
        super().__init__(f"{status} {reason}: {detail}")
        self.status = status
        self.reason = reason
        self.detail = detail

    def document(self) -> Document:
        """The answer's body."""
        return Document("fault", self.node())

    def node(self) -> Obj:
        """The fault itself, as it also appears inside an action."""
        return Obj({"detail": self.detail, "reason": self.reason})


def not_found(what: str, id: str) -> Fault:
    """404. The SDK raises ``NotFoundError`` from the code alone."""
    return Fault(404, OPERATION_FAILED, f"[Entity not found: {what}: id={id}]")


def conflict(detail: str) -> Fault:
    """409: the state of something, or a name in use, forbids it. ``detail`` is a sentence."""
    return Fault(409, OPERATION_FAILED, f"[{detail}]")


def forbidden(detail: str) -> Fault:
    """403: known, but not allowed."""
    return Fault(403, "Forbidden", detail)


def unauthorized(detail: str = "Valid credentials are required.") -> Fault:
    """401: log in (again)."""
    return Fault(401, "Unauthorized", detail)
