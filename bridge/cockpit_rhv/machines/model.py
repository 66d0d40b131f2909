# SPDX-License-Identifier: Apache-2.0
"""What is known of one guest and of the connection it is known through."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..errors import RhvError


@dataclass(frozen=True)
class Graphics:
    """A display. ``type``: vnc or spice. ``address``: where it listens; ports are None while the guest is off."""

    type: str
    address: str | None
    port: int | None
    tls_port: int | None

    def to_json(self) -> dict[str, Any]:
        """Item of ``Machine.graphics`` in ``schemas/common.json``."""
        return {"type": self.type, "address": self.address, "port": self.port, "tls_port": self.tls_port}


@dataclass(frozen=True)
class Load:
    """A sample. ``cpu_percent``: 0 to 100 of all vCPUs together; rates in bytes a second; None where unknown."""

    cpu_percent: int | None = None
    memory_used_mib: int | None = None
    disk_read_bytes_s: int | None = None
    disk_write_bytes_s: int | None = None
    net_rx_bytes_s: int | None = None
    net_tx_bytes_s: int | None = None
    addresses: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Machine:
    """One guest; the fields are those of definition ``Machine`` of ``schemas/common.json``.

    ``state`` is ``unknown`` with an ``error`` when the last read failed; the other fields are then the last known.
    ``started_s``: when it was started, by :func:`~.uptime.host_clock_s`.
    """

    uuid: str
    name: str
    state: str
    reason: str | None = None
    error: RhvError | None = None
    owner: str = "local"
    persistent: bool = True
    autostart: bool = False
    vcpus: int = 0
    memory_mib: int = 0
    emulated: bool = False
    graphics: tuple[Graphics, ...] = ()
    macs: tuple[str, ...] = ()
    started_s: float | None = None
    load: Load = Load()

    def to_json(self) -> dict[str, Any]:
        """Definition ``Machine`` of ``schemas/common.json``."""
        return {
            "uuid": self.uuid,
            "name": self.name,
            "state": self.state,
            "reason": self.reason,
            "error": self.error.to_json() if self.error else None,
            "owner": self.owner,
            "persistent": self.persistent,
            "autostart": self.autostart,
            "vcpus": self.vcpus,
            "memory_mib": self.memory_mib,
            "memory_used_mib": self.load.memory_used_mib,
            "cpu_percent": self.load.cpu_percent,
            "disk_read_bytes_s": self.load.disk_read_bytes_s,
            "disk_write_bytes_s": self.load.disk_write_bytes_s,
            "net_rx_bytes_s": self.load.net_rx_bytes_s,
            "net_tx_bytes_s": self.load.net_tx_bytes_s,
            "addresses": None if self.load.addresses is None else list(self.load.addresses),
            "started_s": self.started_s,
            "emulated": self.emulated,
            "graphics": [display.to_json() for display in self.graphics],
            "macs": list(self.macs),
        }

    def unknown(self, error: RhvError) -> Machine:
        """The same guest after a read that failed."""
        return replace(self, state="unknown", reason=None, error=error, started_s=None, load=Load())


@dataclass(frozen=True)
class LibvirtState:
    """The connection.

    ``state``: connecting, connected, disconnected, absent. ``access``: read-write, read-only, none.
    """

    state: str
    access: str
    uri: str
    version: str | None = None
    error: RhvError | None = None

    def to_json(self) -> dict[str, Any]:
        """Definition ``LibvirtState`` of ``schemas/common.json``."""
        return {
            "state": self.state,
            "access": self.access,
            "version": self.version,
            "uri": self.uri,
            "error": self.error.to_json() if self.error else None,
        }
