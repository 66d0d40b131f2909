# SPDX-License-Identifier: Apache-2.0
"""One event of the host's log; its JSON form is ``Event`` of ``schemas/common.json``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..messages import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS = ("guest", "job", "host")
SEVERITIES = ("info", "warning", "error")
#: How it is known: libvirt told it, QEMU's log or a job's folder has it, or the recorder itself has.
SOURCES = ("libvirt", "log", "job", "recorder")


@dataclass(frozen=True)
class Event:
    """``what``: a stable word (started, stopped, …); ``name``: the guest's; ``title``: the job's. ``time_s``: epoch."""

    seq: int
    time_s: float
    kind: str
    what: str
    severity: str
    source: str
    message: Message
    name: str | None = None
    uuid: str | None = None
    job: str | None = None
    user: str | None = None
    title: Message | None = None

    def to_json(self) -> dict[str, Any]:
        """Definition ``Event``; what does not apply is null."""
        return {
            "seq": self.seq,
            "time_s": round(self.time_s, 3),
            "kind": self.kind,
            "what": self.what,
            "severity": self.severity,
            "source": self.source,
            "message": self.message.to_json(),
            "name": self.name,
            "uuid": self.uuid,
            "job": self.job,
            "user": self.user,
            "title": self.title.to_json() if self.title else None,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Event:
        """Inverse of :meth:`to_json`; raises KeyError, TypeError or ValueError when a field is missing or wrong."""
        if value["kind"] not in KINDS or value["severity"] not in SEVERITIES or value["source"] not in SOURCES:
            raise ValueError(f"unknown kind, severity or source: {value!r}"[:200])
        title = value.get("title")
        return cls(
            int(value["seq"]),
            float(value["time_s"]),
            value["kind"],
            str(value["what"]),
            value["severity"],
            value["source"],
            Message.from_json(value["message"]),
            _text(value.get("name")),
            _text(value.get("uuid")),
            _text(value.get("job")),
            _text(value.get("user")),
            Message.from_json(title) if title else None,
        )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
