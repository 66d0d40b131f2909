# SPDX-License-Identifier: Apache-2.0
"""Verbs of the namespace Host: what this host is and how it is doing."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..host.cpu import read_cpu
from ..host.kvm import read_kvm
from . import params as read
from .capabilities import capabilities, hardware_info
from .caps_libvirt import LibvirtCaps, read_libvirt_caps
from .host_stats import host_stats

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..machines.connection import Connection
    from ..machines.model import LibvirtState
    from ..workers import Workers
    from .guests import Guests
    from .host_monitor import HostMonitor
    from .requests import AgentDispatcher, Asker

logger = logging.getLogger(__name__)

_LIMIT_S = 30.0


class HostVerbs:
    """``config``: our configuration folder; ``root``: where /proc and /sys are found."""

    def __init__(
        self,
        workers: Workers,
        connection: Connection,
        guests: Guests,
        monitor: HostMonitor,
        config: Path,
        root: Path = Path("/"),
    ) -> None:
        self._workers = workers
        self._connection = connection
        self._guests = guests
        self._monitor = monitor
        self._config = config
        self._root = root
        self._libvirt_caps: LibvirtCaps | None = None
        connection.on_state(self._forget_caps)

    def register(self, dispatcher: AgentDispatcher) -> None:
        """Serve the verbs; the positional names are in vdsm's schema order."""
        dispatcher.register("Host.ping2", self.ping2)
        dispatcher.register("Host.echo", self.echo, ["message"])
        dispatcher.register("Host.getCapabilities", self.get_capabilities)
        dispatcher.register("Host.getHardwareInfo", self.get_hardware_info)
        dispatcher.register("Host.getStats", self.get_stats)

    async def ping2(self, params: Mapping[str, Any], asker: Asker) -> bool:
        """True: the agent answers, whatever else does not."""
        return True

    async def echo(self, params: Mapping[str, Any], asker: Asker) -> str:
        """``message`` as it came."""
        return read.text(params, "message")

    async def get_capabilities(self, params: Mapping[str, Any], asker: Asker) -> dict[str, Any]:
        """What the host is; without libvirt's part while libvirt does not answer."""
        await self._guests.settle()
        caps = await self._read_libvirt_caps()
        return await self._workers.run(
            capabilities, caps, asker.local_address, self._config, self._root, limit_s=_LIMIT_S
        )

    async def get_hardware_info(self, params: Mapping[str, Any], asker: Asker) -> dict[str, str]:
        """What the firmware tells."""
        return await self._workers.run(hardware_info, self._root, limit_s=_LIMIT_S)

    async def get_stats(self, params: Mapping[str, Any], asker: Asker) -> dict[str, Any]:
        """Load, memory, network; without the guest counts while libvirt does not answer."""
        load = await self._monitor.load()
        await self._guests.settle()
        stats = await self._workers.run(host_stats, load, self._root, limit_s=_LIMIT_S)
        return {**stats, **self._guests.counts()}

    async def _read_libvirt_caps(self) -> LibvirtCaps | None:
        """Kept for as long as the connection: libvirt needs up to a second to ask QEMU for its CPU models."""
        if self._libvirt_caps is None:
            kvm = read_kvm(read_cpu(self._root).virtualization_flag, self._root).usable
            try:
                self._libvirt_caps = await self._connection.call(read_libvirt_caps, kvm, limit_s=_LIMIT_S)
            except RhvError as error:
                logger.info("capabilities without libvirt's: %s", error.detail or error)
        return self._libvirt_caps

    def _forget_caps(self, state: LibvirtState) -> None:
        # Another libvirt or QEMU may have been installed meanwhile.
        self._libvirt_caps = None
