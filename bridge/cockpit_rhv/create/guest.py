# SPDX-License-Identifier: Apache-2.0
"""A new guest: looked at whole before anything is made, and either there in the end or without a trace. Blocks."""

from __future__ import annotations

import json
import logging
import os
import uuid as uuids
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..deploy.drive import build_drive
from ..deploy.progress import ProgressFile
from ..deploy.validate import FieldError
from ..deploy.vm import connected
from ..errors import RhvError
from ..guest_jobs.starting import job_uri, start_guest_job
from ..jobs.control import require_root
from ..jobs.stopping import unstoppable
from ..machines.actions import mapped
from ..machines.cloned_domain import new_mac
from ..machines.new_domain import NewDisk, NewGuest, new_domain
from ..machines.xml import parse
from ..messages import msg
from .block import block_pool_at
from .host import folders, read_limits
from .images import copy_image, create_empty, inspect_image, measure_copy, require_whole
from .making import making, remove_leftovers
from .problems import problems
from .wanted import Cloud, Wanted, disk_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    import libvirt

    from ..jobs.launch import Launcher
    from ..jobs.store import JobStore
    from ..messages import Message
    from .block import BlockPool
    from .making import Made

logger = logging.getLogger(__name__)

#: Seconds; empty disks are made in the call, copies are jobs.
CREATE_LIMIT_S = 120.0


def create(
    conn: libvirt.virConnect,
    params: Mapping[str, Any],
    user: str,
    *,
    store: JobStore | None = None,
    launcher: Launcher | None = None,
) -> dict[str, Any]:
    """Method ``machines.create``: make the guest, or start the job that copies its image. Raises RhvError."""
    require_root()
    remove_leftovers(conn)
    try:
        wanted = Wanted.from_params(params)
    except RhvError as error:
        if error.code != "secrets.root_password":
            raise
        return {"errors": [FieldError("cloud.password", error).to_json()], "uuid": None, "job": None}
    errors = problems(conn, wanted)
    if errors:
        return {"errors": [error.to_json() for error in errors], "uuid": None, "job": None}
    uuid = str(uuids.uuid4())
    if wanted.source != "image":
        make_guest(conn, wanted, uuid, ProgressFile(None))
        return {"errors": [], "uuid": uuid, "job": None}
    title = msg("create.title", "Create the guest {name}", name=wanted.name)
    job = start_making("create-guest", title, user, {"uuid": uuid, "wanted": wanted.to_json()}, store, launcher)
    return {"errors": [], "uuid": uuid, "job": job}


def create_guest(params: Mapping[str, Any], progress: ProgressFile) -> dict[str, Any]:
    """The job's work. ``params``: ``guest`` with ``uuid`` and ``wanted``. Raises RhvError, OSError."""
    wanted, uuid = Wanted.from_json(params["guest"]["wanted"]), str(params["guest"]["uuid"])
    with connected(job_uri()) as conn:
        remove_leftovers(conn)
        errors = problems(conn, wanted)
        if errors:
            raise errors[0].error
        make_guest(conn, wanted, uuid, progress)
    return done(wanted.name)


def make_guest(conn: libvirt.virConnect, wanted: Wanted, uuid: str, progress: ProgressFile) -> None:
    """Make the disks, define the guest, and start it; when any of it fails nothing of it stays. Raises RhvError."""
    limits = read_limits(conn)
    pool = block_pool_at(conn, wanted.folder)
    with making(uuid, conn) as made:
        seed = None
        if wanted.source == "disk":
            image = inspect_image(wanted.path)
            require_whole(image)  # looked at anew: it may be another than the one that was checked
            disk = NewDisk(image.path, image.kind, image.format)
        else:
            size = disk_bytes(wanted)
            if wanted.source == "image":
                image = inspect_image(wanted.path)
                require_whole(image)
                needed, virtual = measure_copy(image.path, image.format)
                disk = reserve_disk(conn, made, pool, wanted.folder, wanted.name, size or virtual)
                copy_image(image.path, image.format, disk, size if size != virtual else None, progress, needed)
            else:
                assert size is not None, "checked before"
                disk = reserve_disk(conn, made, pool, wanted.folder, wanted.name, size)
                if disk.kind == "file":
                    create_empty(Path(disk.path), size)
        if wanted.cloud is not None:
            # beside the disk a kill would leave the files that the volume is built of, with a password's hash
            built = made.scratch() / "seed.iso"
            build_drive(built, seed_files(wanted.cloud, uuid))
            if pool is None:
                path = made.reserve(wanted.folder, wanted.name, "-seed.iso")
            else:
                path = made.reserve_volume(conn, pool, wanted.name, "-seed", os.path.getsize(built))
            made.fill(path, built)
            seed = NewDisk(str(path), "file" if pool is None else "block", "raw")
        plan = NewGuest(
            name=wanted.name,
            uuid=uuid,
            kvm=limits.kvm.usable,
            arch=limits.arch,
            machine=limits.machine,
            efi=wanted.firmware == "efi",
            memory_mib=wanted.memory_mib,
            vcpus=wanted.vcpus,
            disk=disk,
            iso=wanted.path if wanted.source == "iso" else None,
            seed=seed,
            network=wanted.network,
            mac=new_mac(known_macs(conn)),
        )
        define_guest(conn, new_domain(plan), uuid, wanted.autostart, wanted.start)
    refresh_pool(conn, wanted.folder)


