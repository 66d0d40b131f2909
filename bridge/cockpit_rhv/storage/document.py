# SPDX-License-Identifier: Apache-2.0
"""A storage document: what the wizard asks for, judged field by field before any program sees a word of it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from ..errors import RhvError
from ..messages import Message, msg
from ..paths import data_dir
from ..rpc.schema import find_faults, read, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

ISCSI_PORT = 3260
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?")
_PLAIN = re.compile(r"[^\s\"'`;&|<>$\\*?()\[\]{}#!\x00-\x1f\x7f]")
_OPTION = re.compile(r"[A-Za-z0-9_.-]+(=[A-Za-z0-9_.:/@%+-]+)?")
#: Set by the document itself, or at odds with a test that must end.
_OPTIONS_REFUSED = {"vers", "nfsvers", "v3", "v4", "v4.0", "v4.1", "v4.2", "bg", "minorversion"}
_TARGET = re.compile(
    r"iqn\.[0-9]{4}-[0-9]{2}\.[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[A-Za-z0-9.:_-]+)?|eui\.[0-9A-Fa-f]{16}"
    r"|naa\.([0-9A-Fa-f]{16}|[0-9A-Fa-f]{32})"
)
_GROUP = re.compile(r"[A-Za-z0-9+_.][A-Za-z0-9+_.-]*")
_WWID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]*")


class Portal(NamedTuple):
    """Where an iSCSI target answers. ``host``: name or address, IPv6 without brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Login:
    """A name and its secret, which is in no repr."""

    user: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Chap:
    """``out``: how this host proves itself; ``back``: how the target does, None when it need not."""

    out: Login
    back: Login | None = None


@dataclass(frozen=True)
class Nfs:
    """``version``: auto, 3, 4.0, 4.1 or 4.2. ``options``: as for mount(8), checked."""

    server: str
    path: str
    version: str = "auto"
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Iscsi:
    """One LUN of a target."""

    portals: tuple[Portal, ...]
    target: str
    lun: int
    chap: Chap | None = None


@dataclass(frozen=True)
class Directory:
    """A directory of this host. ``make``: whoever uses it makes it where it does not exist."""

    path: str
    make: bool = False


@dataclass(frozen=True)
class Lvm:
    """A volume group of this host."""

    volume_group: str


@dataclass(frozen=True)
class Fc:
    """A LUN that this host sees already."""

    wwid: str


Document = Union[Nfs, Iscsi, Directory, Lvm, Fc]

_DEFINITIONS = {
    "nfs": "StorageNfs",
    "iscsi": "StorageIscsi",
    "directory": "StorageDirectory",
    "lvm": "StorageLvm",
    "fc": "StorageFc",
}


def read_document(value: Any) -> Document:
    """The document in a JSON value. Raises RhvError ``storage.document``, its sentence says what is wrong first."""
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in _DEFINITIONS:
        raise _wrong(
            msg("storage.document.type", "The storage needs a type: one of {types}.", types=", ".join(_DEFINITIONS))
        )
    path = data_dir() / "schemas" / "storage.json"
    schema = resolve(read(path)["definitions"][_DEFINITIONS[kind]], path)
    for fault in find_faults(schema, value):
        # Neither sentence quotes the value, which may be a secret.
        text = msg(
            "storage.document.shape", "The storage document is not valid at: {field}", field=fault.path or "type"
        )
        raise _wrong(text, fault.detail)
    if kind == "nfs":
        return _nfs(value)
    if kind == "iscsi":
        portals = parse_portals(value["portals"])
        return Iscsi(portals, check_target(value["target"]), value["lun"], read_chap(value.get("chap")))
    if kind == "directory":
        return Directory(_path(value["path"]), value.get("make", False))
    if kind == "lvm":
        group = value["volume_group"]
        if not _GROUP.fullmatch(group) or group in (".", ".."):
            raise _wrong(_characters("volume_group", "A-Z a-z 0-9 + _ . -"))
        return Lvm(group)
    if not _WWID.fullmatch(value["wwid"]):
        raise _wrong(_characters("wwid", "A-Z a-z 0-9 . _ : -"))
    return Fc(value["wwid"])


def document_json(document: Document) -> dict[str, Any]:
    """What may be stored and shown: everything but secrets, what was left out filled in."""
    if isinstance(document, Nfs):
        plain = {"server": document.server, "path": document.path, "version": document.version}
        return {"type": "nfs", **plain, "options": ",".join(document.options)}
    if isinstance(document, Iscsi):
        portals = [str(portal) for portal in document.portals]
        value: dict[str, Any] = {"type": "iscsi", "portals": portals, "target": document.target, "lun": document.lun}
        if document.chap is not None:
            value["chap"] = {"user": document.chap.out.user}
            if document.chap.back is not None:
                value["chap"]["reverse"] = {"user": document.chap.back.user}
        return value
    if isinstance(document, Directory):
        return {"type": "directory", "path": document.path, "make": document.make}
    if isinstance(document, Lvm):
        return {"type": "lvm", "volume_group": document.volume_group}
    return {"type": "fc", "wwid": document.wwid}


