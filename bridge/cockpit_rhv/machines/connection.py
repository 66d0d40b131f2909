# SPDX-License-Identifier: Apache-2.0
"""One connection to libvirt that comes back by itself, and the events of its domains or of its storage pools."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional, TypeVar

from ..errors import RhvError
from ..messages import msg
from ..workers import Workers, within
from .faults import from_libvirt
from .model import LibvirtState
from .opening import DEFAULT_URI, Opened, Undo, close_libvirt, open_libvirt
from .states import stop_reason

if TYPE_CHECKING:
    import libvirt

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: Seconds for one call; libvirtd itself gives up after 30 on a guest that is busy.
CALL_LIMIT_S = 10.0
OPEN_LIMIT_S = 15.0
CLOSE_LIMIT_S = 1.0
#: Seconds between attempts, doubled from the first to the last.
RETRY_FIRST_S = 0.5
RETRY_LAST_S = 10.0
#: A daemon that is silent for about 15 s is taken for lost.
KEEPALIVE_S, KEEPALIVE_COUNT = 5, 3

DomainEvent = Callable[[str], None]
StopEvent = Callable[[str, Optional[str]], None]

#: Beside libvirt's numbers of lifecycle events: a guest rebooted itself.
REBOOTED = 1000


class Lifecycle(NamedTuple):
    """One event as libvirt told it: ``event`` a virDomainEventType or :data:`REBOOTED`; ``time_s``: epoch."""

    uuid: str
    name: str
    event: int
    detail: int
    time_s: float


class Connection:
    """``uri``: libvirt's name of the driver; ``writable``: ask for read-write access, by default as root.

    ``pools``: hear the events of storage pools instead of those of domains. libvirtd serves five calls of a connection
    at once, so that what may hang with a dead file server has a connection to itself.

    Callbacks run in the event loop that called :meth:`start`.
    """

    def __init__(
        self, workers: Workers, uri: str = DEFAULT_URI, writable: bool | None = None, *, pools: bool = False
    ) -> None:
        self._workers = workers
        self._pools = pools
        self._uri = uri
        self._writable = os.geteuid() == 0 if writable is None else writable
        self._state = LibvirtState("connecting", "none", uri)
        self._late: set[asyncio.Task[None]] = set()
        self._opened: Opened | None = None
        self._callbacks: list[Undo] = []
        self._lost = asyncio.Event()
        self._settled = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._state_watchers: list[Callable[[LibvirtState], None]] = []
        self._domain_watchers: list[DomainEvent] = []
        self._pool_watchers: list[Callable[[str], None]] = []
        self._stop_watchers: list[StopEvent] = []
        self._lifecycle_watchers: list[Callable[[Lifecycle], None]] = []

    @property
    def state(self) -> LibvirtState:
        """How the connection is now."""
        return self._state

    def on_state(self, watcher: Callable[[LibvirtState], None]) -> None:
        """Call ``watcher`` with each new state."""
        self._state_watchers.append(watcher)

    def on_domain(self, watcher: DomainEvent) -> None:
        """Call ``watcher`` with the uuid of a domain about which libvirt reported anything."""
        self._domain_watchers.append(watcher)

    def on_pool(self, watcher: Callable[[str], None]) -> None:
        """Call ``watcher`` with the uuid of a storage pool about which libvirt reported anything."""
        self._pool_watchers.append(watcher)

    def on_stop(self, watcher: StopEvent) -> None:
        """Call ``watcher`` with the uuid of a domain that ended and why, before its ``on_domain``.

        The reason is one of state ``shut_off``. Of a transient domain nothing else tells it: the domain is gone.
        """
        self._stop_watchers.append(watcher)

    def on_lifecycle(self, watcher: Callable[[Lifecycle], None]) -> None:
        """Call ``watcher`` with every lifecycle event in libvirt's order while there is a connection."""
        self._lifecycle_watchers.append(watcher)

    def start(self) -> None:
        """Connect in the background, again whenever the connection is lost, until :meth:`close`."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep())

    async def settled(self, limit_s: float) -> None:
        """Wait until the first attempt has succeeded or failed, ``limit_s`` seconds at most."""
        try:
            await asyncio.wait_for(self._settled.wait(), limit_s)
        except asyncio.TimeoutError:
            logger.info("libvirt %s takes its time", self._uri)  # the call that follows says so to the user

    async def close(self) -> None:
        """End the attempts and the connection."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._drop()
        if self._late:
            await asyncio.wait(self._late, timeout=CLOSE_LIMIT_S)
        for late in self._late:
            late.cancel()

    async def call(self, function: Callable[..., T], *args: Any, limit_s: float = CALL_LIMIT_S) -> T:
        """``function(conn, *args)`` in a worker thread.

        Raises :class:`RhvError`: libvirt's errors mapped, ``libvirt.unreachable`` without a connection,
        ``call.overdue`` after ``limit_s``.
        """
        return await within(self.submit(function, *args), limit_s)

    def submit(self, function: Callable[..., T], *args: Any) -> asyncio.Future[T]:
        """The same without a limit, to be waited for with :func:`~cockpit_rhv.workers.within`."""
        if self._opened is None:
            raise self._state.error or RhvError(
                "libvirt.unreachable", msg("libvirt.connecting", "There is no connection to libvirt yet.")
            )
        return self._workers.submit(_mapped, function, self._opened.conn, *args)

    async def _keep(self) -> None:
        delay = RETRY_FIRST_S
        while True:
            try:
                await self._open()
            except RhvError as error:
                state = "absent" if error.code == "libvirt.absent" else "disconnected"
                self._become(LibvirtState(state, "none", self._uri, error=error))
            except Exception as error:
                # A defect of ours: without this nobody would connect any more, and nobody would be told.
                logger.exception("connecting to libvirt %s", self._uri)
                await self._drop()
                self._become(LibvirtState("disconnected", "none", self._uri, error=_defect(error)))
            else:
                delay = RETRY_FIRST_S
                await self._lost.wait()
                self._become(LibvirtState("disconnected", "none", self._uri, error=_lost_error()))
                await self._drop()
            await asyncio.sleep(delay)
            delay = min(delay * 2, RETRY_LAST_S)

    async def _open(self) -> None:
        self._lost.clear()
        opening = self._workers.submit(self._open_in_thread, asyncio.get_running_loop())
        try:
            opened, self._callbacks = await within(opening, OPEN_LIMIT_S)
        except (RhvError, asyncio.CancelledError):
            # it may still succeed: then nobody wants it any more
            late = asyncio.create_task(self._discard(opening))
            self._late.add(late)
            late.add_done_callback(self._late.discard)
            raise
        self._opened = opened
        self._become(LibvirtState("connected", opened.access, self._uri, opened.version))

    async def _discard(self, opening: asyncio.Future[tuple[Opened, list[Undo]]]) -> None:
        try:
            opened, callbacks = await opening
        except RhvError as error:
            logger.debug("nothing to close: %s", error)
        else:
            await self._workers.submit(close_libvirt, opened.conn, callbacks)

    def _open_in_thread(self, loop: asyncio.AbstractEventLoop) -> tuple[Opened, list[Undo]]:
        try:
            from .eventloop import run_events

            run_events()
        except ImportError as error:
            logger.debug("no libvirt bindings: %s", error)  # open_libvirt says so to the user
        opened = open_libvirt(self._uri, self._writable)
        return opened, _mapped(self._register, opened.conn, loop)

    def _register(self, conn: libvirt.virConnect, loop: asyncio.AbstractEventLoop) -> list[Undo]:
        import libvirt

        def on_close(*_args: object) -> None:
            _hand_over(loop, self._lost.set)

        def on_event(_conn: object, domain: libvirt.virDomain, *_args: object) -> None:
            _hand_over(loop, self._tell_domain, domain.UUIDString())

        def on_reboot(_conn: object, domain: libvirt.virDomain, *_args: object) -> None:
            _hand_over(loop, self._tell_lifecycle, _lifecycle(domain, REBOOTED, 0))
            on_event(_conn, domain)

        def on_lifecycle(_conn: object, domain: libvirt.virDomain, event: int, detail: int, _opaque: object) -> None:
            _hand_over(loop, self._tell_lifecycle, _lifecycle(domain, event, detail))
            if event == libvirt.VIR_DOMAIN_EVENT_STOPPED:
                _hand_over(loop, self._tell_stop, domain.UUIDString(), stop_reason(detail))
            on_event(_conn, domain)

        try:
            conn.registerCloseCallback(on_close, None)
            conn.setKeepAlive(KEEPALIVE_S, KEEPALIVE_COUNT)
        except libvirt.libvirtError as error:
            # a driver without a daemon has no connection to lose
            logger.debug("%s: %s", self._uri, error)
        if self._pools:
            return self._register_pools(conn, loop)
        callbacks: list[Undo] = []
        for event in _watched_events():
            try:
                callback = {
                    libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE: on_lifecycle,
                    libvirt.VIR_DOMAIN_EVENT_ID_REBOOT: on_reboot,
                }.get(event, on_event)
                callbacks.append(_deregister(conn.domainEventRegisterAny(None, event, callback, None)))
            except libvirt.libvirtError as error:
                logger.info("no domain events %d from %s: %s", event, self._uri, error)
        return callbacks

    def _register_pools(self, conn: libvirt.virConnect, loop: asyncio.AbstractEventLoop) -> list[Undo]:
        import libvirt

        def on_event(_conn: object, pool: libvirt.virStoragePool, *_args: object) -> None:
            _hand_over(loop, self._tell_pool, pool.UUIDString())

        callbacks: list[Undo] = []
        for event in (libvirt.VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE, libvirt.VIR_STORAGE_POOL_EVENT_ID_REFRESH):
            try:
                callback = conn.storagePoolEventRegisterAny(None, event, on_event, None)
            except libvirt.libvirtError as error:
                logger.info("no events %d of pools from %s: %s", event, self._uri, error)
            else:
                callbacks.append(_deregister_pools(callback))
        return callbacks

    def _tell_pool(self, uuid: str) -> None:
        for watcher in self._pool_watchers:
            watcher(uuid)

    def _tell_domain(self, uuid: str) -> None:
        for watcher in self._domain_watchers:
            watcher(uuid)

    def _tell_stop(self, uuid: str, reason: str | None) -> None:
        for watcher in self._stop_watchers:
            watcher(uuid, reason)

    def _tell_lifecycle(self, event: Lifecycle) -> None:
        for watcher in self._lifecycle_watchers:
            watcher(event)

    def _become(self, state: LibvirtState) -> None:
        before, self._state = self._state, state
        self._settled.set()
        # an attempt that fails as the last one did is not worth another line in the journal
        if state.error is not None and (before.error is None or before.error.code != state.error.code):
            logger.warning("libvirt %s: %s", self._uri, state.error.detail or state.error)
        for watcher in self._state_watchers:
            try:
                watcher(state)
            except Exception:
                # One watcher's trouble must not end the attempts of all.
                logger.exception("telling of libvirt %s", self._uri)

    async def _drop(self) -> None:
        opened, self._opened = self._opened, None
        if opened is None:
            return
        try:
            await self._workers.run(close_libvirt, opened.conn, self._callbacks, limit_s=CLOSE_LIMIT_S)
        except RhvError as error:
            logger.warning("libvirt %s did not close: %s", self._uri, error)


