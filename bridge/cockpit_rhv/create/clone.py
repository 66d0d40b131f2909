# SPDX-License-Identifier: Apache-2.0
"""A copy of a guest that is off: new name, UUID, MAC addresses and disks, the rest as it was. All of it blocks."""

from __future__ import annotations

import os
import uuid as uuids
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..deploy.validate import FieldError
from ..deploy.vm import connected
from ..errors import RhvError
from ..guest_jobs.starting import job_uri
from ..jobs.control import require_root
from ..machines.actions import domain_of, mapped, require_own
from ..machines.cloned_domain import cloned_domain
from ..machines.definition import Disk, parse_definition
from ..machines.states import ACTIVE, state_name
from ..machines.xml import tree
from ..messages import Message, msg
from .block import block_pool_at, block_pools, require_room
from .folder import require_safe
from .guest import define_guest, done, known_macs, refresh_pool, reserve_disk, start_making
from .host import folders, places
from .images import copy_image, measure_copy, require_space
from .making import making, remove_leftovers
from .problems import name_taken
from .wanted import MOST_NAME, MOST_NAME_BYTES, check_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    import libvirt

    from ..deploy.progress import ProgressFile
    from ..jobs.launch import Launcher
    from ..jobs.store import JobStore
    from ..machines.new_domain import NewDisk
    from .block import BlockPool

#: Seconds: each disk is measured.
CLONE_LIMIT_S = 120.0


@dataclass(frozen=True)
class ClonedDisk:
    """``copied``: a new file of ``size_bytes`` at most, or a volume of ``virtual_size``; otherwise both use it.

    ``obstacle``: why it cannot be.
    """

    target: str
    source: str
    path: str
    format: str
    size_bytes: int
    virtual_size: int
    copied: bool
    obstacle: Message | None

    def to_json(self) -> dict[str, Any]:
        """One of ``disks`` of method ``machines.clone_plan``."""
        return {
            "target": self.target,
            "source": self.source,
            "size_bytes": self.size_bytes,
            "copied": self.copied,
            "obstacle": self.obstacle.to_json() if self.obstacle else None,
        }


def clone_plan(conn: libvirt.virConnect, uuid: str) -> dict[str, Any]:
    """Result of method ``machines.clone_plan``. Raises RhvError."""
    require_own(conn, uuid, engine_too=False)
    disks = disks_of(conn, uuid)
    known, pools = folders(conn), block_pools(conn)
    with domain_of(conn, uuid) as domain:
        definition = parse_definition(domain.XMLDesc())
        return {
            "off": state_name(domain.state()[0]) not in ACTIVE,
            "name": free_name(conn, domain.name()),
            "snapshots": domain.snapshotNum(),
            "nvram": definition.nvram,
            "disks": [disk.to_json() for disk in disks],
            "folder": _folder(disks, known, pools),
            "places": [place.to_json() for place in places(known, pools)],
        }


def clone(
    conn: libvirt.virConnect,
    params: Mapping[str, Any],
    user: str,
    *,
    store: JobStore | None = None,
    launcher: Launcher | None = None,
) -> dict[str, Any]:
    """Method ``machines.clone``: start the job. Raises RhvError ``machine.not_off``, ``clone.disk`` and others."""
    require_root()
    remove_leftovers(conn)
    errors = problems(conn, params)
    if errors:
        return {"errors": [error.to_json() for error in errors], "uuid": None, "job": None}
    uuid = str(uuids.uuid4())
    guest = {"uuid": uuid, **{name: params[name] for name in ("name", "folder", "start")}, "original": params["uuid"]}
    with domain_of(conn, params["uuid"]) as domain:
        title = msg("clone.title", "Clone the guest {name} as {clone}", name=domain.name(), clone=params["name"])
    job = start_making("clone-guest", title, user, guest, store, launcher)
    return {"errors": [], "uuid": uuid, "job": job}


def clone_guest(params: Mapping[str, Any], progress: ProgressFile) -> dict[str, Any]:
    """The job's work. ``params``: ``guest`` with ``uuid``, ``original``, ``name``, ``folder`` and ``start``.

    Raises RhvError, OSError.
    """
    guest = params["guest"]
    with connected(job_uri()) as conn:
        remove_leftovers(conn)
        errors = problems(conn, {**guest, "uuid": guest["original"]})
        if errors:
            raise errors[0].error
        make_clone(conn, guest, progress)
    return done(str(guest["name"]))


def problems(conn: libvirt.virConnect, params: Mapping[str, Any]) -> list[FieldError]:
    """What is wrong with name and folder. Raises RhvError where the guest itself cannot be cloned now."""
    require_own(conn, params["uuid"], engine_too=False)
    with domain_of(conn, params["uuid"]) as domain:
        if not domain.isPersistent() or state_name(domain.state()[0]) in ACTIVE:
            raise RhvError(
                "machine.not_off",
                msg("machine.not_off", "The guest is not off."),
                msg("machine.not_off.hint", "Shut it down or power it off first."),
            )
    disks = disks_of(conn, params["uuid"])
    for disk in disks:
        _require_clonable(disk)
    found = []
    name = check_name(params["name"]) or name_taken(conn, params["name"])
    if name is not None:
        found.append(FieldError("name", name))
    copied = [disk for disk in disks if disk.copied]
    if copied:
        try:
            if not params["folder"].startswith("/"):
                raise RhvError("create.folder", msg("create.folder.path", "A directory is named by its whole path."))
            pool = block_pool_at(conn, params["folder"])
            if pool is None:
                require_space(params["folder"], sum(disk.size_bytes for disk in copied))
                require_safe(conn, params["folder"])
            else:
                require_room(pool, sum(disk.virtual_size for disk in copied))
        except RhvError as error:
            found.append(FieldError("folder", error))
    return found


