# SPDX-License-Identifier: Apache-2.0
"""What stands in the way of a new guest, before anything is made. Blocks, changes nothing."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from ..deploy.validate import FieldError
from ..errors import RhvError
from ..machines.actions import mapped
from ..machines.images import host_use
from ..machines.removal import used_by_others
from ..messages import msg
from .block import MIB, block_pool_at, require_room
from .folder import require_safe
from .host import networks, read_limits
from .images import inspect_image, measure_copy, require_space, require_whole
from .wanted import Wanted, check_wanted, disk_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    import libvirt

#: What a seed takes of a volume group: LVM gives out pieces of this size unless told otherwise.
_SEED = 4 * MIB


def problems(conn: libvirt.virConnect, wanted: Wanted) -> list[FieldError]:
    """Everything that stands in the way, at most one error a field; changes nothing."""
    found = check_wanted(wanted)
    fields = {error.path for error in found}

    def check(path: str, function: Callable[[], RhvError | None]) -> None:
        if path in fields:
            return
        try:
            error = function()
        except RhvError as raised:
            error = raised
        if error is not None:
            fields.add(path)
            found.append(FieldError(path, error))

    limits = read_limits(conn)
    check("name", lambda: name_taken(conn, wanted.name))
    check("vcpus", lambda: _above(wanted.vcpus, limits.vcpus, "vcpus"))
    check("memory_mib", lambda: _above(wanted.memory_mib, limits.memory_mib, "memory"))
    if wanted.firmware == "efi" and not limits.efi:
        check("firmware", lambda: RhvError("create.no_efi", msg("create.no_efi", "This host has no EFI firmware.")))
    check("network", lambda: _network_problem(conn, wanted))
    if wanted.source in ("iso", "image", "disk"):
        check("source.path", lambda: _source_problem(conn, wanted))
    if "source.path" not in fields:
        check("disk_gib", lambda: _size_problem(wanted))
    if "source.path" not in fields and (wanted.source != "disk" or wanted.cloud is not None):
        check("folder", lambda: _room_problem(conn, wanted))
    return found


def name_taken(conn: libvirt.virConnect, name: str) -> RhvError | None:
    """Whether another guest has that name."""
    with mapped():
        if all(domain.name() != name for domain in conn.listAllDomains()):
            return None
    return RhvError(
        "create.name_taken",
        msg("create.name_taken", "There is a guest called {name} already.", name=name),
        msg("create.name_taken.hint", "Choose another name."),
    )


def _above(value: int, most: int, what: str) -> RhvError | None:
    if value <= most:
        return None
    text = (
        msg("create.vcpus.most", "At most {most} vCPUs.", most=most)
        if what == "vcpus"
        else msg("create.memory.most", "This host has {most} MiB of memory.", most=most)
    )
    return RhvError("create.bounds", text)


def _network_problem(conn: libvirt.virConnect, wanted: Wanted) -> RhvError | None:
    if wanted.network is None:
        return None
    kind, name = wanted.network
    known = next((one for one in networks(conn) if (one.kind, one.name) == (kind, name)), None)
    if known is None:
        return RhvError("create.no_network", msg("create.no_network", "There is no network {name}.", name=name))
    if wanted.start and not known.active:
        return RhvError(
            "create.network_off",
            msg("create.network_off", "The network {name} is not started.", name=name),
            msg("create.network_off.hint", "Start it, choose another, or create the guest without starting it."),
        )
    return None


def _source_problem(conn: libvirt.virConnect, wanted: Wanted) -> RhvError | None:
    if wanted.source == "iso":
        return _iso_problem(wanted.path)
    image = inspect_image(wanted.path)
    require_whole(image)
    if wanted.source == "image":
        measure_copy(image.path, image.format)
        return None
    with mapped():
        used, unclear = used_by_others(conn, None)
    reason = used.get(os.path.realpath(wanted.path)) or unclear or host_use(wanted.path)
    if reason is None:
        return None
    return RhvError("image.used", reason, msg("image.used.hint", "Let a copy of it be made, or choose another."))


def _iso_problem(path: str) -> RhvError | None:
    try:
        regular = path.startswith("/") and stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        regular = False
    if regular:
        return None
    return RhvError("image.not_found", msg("image.no_iso", "There is no file {path} on this host.", path=path))


def _size_problem(wanted: Wanted) -> RhvError | None:
    size = disk_bytes(wanted)
    if wanted.source != "image" or size is None:
        return None
    virtual = inspect_image(wanted.path).virtual_size
    if size >= virtual:
        return None
    return RhvError(
        "create.bounds",
        msg("create.disk.smaller", "The image has {size} GiB; a disk cannot be smaller.", size=-(-virtual // 1024**3)),
    )


def _room_problem(conn: libvirt.virConnect, wanted: Wanted) -> RhvError | None:
    needed = 0
    if not wanted.folder.startswith("/"):
        return RhvError("create.folder", msg("create.folder.path", "A directory is named by its whole path."))
    virtual = disk_bytes(wanted) or 0
    if wanted.source == "image":
        image = inspect_image(wanted.path)
        needed, copied = measure_copy(image.path, image.format)
        virtual = max(virtual, copied)
    pool = block_pool_at(conn, wanted.folder)
    if pool is not None:
        require_room(pool, (virtual if wanted.source != "disk" else 0) + (_SEED if wanted.cloud is not None else 0))
        return None
    require_space(wanted.folder, needed)
    require_safe(conn, wanted.folder)
    return None
