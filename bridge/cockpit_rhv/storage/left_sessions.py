# SPDX-License-Identifier: Apache-2.0
"""Sessions that tests made, noted as long as they live: what a killed test leaves the next one ends."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .initiator import LeftSession, logout, sessions
from .processes import owner_lives, process_name
from .session_users import users_of
from .udev_rules import remove_stale

if TYPE_CHECKING:
    from .programs import Programs

#: In /run: session numbers begin anew with each boot, and so must these notes.
FOLDER = Path("/run/cockpit-rhv/storage-sessions")
_LEFT = "left-"


class Ended(NamedTuple):
    """``sids``: sessions that were ended. ``used``: those somebody uses by now, which are his, and how."""

    sids: list[int]
    used: list[str]


class Notes:
    """The sessions of this test, in a file that names the process."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._sessions: list[LeftSession] = []
        self._path = folder / f"{process_name()}-{id(self):x}"

    def add(self, session: LeftSession) -> None:
        """Note a session. Raises OSError."""
        self._sessions.append(session)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = self._path.with_name(f".{self._path.name}")
        partial.write_text(json.dumps(self._sessions), "ascii")
        partial.replace(self._path)

    @property
    def sessions(self) -> list[LeftSession]:
        """In the order they were made."""
        return list(self._sessions)

    def leave(self) -> None:
        """Somebody has to try again, this process or another: the name is no longer that of one that lives."""
        if self._path.exists() and not self._path.name.startswith(_LEFT):
            self._path = self._path.rename(self._path.with_name(_LEFT + self._path.name))

    def clear(self) -> None:
        """They are gone."""
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()


def end_left_sessions(programs: Programs, folder: Path = FOLDER) -> Ended:
    """End the sessions of tests whose process is no more. Raises OSError, Overdue, Cancelled."""
    ended = Ended([], [])
    for note in folder.iterdir() if folder.is_dir() else ():
        if owner_lives(note.name.lstrip(".")):
            continue
        left = set()
        for session in _noted(note).intersection(sessions()):
            users = users_of(session)
            if users:
                ended.used.append(f"session {session.sid} {session.target}: {', '.join(users)}")
            elif logout(session.sid, programs):
                left.add(session)
            else:
                ended.sids.append(session.sid)
        if not left.intersection(sessions()):
            note.unlink()
    remove_stale(programs, [session.sid for session in sessions()])
    return ended


def _noted(note: Path) -> set[LeftSession]:
    try:
        return {LeftSession(int(sid), str(target)) for sid, target in json.loads(note.read_text("ascii"))}
    except (ValueError, TypeError):
        return set()  # cut off: it was never put in place
