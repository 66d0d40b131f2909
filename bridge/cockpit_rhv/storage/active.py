# SPDX-License-Identifier: Apache-2.0
"""What this process tries on storage at the moment, so that its end can let all of it undo first."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Active:
    """The events that cancel what runs; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[threading.Event] = []

    @contextlib.contextmanager
    def running(self, cancel: threading.Event) -> Iterator[threading.Event]:
        """Something that ``cancel`` ends runs, its undoing included, until the context is left."""
        with self._lock:
            self._events.append(cancel)
        try:
            yield cancel
        finally:
            with self._lock:
                self._events.remove(cancel)

    @property
    def busy(self) -> bool:
        """Whether anything runs."""
        with self._lock:
            return bool(self._events)

    def cancel(self) -> None:
        """Let everything that runs undo and end; :attr:`busy` says when it has."""
        with self._lock:
            for event in self._events:
                event.set()


ACTIVE = Active()
