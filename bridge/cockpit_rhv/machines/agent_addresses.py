# SPDX-License-Identifier: Apache-2.0
"""Addresses of guests as the agents inside them tell them, asked for a few at a time so that none holds up others."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import time
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..workers import within
from .actions import domain_of
from .definition import parse_definition

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import libvirt

    from .connection import Connection

logger = logging.getLogger(__name__)

#: Seconds until a guest is asked again: after an answer, where no agent is connected, and where one did not answer.
ANSWERED_S, ABSENT_S, SILENT_S = 60.0, 30.0, 300.0
#: Seconds for one guest; libvirt itself gives up an agent that says nothing at all after five.
LIMIT_S = 3.0
MOST_AT_ONCE = 2
#: Calls that may hang beyond the limit; libvirtd serves a connection five, and this one has nothing else to do.
MOST_OVERDUE = 3
#: What one guest can have us show.
MOST_ADDRESSES = 16

#: MAC address in lower case to addresses.
Known = dict[str, tuple[str, ...]]


class AgentAddresses:
    """What the agents last said, uuid to MAC address in lower case to its addresses.

    ``connection``: one for this alone, started for the first guest that runs; an agent speaks to whoever may write. An
    answer is forgotten when the next one does not come.
    """

    def __init__(self, connection: Connection, limit_s: float = LIMIT_S) -> None:
        self.known: dict[str, Known] = {}
        self._connection = connection
        self._limit_s = limit_s
        self._due_s: dict[str, float] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._overdue: dict[str, asyncio.Future[Known | None]] = {}
        connection.on_state(lambda _state: self._next())

    def refresh(self, running: Collection[str]) -> None:
        """Ask those of the running guests whose turn it is; what others said is forgotten."""
        for uuid in set(self._due_s) - set(running):
            del self._due_s[uuid]
            self.known.pop(uuid, None)
        for uuid in running:
            self._due_s.setdefault(uuid, 0.0)
        if running:
            self._connection.start()
        self._next()

    async def close(self) -> None:
        """Ask nobody any more; calls that hang end with the connection."""
        self._due_s.clear()
        for task in self._asking.values():
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)

    def _next(self) -> None:
        self._overdue = {uuid: call for uuid, call in self._overdue.items() if not call.done()}
        state = self._connection.state
        if state.state != "connected" or state.access != "read-write" or len(self._overdue) >= MOST_OVERDUE:
            return
        now_s = time.monotonic()
        waiting = sorted((due_s, uuid) for uuid, due_s in self._due_s.items() if due_s <= now_s)
        for _, uuid in waiting:
            if len(self._asking) >= MOST_AT_ONCE:
                return
            if uuid not in self._asking and uuid not in self._overdue:
                self._asking[uuid] = asyncio.get_running_loop().create_task(self._ask(uuid))

    async def _ask(self, uuid: str) -> None:
        call: asyncio.Future[Known | None] | None = None
        answer: Known | None = None
        try:
            call = self._connection.submit(ask_addresses, uuid)
            answer = await within(call, self._limit_s)
            again_s = ABSENT_S if answer is None else ANSWERED_S
        except RhvError as error:
            logger.debug("agent of %s: %s", uuid, error.detail or error)
            again_s = ABSENT_S if error.code == "libvirt.unreachable" else SILENT_S
        except ValueError as error:  # a definition that we cannot read: it must not be its turn at every look
            logger.debug("definition of %s: %s", uuid, error)
            again_s = SILENT_S
        finally:
            del self._asking[uuid]
            if call is not None and not call.done():
                self._overdue[uuid] = call
        if uuid not in self._due_s:
            return  # it has ended meanwhile
        self._due_s[uuid] = time.monotonic() + again_s
        if answer is None:
            self.known.pop(uuid, None)
        else:
            self.known[uuid] = answer
        self._next()


def ask_addresses(conn: libvirt.virConnect, uuid: str) -> Known | None:
    """What the guest's agent says; None when none is connected. Blocks.

    Raises :class:`RhvError`, and ValueError when the guest's definition cannot be read.
    """
    import libvirt

    with domain_of(conn, uuid) as domain:
        # Asked first: libvirtd writes each refusal into the journal.
        if parse_definition(domain.XMLDesc()).agent != "connected":
            return None
        return parse_interfaces(domain.interfaceAddresses(libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT, 0))


def parse_interfaces(interfaces: Mapping[str, Any]) -> Known:
    """virDomainInterfaceAddresses: the addresses by which others reach the guest, of each MAC address that it names.

    Left out is what means something inside of the guest only: loopback, link-local and unspecified addresses.
    """
    found: dict[str, dict[str, None]] = {}
    count = 0
    for interface in interfaces.values():
        mac = interface.get("hwaddr")
        for entry in interface.get("addrs") or ():
            address = _address(entry.get("addr"))
            if not isinstance(mac, str) or address is None or count >= MOST_ADDRESSES:
                continue
            found.setdefault(mac.lower(), {})[address] = None
            count += 1
    return {mac: tuple(addresses) for mac, addresses in found.items()}


def _address(text: object) -> str | None:
    try:
        address = ipaddress.ip_address(str(text).partition("%")[0])
    except ValueError:
        return None
    if address.is_loopback or address.is_link_local or address.is_unspecified or address.is_multicast:
        return None
    return str(address)
