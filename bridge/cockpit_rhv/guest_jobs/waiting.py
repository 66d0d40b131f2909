# SPDX-License-Identifier: Apache-2.0
"""Asks guests to shut down, a few at a time, and waits until each is off or its time is up. Blocks."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Callable

from ..deploy.vm import connected
from ..errors import RhvError
from ..machines.actions import act_on_local, domain_of, mapped
from ..machines.faults import unreadable
from ..machines.limited import answered
from ..messages import msg
from ..workers import call_within
from .guest_run import GuestRun, current_run
from .starting import job_uri

if TYPE_CHECKING:
    from collections.abc import Sequence

    import libvirt

    from ..deploy.progress import ProgressFile

logger = logging.getLogger(__name__)

#: Calls at a time: libvirt serves a client five, and the waiting goes on beside them.
MOST_AT_ONCE = 3
#: Seconds for one call; libvirt itself gives up after 30 on a guest that is busy.
CALL_LIMIT_S = 40.0
#: Seconds between two looks at what still runs: one call for all guests.
LOOK_S = 1.0
#: Seconds in which libvirt may come back when the time of the last guest is up.
BACK_WITHIN_S = 120.0


@dataclass
class Asked:
    """One guest. ``run``: the one that is to end, None when it was off. ``asked_at``: monotonic, None before.

    ``outcome``: off, was_off, restarted, powered_off; None while it is waited for, or with an ``error``.
    """

    uuid: str
    name: str
    run: GuestRun | None
    error: RhvError | None = None
    outcome: str | None = None
    asked_at: float | None = None
    #: A call for it waits or is made; ``forcing``: it powers the guest off.
    busy: bool = False
    forcing: bool = False

    def __post_init__(self) -> None:
        if self.run is None and self.error is None:
            self.outcome = "was_off"

    @property
    def waited_for(self) -> bool:
        """Whether its run may still go on."""
        return self.outcome is None and self.error is None


def wait_for_all(asked: Sequence[Asked], wait_s: float, progress: ProgressFile) -> None:
    """Give each guest its outcome or error; returns when all have one.

    While libvirt is away nobody is powered off: not before it is back and says that the same run goes on. When it
    stays away the guests that are left get its error.
    """
    calls = _Calls()
    begun = time.monotonic()
    while any(one.waited_for for one in asked):
        try:
            with connected(job_uri()) as conn:
                _watch(conn, asked, wait_s, calls, progress)
        except RhvError as error:
            if not error.code.startswith("libvirt."):
                raise
            logger.warning("libvirt is away: %s", error.detail or error)
            last = max([begun, *(one.asked_at for one in asked if one.asked_at is not None)])
            if time.monotonic() > last + wait_s + BACK_WITHIN_S:
                for one in asked:
                    if one.waited_for:
                        one.error = error
            time.sleep(LOOK_S)


def _watch(
    conn: libvirt.virConnect, asked: Sequence[Asked], wait_s: float, calls: _Calls, progress: ProgressFile
) -> None:
    while True:
        running = answered(CALL_LIMIT_S, lambda: _numbers(conn))
        now = time.monotonic()
        for one in asked:
            _look(one, running)
            if not one.waited_for or one.busy:
                continue
            if one.asked_at is None:
                calls.do(one, partial(_ask, conn, one))
            elif now >= one.asked_at + wait_s:
                calls.do(one, partial(_force, conn, one))
        left = [one for one in asked if one.waited_for]
        _tell(progress, asked, left, wait_s, now)
        if not left:
            return
        time.sleep(LOOK_S)


def _numbers(conn: libvirt.virConnect) -> dict[str, int]:
    import libvirt

    with mapped():
        return {
            domain.UUIDString(): domain.ID() for domain in conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)
        }


def _look(one: Asked, running: dict[str, int]) -> None:
    if one.forcing or not one.waited_for or one.run is None:
        return  # who is powering it off says himself what came of it
    number = running.get(one.uuid)
    if number is None:
        one.outcome = "off"
    elif number != one.run.id:
        one.outcome = "restarted"


def _ask(conn: libvirt.virConnect, one: Asked) -> None:
    one.asked_at = time.monotonic()
    try:
        if _is_same_run(conn, one):
            act_on_local(conn, "shutdown", one.uuid)
    except RhvError as error:
        if error.code in ("machine.managed", "machine.engine"):
            one.error = error
        elif error.code.startswith("libvirt."):
            one.asked_at = None  # again, when libvirt is back
        else:
            # It runs on, whatever became of the request: it is powered off when its time is up.
            logger.warning("%s was not asked to shut down: %s", one.name, error.detail or error)
    except ValueError as error:
        one.error = unreadable(error)


def _force(conn: libvirt.virConnect, one: Asked) -> None:
    """Power it off, if the run that was asked still goes on."""
    one.forcing = True
    try:
        if not _is_same_run(conn, one):
            return
        # Whose it is was looked at when it was asked. Its definition is not read again: a QEMU that hangs holds that
        # up. libvirt knows no "this run only": between the look and this lie some microseconds.
        with domain_of(conn, one.uuid) as domain:
            domain.destroy()
        one.outcome = "powered_off"
    except RhvError as error:
        if error.code.startswith("libvirt."):
            one.forcing = False  # again, when libvirt is back
        elif _is_same_run(conn, one):  # else it went off by itself in between
            one.error = error


def _is_same_run(conn: libvirt.virConnect, one: Asked) -> bool:
    """Whether the run goes on that is to end; if not, the outcome is noted."""
    assert one.run is not None
    try:
        with domain_of(conn, one.uuid) as domain:
            now = current_run(domain)
    except RhvError as error:
        if error.code != "machine.not_found":
            raise
        one.outcome = "off"  # a transient guest is gone when it is off
        return False
    if now.id is None:
        one.outcome = "off"
    elif not one.run.is_same(now):
        one.outcome = "restarted"
    return one.outcome is None


def _tell(progress: ProgressFile, asked: Sequence[Asked], left: Sequence[Asked], wait_s: float, now: float) -> None:
    """How much of the time is over, by the guest that was asked last."""
    waited = min((now - one.asked_at if one.asked_at is not None else 0.0 for one in left), default=wait_s)
    text = (
        msg("shutdown.waiting", "Waiting until {name} has shut down", name=left[0].name)
        if len(left) == 1
        else msg("shutdown.waiting_many", "{count} of {total} guests still run", count=len(left), total=len(asked))
    )
    progress.report(round(min(max(waited, 0.0), wait_s)), wait_s, "seconds", text)


class _Calls:
    """A few threads for calls of which one may hang for ever: it is left behind after :data:`CALL_LIMIT_S`."""

    def __init__(self) -> None:
        self._waiting: SimpleQueue[tuple[Asked, Callable[[], None]]] = SimpleQueue()
        for number in range(MOST_AT_ONCE):
            threading.Thread(target=self._work, name=f"asking-{number}", daemon=True).start()

    def do(self, one: Asked, call: Callable[[], None]) -> None:
        one.busy = True
        self._waiting.put((one, call))

    def _work(self) -> None:
        while True:
            one, call = self._waiting.get()
            try:
                call_within(CALL_LIMIT_S, call)
            except RhvError as error:
                logger.warning("%s does not answer: %s", one.name, error)
                if one.forcing or error.code != "call.overdue":
                    one.error = error
            finally:
                one.busy = False