def make_clone(conn: libvirt.virConnect, guest: Mapping[str, Any], progress: ProgressFile) -> None:
    """Copy the disks and define the guest; when any of it fails nothing of it stays. Raises RhvError, OSError."""
    import libvirt

    with making(guest["uuid"], conn) as made:
        with domain_of(conn, guest["original"]) as domain:
            # read once: a disk that is added while others are copied must not end up in both guests
            text = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE | libvirt.VIR_DOMAIN_XML_INACTIVE)
        pool = block_pool_at(conn, guest["folder"])
        copies: dict[str, NewDisk] = {}
        for disk in disks_in(conn, text):
            _require_clonable(disk)
            if disk.copied:
                name = guest["name"] if disk.target == "vda" or not copies else f"{guest['name']}-{disk.target}"
                copy = reserve_disk(conn, made, pool, guest["folder"], name, disk.virtual_size)
                copy_image(disk.path, disk.format, copy, None, progress, disk.size_bytes)
                copies[disk.target] = copy
        xml = cloned_domain(text, guest["name"], guest["uuid"], copies, known_macs(conn))
        define_guest(conn, xml, guest["uuid"], autostart=False, start=guest["start"])
    refresh_pool(conn, guest["folder"])


def disks_of(conn: libvirt.virConnect, uuid: str) -> list[ClonedDisk]:
    """What becomes of each disk of the stored definition. Raises RhvError."""
    import libvirt

    with domain_of(conn, uuid) as domain:
        return disks_in(conn, domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))


def disks_in(conn: libvirt.virConnect, text: str) -> list[ClonedDisk]:
    """What becomes of each disk of a definition; media in drives stay where they are, for both. Raises RhvError."""
    found = []
    for element, disk in zip(tree(text).findall("devices/disk"), parse_definition(text).disks):
        if disk.device not in ("disk", "lun") or element.find("source") is None:
            continue
        encrypted = element.find("encryption") is not None or element.find("source/encryption") is not None
        found.append(_disk(conn, disk, encrypted))
    return found


def free_name(conn: libvirt.virConnect, name: str) -> str:
    """A name for the copy that no guest has."""
    with mapped():
        taken = {domain.name() for domain in conn.listAllDomains()}
    number = 1
    while True:
        suffix = "-clone" if number == 1 else f"-clone-{number}"
        stem = name[: MOST_NAME - len(suffix)]
        while len((stem + suffix).encode()) > MOST_NAME_BYTES:
            stem = stem[:-1]
        if stem + suffix not in taken:
            return stem + suffix
        number += 1


def _require_clonable(disk: ClonedDisk) -> None:
    if disk.obstacle is not None:
        raise RhvError("clone.disk", disk.obstacle, detail=f"{disk.target}: {disk.source}")


def _disk(conn: libvirt.virConnect, disk: Disk, encrypted: bool) -> ClonedDisk:
    source, form = disk.source or "", disk.format or "raw"
    if disk.source is not None and (disk.read_only or disk.shareable):
        return ClonedDisk(disk.target, source, source, form, 0, 0, False, None)
    path = source
    obstacle = None
    if disk.kind == "volume":
        pool, _, name = source.partition("/")
        with mapped():
            path = conn.storagePoolLookupByName(pool).storageVolLookupByName(name).path()
    elif disk.source is None or disk.kind not in ("file", "block") or disk.device == "lun":
        obstacle = msg(
            "clone.disk.elsewhere", "The disk {target} is no file or volume of this host.", target=disk.target
        )
    if encrypted:
        obstacle = msg("clone.disk.encrypted", "The disk {target} is encrypted.", target=disk.target)
    elif obstacle is None and form not in ("raw", "qcow2"):
        obstacle = msg(
            "clone.disk.format", "The disk {target} has the format {format}.", target=disk.target, format=form
        )
    size = virtual = 0
    if obstacle is None:
        try:
            size, virtual = measure_copy(path, form)
        except RhvError as error:
            obstacle = error.message
    return ClonedDisk(disk.target, source, path, form, size, virtual, True, obstacle)


def _folder(disks: list[ClonedDisk], known: list[tuple[str, str | None]], pools: list[BlockPool]) -> str:
    """Where the copies go unless something else is chosen: beside the first disk, where something can be made there."""
    devices = [pool.path for pool in pools]
    for disk in disks:
        folder = os.path.dirname(disk.path)
        if disk.copied and disk.obstacle is None and (folder in devices or not folder.startswith("/dev")):
            return folder
    return known[0][0] if known else ""
