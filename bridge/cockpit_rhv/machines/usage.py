# SPDX-License-Identifier: Apache-2.0
"""Which guests have which disks, by what their definitions say: nothing here touches a storage."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .actions import mapped
from .xml import parse, tree

if TYPE_CHECKING:
    import libvirt


class User(NamedTuple):
    """A guest that uses a disk. ``owner``: local, managed or engine. ``active``: it runs or is paused."""

    uuid: str
    name: str
    owner: str
    active: bool


class Usage(NamedTuple):
    """Guests by what they name: a path as it stands there, or a pool's name and a volume's."""

    paths: dict[str, list[User]]
    volumes: dict[tuple[str, str], list[User]]

    def of(self, pool: str, name: str, path: str) -> list[User]:
        """The guests that use a volume, in order, each once."""
        return list(dict.fromkeys([*self.paths.get(path, []), *self.volumes.get((pool, name), [])]))


def read_usage(conn: libvirt.virConnect) -> Usage:
    """Of all guests, as they are now and as they start next, with the images that libvirt knows below a disk.

    Blocks; raises :class:`RhvError`, and ValueError for a definition that is none.
    """
    import libvirt

    usage = Usage({}, {})
    with mapped():
        for domain in conn.listAllDomains():
            active = bool(domain.isActive())
            for flags in (0, libvirt.VIR_DOMAIN_XML_INACTIVE) if active else (0,):
                text = domain.XMLDesc(flags)
                user = User(domain.UUIDString(), domain.name(), parse(text).owner, active)
                for source in tree(text).iterfind("devices/disk//source"):
                    path, volume = source.get("file") or source.get("dev"), source.get("volume")
                    users = usage.paths.setdefault(path, []) if path else None
                    if users is None and volume:
                        users = usage.volumes.setdefault((source.get("pool", ""), volume), [])
                    if users is not None and user not in users:
                        users.append(user)
    return usage
