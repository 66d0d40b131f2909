# SPDX-License-Identifier: Apache-2.0
"""Topic ``machine/<uuid>``: everything of one guest, read anew whenever something about it may have changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from ..machines.details import Details, read_details
from ..machines.devices import NOTHING, Size
from ..machines.faults import unreadable
from ..machines.model import Load
from ..rpc.following import FollowingTopic, heard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..machines.store import Change
    from .library import Library

#: Seconds between two looks where nothing was reported: of vCPUs, media and snapshots libvirt has no events.
INTERVAL_S = 30.0
READ_LIMIT_S = 10.0


class MachineTopic(FollowingTopic):
    """Definitions and snapshots as libvirt last told them, rates and sizes of a guest that runs from the sampler."""

    def __init__(self, library: Library, uuid: str, is_visible: Callable[[], bool]) -> None:
        super().__init__(f"machine/{uuid}")
        self._library = library
        self._uuid = uuid
        self._is_visible = is_visible
        self._details: Details | None = None
        self._sizes: Mapping[str, Size | RhvError] = {}
        self._error: RhvError | None = None
        self._stale = asyncio.Event()
        self._forget: list[Callable[[], None]] = []

    def read(self) -> Mapping[str, Any]:
        if self._error is not None:
            raise self._error
        assert self._details is not None  # start has read them
        now = self._details.now
        sampler = self._library.sampler
        devices = sampler.devices(self._uuid) if self._details.live is not None else NOTHING
        measured = devices.to_json()
        errors = {}
        for target, size in self._sizes.items():
            if isinstance(size, RhvError):
                errors[target] = size.to_json()
            else:
                measured["sizes"][target] = {"capacity": size.capacity, "allocation": size.allocation}
        addresses = {nic.mac: list(sampler.addresses(self._uuid, (nic.mac,))) for nic in now.nics if nic.mac}
        return {**self._details.to_json(), **measured, "size_errors": errors, "addresses": addresses}

    async def prepare(self) -> None:
        await self._library.connected()
        await self._load()
        if self._error is not None:
            raise self._error
        self._forget = [
            self._library.machines.on_change(self._on_change),
            self._library.sampler.on_sample(self._on_sample),
            self._library.on_details(self._on_details),
        ]

    async def leave(self) -> None:
        for forget in self._forget:
            forget()
        self._forget = []

    def _on_change(self, change: Change) -> None:
        if change.uuid != self._uuid:
            return
        before, after = (one and replace(one, load=Load()) for one in (change.before, change.after))
        if before != after:
            self._stale.set()

    def _on_sample(self) -> None:
        if self._error is None:  # else there is nothing to be added to it
            self.touch()

    def _on_details(self, uuid: str) -> None:
        if uuid == self._uuid:
            self._stale.set()

    async def follow(self) -> None:
        while True:
            if not await heard(self._stale, INTERVAL_S) and not self._is_visible():
                continue
            self._stale.clear()
            await self._load()
            self.touch()

    async def _load(self) -> None:
        try:
            details = await self._library.libvirt(read_details, self._uuid, limit_s=READ_LIMIT_S)
        except RhvError as error:
            self._error = error
            return
        except ValueError as error:
            self._error = unreadable(error)
            return
        sizes: Mapping[str, Size | RhvError] = {}
        if details.live is None:
            targets = [disk.target for disk in details.now.disks if disk.source is not None]
            sizes = await self._library.disk_sizes.read(self._uuid, targets)
        self._details, self._sizes, self._error = details, sizes, None
