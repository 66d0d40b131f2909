# SPDX-License-Identifier: Apache-2.0
"""``events.ndjson``: an append-only, numbered log that survives the death of its writer in the middle of a line."""

from __future__ import annotations

import dataclasses
import errno
import json
import logging
import os
from typing import TYPE_CHECKING

from .files import hand_to_group
from .model import JobEvent

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)
EVENTS_MODE = 0o640


class EventLog:
    """The one writer of a job's events. Raises OSError; numbers go on where an earlier attempt stopped."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, EVENTS_MODE)
        hand_to_group(path, EVENTS_MODE)
        self._drop_torn_line()
        seen = EventTail(path).read()
        self._seq = seen[-1].seq if seen else 0

    def append(self, event: JobEvent) -> JobEvent:
        """Number ``event``, write it whole or not at all, and return it as written. Raises OSError (disk full)."""
        numbered = dataclasses.replace(event, seq=self._seq + 1)
        line = (json.dumps(numbered.to_json(), ensure_ascii=True, separators=(",", ":")) + "\n").encode("ascii")
        size = os.fstat(self._descriptor).st_size
        if os.write(self._descriptor, line) != len(line):
            os.ftruncate(self._descriptor, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
        self._seq += 1
        return numbered

    def close(self) -> None:
        """Push everything to the disk and close the file."""
        os.fsync(self._descriptor)
        os.close(self._descriptor)

    def _drop_torn_line(self) -> None:
        # A writer killed by a power cut can leave half a line; the next one must not be glued to it.
        content = self._path.read_bytes()
        if content and not content.endswith(b"\n"):
            os.ftruncate(self._descriptor, content.rfind(b"\n") + 1)


class EventTail:
    """Reads a job's events from the beginning, then what was added since the last call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> list[JobEvent]:
        """New complete events, oldest first; [] while the file does not exist. Raises OSError."""
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._offset)
                fresh = stream.read()
        except FileNotFoundError:
            return []
        complete = fresh[: fresh.rfind(b"\n") + 1]
        self._offset += len(complete)
        events = []
        for line in complete.splitlines():
            try:
                events.append(JobEvent.from_json(json.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                logger.warning("%s: a line that is no event was left out: %s", self._path, error)
        return events
