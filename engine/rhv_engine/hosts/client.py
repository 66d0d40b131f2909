# SPDX-License-Identifier: Apache-2.0
"""Connecting to a host's agent (or a real vdsm) as this Manager."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from cockpit_rhv.rpc.stomp_client import EventCallback, StompRpcClient
from cockpit_rhv.rpc.tls import client_context

if TYPE_CHECKING:
    import asyncio
    import ssl

    from cockpit_rhv.errors import RhvError

    from ..db.models import Host
    from ..pki.store import Pki


class Connection(Protocol):
    """What a supervisor needs of :class:`StompRpcClient`."""

    closed: asyncio.Future[RhvError | None]

    async def call(self, method: str, params: Any = None, timeout_s: float = 60.0) -> Any:
        """See :meth:`StompRpcClient.call`."""

    async def close(self) -> None:
        """See :meth:`StompRpcClient.close`."""


class Connector:
    """Opens connections that show the Manager's client certificate."""

    def __init__(self, pki: Pki) -> None:
        self._pki = pki
        self._context: ssl.SSLContext | None = None

    def renew(self) -> None:
        """Use the certificate files as they are now for connections made from now on."""
        self._context = None

    async def connect(self, host: Host, on_event: EventCallback, timeout_s: float) -> Connection:
        """Connect and subscribe to events. The host's certificate must be of our CA *and* name the host's address or
        its name. Raises RhvError (see :meth:`StompRpcClient.connect`)."""
        if self._context is None:
            self._context = client_context(self._pki.ca_file, self._pki.client_file, self._pki.client_file)
        return await StompRpcClient.connect(
            host.address, host.port, self._context, server_names=(host.address, host.name), on_event=on_event,
            timeout_s=timeout_s,
        )  # fmt: skip
