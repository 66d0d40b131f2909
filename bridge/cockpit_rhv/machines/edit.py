# SPDX-License-Identifier: Apache-2.0
"""The stored definition of a guest, shown without secrets and changed without losing them. Blocks, raises RhvError."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple
from xml.dom import minidom
from xml.parsers.expat import ExpatError

from ..errors import RhvError
from ..messages import msg
from .actions import domain_of, require_own
from .definition import disk_key, nic_key, parse_definition
from .resources import not_running, not_stored
from .states import ACTIVE, state_name
from .xml import parse, tree

if TYPE_CHECKING:
    import libvirt

#: Attributes of ``graphics`` that open a console, and that libvirt tells only who asks for secrets.
_OF_THE_LOCK = ("passwd", "passwdValidTo", "connected")


class StoredXml(NamedTuple):
    """``fingerprint``: of the stored definition, to be given back with a change of it."""

    text: str
    fingerprint: str


def read_xml(conn: libvirt.virConnect, uuid: str, stored: bool) -> StoredXml:
    """A guest's definition without its secrets: as it starts next, or as it runs."""
    import libvirt

    with domain_of(conn, uuid) as domain:
        if stored and not domain.isPersistent():
            raise not_stored()
        if not stored and state_name(domain.state()[0]) not in ACTIVE:
            raise not_running()
        text = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE if stored else 0)
    return StoredXml(text, fingerprint(text))


def define_xml(conn: libvirt.virConnect, uuid: str, text: str, known: str) -> None:
    """Store another definition, which counts from the next start on.

    ``known``: the fingerprint of what it was made from. Raises ``xml.invalid``, ``xml.other_guest``, ``xml.owner``,
    ``xml.changed``, ``xml.secrets`` and what libvirt's validation says, as ``machine.bad_xml``.
    """
    import libvirt

    require_own(conn, uuid, engine_too=False)
    wanted = _wanted(text)
    with domain_of(conn, uuid) as domain:
        if not domain.isPersistent():
            raise not_stored()
        plain = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
        if fingerprint(plain) != known:
            raise RhvError(
                "xml.changed",
                msg("xml.changed", "The definition has been changed meanwhile, by somebody else or on another page."),
                msg("xml.changed.hint", "Read it anew and make your change there."),
            )
        _same_guest(text, plain)
        secret = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE)
        keep_locks(wanted, plain, secret)
        conn.defineXMLFlags(wanted.toxml(), libvirt.VIR_DOMAIN_DEFINE_VALIDATE)


def set_boot_order(conn: libvirt.virConnect, uuid: str, order: list[str]) -> None:
    """Store the devices from which the guest is to start, in that order. Raises ``boot.no_device`` and libvirt's."""
    import libvirt

    require_own(conn, uuid, engine_too=False)
    with domain_of(conn, uuid) as domain:
        if not domain.isPersistent():
            raise not_stored()
        secret = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE)
        conn.defineXML(with_boot_order(secret, order))


def with_boot_order(text: str, order: list[str]) -> str:
    """The definition with another boot order; devices of other kinds keep their places after those named."""
    definition = parse_definition(text)
    known = {disk.key for disk in definition.disks} | {nic.key for nic in definition.nics}
    if len(set(order)) != len(order) or not known.issuperset(order):
        raise RhvError(
            "boot.no_device", msg("boot.no_device", "The boot order names a device that the guest does not have.")
        )
    root = _element(text)
    keys = _keys(text)
    for system in _children(root, "os"):
        for entry in _children(system, "boot"):
            system.removeChild(entry)
    others = []
    for devices in _children(root, "devices"):
        counted = {"disk": 0, "interface": 0}
        for device in [node for node in devices.childNodes if node.nodeType == node.ELEMENT_NODE]:
            entries = _children(device, "boot")
            if device.tagName not in counted:
                others += entries
                continue
            key = keys[device.tagName, counted[device.tagName]]
            counted[device.tagName] += 1
            for entry in entries:
                device.removeChild(entry)
            if key in order:
                device.appendChild(_boot_entry(device, order.index(key) + 1))
    others.sort(key=lambda entry: int(entry.getAttribute("order") or 0))
    for place, entry in enumerate(others, len(order) + 1):
        entry.setAttribute("order", str(place))
    return str(root.toxml())


