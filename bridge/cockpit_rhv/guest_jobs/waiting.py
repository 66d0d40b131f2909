# SPDX-License-Identifier: Apache-2.0
"""Asks guests to shut down, a few at a time, and waits until each is off or its time is up. Blocks."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Callable

from ..deploy.vm import connected
from ..errors import RhvError
from ..machines.actions import domain_of, mapped, require_own
from ..machines.faults import unreadable
from ..machines.limited import answered, is_answered
from ..machines.once import pending
from ..messages import msg
from ..workers import call_within
from .asked import Order
from .guest_run import current_run
from .starting import job_uri

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import libvirt

    from ..deploy.progress import ProgressFile
    from .asked import Asked
    from .guest_run import GuestRun

logger = logging.getLogger(__name__)

#: What says that libvirt itself is away. Whatever else goes wrong goes wrong with the guest.
AWAY = frozenset({"libvirt.unreachable", "libvirt.silent"})
#: Calls at a time, each on a connection of its own: of one client libvirt serves five, and queues the rest behind
#: guests that hang.
MOST_AT_ONCE = 3
#: Seconds for one call; libvirt itself gives up after 30 on a guest that is busy.
CALL_LIMIT_S = 40.0
#: Seconds between two looks at what still runs: one call for all guests.
LOOK_S = 1.0
#: Seconds in which libvirt may come back when the time of the last guest is up.
BACK_WITHIN_S = 120.0
#: Calls for one guest that may end without an answer.
MOST_OVERDUE = 3
#: Seconds for which a power-off that libvirt does not answer is waited for.
PENDING_S = 120.0
#: Seconds a look at a guest's run holds: a guest that is off may have been started anew since.
FRESH_S = 1.0


def wait_for_all(asked: Sequence[Asked], wait_s: float, progress: ProgressFile) -> None:
    """Give each guest its outcome or error; returns when all have one.

    While libvirt is away nobody is powered off: not before it is back and says that the same run goes on. When it
    stays away the guests that are left get its error. Raises RhvError ``libvirt.*`` when it refuses us.
    """
    calls = _Calls(wait_s)
    begun = time.monotonic()
    while any(one.waited_for for one in asked):
        try:
            with connected(job_uri()) as conn:
                _watch(conn, asked, wait_s, calls, progress)
        except RhvError as error:
            if error.code not in AWAY:
                raise
            logger.warning("libvirt is away: %s", error.detail or error)
            last = max([begun, *(one.asked_at for one in asked if one.asked_at is not None)])
            if time.monotonic() > last + wait_s + BACK_WITHIN_S:
                for one in asked:
                    if one.waited_for:
                        one.error = pending(error) if one.order is not None and one.order.out else error
            time.sleep(LOOK_S)


def _watch(
    conn: libvirt.virConnect, asked: Sequence[Asked], wait_s: float, calls: _Calls, progress: ProgressFile
) -> None:
    while True:
        running = answered(CALL_LIMIT_S, lambda: _numbers(conn))
        now = time.monotonic()
        for one in asked:
            if _waits_in_libvirt(one):
                continue
            _look(one, running)
            if not one.waited_for or one.busy:
                continue
            if one.asked_at is None:
                calls.do(one, _ask)
            elif now >= one.asked_at + wait_s:
                calls.do(one, _force)
        left = [one for one in asked if one.waited_for]
        _tell(progress, asked, left, wait_s, now)
        if not left:
            return
        time.sleep(LOOK_S)


def _waits_in_libvirt(one: Asked) -> bool:
    """Whether a power-off may still be done: until then neither is it told what came of the guest nor asked again."""
    if not one.waited_for or one.order is None:
        return False
    if one.order.out and one.order.age_s > PENDING_S and not one.busy:
        one.error = pending(RhvError("call.overdue", msg("shutdown.slow", "libvirt answers too slowly.")))
    return one.order.out


def _numbers(conn: libvirt.virConnect) -> dict[str, int]:
    import libvirt

    with mapped():
        return {
            domain.UUIDString(): domain.ID() for domain in conn.listAllDomains(libvirt.VIR_CONNECT_LIST_DOMAINS_ACTIVE)
        }


def _look(one: Asked, running: dict[str, int]) -> None:
    if not one.waited_for or one.run is None:
        return
    number = running.get(one.uuid)
    if number is None:
        one.ended()
    elif number != one.run.id:
        one.outcome = "restarted"


class _Call:
    """One call for one guest; when it is overdue it is left behind, and changes nothing from then on."""

    def __init__(self, one: Asked) -> None:
        self.one = one
        self._turn = threading.Lock()
        self._wanted = True

    def give_up(self) -> None:
        with self._turn:
            self._wanted = False

    @contextlib.contextmanager
    def still_wanted(self) -> Iterator[Asked]:
        """The guest, to note something of it; raises RhvError ``call.overdue`` when nobody waits for this any more."""
        with self._turn:
            if not self._wanted:
                raise RhvError("call.overdue", msg("call.left_behind", "Nobody waits for this call any more."))
            yield self.one


def _ask(call: _Call) -> None:
    with connected(job_uri()) as conn:
        if not _goes_on(conn, call):
            return
        with call.still_wanted() as one:
            one.asked_at = time.monotonic()
        try:
            require_own(conn, one.uuid, engine_too=False)
            _act(conn, call, "shutdown")
        except RhvError as error:
            if error.code in ("machine.managed", "machine.engine"):
                raise
            with call.still_wanted():
                if error.code in AWAY:
                    one.asked_at = None  # again, when libvirt is back
                    raise
            # It runs on, whatever became of the request: it is powered off when its time is up.
            logger.warning("%s was not asked to shut down: %s", one.name, error.detail or error)


def _force(call: _Call) -> None:
    """Power it off, if the run that was asked still goes on.

    Whose it is was looked at when it was asked. Its definition is not read again: a QEMU that hangs holds that up.
    """
    with connected(job_uri()) as conn:
        try:
            _act(conn, call, "destroy")
        except RhvError as error:
            # it may have gone off by itself in between
            if error.code in AWAY or _goes_on(conn, call):
                raise
            return
        with call.still_wanted() as one:
            if one.waited_for and one.forced:
                one.ended()


def _act(conn: libvirt.virConnect, call: _Call, what: str) -> None:
    """``shutdown`` or ``destroy`` for the run that is to end. libvirt knows no "this run only": the look is fresh."""
    try:
        with domain_of(conn, call.one.uuid) as domain:
            looked = time.monotonic()
            if not _note(call, current_run(domain)):
                return
            with call.still_wanted() as one:
                if time.monotonic() > looked + FRESH_S:
                    raise RhvError("libvirt.silent", msg("shutdown.slow", "libvirt answers too slowly."))
                one.forced = one.forced or what == "destroy"
                order = Order(lambda: is_answered(conn))
                if what == "destroy":
                    one.order = order
            try:
                getattr(domain, what)()
            finally:
                order.returned()
    except RhvError as error:
        _note_gone(call, error)


def _goes_on(conn: libvirt.virConnect, call: _Call) -> bool:
    """Whether the run goes on that is to end; if not, the outcome is noted."""
    try:
        with domain_of(conn, call.one.uuid) as domain:
            return _note(call, current_run(domain))
    except RhvError as error:
        _note_gone(call, error)
        return False


def _note(call: _Call, now: GuestRun) -> bool:
    """Whether ``now`` is the run that is to end; if not, the outcome is noted."""
    with call.still_wanted() as one:
        assert one.run is not None
        if one.waited_for and now.id is None:
            one.ended()
        elif one.waited_for and not one.run.is_same(now):
            one.outcome = "restarted"
        return one.waited_for


def _note_gone(call: _Call, error: RhvError) -> None:
    """A transient guest is gone when it is off. Raises any other error."""
    if error.code != "machine.not_found":
        raise error
    with call.still_wanted() as one:
        if one.waited_for:
            one.ended()


def _tell(progress: ProgressFile, asked: Sequence[Asked], left: Sequence[Asked], wait_s: float, now: float) -> None:
    """How much of the time is over, by the guest that is powered off next."""
    waited = max((now - one.asked_at if one.asked_at is not None else 0.0 for one in left), default=wait_s)
    text = (
        msg("shutdown.waiting", "Waiting until {name} has shut down", name=left[0].name)
        if len(left) == 1
        else msg("shutdown.waiting_many", "{count} of {total} guests still run", count=len(left), total=len(asked))
    )
    with contextlib.suppress(OSError):  # a full disk hides how far it is; the guests' time runs all the same
        progress.report(round(min(max(waited, 0.0), wait_s)), wait_s, "seconds", text)


class _Calls:
    """A few threads for calls of which one may hang for ever: it is left behind after :data:`CALL_LIMIT_S`."""

    def __init__(self, wait_s: float) -> None:
        self._away_s = wait_s + BACK_WITHIN_S
        self._waiting: SimpleQueue[tuple[Asked, Callable[[_Call], None]]] = SimpleQueue()
        for number in range(MOST_AT_ONCE):
            threading.Thread(target=self._work, name=f"asking-{number}", daemon=True).start()

    def do(self, one: Asked, function: Callable[[_Call], None]) -> None:
        one.busy = True
        self._waiting.put((one, function))

    def _work(self) -> None:
        while True:
            one, function = self._waiting.get()
            call = _Call(one)
            try:
                call_within(CALL_LIMIT_S, partial(function, call))
                one.away_since = None
            except RhvError as error:
                call.give_up()
                logger.warning("%s: %s", one.name, error.detail or error)
                self._failed(one, error, function)
            except ValueError as error:
                one.error = unreadable(error)
            except Exception as error:  # an own mistake ends this guest's turn, not everybody's
                logger.exception("%s", one.name)
                one.error = RhvError(
                    "internal", msg("internal", "Something went wrong in cockpit-rhv itself."), detail=repr(error)
                )
            finally:
                one.busy = False

    def _failed(self, one: Asked, error: RhvError, function: Callable[[_Call], None]) -> None:
        """What is to come of a guest whose call failed: asked or powered off again where that makes sense."""
        now = time.monotonic()
        if not one.waited_for or (one.order is not None and one.order.out):
            return  # what waits in libvirt is looked after by whoever watches
        if error.code in AWAY:
            one.away_since = now if one.away_since is None else one.away_since
            if now < one.away_since + self._away_s:
                return
        elif error.code == "call.overdue":
            if function is _ask and one.asked_at is not None:
                return  # QEMU hangs in it: it is powered off when its time is up
            one.overdue += 1
            if one.overdue < MOST_OVERDUE:
                return
        one.error = error