def _nfs(value: Mapping[str, Any]) -> Nfs:
    options = tuple(filter(None, value.get("options", "").split(",")))
    for option in options:
        if not _OPTION.fullmatch(option):
            raise _wrong(msg("storage.document.option", '"{option}" is not a mount option.', option=option[:80]))
        if option.partition("=")[0] in _OPTIONS_REFUSED:
            if option == "bg":
                raise _wrong(msg("storage.document.bg", 'Leave out "bg": such a mount never says that it failed.'))
            raise _wrong(
                msg(
                    "storage.document.option_version",
                    'Leave out "{option}": choose the version instead.',
                    option=option,
                )
            )
    return Nfs(_host(value["server"]), _path(value["path"]), value.get("version", "auto"), options)


def parse_portals(texts: list[str]) -> tuple[Portal, ...]:
    """Several portals, none of them twice. Raises RhvError ``storage.document``."""
    portals: list[Portal] = []
    for text in texts:
        portal = parse_portal(text)
        if portal in portals:
            raise _wrong(msg("storage.document.twice", "The portal {portal} is there twice.", portal=str(portal)))
        portals.append(portal)
    return tuple(portals)


def parse_portal(text: str) -> Portal:
    """``host``, ``host:port``, ``[IPv6]`` or ``[IPv6]:port``, and an IPv6 address alone.

    Raises RhvError ``storage.document``.
    """
    host, port = text, ""
    if text.startswith("["):
        host, closed, rest = text[1:].partition("]")
        if not closed or not (rest == "" or rest.startswith(":")) or ":" not in host:
            raise _wrong(msg("storage.document.ipv6", "Write an IPv6 portal as {form}.", form="[2001:db8::1]:3260"))
        port = rest[1:] if rest else ""
        if rest == ":":
            raise _port(rest)
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
        if not port:
            raise _port(text)
    if port and not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise _port(port)
    return Portal(_host(host), int(port) if port else ISCSI_PORT)


def check_target(name: str) -> str:
    """``name`` when it can be a target's. Raises RhvError ``storage.document``."""
    if not _TARGET.fullmatch(name):
        example = "iqn.2024-01.com.example:disk1"
        raise _wrong(msg("storage.document.target", "An iSCSI target has a name such as {name}.", name=example))
    return name


def read_chap(value: Mapping[str, Any] | None) -> Chap | None:
    """CHAP as the schema has it. Raises RhvError ``storage.document``."""
    if value is None:
        return None
    out = _login("chap", value)
    back = _login("chap.reverse", value["reverse"]) if "reverse" in value else None
    if back is not None and back.secret == out.secret:
        # RFC 7143, 9.2.1: whoever can ask could otherwise answer with what it was just told.
        raise _wrong(msg("storage.document.same_secret", "The two CHAP secrets must differ."))
    return Chap(out, back)


def _login(where: str, value: Mapping[str, Any]) -> Login:
    for name in ("user", "secret"):
        text = value[name]
        # open-iscsi reads them from a line of a file, spaces around the value cut off.
        if not text.isprintable() or text != text.strip():
            raise _wrong(
                msg(
                    "storage.document.chap",
                    "{field} must not hold line breaks, nor begin or end with a space.",
                    field=f"{where}.{name}",
                )
            )
    return Login(value["user"], value["secret"])


def _host(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text)) if "%" not in text else _bad_host(text)
    except ValueError:
        pass
    labels = text.rstrip(".").split(".")
    fits = len(text) <= 253 and all(len(label) <= 63 and _LABEL.fullmatch(label) for label in labels)
    if not fits or labels[-1].isdigit():
        return _bad_host(text)
    return text


def _bad_host(text: str) -> str:
    raise _wrong(msg("storage.document.host", '"{host}" is neither a host name nor an address.', host=text[:80]))


def _path(text: str) -> str:
    if not text.startswith("/"):
        raise _wrong(msg("storage.document.absolute", "The path must begin with /."))
    if ".." in text.split("/"):
        raise _wrong(msg("storage.document.dots", 'The path must not hold "..".'))
    for character in text:
        if not _PLAIN.fullmatch(character):
            shown = repr(character)
            raise _wrong(
                msg("storage.document.character", "The path must not hold the character {shown}.", shown=shown)
            )
    return text if text == "/" else text.rstrip("/")


def _characters(where: str, allowed: str) -> Message:
    return msg("storage.document.characters", "{field} may hold only: {allowed}", field=where, allowed=allowed)


def _port(text: str) -> RhvError:
    return _wrong(msg("storage.document.port", '"{port}" is not a port: a number from 1 to 65535.', port=text[:20]))


def _wrong(message: Message, detail: str | None = None) -> RhvError:
    hint = msg("storage.document.hint", "Correct it and test again; nothing was tried with it.")
    return RhvError("storage.document", message, hint, detail)
