# SPDX-License-Identifier: Apache-2.0
"""Devices go into a guest and out of it, as it runs and as it starts next. Blocks, raises :class:`RhvError`."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Callable, NamedTuple

from ..errors import RhvError
from ..messages import msg
from .resources import not_running, not_stored
from .states import ACTIVE, state_name
from .xml import tree

if TYPE_CHECKING:
    import libvirt


class Moments(NamedTuple):
    """When a change counts. ``now``: as the guest runs; ``next``: as it starts next."""

    now: bool
    next: bool


class Side(NamedTuple):
    """One of a guest's definitions. ``wanted``: it is to be changed; ``flag``: how libvirt is told so."""

    root: ET.Element
    wanted: bool
    flag: int

    @property
    def live(self) -> bool:
        """Whether it is the running one."""
        import libvirt

        return bool(self.flag == libvirt.VIR_DOMAIN_AFFECT_LIVE)


def sides(domain: libvirt.virDomain, when: Moments) -> list[Side]:
    """The definitions there are, the running one first: it is the one that refuses a change.

    Raises ``device.no_moment``, ``machine.not_running`` and ``machine.not_stored``.
    """
    import libvirt

    if not when.now and not when.next:
        raise RhvError("device.no_moment", msg("device.no_moment", "Neither the running guest nor its next start."))
    runs, stored = state_name(domain.state()[0]) in ACTIVE, bool(domain.isPersistent())
    if when.now and not runs:
        raise not_running()
    if when.next and not stored:
        raise not_stored()
    found = []
    if runs:
        found.append(Side(tree(domain.XMLDesc()), when.now, libvirt.VIR_DOMAIN_AFFECT_LIVE))
    if stored:
        text = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
        found.append(Side(tree(text), when.next, libvirt.VIR_DOMAIN_AFFECT_CONFIG))
    return found


def elements(found: list[Side], path: str, fits: Callable[[ET.Element], bool]) -> list[tuple[Side, ET.Element]]:
    """The device in each definition that is to be changed. Raises ``device.none`` where one of them has it not."""
    devices = []
    for side in found:
        if not side.wanted:
            continue
        device = next((one for one in side.root.findall(path) if fits(one)), None)
        if device is None:
            raise RhvError(
                "device.none",
                msg("device.none", "The guest has no such device (any more)."),
                msg("device.none.hint", "Somebody else may have changed the guest meanwhile."),
            )
        devices.append((side, device))
    return devices


def attach(domain: libvirt.virDomain, found: list[Side], device: ET.Element) -> None:
    """Put it into each definition that is to be changed. Raises libvirtError."""
    for side in found:
        if side.wanted:
            domain.attachDeviceFlags(_text(device), side.flag)


def detach(domain: libvirt.virDomain, devices: list[tuple[Side, ET.Element]], stays: Callable[[], bool]) -> None:
    """Take a device out of its definitions.

    ``stays``: whether the running guest still has it, asked afterwards: its system has to let go of it, which libvirt
    awaits for some seconds and does not tell. Raises ``device.held`` then, and libvirtError.
    """
    for side, device in devices:
        domain.detachDeviceFlags(_text(device), side.flag)
    if any(side.live for side, _device in devices) and stays():
        raise RhvError(
            "device.held",
            msg("device.held", "The guest has been asked to let go of the device and has not done so yet."),
            msg(
                "device.held.hint",
                "It goes as soon as the system inside agrees; one that does not listen keeps it until it is off.",
            ),
        )


def update(domain: libvirt.virDomain, devices: list[tuple[Side, ET.Element]]) -> None:
    """Have the devices be as these elements say. Raises libvirtError."""
    for side, device in devices:
        domain.updateDeviceFlags(_text(device), side.flag)


def _text(device: ET.Element) -> str:
    return ET.tostring(device, encoding="unicode")
