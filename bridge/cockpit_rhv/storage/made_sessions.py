# SPDX-License-Identifier: Apache-2.0
"""The iSCSI sessions of one test: made, scanned with nothing activated on their disks, and ended."""

from __future__ import annotations

import contextlib
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .initiator import leads_to, logout, sessions
from .left_sessions import Notes
from .programs import Cancelled, Overdue
from .session_users import host_disks, own_maps, session_host, users_of
from .udev_rules import UdevRules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .document import Portal
    from .initiator import Initiator, LeftSession
    from .programs import Programs

logger = logging.getLogger(__name__)

#: Seconds for a disk to appear after its scan, and between two looks.
_APPEAR_S, _LOOK_S = 5.0, 0.1
#: Seconds for those who only had a look to close a disk again.
_IDLE_S = 3.0


class Sessions:
    """Sessions with one target; those made here are ended here, others are used as they are and not scanned."""

    def __init__(self, target: str, programs: Programs) -> None:
        self._target = target
        self._programs = programs
        self._notes = Notes()
        self._rules = UdevRules()
        #: Logins that were broken off, and the sessions there were before them: iscsid goes on with what it began.
        self._broken: list[tuple[Portal, set[LeftSession]]] = []

    def login(self, initiator: Initiator, portal: Portal) -> bool:
        """True when a session was made. Raises RhvError ``storage.iscsi.*``, OSError, Overdue, Cancelled."""
        before = set(sessions())
        try:
            made = initiator.login(self._target, portal)
        except (Overdue, Cancelled):
            self._broken.append((portal, before))
            self._note(portal, before)
            raise
        if made:
            self._note(portal, before)
        return made

    @property
    def made(self) -> list[LeftSession]:
        """Those made here."""
        return self._notes.sessions

    def disks(self, lun: int | None) -> list[str]:
        """Kernel names of the target's disks, one LUN or all, scanned for in the sessions made here.

        A session of somebody else shows what it shows: a disk that came by our scan would stay in it. Raises RhvError
        ``storage.udev``, OSError, Overdue, Cancelled.
        """
        ours = self._hosts(self.made)
        if self.made:
            self._rules.put([session.sid for session in self.made], self._programs)
        for host in ours:
            Path(f"/sys/class/scsi_host/{host}/scan").write_text(f"- - {'-' if lun is None else lun}", "ascii")
        hosts = self._hosts([session for session in sessions() if session.target == self._target])
        end = time.monotonic() + (_APPEAR_S if ours else 0)
        while not (found := self._names(hosts, lun)) and time.monotonic() < end and not self._programs.cancel.is_set():
            time.sleep(_LOOK_S)
        if found:
            # lsblk asks udev what is on a disk, and udev is still looking.
            with contextlib.suppress(FileNotFoundError):
                self._programs.run(["udevadm", "settle", "--timeout=3"], 5.0)
        return found

    def end(self) -> list[str]:
        """End the sessions made here; what could not be ended, in words. Raises OSError, Overdue."""
        for portal, before in self._broken:
            self._note(portal, before)
        undoing = self._programs.uncancelled()
        kept = []
        for session in self.made:
            if session in sessions():
                try:
                    said = self._end(session, undoing)
                except (OSError, Overdue) as error:  # the others are ended all the same
                    said = str(error)
                kept += [f"session {session.sid}: {said}"] if said else []
        if kept:
            self._notes.leave()
        else:
            self._notes.clear()
            self._rules.remove(undoing)
        return kept

    def _end(self, session: LeftSession, undoing: Programs) -> str:
        """ "" when it has gone, else why not: it stays, with its rules, as long as anybody uses its disks."""
        host = session_host(session.sid)
        for name in own_maps(host_disks(host, None)) if host else []:
            # A map over our disks would queue for ever; one that is in use refuses to go, and stays.
            map_name = Path(f"/sys/class/block/{name}/dm/name").read_text("utf-8").strip()
            undoing.run(["multipath", "-f", map_name], 10.0)
        end = time.monotonic() + _IDLE_S
        while (users := users_of(session)) and time.monotonic() < end:
            time.sleep(_LOOK_S)  # udev may still be reading
        return ", ".join(users) if users else logout(session.sid, undoing)

    def _note(self, portal: Portal, before: set[LeftSession]) -> None:
        """The session that our login made: new, of this target, and of this portal. Raises OSError."""
        new = [s for s in sessions() if s not in before and s not in self.made and s.target == self._target]
        ours = [session for session in new if leads_to(session.sid, portal)]
        if len(ours) == 1:
            self._notes.add(ours[0])
        elif ours:
            # Somebody else logged in there in the same moment: which one is ours nobody can tell, and none is ended.
            logger.warning("sessions %s came together; they are left alone", [session.sid for session in ours])

    @staticmethod
    def _hosts(of: Sequence[LeftSession]) -> list[str]:
        return sorted({host for session in of if (host := session_host(session.sid))})

    @staticmethod
    def _names(hosts: Sequence[str], lun: int | None) -> list[str]:
        return sorted(name for host in hosts for name in host_disks(host, lun))
