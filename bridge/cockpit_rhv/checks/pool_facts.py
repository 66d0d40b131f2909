# SPDX-License-Identifier: Apache-2.0
"""Storage pools as libvirt knows them, as far as the checks ask."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..machines.faults import from_libvirt
from ..machines.limited import open_limited
from ..machines.opening import DEFAULT_URI

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class PoolFact:
    """``kind``: dir, netfs, logical, iscsi…. ``target``: its folder where it has one, else None."""

    name: str
    kind: str
    active: bool
    autostart: bool
    target: str | None


def read_pools(uri: str = DEFAULT_URI) -> Sequence[PoolFact]:
    """Connect, read and disconnect; touches no storage. Raises RhvError ``libvirt.*``."""
    connection = open_limited(uri, writable=False).conn
    import libvirt

    try:
        return [
            pool_fact(ET.fromstring(pool.XMLDesc()), bool(pool.isActive()), bool(pool.autostart()))  # noqa: S314
            for pool in connection.listAllStoragePools()
        ]
    except libvirt.libvirtError as error:
        # A libvirt without storage driver has no pools.
        if error.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT:
            return []
        raise from_libvirt(error) from error
    finally:
        connection.close()


def pool_fact(root: ET.Element, active: bool, autostart: bool) -> PoolFact:
    """What a pool's XML says about it."""
    kind = root.get("type", "")
    target = root.findtext("target/path")
    # The target of iscsi, scsi, mpath and logical is a folder of devices, not a file system.
    return PoolFact(root.findtext("name", ""), kind, active, autostart, target if kind in FOLDERS else None)


#: Kinds of pools whose target is a folder on a file system.
FOLDERS = frozenset({"dir", "fs", "netfs", "vstorage"})
