# SPDX-License-Identifier: Apache-2.0
"""The file that remote-viewer opens, with a ticket that lets it in for two minutes.

QEMU takes a ticket only where the display was started with a password. A guest whose console is to be locked without a
ticket has a placeholder that has expired: ``passwd='*****' passwdValidTo='1970-01-01T00:00:01'``, as VDSM does it.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
import string
import time
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, NamedTuple

from ..errors import RhvError
from ..messages import msg
from .actions import domain_of
from .spice_tls import spice_authority
from .states import ACTIVE, state_name
from .viewers import is_open_to_viewers
from .xml import parse, tree

if TYPE_CHECKING:
    import libvirt

    from .model import Graphics

TICKET_LIFE_S = 120
#: VNC's authentication looks at eight characters only.
TICKET_LENGTH = 8

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,252})|[0-9A-Fa-f:.]{2,45}")


class ConsoleFile(NamedTuple):
    """``filename`` to suggest to a browser; ``content`` holds the ticket, so it goes nowhere else.

    ``locked``: whether the display asks for a ticket; else it lets in whoever reaches it.
    """

    filename: str
    content: str
    locked: bool


def open_console(conn: libvirt.virConnect, uuid: str, host: str) -> ConsoleFile:
    """Describe the console, with a new ticket where it is locked.

    ``host``: the name or address under which the asker reaches us.
    Blocks. Raises :class:`RhvError` ``console.not_running``, ``console.none``, ``console.not_listening``,
    ``console.local_only``, ``console.restart_needed``, ``console.bad_host`` or what libvirt's error is mapped to.
    """
    import libvirt

    if not _HOST.fullmatch(host):
        raise RhvError("console.bad_host", msg("console.bad_host", "This is no host name or address."))
    with domain_of(conn, uuid) as domain:
        if state_name(domain.state()[0]) not in ACTIVE:
            raise RhvError(
                "console.not_running",
                msg("console.not_running", "The guest is off."),
                msg("console.not_running.hint", "Start the guest first."),
            )
        # only with this flag does libvirt say whether there is a password
        text = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE)
        facts = parse(text)
        if not facts.graphics:
            raise RhvError("console.none", msg("console.none", "The guest has no graphical console."))
        try:
            display = _listening(facts.graphics)
            address = reachable_address(display, host)
        except RhvError:
            if is_open_to_viewers(domain):
                raise _restart_needed() from None
            raise
        ticket = None
        if _graphics_element(text, display.type).get("passwd") is not None:
            for other in facts.graphics:
                if other.type != display.type:
                    _blank_ticket(domain, text, other.type)
            ticket = new_ticket()
            set_ticket(domain, text, display.type, ticket)
    authority = spice_authority() if display.type == "spice" and display.tls_port else None
    content = vv_content(facts.name, display, address, ticket, authority)
    return ConsoleFile(f"{_file_name(facts.name)}.vv", content, ticket is not None)


def reachable_address(display: Graphics, host: str) -> str:
    """Where the asker finds the display; raises :class:`RhvError` ``console.local_only`` when nowhere."""
    if not display.address:
        return host
    try:
        listening = ipaddress.ip_address(display.address)
    except ValueError:
        return display.address  # libvirt takes a name there too
    if listening.is_unspecified:
        return host
    if listening.is_loopback and not _is_this_host(host):
        raise RhvError(
            "console.local_only",
            msg("console.local_only", "The guest's console can be reached from the host itself only."),
            msg(
                "console.local_only.hint",
                "Forward the port: ssh -L {port}:{address}:{port} {host}, then open it with remote-viewer.",
                port=display.port or display.tls_port or 0,
                address=display.address,
                host=host,
            ),
        )
    return display.address


def new_ticket() -> str:
    """A random password, alphanumeric: it is typed by hand where no .vv file can be opened."""
    alphabet = string.ascii_letters + string.digits
    return "".join(secrets.choice(alphabet) for _ in range(TICKET_LENGTH))


def set_ticket(domain: libvirt.virDomain, text: str, kind: str, ticket: str, life_s: int = TICKET_LIFE_S) -> None:
    """Let ``ticket`` in for ``life_s`` seconds: in the live state only, never in what is stored.

    ``text``: the live XML; ``kind``: vnc or spice. Raises libvirtError.
    """
    import libvirt

    display = _graphics_element(text, kind)
    # in QEMU it takes the place of the one before, which lets nobody in from then on
    display.set("passwd", ticket)
    display.set("passwdValidTo", time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + life_s)))
    # whoever is looking already may go on looking
    display.set("connected", "keep")
    domain.updateDeviceFlags(ET.tostring(display, encoding="unicode"), libvirt.VIR_DOMAIN_AFFECT_LIVE)


def _blank_ticket(domain: libvirt.virDomain, text: str, kind: str) -> None:
    """A ticket that another display of the guest still has is of no use any more."""
    if _graphics_element(text, kind).get("passwd") is not None:
        set_ticket(domain, text, kind, new_ticket(), life_s=-TICKET_LIFE_S)


def _listening(displays: tuple[Graphics, ...]) -> Graphics:
    for display in displays:
        if display.port or display.tls_port:
            return display
    raise RhvError(
        "console.not_listening",
        msg("console.not_listening", "The guest's display listens on no port of the network."),
        msg("console.not_listening.hint", "The console in this page works all the same."),
    )


def _restart_needed() -> RhvError:
    return RhvError(
        "console.restart_needed",
        msg("console.restart_needed", "The guest runs with its former definition."),
        msg("console.restart_needed.hint", "Shut it down and start it: then remote-viewer reaches its display."),
    )


def vv_content(name: str, display: Graphics, address: str, ticket: str | None, authority: str | None = None) -> str:
    """The file of virt-viewer(1) for one display; without a ticket for one that is not locked.

    ``authority``: certificates in PEM that vouch for the display's own; else those of the viewer's host do.
    """
    lines = ["[virt-viewer]", f"type={display.type}", f"host={address}"]
    if display.port:
        lines.append(f"port={display.port}")
    if display.tls_port:
        lines.append(f"tls-port={display.tls_port}")
    if authority is not None:
        # a key file has one line for a value, and \\n in it for its lines
        lines.append("ca=" + authority.replace("\n", "\\n"))
    # %d is the number of the display, so a percent sign of the name is doubled
    title = re.sub(r"[\x00-\x1f\x7f]", " ", name).replace("%", "%%")
    if ticket is not None:
        lines.append(f"password={ticket}")
    lines += [
        f"title={title}:%d",
        "delete-this-file=1",
        "fullscreen=0",
        "toggle-fullscreen=shift+f11",
        "release-cursor=shift+f12",
        "secure-attention=ctrl+alt+end",
    ]
    return "\n".join(lines) + "\n"


def _graphics_element(text: str, kind: str) -> ET.Element:
    return next(element for element in tree(text).findall("devices/graphics") if element.get("type") == kind)


def _is_this_host(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".") or "console"
