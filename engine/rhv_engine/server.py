# SPDX-License-Identifier: Apache-2.0
"""Runs the application under uvicorn with TLS, and keeps certificate and announcement in step with the addresses."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

import uvicorn

from .addresses import AddressWatch, own_addresses
from .app import build_app
from .ending import end
from .first_contact import announce
from .manager import Manager
from .notify import notify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .settings import Settings

logger = logging.getLogger(__name__)

_RENEW_CHECK_S = 24 * 3600
#: Seconds until the first contact is tried again, and how often.
_TRY_AGAIN_S = 2.0
_TRIES = 60
_GRACE_S = 3
"""Seconds that requests under way, live streams above all, get at the end."""


@dataclass(frozen=True)
class Paths:
    """Where things are: ``state`` for what is kept, ``portal`` for the static files, and the two ways to say who we
    are: ``first_contact`` (virtio port) and ``console``."""

    state: Path
    portal: Path
    first_contact: Path
    console: Path


async def serve(settings: Settings, paths: Paths, bind: str, port: int) -> None:
    """Run until SIGTERM or SIGINT. Raises OSError when the port cannot be had, and what :class:`Manager` raises."""
    listener = _listen(bind, port)
    manager = Manager(settings, paths.state)
    manager.use_addresses(own_addresses())
    await manager.start()
    try:
        await _serve(manager, paths, listener)
    finally:
        await manager.stop()


async def _serve(manager: Manager, paths: Paths, listener: socket.socket) -> None:
    config = uvicorn.Config(
        build_app(manager, paths.portal),
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_keep_alive=30,
    )
    config.load()
    config.ssl = _context(manager)
    server = _Server(config, manager.changes.close)
    upkeep = asyncio.create_task(_keep_up(manager, paths, server, config.ssl))
    try:
        await server.serve(sockets=[listener])
    finally:
        notify("STOPPING=1")
        await end(upkeep)


class _Server(uvicorn.Server):
    """Says when it listens, and ends without uvicorn's raising the signal again, which would end us before the
    database is closed."""

    def __init__(self, config: uvicorn.Config, on_exit: Callable[[], None]) -> None:
        """``on_exit`` is called when we are to end, before requests under way are waited for."""
        super().__init__(config)
        self.listening = asyncio.Event()
        self._on_exit = on_exit

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Overrides uvicorn's. A second signal does not wait for requests under way."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Overrides uvicorn's."""
        self._on_exit()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Overrides uvicorn's."""
        await super().startup(sockets)
        self.listening.set()


def _listen(bind: str, port: int) -> socket.socket:
    """A listening socket; ``::`` takes IPv4 too, and is replaced by ``0.0.0.0`` where the kernel has no IPv6."""
    if bind == "::" and not socket.has_dualstack_ipv6():
        bind = "0.0.0.0"  # noqa: S104 what listening everywhere means
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    listener = socket.create_server((bind, port), family=family, backlog=512, dualstack_ipv6=bind == "::")
    # asyncio turns Nagle's algorithm off only for sockets that name their protocol, which create_server's do not; with
    # it an answer's body waits 40 ms for the client to acknowledge its head. Accepted sockets inherit the option.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _context(manager: Manager) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(manager.pki.server_file)
    return context


async def _keep_up(manager: Manager, paths: Paths, server: _Server, context: ssl.SSLContext) -> None:
    """Announce once listening and at every change of address; renew certificates in time."""
    await server.listening.wait()
    notify("READY=1")
    logger.info("listening")
    watch = AddressWatch()
    try:
        # Between the first look and the watch an address may have come.
        _refresh(manager, context)
        said = _announce(manager, paths.first_contact, paths.console)
        tries = 0
        while True:
            # udev names the port, perhaps after a quick Manager has begun; a machine of another kind has no port.
            again = not said and tries < _TRIES
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(watch.changed(), _TRY_AGAIN_S if again else _RENEW_CHECK_S)
            tries += again
            before = manager.addresses
            _refresh(manager, context)
            if manager.addresses != before:
                logger.info("addresses are now %s", ", ".join(manager.addresses) or "none")
                said = _announce(manager, paths.first_contact, paths.console)
            elif again:
                said = _announce(manager, paths.first_contact, None)
    finally:
        watch.close()


def _refresh(manager: Manager, context: ssl.SSLContext) -> None:
    if manager.use_addresses(own_addresses()):
        context.load_cert_chain(manager.pki.server_file)  # connections made from now on show it
    manager.pki.renew_client()
    manager.connector.renew()


def _announce(manager: Manager, port: Path, console: Path | None) -> bool:
    return announce(manager.pki.authority.fingerprint(), manager.settings.fqdn, manager.addresses, port, console)
