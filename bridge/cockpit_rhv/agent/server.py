# SPDX-License-Identifier: Apache-2.0
"""The listening end of port 54321: TLS, the clients, the publishing of events, new certificates without a restart."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RhvError
from ..messages import msg
from .requests import Asker
from .session import FIRST_FRAME_S, Session

if TYPE_CHECKING:
    from .pki import PkiFiles
    from .requests import AgentDispatcher

logger = logging.getLogger(__name__)

HANDSHAKE_S = 10.0
_BACKLOG = 100
_PKI_INTERVAL_S = 5.0
# A Manager whose machine lost its power asks for no heart-beat of ours and closes nothing.
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 60), (socket.TCP_KEEPINTVL, 15), (socket.TCP_KEEPCNT, 4))


class Client(NamedTuple):
    """A connected client, for the state file. ``connected_s``: epoch seconds."""

    name: str
    address: str
    connected_s: float


class AgentServer:
    """Serves ``dispatcher`` to every client that has a certificate of our CA."""

    def __init__(
        self,
        pki: PkiFiles,
        dispatcher: AgentDispatcher,
        *,
        handshake_s: float = HANDSHAKE_S,
        first_frame_s: float = FIRST_FRAME_S,
    ) -> None:
        self._pki = pki
        self._dispatcher = dispatcher
        self._handshake_s = handshake_s
        self._first_frame_s = first_frame_s
        self._socket: socket.socket | None = None
        self._server: asyncio.AbstractServer | None = None
        self._signature = pki.signature()
        self._ca = b""
        self._sessions: dict[Session, Client] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.last_request_s: float | None = None

    async def start(self, bind: str | None, port: int) -> None:
        """Listen. ``bind``: an address, None for all of IPv4 and IPv6 (IPv4 alone where the kernel has no IPv6).

        Raises RhvError ``tls.files_missing``, ``tls.files_unusable``, ``agent.port_taken``.
        """
        context = self._pki.load()
        self._ca = self._pki.ca.read_bytes()
        try:
            self._socket = _listen(bind, port)
        except OSError as error:
            raise RhvError(
                "agent.port_taken",
                msg("agent.port_taken", "The agent cannot listen on port {port}.", port=port),
                msg("agent.port_taken.hint", "Look which process holds it; on an oVirt host it is vdsm."),
                str(error),
            ) from error
        await self._serve(context)

    @property
    def port(self) -> int:
        """The port in use; the one asked for unless that was 0."""
        assert self._socket is not None
        return int(self._socket.getsockname()[1])

    @property
    def clients(self) -> list[Client]:
        """Who is connected now."""
        return list(self._sessions.values())

    async def reload(self) -> bool:
        """Read the certificate files again, for connections from now on; True when that worked.

        When the CA itself is another one, the clients that the old one vouched for are cut off. Files that do not fit
        together (an enrolment is writing them) leave everything as it is.
        """
        self._signature = self._pki.signature()
        try:
            context = self._pki.load()
            ca = self._pki.ca.read_bytes()
        except (RhvError, OSError) as error:
            logger.warning("new certificates not taken: %s %s", error, getattr(error, "detail", ""))
            return False
        await self._serve(context)
        if ca != self._ca:
            self._ca = ca
            self._cut_off("the CA has changed")
        logger.info("certificates loaded again")
        return True

    async def watch_certificates(self, interval_s: float = _PKI_INTERVAL_S) -> None:
        """Reload whenever the files change; runs until cancelled."""
        while True:
            await asyncio.sleep(interval_s)
            if self._pki.signature() != self._signature:
                await self.reload()

    def publish(self, method: str, params: Any) -> None:
        """Send an event to all clients that subscribed to events."""
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params}, separators=(",", ":"))
        for session in list(self._sessions):
            session.publish(body.encode("ascii"))

    async def stop(self) -> None:
        """Stop listening and cut all clients off."""
        if self._server is not None:
            self._server.close()
        if self._socket is not None:
            self._socket.close()
        self._cut_off("the agent stops")
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _cut_off(self, reason: str) -> None:
        for session in list(self._sessions):
            session.end(reason)

    async def _serve(self, context: Any) -> None:
        """Accept with this context; the socket stays the same, so that a client waiting in it is not refused."""
        assert self._socket is not None
        old = self._server
        self._server = await asyncio.start_server(
            self._accept,
            sock=self._socket.dup(),
            ssl=context,
            ssl_handshake_timeout=self._handshake_s,
            backlog=_BACKLOG,
        )
        if old is not None:
            old.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Called after a successful handshake only."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        peer = writer.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # asyncio leaves Nagle on for sockets that were made without a protocol number, as ours is: 40 ms an answer.
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for option, value in _KEEPALIVE:
            peer.setsockopt(socket.IPPROTO_TCP, option, value)
        asker = Asker(
            _common_name(writer.get_extra_info("peercert")),
            _plain_address(writer.get_extra_info("peername")[0]),
            _plain_address(writer.get_extra_info("sockname")[0]),
        )
        session = Session(reader, writer, asker, self._dispatcher, self._note_request, self._first_frame_s)
        self._sessions[session] = Client(asker.name, asker.address, time.time())
        logger.info("%s connected from %s", asker.name, asker.address)
        try:
            await session.run()
        finally:
            del self._sessions[session]

    def _note_request(self) -> None:
        self.last_request_s = time.time()


def _listen(bind: str | None, port: int) -> socket.socket:
    if bind is not None:
        family = socket.AF_INET6 if ":" in bind else socket.AF_INET
        return socket.create_server((bind, port), family=family, backlog=_BACKLOG)
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, backlog=_BACKLOG, dualstack_ipv6=True)
    return socket.create_server(("", port), backlog=_BACKLOG)


def _common_name(certificate: dict[str, Any]) -> str:
    for part in certificate.get("subject", ()):
        for kind, value in part:
            if kind == "commonName":
                return str(value)
    return "unnamed"


def _plain_address(address: str) -> str:
    """Without the IPv6 form that a dual-stack socket gives IPv4 addresses."""
    return address[len("::ffff:") :] if address.startswith("::ffff:") and "." in address else address
