# SPDX-License-Identifier: Apache-2.0
"""One libvirt storage pool as it is now. Everything here blocks and raises :class:`RhvError`."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import msg
from .faults import from_libvirt, mapped

if TYPE_CHECKING:
    import libvirt

#: Kinds of pools whose target is a folder on a file system.
FOLDERS = frozenset({"dir", "fs", "netfs", "vstorage"})
_STATES = ("inactive", "building", "active", "degraded", "inaccessible")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True)
class Pool:
    """One pool; the fields are those of definition ``StoragePool`` of ``schemas/common.json``.

    ``state``: ``reading`` before the first answer, ``silent`` while it does not answer, ``unknown`` when it could not
    be read; the two have an ``error``, and the other fields are then the last known.
    ``answer_ms``: how long its file system took to say how full it is.
    """

    uuid: str
    name: str
    state: str = "reading"
    error: RhvError | None = None
    kind: str | None = None
    persistent: bool = True
    autostart: bool = False
    source: str | None = None
    target: str | None = None
    owner: str | None = None
    capacity_bytes: int | None = None
    allocation_bytes: int | None = None
    available_bytes: int | None = None
    answer_ms: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Definition ``StoragePool`` of ``schemas/common.json``."""
        return {**self.__dict__, "error": self.error.to_json() if self.error else None}

    @property
    def folder(self) -> str | None:
        """Where its file system can be asked; None for one that is off or no file system."""
        return self.target if self.kind in FOLDERS and self.state in ("active", "degraded") else None

    def silent(self, error: RhvError) -> Pool:
        """The same, which does not answer any more: what it holds is not known now."""
        return replace(self, state="silent", error=error, answer_ms=None)

    def unknown(self, error: RhvError) -> Pool:
        """The same after a read that failed."""
        return replace(self, state="unknown", error=error, answer_ms=None)


def list_pools(conn: libvirt.virConnect) -> dict[str, str]:
    """Names by uuid of all that libvirt has, also of those that are off; a libvirt without pools has none."""
    import libvirt

    try:
        return {pool.UUIDString(): pool.name() for pool in conn.listAllStoragePools()}
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT:
            return {}
        raise from_libvirt(error) from error


def find_pool(conn: libvirt.virConnect, uuid: str) -> libvirt.virStoragePool:
    """libvirt's pool; raises ``storage.no_pool``."""
    if not _UUID.fullmatch(uuid):
        raise RhvError("storage.no_pool", msg("storage.no_pool", "This storage does not exist any more."))
    with mapped():
        return conn.storagePoolLookupByUUIDString(uuid)


def read_pool(conn: libvirt.virConnect, uuid: str) -> Pool:
    """What libvirt knows of it; touches no storage, but waits while libvirt itself does so for somebody else."""
    pool = find_pool(conn, uuid)
    with mapped():
        state, capacity, allocation, available = pool.info()
        text, autostart, persistent = pool.XMLDesc(), bool(pool.autostart()), bool(pool.isPersistent())
    root = ET.fromstring(text)  # noqa: S314 - libvirt's own text
    off = state == 0
    return Pool(
        uuid=root.findtext("uuid", uuid),
        name=root.findtext("name", ""),
        state=_STATES[state] if state < len(_STATES) else "unknown",
        kind=root.get("type", ""),
        persistent=persistent,
        autostart=autostart,
        source=_source(root.find("source")),
        target=root.findtext("target/path"),
        owner=_owner(root.find("target/permissions")),
        capacity_bytes=None if off else capacity,
        allocation_bytes=None if off else allocation,
        available_bytes=None if off else available,
    )


def _source(source: ET.Element | None) -> str | None:
    """Where its bytes come from, as people write it: ``server:/export``, a target's name, a volume group, a device."""
    if source is None:
        return None
    hosts = [host.get("name", "") for host in source.findall("host")]
    what = [folder.get("path", "") for folder in source.findall("dir")]
    what += [device.get("path", "") for device in source.findall("device")]
    what += [name.text or "" for name in source.findall("name")]
    text = ", ".join(filter(None, what))
    return (f"{', '.join(hosts)}:{text}" if hosts else text) or None


def _owner(permissions: ET.Element | None) -> str | None:
    """``user:group mode``, by number: names are the host's business."""
    if permissions is None:
        return None
    owner, group = permissions.findtext("owner"), permissions.findtext("group")
    return None if owner is None else f"{owner}:{group or '?'} {permissions.findtext('mode', '')}".strip()