def reserve_disk(
    conn: libvirt.virConnect, made: Made, pool: BlockPool | None, folder: str, name: str, size: int
) -> NewDisk:
    """A file that is to become a disk, or with a ``pool`` a volume of ``size`` bytes. Raises RhvError, OSError."""
    if pool is None:
        return NewDisk(str(made.reserve(folder, name, ".qcow2")), "file", "qcow2")
    return NewDisk(str(made.reserve_volume(conn, pool, name, "", size)), "block", "raw")


def define_guest(conn: libvirt.virConnect, xml: str, uuid: str, autostart: bool, start: bool) -> None:
    """Define it and start it; one that cannot be started is not defined any more. Raises RhvError."""
    with mapped():
        try:
            # a guest of that name which came meanwhile is safe: its uuid is another, and libvirt refuses
            domain = conn.defineXML(xml)
            if autostart:
                domain.setAutostart(True)
            if start:
                domain.create()
        except BaseException:
            with unstoppable():
                _undo(conn, uuid)
            raise


def _undo(conn: libvirt.virConnect, uuid: str) -> None:
    """Power it off and forget it, if it is there: who was stopped may not have heard that it is."""
    import libvirt

    try:
        domain = conn.lookupByUUIDString(uuid)
        if domain.isActive():
            domain.destroy()
        domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)
    except libvirt.libvirtError as error:
        # what went wrong before is the news; the guest's files stay while it is there
        if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
            logger.warning("the guest %s may still be defined: %s", uuid, error)


def seed_files(cloud: Cloud, uuid: str) -> dict[str, str]:
    """The NoCloud documents of cloud-init; of a password only its hash is here."""
    user: dict[str, Any] = {"name": cloud.user, "groups": ["sudo", "wheel", "adm"], "shell": "/bin/bash"}
    # cloud-init makes only those groups that the user is put into, and sudo without a password asks for no secret
    user["sudo"] = "ALL=(ALL) NOPASSWD:ALL"
    if cloud.ssh_key:
        user["ssh_authorized_keys"] = [cloud.ssh_key]
    if cloud.password_hash:
        user.update(passwd=cloud.password_hash, lock_passwd=False)
    data = {"hostname": cloud.hostname, "users": [user], "ssh_pwauth": bool(cloud.password_hash)}
    meta = {"instance-id": uuid, "local-hostname": cloud.hostname}
    return {"meta-data": json.dumps(meta) + "\n", "user-data": "#cloud-config\n" + json.dumps(data) + "\n"}


def known_macs(conn: libvirt.virConnect) -> set[str]:
    """MAC addresses of all guests of this host, in lower case."""
    import libvirt

    found: set[str] = set()
    with mapped():
        for domain in conn.listAllDomains():
            try:
                text = domain.XMLDesc()
            except libvirt.libvirtError as error:
                if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:  # gone since it was listed
                    raise
                continue
            found.update(mac.lower() for mac in parse(text).macs)
    return found


def refresh_pool(conn: libvirt.virConnect, folder: str) -> None:
    """Let libvirt see the new files, where that is a pool; the guest is there whether it does or not."""
    try:
        pool = dict(folders(conn)).get(folder.rstrip("/") or "/")
        if pool is None:
            return
        with mapped():
            conn.storagePoolLookupByName(pool).refresh()
    except RhvError as error:
        logger.warning("the pool of %s was not refreshed: %s", folder, error.detail or error)


def start_making(
    phase: str,
    title: Message,
    user: str,
    guest: Mapping[str, Any],
    store: JobStore | None,
    launcher: Launcher | None,
) -> str:
    """Start the job that makes ``guest``, whose ``uuid`` it has; returns its id. Raises RhvError ``job.*``."""
    return start_guest_job(phase, title, user, guest, (str(guest["uuid"]),), 60.0, store, launcher)


def done(name: str) -> dict[str, Any]:
    """A task's result."""
    text = msg("create.done", "The guest {name} is there.", name=name)
    return {"changed": True, "rhv_log": [{**text.to_json(), "severity": "info"}]}
