# SPDX-License-Identifier: Apache-2.0
"""Whether remote-viewer on another machine can reach a guest's display, as its stored definition has it.

QEMU takes a ticket only where the display was started with a password, and listens where it was started to: both are
changed for the guest's next start only.
"""

from __future__ import annotations

import ipaddress
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import msg
from .actions import domain_of, require_own
from .states import ACTIVE, state_name
from .xml import tree

if TYPE_CHECKING:
    import libvirt

#: Where displays listen: on every address of the host.
CONSOLE_ADDRESS = "0.0.0.0"  # noqa: S104 - locked by LOCKED
#: Nobody gets in without a ticket: this password has expired long ago.
LOCKED = {"passwd": "*****", "passwdValidTo": "1970-01-01T00:00:01"}


def open_to_viewers(conn: libvirt.virConnect, uuid: str) -> bool:
    """Have the display listen on the console address, locked; returns whether the guest must be started anew for that.

    Blocks. A password that the definition has is kept. Raises :class:`RhvError` ``machine.managed``,
    ``console.none``, ``console.transient`` or what libvirt's error is mapped to.
    """
    require_own(conn, uuid)
    with domain_of(conn, uuid) as domain:
        if not domain.isPersistent():
            raise RhvError(
                "console.transient",
                msg("console.transient", "This guest has no stored definition that could be changed."),
                msg("console.transient.hint", "Whoever starts it gives it its definition; change it there."),
            )
        root = _stored(domain)
        display = _display(root)
        if display is None:
            raise RhvError("console.none", msg("console.none", "The guest has no graphical console."))
        if not _is_open(display):
            _open(display)
            conn.defineXML(ET.tostring(root, encoding="unicode"))
        return state_name(domain.state()[0]) in ACTIVE


def is_open_to_viewers(domain: libvirt.virDomain) -> bool:
    """Whether the stored definition is what :func:`open_to_viewers` makes of it. Raises libvirtError."""
    if not domain.isPersistent():
        return False
    display = _display(_stored(domain))
    return display is not None and _is_open(display)


def _stored(domain: libvirt.virDomain) -> ET.Element:
    import libvirt

    # without SECURE the passwords would be missing, and lost with the definition that is sent back
    return tree(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE | libvirt.VIR_DOMAIN_XML_INACTIVE))


def _display(root: ET.Element) -> ET.Element | None:
    found = {element.get("type"): element for element in reversed(root.findall("devices/graphics"))}
    # an element without children is false
    return found["vnc"] if "vnc" in found else found.get("spice")


def _is_open(display: ET.Element) -> bool:
    if display.get("passwd") is None or display.get("port") in (None, "0"):
        return False
    listen = display.find("listen")
    if listen is not None and listen.get("type") not in (None, "address"):
        return False
    address = display.get("listen") or (listen.get("address") if listen is not None else None)
    try:
        return address is not None and not ipaddress.ip_address(address).is_loopback
    except ValueError:
        return True  # a name


def _open(display: ET.Element) -> None:
    if display.get("passwd") is None:
        display.attrib.update(LOCKED)
    for name in ("listen", "socket"):
        display.attrib.pop(name, None)
    for element in display.findall("listen"):
        display.remove(element)
    if display.get("port") in (None, "0", "-1"):
        display.attrib.update(port="-1", autoport="yes")
    ET.SubElement(display, "listen", type="address", address=CONSOLE_ADDRESS)