def _lifecycle(domain: libvirt.virDomain, event: int, detail: int) -> Lifecycle:
    # Name and uuid are part of the event: libvirt is not asked.
    return Lifecycle(domain.UUIDString(), domain.name(), event, detail, time.time())


def _watched_events() -> list[int]:
    import libvirt

    # what changes something that a Machine shows; the rest would only cause reads
    return [
        libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE,
        libvirt.VIR_DOMAIN_EVENT_ID_REBOOT,
        libvirt.VIR_DOMAIN_EVENT_ID_CONTROL_ERROR,
        libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_ADDED,
        libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
        libvirt.VIR_DOMAIN_EVENT_ID_METADATA_CHANGE,
    ]


def _mapped(function: Callable[..., T], *args: Any) -> T:
    import libvirt

    try:
        return function(*args)
    except libvirt.libvirtError as error:
        raise from_libvirt(error) from error


def _deregister(callback: int) -> Undo:
    return lambda conn: conn.domainEventDeregisterAny(callback)


def _deregister_pools(callback: int) -> Undo:
    return lambda conn: conn.storagePoolEventDeregisterAny(callback)


def _hand_over(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *args: object) -> None:
    try:
        loop.call_soon_threadsafe(function, *args)
    except RuntimeError:
        logger.debug("an event came after the event loop had ended")


def _lost_error() -> RhvError:
    return RhvError(
        "libvirt.unreachable",
        msg("libvirt.lost", "The connection to libvirt was lost."),
        msg("libvirt.lost.hint", "It is tried again until it succeeds."),
    )


def _defect(error: Exception) -> RhvError:
    return RhvError(
        "internal",
        msg("internal", "Something went wrong in cockpit-rhv itself."),
        msg("libvirt.lost.hint", "It is tried again until it succeeds."),
        f"{type(error).__name__}: {error}",
    )
