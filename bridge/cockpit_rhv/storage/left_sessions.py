# SPDX-License-Identifier: Apache-2.0
"""Sessions that tests made, noted as long as they live: what a killed test leaves the next one ends."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from .initiator import logout, sessions

if TYPE_CHECKING:
    from .programs import Programs

#: In /run: session numbers begin anew with each boot, and so must these notes.
FOLDER = Path("/run/cockpit-rhv/storage-sessions")


class Notes:
    """The sessions of this test, in a file that names the process."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._sids: list[int] = []
        self._path = folder / f"{os.getpid()}-{_started(os.getpid())}-{id(self):x}"

    def add(self, sid: int) -> None:
        """Note a session. Raises OSError."""
        self._sids.append(sid)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self._path.with_name(f".{self._path.name}")
        partial.write_text(json.dumps(self._sids), "ascii")
        partial.replace(self._path)

    @property
    def sids(self) -> list[int]:
        """In the order they were made."""
        return list(self._sids)

    def clear(self) -> None:
        """They are gone."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()


def end_left_sessions(programs: Programs, folder: Path = FOLDER) -> list[int]:
    """End the sessions of tests whose process is no more; the numbers of those ended. Raises OSError, Cancelled."""
    ended: list[int] = []
    if not folder.is_dir():
        return ended
    living = {session.sid for session in sessions()}
    for note in folder.iterdir():
        pid, _, rest = note.name.lstrip(".").partition("-")
        if pid.isdigit() and _started(int(pid)) == rest.partition("-")[0]:
            continue
        try:
            sids = json.loads(note.read_text("ascii"))
        except ValueError:
            sids = []  # cut off: it was never put in place
        for sid in sids:
            if sid in living and not logout(sid, programs):
                ended.append(sid)
        if not any(session.sid in sids for session in sessions()):
            note.unlink()
    return ended


def _started(pid: int) -> str:
    """When the process began, in the kernel's ticks; "" when there is none: a number alone is given out again."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]
