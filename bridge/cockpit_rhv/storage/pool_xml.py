# SPDX-License-Identifier: Apache-2.0
"""libvirt's definition of a new storage pool, from what a person entered."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import Message, msg

if TYPE_CHECKING:
    from collections.abc import Mapping

_FS = "http://libvirt.org/schemas/storagepool/fs/1.0"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+@-]{0,63}")
#: A host name, an IPv4 or an IPv6 address: nothing a mount option or a shell could read otherwise.
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:_-]{0,252}[A-Za-z0-9])?")
_TARGET_NAME = re.compile(r"(iqn|eui|naa)\.[A-Za-z0-9.:_-]{1,220}")
_GROUP = re.compile(r"[A-Za-z0-9+_.][A-Za-z0-9+_.-]{0,126}")


def pool_xml(wanted: Mapping[str, Any]) -> str:
    """``wanted``: parameters of method ``storage.create``. Raises ``storage.bad_name`` and ``storage.bad_path``."""
    kind = wanted["kind"]
    if not _NAME.fullmatch(wanted["name"]):
        raise RhvError(
            "storage.bad_name",
            msg("storage.bad_name", "A name has letters, digits and . _ + @ - and begins with a letter or digit."),
        )
    ET.register_namespace("fs", _FS)
    pool = ET.Element("pool", {"type": kind})
    ET.SubElement(pool, "name").text = wanted["name"]
    if kind in ("dir", "netfs"):
        target = folder(wanted.get("target"))
    if kind == "netfs":
        source = ET.SubElement(pool, "source")
        ET.SubElement(source, "host", {"name": _host(wanted)})
        ET.SubElement(source, "dir", {"path": folder(wanted.get("source"))})
        ET.SubElement(source, "format", {"type": "nfs"})
        if wanted.get("nfs_version"):
            ET.SubElement(source, "protocol", {"ver": wanted["nfs_version"]})
    elif kind == "iscsi":
        source = ET.SubElement(pool, "source")
        port = {"port": str(wanted["port"])} if wanted.get("port") else {}
        ET.SubElement(source, "host", {"name": _host(wanted), **port})
        ET.SubElement(source, "device", {"path": _matching(_TARGET_NAME, wanted.get("source"), _NO_TARGET)})
        target = "/dev/disk/by-path"
    elif kind == "logical":
        group = _matching(_GROUP, wanted.get("source"), _NO_GROUP)
        if group in (".", ".."):
            raise RhvError("storage.bad_path", _NO_GROUP)
        source = ET.SubElement(pool, "source")
        ET.SubElement(source, "name").text = group
        ET.SubElement(source, "format", {"type": "lvm2"})
        target = f"/dev/{group}"
    ET.SubElement(ET.SubElement(pool, "target"), "path").text = target
    if kind == "netfs":
        # mount.nfs tries for two minutes otherwise, long after whoever asked was told that there is no answer
        ET.SubElement(ET.SubElement(pool, f"{{{_FS}}}mount_opts"), f"{{{_FS}}}option", {"name": "retry=0"})
    return ET.tostring(pool, encoding="unicode")


_NO_HOST = msg("storage.bad_host", "A server is a name or an address.")
_NO_TARGET = msg("storage.bad_target", "An iSCSI target is named like iqn.2024-01.org.example:disks.")
_NO_GROUP = msg("storage.bad_group", "A volume group is named by letters, digits and + _ . -")


def folder(path: str | None) -> str:
    """A whole path that means what it looks like; raises ``storage.bad_path``."""
    parts = (path or "").split("/")
    if not path or parts[0] != "" or ".." in parts or any(ord(sign) < 32 or ord(sign) == 127 for sign in path):
        raise RhvError(
            "storage.bad_path",
            msg("storage.bad_path", "A folder is named by its whole path, beginning with a slash and without “..”."),
        )
    return path


def _host(wanted: Mapping[str, Any]) -> str:
    return _matching(_HOST, wanted.get("host"), _NO_HOST)


def _matching(pattern: re.Pattern[str], value: str | None, otherwise: Message) -> str:
    if value is None or not pattern.fullmatch(value):
        raise RhvError("storage.bad_path", otherwise)
    return value
