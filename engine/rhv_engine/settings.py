# SPDX-License-Identifier: Apache-2.0
"""The Manager's settings: what ``rhv-engine.json`` of the config drive said (docs/architecture.md), checked."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)\Z")


class SettingsError(Exception):
    """The settings file cannot be used; the text says which field and why."""


@dataclass(frozen=True)
class Enrollment:
    """The one-time token: SHA-256 in hex, and how many seconds after the first start it is good for."""

    token_sha256: str
    valid_s: int


@dataclass(frozen=True)
class Timing:
    """Seconds between and until things; every one counts on the monotonic clock.

    A host that stops answering is ``non_responsive`` after at most ``poll_s + answer_s + grace_s``.
    """

    poll_s: float = 5.0
    answer_s: float = 8.0
    connect_s: float = 8.0
    grace_s: float = 12.0
    first_contact_s: float = 25.0
    """How long a host just added may stay ``installing`` before it counts as not responding."""
    retry_min_s: float = 0.5
    retry_max_s: float = 5.0


@dataclass(frozen=True)
class Settings:
    """Everything read from the file; see docs/architecture.md, "Config drive"."""

    fqdn: str
    admin_user: str
    admin_password_hash: str
    enrollment: Enrollment | None = None
    job_public_key: str | None = None
    database_url: str | None = None
    token_idle_s: int = 30 * 60
    token_life_s: int = 360_000
    timing: Timing = field(default_factory=Timing)


def load_settings(path: Path) -> Settings:
    """Read and check the file. Raises SettingsError."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise SettingsError(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise SettingsError(f"{path}: not an object")
    try:
        return parse_settings(document)
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from error


def parse_settings(document: Mapping[str, Any]) -> Settings:
    """Settings of a parsed document. Raises SettingsError; unknown fields are ignored, a newer drive may have some."""
    if document.get("version") != 1:
        raise SettingsError(f"version {document.get('version')!r} is not known, only 1 is")
    admin = _take(document, "admin", dict)
    user = _take(admin, "user", str)
    if "@" not in user.strip("@"):
        raise SettingsError("admin.user must be a name and a profile, such as admin@internal")
    return Settings(
        fqdn=_fqdn(_take(document, "fqdn", str)),
        admin_user=user,
        admin_password_hash=_take(admin, "password_hash", str),
        enrollment=_enrollment(document.get("enrollment")),
        job_public_key=_optional(document, "job_public_key", str),
        database_url=_optional(document, "database_url", str),
        token_idle_s=_positive(document, "token_idle_s", Settings.token_idle_s),
        token_life_s=_positive(document, "token_life_s", Settings.token_life_s),
        timing=_timing(document.get("timing")),
    )


def _take(document: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    value = document.get(name)
    if not isinstance(value, kind) or not value:
        raise SettingsError(f"{name} is missing or no {kind.__name__}")
    return value


def _optional(document: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    return None if document.get(name) is None else _take(document, name, kind)


def _positive(document: Mapping[str, Any], name: str, default: int) -> int:
    value = document.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise SettingsError(f"{name} must be a number of seconds above 0")
    return value


def _fqdn(name: str) -> str:
    lowered = name.rstrip(".").lower()
    try:
        ipaddress.ip_address(lowered)
    except ValueError:
        pass
    else:
        raise SettingsError("fqdn is an address; a name is needed")
    if len(lowered) > 253 or not all(_LABEL.match(label) for label in lowered.split(".")):
        raise SettingsError(f"fqdn {name!r} is not a host name")
    return lowered


def _enrollment(value: Any) -> Enrollment | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise SettingsError("enrollment is no object")
    digest = _take(value, "token_sha256", str).lower()
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise SettingsError("enrollment.token_sha256 is not 64 hexadecimal digits")
    return Enrollment(digest, _positive(value, "valid_s", 3600))


def _timing(value: Any) -> Timing:
    if value is None:
        return Timing()
    if not isinstance(value, dict) or not value.keys() <= Timing.__dataclass_fields__.keys():
        raise SettingsError(f"timing may hold {', '.join(Timing.__dataclass_fields__)}")
    if not all(isinstance(number, (int, float)) and number > 0 for number in value.values()):
        raise SettingsError("every timing must be a number of seconds above 0")
    return Timing(**value)
