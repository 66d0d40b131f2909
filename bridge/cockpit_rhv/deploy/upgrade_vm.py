# SPDX-License-Identifier: Apache-2.0
"""The engine VM in an upgrade: shut it down, show it the previous disk, take that away again."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import Message, msg

if TYPE_CHECKING:
    from pathlib import Path

    import libvirt

    from .progress import ProgressFile

#: By this the first boot of the new engine VM knows the disk; appliance/firstboot/previous.py has it too.
PREVIOUS_SERIAL = "rhv-previous"
PREVIOUS_TARGET = "vdb"
#: Seconds the engine VM gets to shut down; emulated on a busy host it takes some ten.
SHUTDOWN_S = 120.0
#: An ACPI event is lost on a system that is still starting, so the button is pressed again.
_PRESS_AGAIN_S = 15.0
_DETACH_S = 15.0
_POLL_S = 0.2


def shut_down(domain: libvirt.virDomain, progress: ProgressFile, limit_s: float = SHUTDOWN_S) -> list[Message]:
    """Bring the engine VM down; returns what somebody should know of how it went. Raises libvirt's errors."""
    began = time.monotonic()
    press_at = began
    while domain.isActive():
        now = time.monotonic()
        if now - began > limit_s:
            _destroy(domain)
            return [
                msg(
                    "upgrade.powered_off",
                    "The engine VM did not shut down within {seconds} s and was powered off.",
                    seconds=round(limit_s),
                )
            ]
        if now >= press_at:
            _press(domain)
            press_at = now + _PRESS_AGAIN_S
        progress.report(now - began, None, "seconds", msg("upgrade.shutting_down", "The engine VM shuts down"))
        time.sleep(_POLL_S)
    return []


def power_off(domain: libvirt.virDomain) -> bool:
    """End a VM whose disk is thrown away; True when it ran. Raises libvirt's errors."""
    if not domain.isActive():
        return False
    _destroy(domain)
    return True


def _press(domain: libvirt.virDomain) -> None:
    import libvirt

    try:
        domain.shutdown()
    except libvirt.libvirtError:
        # It may have gone off by itself, and a paused one hears nothing: the time limit decides.
        if domain.isActive() and domain.state()[0] == libvirt.VIR_DOMAIN_RUNNING:
            raise


def _destroy(domain: libvirt.virDomain) -> None:
    import libvirt

    try:
        domain.destroy()
    except libvirt.libvirtError:
        if domain.isActive():
            raise


def previous_element(path: Path) -> ET.Element:
    """The previous disk under a layer that takes all writes."""
    disk = ET.Element("disk", type="file", device="disk")
    ET.SubElement(disk, "driver", name="qemu", type="qcow2")
    ET.SubElement(disk, "source", file=str(path))
    ET.SubElement(disk, "target", dev=PREVIOUS_TARGET, bus="virtio")
    ET.SubElement(disk, "serial").text = PREVIOUS_SERIAL
    return disk


def shows_previous(domain: libvirt.virDomain, flags: int = 0) -> bool:
    """Whether the definition (``flags`` 0: of the VM that runs) has the previous disk."""
    return _previous(domain, flags) is not None


def attach_previous(domain: libvirt.virDomain, layer: Path) -> None:
    """Put the previous disk into the definition of a VM that is off, once. Raises RhvError ``upgrade.disk_in_use``."""
    import libvirt

    if shows_previous(domain, libvirt.VIR_DOMAIN_XML_INACTIVE):
        return
    root = ET.fromstring(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))  # noqa: S314 - written by libvirt
    if root.find(f"devices/disk/target[@dev='{PREVIOUS_TARGET}']") is not None:
        raise RhvError(
            "upgrade.disk_in_use",
            msg("upgrade.disk_in_use", "The engine VM has a second disk {target} already.", target=PREVIOUS_TARGET),
            msg("upgrade.disk_in_use.hint", "Detach it for the time of the upgrade, then resume."),
        )
    element = ET.tostring(previous_element(layer), encoding="unicode")
    domain.attachDeviceFlags(element, libvirt.VIR_DOMAIN_AFFECT_CONFIG)


def detach_previous(domain: libvirt.virDomain) -> tuple[bool, list[Message]]:
    """Take the previous disk out of the definition and of the running VM: whether it was there, and warnings."""
    import libvirt

    changed, warnings = False, []
    kept = _previous(domain, libvirt.VIR_DOMAIN_XML_INACTIVE)
    if kept is not None:
        domain.detachDeviceFlags(ET.tostring(kept, encoding="unicode"), libvirt.VIR_DOMAIN_AFFECT_CONFIG)
        changed = True
    live = _previous(domain, 0) if domain.isActive() else None
    if live is not None:
        domain.detachDeviceFlags(ET.tostring(live, encoding="unicode"), libvirt.VIR_DOMAIN_AFFECT_LIVE)
        changed = True
        if not _wait_detached(domain):
            # Harmless: it reads the disk through the open file, and the next start has it no more.
            warnings.append(msg("upgrade.previous_stays", "The previous disk leaves the engine VM at its next start."))
    return changed, warnings


def _previous(domain: libvirt.virDomain, flags: int) -> ET.Element | None:
    root = ET.fromstring(domain.XMLDesc(flags))  # noqa: S314 - written by libvirt
    for disk in root.findall("devices/disk"):
        if disk.findtext("serial") == PREVIOUS_SERIAL:
            return disk
    return None


def _wait_detached(domain: libvirt.virDomain) -> bool:
    deadline = time.monotonic() + _DETACH_S
    while shows_previous(domain):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True
