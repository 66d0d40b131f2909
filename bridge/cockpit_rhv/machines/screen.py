# SPDX-License-Identifier: Apache-2.0
"""A guest's screen and serial console as streams of bytes, through libvirt. Everything here blocks.

libvirt hands a socket to QEMU that is let in without a password, so neither the password of a display nor the address
it listens on matters, and nobody on the network can do the same.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import msg
from .actions import domain_of
from .states import ACTIVE, state_name
from .xml import tree

if TYPE_CHECKING:
    import xml.etree.ElementTree as ET

    import libvirt


def open_screen(conn: libvirt.virConnect, uuid: str) -> socket.socket:
    """A socket on which the guest's QEMU speaks RFB.

    Raises :class:`RhvError` ``console.not_running``, ``console.none``, ``console.spice_only`` or what libvirt's error
    is mapped to: ``libvirt.denied`` on a read-only connection.
    """
    import libvirt

    with domain_of(conn, uuid) as domain:
        devices = _devices(domain)
        kinds = [element.get("type") for element in devices.findall("graphics")]
        if "vnc" not in kinds:
            raise _no_screen(kinds)
        return socket.socket(
            fileno=domain.openGraphicsFD(kinds.index("vnc"), libvirt.VIR_DOMAIN_OPEN_GRAPHICS_SKIPAUTH)
        )


def open_serial(conn: libvirt.virConnect, uuid: str, take_over: bool = False) -> libvirt.virStream:
    """A stream of the guest's first serial console that is a terminal of the host.

    libvirt lets in one at a time; ``take_over`` puts out whoever is there. Raises :class:`RhvError`
    ``console.not_running``, ``serial.none``, ``serial.busy`` or what libvirt's error is mapped to.
    """
    import libvirt

    with domain_of(conn, uuid) as domain:
        alias = _terminal(_devices(domain))
        if alias is None:
            raise RhvError(
                "serial.none",
                msg("serial.none", "The guest has no serial console that can be opened."),
                msg("serial.none.hint", "It needs a serial port or console of type pty in its definition."),
            )
        stream = conn.newStream()
        try:
            domain.openConsole(alias, stream, libvirt.VIR_DOMAIN_CONSOLE_FORCE if take_over else 0)
        except libvirt.libvirtError as error:
            # libvirt says so in words only; of the reasons for this code none other is left here
            if take_over or error.get_error_code() != libvirt.VIR_ERR_OPERATION_FAILED:
                raise
            raise RhvError(
                "serial.busy",
                msg("serial.busy", "Somebody else has this serial console open."),
                msg("serial.busy.hint", "It has room for one. Taking it over closes theirs."),
                str(error),
            ) from error
        return stream


def why_ended(conn: libvirt.virConnect, uuid: str, kind: str) -> RhvError:
    """Why a console that was open is not any more. ``kind``: vnc or serial. Raises :class:`RhvError`."""
    with domain_of(conn, uuid) as domain:
        if state_name(domain.state()[0]) not in ACTIVE:
            return RhvError("console.guest_ended", msg("console.guest_ended", "The guest is off now."))
    if kind == "serial":
        return RhvError(
            "serial.taken_over",
            msg("serial.taken_over", "Somebody else has taken over this serial console."),
            msg("serial.taken_over.hint", "Connect again to see whether it is free."),
        )
    return RhvError(
        "console.closed",
        msg("console.closed", "The guest's QEMU has closed the console."),
        msg("console.closed.hint", "Somebody may have asked for the screen for themselves alone. Connect again."),
    )


def ask_qemu(conn: libvirt.virConnect, uuid: str) -> None:
    """Ask the guest's QEMU something that costs it nothing; returns when it has answered. Raises :class:`RhvError`."""
    import libvirt

    with domain_of(conn, uuid) as domain:
        conn.domainListGetStats([domain], libvirt.VIR_DOMAIN_STATS_BLOCK)


def _devices(domain: libvirt.virDomain) -> ET.Element:
    if state_name(domain.state()[0]) not in ACTIVE:
        raise RhvError(
            "console.not_running",
            msg("console.not_running", "The guest is off."),
            msg("console.not_running.hint", "Start the guest first."),
        )
    devices = tree(domain.XMLDesc()).find("devices")
    if devices is None:
        raise ValueError("a domain without devices")
    return devices


def _no_screen(kinds: list[str | None]) -> RhvError:
    if "spice" in kinds:
        return RhvError(
            "console.spice_only",
            msg("console.spice_only", "The guest's screen speaks SPICE only, which this page does not show."),
            msg("console.spice_only.hint", "Open it with remote-viewer."),
        )
    return RhvError(
        "console.none",
        msg("console.none", "The guest has no graphical console."),
        msg("console.none.hint", "Its definition has no VNC display. It may have a serial console."),
    )


def _terminal(devices: ET.Element) -> str | None:
    """libvirt's name of the first serial port, or else console, that is a terminal."""
    for kind in ("serial", "console"):
        for element in devices.findall(kind):
            alias = element.find("alias")
            if element.get("type") == "pty" and alias is not None:
                return alias.get("name")
    return None
