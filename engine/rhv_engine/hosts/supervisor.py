# SPDX-License-Identifier: Apache-2.0
"""Keeps one host's state true: connects, asks every few seconds, takes events, notices silence, comes back.

Status: ``installing`` (just added) or ``connecting`` → ``up`` → (connection lost or no answer) ``connecting`` → (grace
over) ``non_responsive``, or ``non_operational`` when it answers but with errors → ``up`` by itself as soon as it
answers everything again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any, Callable, NoReturn

from cockpit_rhv.errors import RhvError
from cockpit_rhv.messages import msg
from cockpit_rhv.rpc.stomp_client import JsonRpcRemoteError

from .. import events
from ..ending import end
from .guests import GuestTable
from .live import CONNECTING, INSTALLING, NON_OPERATIONAL, NON_RESPONSIVE, UP, HostLive

if TYPE_CHECKING:
    from ..changes import Changes
    from ..db.models import Host
    from ..settings import Timing
    from .client import Connection, Connector

logger = logging.getLogger(__name__)

_INITIALIZING = 99
"""vdsm's error code until it has recovered its guests after a start."""
_GATHER_EVENTS_S = 0.25

Record = Callable[[events.Entry], None]


class Supervisor:
    """One host. :meth:`start` and :meth:`stop` it; everything else it does by itself."""

    def __init__(
        self, host: Host, live: HostLive, connector: Connector, timing: Timing, record: Record, changes: Changes,
        on_up: Callable[[], None],
    ) -> None:  # fmt: skip
        """``record`` stores an event without waiting; ``on_up`` is called each time the host becomes up."""
        self._host = host
        self._live = live
        self._connector = connector
        self._timing = timing
        self._record = record
        self._changes = changes
        self._on_up = on_up
        self._guests = GuestTable(host, live, record, changes)
        self._wake = asyncio.Event()
        self._reread = False
        self._answers = False
        self._grace: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; the host is ``installing`` when it has never been up, else ``connecting``."""
        self._live.status = CONNECTING if self._host.seen_up else INSTALLING
        self._live.detail = ""
        timing = self._timing
        self._start_grace(timing.grace_s if self._host.seen_up else timing.first_contact_s)
        self._task = asyncio.create_task(self._run(), name=f"host {self._host.name}")
        self._changed()

    async def stop(self) -> None:
        """End the task and its connection; the host's status is left as it is."""
        self._stop_grace()
        if self._task is not None:
            await end(self._task)

    async def _run(self) -> None:
        delay = self._timing.retry_min_s
        while True:
            try:
                await self._session()
            except RhvError as error:
                reason = error
            except Exception as error:
                # A defect of ours or an answer nobody foresaw must cost one connection, not the supervision.
                logger.exception("supervising host %s failed", self._host.name)
                reason = _unexpected(self._host, error)
            delay = self._timing.retry_min_s if self._live.status == UP else min(delay * 2, self._timing.retry_max_s)
            self._lost(reason)
            await asyncio.sleep(delay)

    async def _session(self) -> NoReturn:
        """One connection from its beginning to its end, which is always an exception."""
        connection = await self._connector.connect(self._host, self._take_event, self._timing.connect_s)
        try:
            await self._read_facts(connection)
            while True:
                await self._poll(connection)
                self._answered()
                await self._pause(connection)
                if self._reread:
                    await self._read_facts(connection)
        finally:
            await connection.close()

    async def _read_facts(self, connection: Connection) -> None:
        """What changes seldom. The hardware's data is optional: vdsm on some machines has none."""
        self._reread = False
        # vdsm may wait up to 2 s for NICs in here and compute for longer (vdsm.md §2.1).
        self._live.capabilities = await self._ask(connection, "Host.getCapabilities", dict, factor=3)
        try:
            self._live.hardware = await self._ask(connection, "Host.getHardwareInfo", dict)
        except _VerbFailed as error:
            if error.rpc_code == _INITIALIZING:
                raise
            logger.info("host %s has no hardware information: %s", self._host.name, error.detail)

    async def _poll(self, connection: Connection) -> None:
        asked = time.monotonic()
        stats, guests = await asyncio.gather(
            self._ask(connection, "Host.getStats", dict), self._ask(connection, "Host.getAllVmStats", list)
        )
        self._live.stats = stats
        self._guests.replace(guests, asked)

    async def _ask(self, connection: Connection, method: str, kind: type, factor: float = 1) -> Any:
        try:
            answer = await connection.call(method, timeout_s=self._timing.answer_s * factor)
        except JsonRpcRemoteError as error:
            raise _VerbFailed(self._host, method, error.code, error.message) from error
        if not isinstance(answer, kind):
            raise _VerbFailed(self._host, method, 0, f"answered with {type(answer).__name__}")
        return answer

    async def _pause(self, connection: Connection) -> None:
        """Until the next poll is due, an event asks for it, or the connection ends (then raises why)."""
        woken = asyncio.create_task(self._wake.wait())
        either: set[asyncio.Future[Any]] = {woken, connection.closed}
        try:
            await asyncio.wait(either, timeout=self._timing.poll_s, return_when=asyncio.FIRST_COMPLETED)
            if woken.done():
                # Events come in groups; a hundred guests that start together are one question.
                await asyncio.sleep(_GATHER_EVENTS_S)
        finally:
            woken.cancel()
        self._wake.clear()
        if connection.closed.done():
            reason = connection.closed.result()
            raise reason or _unexpected(self._host, ConnectionError("closed"))

    def _take_event(self, method: str, params: Any) -> None:
        """An event of the host, ``|component|operation|id`` (vdsm.md §1.5)."""
        parts = method.split("|")
        if len(parts) != 4 or not isinstance(params, dict):
            logger.debug("event of host %s not understood: %s", self._host.name, method[:200])
            return
        _, component, operation, id = parts  # noqa: A001 the protocol's word
        if (component, operation) == ("virt", "VM_status"):
            status = params.get(id)
            if isinstance(status, dict):
                self._guests.apply_event(id, status)
                # The event has the status only; name, memory and the rest come with the next answer.
                self._wake.set()
        elif (component, operation) == ("net", "host_conn"):
            self._reread = True
            self._wake.set()

    def _answered(self) -> None:
        self._stop_grace()
        if self._live.status != UP:
            self._live.status = UP
            self._live.detail = ""
            self._record(events.host_up(self._host))
            self._on_up()
        self._changed()

    def _lost(self, error: RhvError) -> None:
        detail = str(error.message)
        if error.detail:
            detail = f"{detail} ({error.detail})"
        changed = detail != self._live.detail
        self._live.detail = detail
        self._answers = isinstance(error, _VerbFailed) and error.rpc_code != _INITIALIZING
        if self._live.status == UP:
            self._live.status = CONNECTING
            self._record(events.host_connecting(self._host, detail, self._timing.grace_s))
            self._start_grace(self._timing.grace_s)
            changed = True
        if changed:
            logger.warning("host %s (%s): %s", self._host.name, self._host.address, detail)
            self._changed()

    def _start_grace(self, seconds: float) -> None:
        self._stop_grace()
        self._grace = asyncio.get_running_loop().call_later(seconds, self._give_up)

    def _stop_grace(self) -> None:
        if self._grace is not None:
            self._grace.cancel()
            self._grace = None

    def _give_up(self) -> None:
        if self._answers:
            self._live.status = NON_OPERATIONAL
            self._record(events.host_non_operational(self._host, self._live.detail))
        else:
            self._live.status = NON_RESPONSIVE
            self._record(events.host_non_responsive(self._host, self._live.detail))
        self._changed()
        self._guests.publish_all()

    def _changed(self) -> None:
        self._changes.publish("hosts", self._host.id)


class _VerbFailed(RhvError):
    """The host answers, but with an error; ``rpc_code`` is vdsm's."""

    def __init__(self, host: Host, method: str, rpc_code: int, detail: str) -> None:
        super().__init__(
            "host.verb_failed",
            msg("host.verb_failed", "Host {host} failed to answer {method}.", host=host.name, method=method),
            detail=detail,
        )
        self.rpc_code = rpc_code


def _unexpected(host: Host, error: BaseException) -> RhvError:
    return RhvError(
        "host.unexpected", msg("host.unexpected", "Supervising host {host} failed.", host=host.name),
        detail=f"{type(error).__name__}: {error}",
    )  # fmt: skip