def keep_locks(wanted: minidom.Element, plain: str, secret: str) -> None:
    """Give each display back the password that the text in the page did not show.

    Raises ``xml.secrets`` when the definition holds others: an edit would lose them, and they are shown to nobody.
    """
    locked = _element(secret)
    locks: dict[str, dict[str, str]] = {}
    for graphics in _graphics(locked):
        held = {name: graphics.getAttribute(name) for name in _OF_THE_LOCK if graphics.hasAttribute(name)}
        for name in held:
            graphics.removeAttribute(name)
        if held:
            locks.setdefault(graphics.getAttribute("type"), held)
    shown = _element(plain)
    for graphics in _graphics(shown):
        for name in _OF_THE_LOCK:
            if graphics.hasAttribute(name):
                graphics.removeAttribute(name)
    if locked.toxml() != shown.toxml():
        raise RhvError(
            "xml.secrets",
            msg("xml.secrets", "The definition holds secrets that an edit here would lose."),
            msg("xml.secrets.hint", "Change it with virsh edit on the host."),
        )
    for graphics in _graphics(wanted):
        held = locks.get(graphics.getAttribute("type"), {})
        if held and not graphics.hasAttribute("passwd"):
            for name, value in held.items():
                graphics.setAttribute(name, value)


def fingerprint(text: str) -> str:
    """Of a definition without its secrets."""
    return hashlib.sha256(text.encode()).hexdigest()


def _wanted(text: str) -> minidom.Element:
    """What somebody typed."""
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise _invalid("a document type declaration")
    try:
        tree(text)
        return _element(text)
    except (ValueError, ExpatError) as error:
        raise _invalid(str(error)) from error


def _element(text: str) -> minidom.Element:
    """As minidom reads it: names keep their prefixes when it is written again."""
    root = minidom.parseString(text.encode()).documentElement  # noqa: S318 - libvirt's, or without a declaration
    if root is None:
        raise ValueError("an empty document")
    return root


def _boot_entry(device: minidom.Element, place: int) -> minidom.Element:
    assert device.ownerDocument is not None
    entry = device.ownerDocument.createElement("boot")
    entry.setAttribute("order", str(place))
    return entry


def _invalid(detail: str) -> RhvError:
    return RhvError("xml.invalid", msg("xml.invalid", "This is no definition of a guest in XML."), detail=detail)


def _same_guest(text: str, plain: str) -> None:
    wanted, known = parse(text), parse(plain)
    if (wanted.uuid, wanted.name) != (known.uuid, known.name):
        raise RhvError(
            "xml.other_guest",
            msg("xml.other_guest", "Name and UUID cannot be changed here: that would be another guest."),
        )
    if wanted.owner != known.owner:
        raise RhvError(
            "xml.owner",
            msg("xml.owner", "The mark of a Manager or of the hosted engine cannot be given to a guest here."),
        )


def _keys(text: str) -> dict[tuple[str, int], str]:
    root = tree(text)
    keys = {("disk", number): disk_key(element) for number, element in enumerate(root.findall("devices/disk"))}
    for number, element in enumerate(root.findall("devices/interface")):
        keys["interface", number] = nic_key(element, number)
    return keys


def _graphics(root: minidom.Element) -> list[minidom.Element]:
    return [one for devices in _children(root, "devices") for one in _children(devices, "graphics")]


def _children(element: minidom.Element, name: str) -> list[minidom.Element]:
    return [node for node in element.childNodes if node.nodeType == node.ELEMENT_NODE and node.tagName == name]
