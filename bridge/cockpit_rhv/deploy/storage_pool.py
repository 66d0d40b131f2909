# SPDX-License-Identifier: Apache-2.0
"""Shared storage for the engine's disk: a pool of libvirt, which mounts it, now and with every start of this host."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import msg
from ..storage.engine_folder import mounts
from ..storage.nfs import refuse_silent
from ..storage.programs import Programs
from . import places
from .answers import get
from .engine_volume import activate

if TYPE_CHECKING:
    from collections.abc import Mapping

    import libvirt

    from .state import Deployment

#: libvirt's namespace for mount options (since 5.1): https://libvirt.org/formatstorage.html
_FS = "http://libvirt.org/schemas/storagepool/fs/1.0"
#: A server that does not answer is not asked again by mount(8) itself: whoever started it says so and tries again.
_OWN_OPTIONS = ("retry=0",)
_SOURCE = ("source/host", "source/dir", "source/format", "source/protocol")


def nfs_pool(name: str, answers: Mapping[str, Any]) -> str:
    """Pool XML for ``virStoragePoolDefineXML``, built as a tree; ``answers`` are complete and valid."""
    ET.register_namespace("fs", _FS)
    root = ET.Element("pool", type="netfs")
    ET.SubElement(root, "name").text = name
    source = ET.SubElement(root, "source")
    server = get(answers, "storage.server")
    # libvirt puts "host:path" together without a look at the host
    ET.SubElement(source, "host", name=f"[{server}]" if ":" in server else server)
    ET.SubElement(source, "dir", path=get(answers, "storage.export"))
    ET.SubElement(source, "format", type="nfs")
    version = get(answers, "storage.nfs_version")
    if version != "auto":
        ET.SubElement(source, "protocol", ver=version)
    ET.SubElement(ET.SubElement(root, "target"), "path").text = str(places.storage_folder(answers))
    options = ET.SubElement(root, f"{{{_FS}}}mount_opts")
    for option in (*_OWN_OPTIONS, *_options(answers)):
        ET.SubElement(options, f"{{{_FS}}}option", name=option)
    return ET.tostring(root, encoding="unicode")


def define_storage(connection: libvirt.virConnect, deployment: Deployment, answers: Mapping[str, Any]) -> bool:
    """Define the pool as the answers have it, let it start with the host, and start it; True when anything was done.

    A pool of ours with other settings is replaced; what lies on its storage stays there. Raises RhvError
    ``storage.foreign_pool``, ``storage.silent``, ``storage.not_mounted``; libvirt's errors.
    """
    name = places.storage_pool(answers)
    assert name is not None, "only a storage that is mounted has a pool"
    wanted = nfs_pool(name, answers)
    pool = find_pool(connection, name)
    noted = ["pool", name] in (deployment.record.made or [])
    if pool is not None and not (noted and is_ours(pool)):
        raise RhvError(
            "storage.foreign_pool",
            msg("storage.foreign_pool", "libvirt has a storage pool {name} that is not of this deployment.", name=name),
            msg("storage.foreign_pool.hint", "Choose another name for the engine VM; that pool is left alone."),
        )
    if pool is not None and _settings(pool.XMLDesc()) != _settings(wanted):
        remove_pool(pool)
        pool = None
    changed = pool is None
    if pool is None:
        deployment.note("pool", name)
        pool = connection.storagePoolDefineXML(wanted)
    if not pool.autostart():
        pool.setAutostart(1)
        changed = True
    return _start(pool, answers) or changed


def start_storage(connection: libvirt.virConnect, answers: Mapping[str, Any]) -> bool:
    """Mount the engine's storage, or activate its volume, after a reboot say; True when it was not.

    Nothing for a directory. Raises RhvError ``storage.lvm.*``, ``storage.gone``, ``storage.silent``,
    ``storage.not_mounted``; libvirt's errors.
    """
    if places.engine_volume(answers) is not None:
        return activate(answers)
    name = places.storage_pool(answers)
    if name is None:
        return False
    pool = find_pool(connection, name)
    if pool is None:
        raise RhvError(
            "storage.gone",
            msg("storage.gone", "libvirt's storage pool {name}, with the engine's disk, no longer exists.", name=name),
            msg("storage.gone.hint", "Define it again as it was, or begin a new deployment."),
        )
    return _start(pool, answers)


def find_pool(connection: libvirt.virConnect, name: str) -> libvirt.virStoragePool | None:
    """The pool of that name. Raises libvirt's errors."""
    return next((pool for pool in connection.listAllStoragePools() if pool.name() == name), None)


def is_ours(pool: libvirt.virStoragePool) -> bool:
    """Mounted in our own folder: a name alone could be anybody's. Raises libvirt's errors."""
    return pool_folder(pool).parent == mounts()


def pool_folder(pool: libvirt.virStoragePool) -> Path:
    """Where it is mounted; "." for one that is no folder. Raises libvirt's errors."""
    root = ET.fromstring(pool.XMLDesc())  # noqa: S314 - written by libvirt
    return Path(root.findtext("target/path", ""))


def remove_pool(pool: libvirt.virStoragePool) -> None:
    """Unmount it and forget it; what lies on the server stays. Raises libvirt's errors."""
    if pool.isActive():
        pool.destroy()
    pool.undefine()


def _options(answers: Mapping[str, Any]) -> list[str]:
    return [option for option in (get(answers, "storage.mount_options") or "").split(",") if option]


def _start(pool: libvirt.virStoragePool, answers: Mapping[str, Any]) -> bool:
    import libvirt

    if pool.isActive():
        if os.path.ismount(places.storage_folder(answers)):
            return False
        # Somebody has unmounted it behind libvirt's back: what is written now would land on this host's own disk.
        pool.destroy()
    refuse_silent(get(answers, "storage.server"), get(answers, "storage.nfs_version"), _options(answers), Programs())
    try:
        pool.create()
    except libvirt.libvirtError as error:
        raise RhvError(
            "storage.not_mounted",
            msg(
                "storage.not_mounted",
                "{export} of {server} could not be mounted.",
                server=get(answers, "storage.server"),
                export=get(answers, "storage.export"),
            ),
            msg("storage.not_mounted.hint", "Look at the detail and whether the server runs; then resume."),
            str(error),
        ) from error
    return True


def _settings(xml: str) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """What decides where and how it is mounted; libvirt adds figures and permissions of its own."""
    root = ET.fromstring(xml)  # noqa: S314 - written by libvirt or by us
    found = [(path, tuple(sorted(element.attrib.items()))) for path in _SOURCE for element in root.findall(path)]
    options = sorted(option.get("name", "") for option in root.iter(f"{{{_FS}}}option"))
    return [*found, ("options", tuple((option, "") for option in options))]
