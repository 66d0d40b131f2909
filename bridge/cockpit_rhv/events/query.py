# SPDX-License-Identifier: Apache-2.0
"""Which events somebody wants to see: by time, kind, severity, guest and words, a page at a time, the newest first."""

from __future__ import annotations

import gettext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from ..i18n import DOMAIN
from ..messages import Message, render
from ..paths import data_dir
from .files import read_events
from .recorder import recording

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .model import Event

MOST = 500
#: Of a page; a thousand guests started at once are twenty pages.
USUAL = 50


@dataclass(frozen=True)
class Query:
    """``before``: only events numbered below, for the next page. ``since_s``, ``until_s``: epoch. ``text``: all its
    words must be found in what a reader of ``language`` sees. Empty or None: whatever it is.
    """

    limit: int = USUAL
    before: int | None = None
    since_s: float | None = None
    until_s: float | None = None
    kind: str | None = None
    severity: str | None = None
    guest: str | None = None
    text: str = ""
    language: str = "en"

    @classmethod
    def from_json(cls, params: Mapping[str, Any]) -> Query:
        """From the parameters of `events.list`, which are validated already."""
        return cls(**{**params, "limit": min(int(params.get("limit", USUAL)), MOST)})

    def matcher(self) -> Callable[[Event], bool]:
        """Whether an event is wanted."""
        words = self.text.casefold().split()
        said = _translator(self.language)
        atleast = {"warning": ("warning", "error"), "error": ("error",)}.get(self.severity or "")

        def wanted(event: Event) -> bool:
            return (
                (self.before is None or event.seq < self.before)
                and (self.since_s is None or event.time_s >= self.since_s)
                and (self.until_s is None or event.time_s < self.until_s)
                and (self.kind is None or event.kind == self.kind)
                and (atleast is None or event.severity in atleast)
                and (self.guest is None or event.name == self.guest or event.uuid == self.guest)
                and (not words or _holds(event, words, said))
            )

        return wanted


def list_events(query: Query, folder: Path | None = None) -> dict[str, Any]:
    """Result of `events.list`. Raises RhvError ``access.denied``, OSError."""
    wanted = query.matcher()
    found: list[Event] = []
    more = any_at_all = False
    for event in read_events(folder):
        any_at_all = True
        if not wanted(event):
            continue
        if len(found) == query.limit:
            more = True
            break
        found.append(event)
    return {
        "events": [event.to_json() for event in found],
        "more": more,
        "empty": not any_at_all,
        "recording": recording(folder),
    }


def _holds(event: Event, words: list[str], said: Callable[[Message], str]) -> bool:
    parts = (event.name, event.uuid, event.job, event.user, event.what, said(event.message))
    text = " ".join(part for part in (*parts, said(event.title) if event.title else None) if part).casefold()
    return all(word in text for word in words)


def _translator(language: str) -> Callable[[Message], str]:
    catalogue = gettext.translation(DOMAIN, str(data_dir() / "locale"), languages=[language], fallback=True)

    def said(message: Message) -> str:
        template = catalogue.gettext(message.text) if message.text else ""
        try:
            return render(template, message.params)
        except (KeyError, ValueError, IndexError):
            return message.text

    return said
