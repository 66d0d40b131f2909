# SPDX-License-Identifier: Apache-2.0
"""One request to libvirt about one run of a guest: not sent when nobody waits any more, and told when it may be late.

libvirt knows no "this run only" and takes nothing back: what waits in it is done whenever it goes on, to whatever run
there is by then.
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import msg
from ..workers import require_time

if TYPE_CHECKING:
    import libvirt

#: What ends or resets a run that it was not meant for.
HARMFUL = frozenset({"power_off", "reset"})


class Once:
    """``name``: of the action. ``deadline``: monotonic seconds, no later than when whoever asked is told "no answer".

    ``sent`` is True from right before the request is handed to libvirt on.
    """

    def __init__(self, name: str, deadline: float) -> None:
        self.name = name
        self.sent = False
        self._deadline = deadline
        self._run: int | None = None
        self._turn = threading.Lock()

    def meant(self, domain: libvirt.virDomain) -> None:
        """The run that was asked for: the guest as it was just looked up."""
        self._run = domain.ID()

    def go(self, domain: libvirt.virDomain) -> None:
        """Right before the request. Raises RhvError ``call.too_late``, ``machine.other_run``; libvirtError."""
        if self.name in HARMFUL and self._run is not None and _number(domain) not in (-1, self._run):
            raise RhvError(
                "machine.other_run",
                msg("machine.other_run", "The guest was started anew meanwhile, and is left alone."),
                msg("machine.other_run.hint", "Look at it, and ask again if you mean this run, too."),
            )
        with self._turn:
            require_time(self._deadline)
            self.sent = True

    def told(self, error: RhvError) -> RhvError:
        """What to say of ``error``: of a request that waits in libvirt nobody knows which run it meets."""
        if error.code != "call.overdue" or self.name not in HARMFUL:
            return error
        with self._turn:
            if not self.sent:
                return RhvError(error.code, error.message, msg("machine.not_sent.hint", "Nothing was done."))
        return pending(error)


#: For whoever waits until it is done.
ANY_TIME = Once("", math.inf)


def _number(domain: libvirt.virDomain) -> int:
    """Of the run that there is now; ``domain`` has the one of when it was looked up."""
    number: int = domain.connect().lookupByUUIDString(domain.UUIDString()).ID()
    return number


def pending(error: RhvError) -> RhvError:
    """For a power-off or reset that libvirt has not answered."""
    return RhvError(
        "machine.pending",
        msg(
            "machine.pending",
            "libvirt has not answered. It may still do it when it goes on, even to a run that is started until then.",
        ),
        msg(
            "machine.pending.hint",
            "Do not start the guest before libvirt answers again; restarting its service drops what waits in it.",
        ),
        error.detail or str(error),
    )
