# SPDX-License-Identifier: Apache-2.0
"""Which distribution this is: os-release(5)."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import NamedTuple

from .files import read_optional


class OsRelease(NamedTuple):
    """``id`` is lower case (``debian``, ``rhel``); ``version_id`` is empty on rolling releases (Debian sid)."""

    id: str
    version_id: str
    pretty_name: str


def read_os_release(root: Path = Path("/")) -> OsRelease:
    """Fields of /etc/os-release, else /usr/lib/os-release, else the defaults os-release(5) gives."""
    text = read_optional(root / "etc/os-release") or read_optional(root / "usr/lib/os-release") or ""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith("#"):
            fields[key] = _unquote(value)
    name = fields.get("PRETTY_NAME") or fields.get("NAME") or "Linux"
    return OsRelease(fields.get("ID") or "linux", fields.get("VERSION_ID", ""), name)


def _unquote(value: str) -> str:
    """The value as a shell would read it; a line no shell could read is taken as it stands."""
    try:
        words = shlex.split(value)
    except ValueError:
        return value
    return words[0] if len(words) == 1 else value if words else ""
