# SPDX-License-Identifier: Apache-2.0
"""The config drive's four texts as checked settings. What is wrong is refused here, before anything is changed."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Any, NamedTuple

from .drive import DriveError

_HOST_LABEL = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_INTERFACE_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_CRYPT_HASH = re.compile(r"\$[0-9a-z]{1,3}\$[./0-9A-Za-z$=,+-]{8,}")
_INSTANCE_ID = re.compile(r"[\x21-\x7e]{1,128}")


class Route(NamedTuple):
    """A route; ``to`` is a network or ``default``."""

    to: str
    via: str


class Interface(NamedTuple):
    """One network interface, chosen by its hardware address."""

    name: str
    mac: str
    dhcp4: bool
    dhcp6: bool
    addresses: tuple[str, ...]
    routes: tuple[Route, ...]
    nameservers: tuple[str, ...]
    search: tuple[str, ...]


class Settings(NamedTuple):
    """All that a config drive says."""

    instance_id: str
    hostname: str
    fqdn: str
    ssh_authorized_keys: tuple[str, ...]
    root_password_hash: str | None
    interfaces: tuple[Interface, ...]
    engine: dict[str, Any]


def _fail(where: str, text: str) -> DriveError:
    return DriveError(f"config drive: {where}: {text}")


def _object(where: str, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise _fail(where, f"not JSON ({error}); other YAML than JSON is not read here") from error
    if not isinstance(value, dict):
        raise _fail(where, "not a JSON object")
    return value


def _string(where: str, values: dict[str, Any], key: str, default: str | None = None) -> str:
    value = values.get(key, default)
    if not isinstance(value, str) or not value:
        raise _fail(where, f"{key} must be a text that is not empty")
    return value


def _flag(where: str, values: dict[str, Any], key: str) -> bool:
    value = values.get(key, False)
    if not isinstance(value, bool):
        raise _fail(where, f"{key} must be true or false")
    return value


def _strings(where: str, values: dict[str, Any], key: str) -> tuple[str, ...]:
    found = values.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise _fail(where, f"{key} must be a list of texts")
    return tuple(found)


def _section(where: str, values: dict[str, Any], key: str) -> dict[str, Any]:
    found = values.get(key, {})
    if not isinstance(found, dict):
        raise _fail(where, f"{key} must be an object")
    return found


def _name(where: str, key: str, value: str) -> str:
    if len(value) > 253 or not all(_HOST_LABEL.fullmatch(label) for label in value.split(".")):
        raise _fail(where, f"{key} is not a host name: {value!r}")
    return value


def _address(where: str, value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError as error:
        raise _fail(where, f"not an IP address: {value!r}") from error


def _with_prefix(where: str, value: str) -> str:
    try:
        if "/" not in value:
            raise ValueError("no prefix length")
        return str(ipaddress.ip_interface(value))
    except ValueError as error:
        raise _fail(where, f"not an address with its prefix length, such as 192.0.2.10/24: {value!r}") from error


def _destination(where: str, value: str) -> str:
    if value == "default":
        return value
    try:
        return str(ipaddress.ip_network(value))
    except ValueError as error:
        raise _fail(where, f"not a network or 'default': {value!r}") from error


def _routes(where: str, values: dict[str, Any]) -> tuple[Route, ...]:
    found = values.get("routes", [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise _fail(where, "routes must be a list of objects")
    return tuple(
        Route(_destination(where, _string(where, item, "to")), _address(where, _string(where, item, "via")))
        for item in found
    )


def _interface(name: str, values: object) -> Interface:
    where = f"network-config: {name}"
    if not _INTERFACE_ID.fullmatch(name) or not isinstance(values, dict):
        raise _fail("network-config", f"ethernets.{name} must be an object with a plain name")
    mac = _string(where, _section(where, values, "match"), "macaddress").lower()
    if not _MAC.fullmatch(mac):
        raise _fail(where, f"not a hardware address: {mac!r}")
    nameservers = _section(where, values, "nameservers")
    interface = Interface(
        name=name,
        mac=mac,
        dhcp4=_flag(where, values, "dhcp4"),
        dhcp6=_flag(where, values, "dhcp6"),
        addresses=tuple(_with_prefix(where, value) for value in _strings(where, values, "addresses")),
        routes=_routes(where, values),
        nameservers=tuple(_address(where, value) for value in _strings(where, nameservers, "addresses")),
        search=tuple(_name(where, "search", value) for value in _strings(where, nameservers, "search")),
    )
    if not (interface.dhcp4 or interface.dhcp6 or interface.addresses):
        raise _fail(where, "neither DHCP nor an address: the engine would not be reachable")
    return interface


def _interfaces(text: str) -> tuple[Interface, ...]:
    where = "network-config"
    values = _object(where, text)
    if values.get("version") != 2:
        raise _fail(where, f"version must be 2, not {values.get('version')!r}")
    ethernets = _section(where, values, "ethernets")
    if not ethernets:
        raise _fail(where, "ethernets names no interface")
    return tuple(_interface(name, entry) for name, entry in ethernets.items())


def _engine(text: str) -> dict[str, Any]:
    where = "rhv-engine.json"
    values = _object(where, text)
    if values.get("version") != 1:
        raise _fail(where, f"version must be 1, not {values.get('version')!r}: this appliance is too old or too new")
    _name(where, "fqdn", _string(where, values, "fqdn"))
    return values


def _user_data(text: str) -> dict[str, Any]:
    first, _, rest = text.partition("\n")
    if first.strip() != "#cloud-config":
        raise _fail("user-data", "the first line must be #cloud-config")
    return _object("user-data", rest)


def parse(texts: dict[str, str]) -> Settings:
    """Check the drive's texts (by file name) and return what they say. Raises DriveError naming file and field."""
    meta = _object("meta-data", texts["meta-data"])
    instance_id = _string("meta-data", meta, "instance-id")
    if not _INSTANCE_ID.fullmatch(instance_id):
        raise _fail("meta-data", "instance-id must be up to 128 printable characters without blanks")
    user = _user_data(texts["user-data"])
    engine = _engine(texts["rhv-engine.json"])
    hostname = user.get("hostname", meta.get("local-hostname"))
    if not isinstance(hostname, str):
        raise _fail("user-data", "no hostname here and no local-hostname in meta-data")
    keys = _strings("user-data", user, "ssh_authorized_keys")
    if any("\n" in key for key in keys):
        raise _fail("user-data", "an SSH key must be one line")
    password_hash = user.get("root_password_hash")
    if password_hash is not None and not (isinstance(password_hash, str) and _CRYPT_HASH.fullmatch(password_hash)):
        # Not shown: it may be the password itself, put there by mistake.
        raise _fail("user-data", "root_password_hash is not a crypt(3) hash such as $y$…")
    return Settings(
        instance_id=instance_id,
        hostname=_name("user-data", "hostname", hostname),
        fqdn=_name("user-data", "fqdn", _string("user-data", user, "fqdn", engine["fqdn"])),
        ssh_authorized_keys=keys,
        root_password_hash=password_hash,
        interfaces=_interfaces(texts["network-config"]),
        engine=engine,
    )
