# SPDX-License-Identifier: Apache-2.0
"""The event log's files: JSON lines, numbered on and on, 16 MiB at most, in ``/var/lib/cockpit-rhv/events``.

``events.ndjson`` is written to; full, it becomes ``events.1.ndjson``, that ``events.2.ndjson``, …, and the oldest goes.
Folder 0750 and files 0640 for the libvirt group, who may ask libvirt for the same.
"""

from __future__ import annotations

import dataclasses
import errno
import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..jobs.files import hand_to_group
from ..messages import msg
from .model import Event

if TYPE_CHECKING:
    from collections.abc import Iterator

logger = logging.getLogger(__name__)

#: Four files of 4 MiB: some 50,000 events.
FILE_BYTES = 4 * 2**20
KEPT_FILES = 4
_MODE = 0o640


def events_dir() -> Path:
    """The folder of the event log."""
    return Path(os.environ.get("COCKPIT_RHV_STATE") or "/var/lib/cockpit-rhv") / "events"


def event_files(folder: Path | None = None) -> list[Path]:
    """The files there may be, the newest first."""
    folder = folder or events_dir()
    return [folder / "events.ndjson", *(folder / f"events.{number}.ndjson" for number in range(1, KEPT_FILES))]


class EventWriter:
    """The one writer (see ``recorder.py`` for the lock). Raises OSError."""

    def __init__(self, folder: Path | None = None, file_bytes: int = FILE_BYTES) -> None:
        self._folder = folder or events_dir()
        self._file_bytes = file_bytes
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        hand_to_group(self._folder, 0o750)
        self._descriptor = self._open()
        last = next(read_events(self._folder), None)
        self._seq = last.seq if last else 0
        self.last_s = last.time_s if last else 0.0

    def append(self, event: Event) -> Event:
        """Number ``event`` and write it whole or not at all. Raises OSError (disk full)."""
        numbered = dataclasses.replace(event, seq=self._seq + 1)
        line = (json.dumps(numbered.to_json(), ensure_ascii=True, separators=(",", ":")) + "\n").encode("ascii")
        size = os.fstat(self._descriptor).st_size
        if size and size + len(line) > self._file_bytes:
            self._rotate()
            size = 0
        if os.write(self._descriptor, line) != len(line):
            os.ftruncate(self._descriptor, size)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._folder))
        self._seq += 1
        self.last_s = numbered.time_s
        return numbered

    def close(self) -> None:
        """Push everything to the disk and close the file."""
        os.fsync(self._descriptor)
        os.close(self._descriptor)

    def _open(self) -> int:
        path = event_files(self._folder)[0]
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, _MODE)
        hand_to_group(path, _MODE)
        # A writer killed by a power cut can leave half a line; the next one must not be glued to it.
        content = path.read_bytes()
        if content and not content.endswith(b"\n"):
            os.ftruncate(descriptor, content.rfind(b"\n") + 1)
        return descriptor

    def _rotate(self) -> None:
        os.close(self._descriptor)
        files = event_files(self._folder)
        for younger, older in reversed(list(zip(files, files[1:]))):
            if younger.exists():
                os.replace(younger, older)
        self._descriptor = self._open()


def read_events(folder: Path | None = None) -> Iterator[Event]:
    """Every event, the newest first; a line that is no event is left out and said in the log.

    Raises RhvError ``access.denied``, OSError.
    """
    last = None
    for path in event_files(folder):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        except PermissionError as error:
            raise denied(str(error)) from error
        for line in reversed(content.splitlines()):
            try:
                event = Event.from_json(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                logger.warning("%s: a line that is no event was left out: %s", path, error)
                continue
            # A rotation while we read shows a file twice.
            if last is None or event.seq < last:
                last = event.seq
                yield event


def stamp(folder: Path | None = None) -> str:
    """Changes whenever an event is written. Raises RhvError ``access.denied``."""
    try:
        found = os.stat(event_files(folder)[0])
    except FileNotFoundError:
        return ""
    except PermissionError as error:
        raise denied(str(error)) from error
    return f"{found.st_ino}-{found.st_size}"


def denied(detail: str | None) -> RhvError:
    """Who asks may not read the events."""
    return RhvError(
        "access.denied",
        msg("events.access", "You may not read the events of this host."),
        msg("job.access.hint", "Administrative access or membership in the group libvirt is needed to see more."),
        detail,
    )
