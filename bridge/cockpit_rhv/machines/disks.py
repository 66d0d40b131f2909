# SPDX-License-Identifier: Apache-2.0
"""A guest's disks come and go, with a new image or an existing one. Blocks, raises :class:`RhvError`."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from ..errors import RhvError
from ..messages import msg
from .actions import domain_of, require_own
from .attach import Moments, Side, attach, detach, elements, sides
from .images import NewImage, chain_of, create_image, require_free
from .removal import delete_image, removal_plan, source_path
from .xml import tree

if TYPE_CHECKING:
    import libvirt

#: How the names of disks begin on each bus.
_PREFIXES = {"virtio": "vd", "scsi": "sd", "sata": "sd"}


class DiskRequest(NamedTuple):
    """``image``: the path of an existing image of that ``format``, or what is to be made."""

    bus: str
    image: str | NewImage
    format: str


def add_disk(conn: libvirt.virConnect, uuid: str, wanted: DiskRequest, when: Moments) -> str:
    """Give the guest another disk; returns its target. An image made for it is deleted when nobody got it.

    Raises ``disk.no_hotplug``, ``image.*``, ``device.*``, ``machine.not_running``, ``machine.not_stored``, libvirt's.
    """
    require_own(conn, uuid, engine_too=False)
    with domain_of(conn, uuid) as domain:
        found = sides(domain, when)
        if when.now and wanted.bus == "sata":
            raise RhvError(
                "disk.no_hotplug",
                msg("disk.no_hotplug", "A SATA disk cannot be added while the guest runs."),
                msg("disk.no_hotplug.hint", "Add it for the next start, or choose virtio or SCSI."),
            )
        target = free_target(found, wanted.bus)
        kind = "file"
        if isinstance(wanted.image, NewImage):
            path = create_image(conn, wanted.image)
        else:
            path = wanted.image
            _require_not_own(conn, found, path)
            kind = require_free(conn, uuid, path, wanted.format)
        try:
            if wanted.bus == "scsi":
                _with_controller(domain, found)
            attach(domain, found, disk_element(kind, path, wanted.format, target, wanted.bus))
        except Exception:
            if isinstance(wanted.image, NewImage) and not _is_attached(conn, domain, path):
                delete_image(conn, path)
            raise
        return target


def remove_disk(conn: libvirt.virConnect, uuid: str, target: str, when: Moments, delete: bool) -> None:
    """Take a disk or drive from the guest; its image stays unless ``delete`` says otherwise.

    Deleting is refused before anything is changed (``machine.disk_kept``, ``disk.still_used``), and does not happen
    when the guest holds on to the disk (``device.held``). ``disk.left``: it is out of the guest, but is still there.
    """
    require_own(conn, uuid, engine_too=False)
    with domain_of(conn, uuid) as domain:
        found = sides(domain, when)
        devices = elements(found, "devices/disk", lambda disk: _target(disk) == target)
        path = _deletable(conn, uuid, target, found) if delete else None
        detach(domain, devices, lambda: target in _targets(tree(domain.XMLDesc())))
        if path is None:
            return
        # asked again: a guest may have got it meanwhile
        require_free(conn, uuid, path, "raw")
        error = delete_image(conn, path)
        if error is not None:
            raise RhvError(
                "disk.left",
                msg("disk.left", "The disk is out of the guest, but its image could not be deleted."),
                msg("disk.left.hint", "Delete it by hand; the details name it."),
                f"{path}: {error}",
            )


def free_target(found: list[Side], bus: str) -> str:
    """The first name of that bus that no definition of the guest uses: vda … vdz, vdaa …"""
    used = {name for side in found for name in _targets(side.root)}
    return next(name for number in count() if (name := _PREFIXES[bus] + _letters(number)) not in used)


def disk_element(kind: str, path: str, form: str, target: str, bus: str) -> ET.Element:
    """A disk for a domain's devices. ``kind``: file or block."""
    disk = ET.Element("disk", type=kind, device="disk")
    ET.SubElement(disk, "driver", name="qemu", type=form)
    ET.SubElement(disk, "source", {"dev" if kind == "block" else "file": path})
    ET.SubElement(disk, "target", dev=target, bus=bus)
    return disk


def _deletable(conn: libvirt.virConnect, uuid: str, target: str, found: list[Side]) -> str:
    """The path of its image."""
    own = next((disk for disk in removal_plan(conn, uuid).disks if disk.target == target), None)
    if own is None or own.path is None or own.kept is not None:
        raise RhvError(
            "machine.disk_kept",
            msg("machine.disk_kept", "The disk {path} cannot be deleted with this guest.", path=target),
            msg("machine.disk_kept.hint", "Look at the list again: somebody may have changed the guest meanwhile."),
        )
    real = os.path.realpath(own.path)
    for side in found:
        for disk in side.root.findall("devices/disk"):
            if side.wanted and _target(disk) == target:
                continue
            top = _image(conn, disk)
            if top is not None and real in chain_of(top):
                raise RhvError(
                    "disk.still_used",
                    msg("disk.still_used", "The guest itself would still use the image."),
                    msg("disk.still_used.hint", "Remove the disk now and for the next start to delete its image."),
                )
    return own.path


def _require_not_own(conn: libvirt.virConnect, found: list[Side], path: str) -> None:
    """Raises ``image.used`` when a definition that is to get the image has it, or has a disk that is based on it."""
    real = os.path.realpath(path)
    for side in found:
        for disk in side.root.findall("devices/disk"):
            top = _image(conn, disk)
            if top is not None and real in chain_of(top) and (side.wanted or real != top):
                raise RhvError(
                    "image.used", msg("image.own", "The guest has this image already, as {disk}.", disk=_target(disk))
                )


def _image(conn: libvirt.virConnect, disk: ET.Element) -> str | None:
    source = disk.find("source")
    return None if source is None else source_path(conn, source)


def _with_controller(domain: libvirt.virDomain, found: list[Side]) -> None:
    """libvirt's own choice would be an old one that many systems have no driver for. It stays, whatever comes then."""
    controller = ET.Element("controller", type="scsi", model="virtio-scsi")
    lacking = [side for side in found if side.root.find("devices/controller[@type='scsi']") is None]
    attach(domain, lacking, controller)


def _is_attached(conn: libvirt.virConnect, domain: libvirt.virDomain, path: str) -> bool:
    """By its path: under the same name there may be the disk of somebody who was quicker."""
    found = sides(domain, _whatever_there_is(domain))
    real = os.path.realpath(path)
    return any(_image(conn, disk) == real for side in found for disk in side.root.findall("devices/disk"))


def _whatever_there_is(domain: libvirt.virDomain) -> Moments:
    return Moments(bool(domain.isActive()), bool(domain.isPersistent()))


def _targets(root: ET.Element) -> list[str]:
    return [_target(disk) for disk in root.findall("devices/disk")]


def _target(disk: ET.Element) -> str:
    found = disk.find("target")
    return "" if found is None else found.get("dev", "")


def _letters(number: int) -> str:
    """a … z, aa …, as Linux counts its disks."""
    text = ""
    while number >= 0:
        number, place = divmod(number, 26)
        text = chr(ord("a") + place) + text
        number -= 1
    return text
