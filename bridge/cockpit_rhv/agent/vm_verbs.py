# SPDX-License-Identifier: Apache-2.0
"""Verbs about guests, read side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import params as read
from .verb_errors import no_such_vm

if TYPE_CHECKING:
    from collections.abc import Mapping

    import libvirt

    from ..machines.connection import Connection
    from .guests import Guest, Guests
    from .requests import AgentDispatcher, Asker


class VmVerbs:
    """Reads ``guests``; only dumpxmls asks libvirt itself."""

    def __init__(self, connection: Connection, guests: Guests) -> None:
        self._connection = connection
        self._guests = guests

    def register(self, dispatcher: AgentDispatcher) -> None:
        """Serve the verbs; the positional names are in vdsm's schema order."""
        dispatcher.register("Host.getVMList", self.get_vm_list, ["fullStatus", "vmList", "onlyUUID"])
        dispatcher.register("Host.getAllVmStats", self.get_all_vm_stats)
        dispatcher.register("Host.dumpxmls", self.dump_xmls, ["vmList"])
        dispatcher.register("VM.getStats", self.get_stats, ["vmID"])

    async def get_vm_list(self, params: Mapping[str, Any], asker: Asker) -> list[Any]:
        """``vmList``: only these, all when empty. With ``onlyUUID`` true UUIDs alone, else id, status, statusTime.

        vdsm has two shapes here: up to 4.30 it listed UUIDs unless told not to, since 4.40 always objects. A client
        that names ``onlyUUID`` gets what it asks for, any other the newer shape.
        """
        wanted = read.texts(params, "vmList")
        await self._guests.settle()
        guests = self._guests.running
        found = [guests[uuid] for uuid in (wanted or guests) if uuid in guests]
        if read.flag(params, "onlyUUID", False):
            return [guest.machine.uuid for guest in found]
        return [_short(guest) for guest in found]

    async def get_all_vm_stats(self, params: Mapping[str, Any], asker: Asker) -> list[dict[str, Any]]:
        """Statistics of all running guests."""
        await self._guests.settle()
        return [self._guests.stats(guest) for guest in self._guests.running.values()]

    async def get_stats(self, params: Mapping[str, Any], asker: Asker) -> list[dict[str, Any]]:
        """The same of the guest ``vmID``, in a list of one. Raises VerbError 1."""
        uuid = read.text(params, "vmID")
        await self._guests.settle()
        return [self._guests.stats(self._guests.get(uuid))]

    async def dump_xmls(self, params: Mapping[str, Any], asker: Asker) -> dict[str, str]:
        """UUID to live domain XML of each guest in ``vmList``. Raises VerbError 1 for one that does not run."""
        wanted = read.texts(params, "vmList")
        await self._guests.settle()
        for uuid in wanted:
            self._guests.get(uuid)
        return await self._connection.call(_dump, wanted)


def _short(guest: Guest) -> dict[str, str]:
    return {"vmId": guest.machine.uuid, "status": guest.status, "statusTime": str(guest.since)}


def _dump(conn: libvirt.virConnect, uuids: list[str]) -> dict[str, str]:
    import libvirt

    found = {}
    for uuid in uuids:
        try:
            found[uuid] = conn.lookupByUUIDString(uuid).XMLDesc()
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                raise no_such_vm(uuid) from error
            raise
    return found
