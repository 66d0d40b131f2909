# SPDX-License-Identifier: Apache-2.0
"""What a request asks for, before anything is looked up: path, parameters, media type, version, correlation id."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from .faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = "/ovirt-engine/api"
XML = "application/xml"
JSON = "application/json"
_CORRELATION = re.compile("[^0-9A-Za-z_-]")
_CORRELATION_LENGTH = 36


@dataclass(frozen=True)
class Target:
    """Where a request goes. ``base``: the root as the client wrote it; ``segments``: decoded, without parameters;
    ``parameters``: query and matrix parameters by lower-case name, empty ones left out (clients send ``search=`` all
    the time)."""

    base: str
    segments: tuple[str, ...]
    parameters: Mapping[str, str]

    def flag(self, name: str) -> bool:
        """A boolean parameter; ``?current`` is absent here, as empty values are, so only a written one counts."""
        return self.parameters.get(name, "").lower() in ("true", "1", "yes")

    def integer(self, name: str) -> int | None:
        """A number of zero or more, None when absent. Raises Fault 400."""
        value = self.parameters.get(name)
        if value is None:
            return None
        if not re.fullmatch("[0-9]{1,12}", value):
            raise Fault(400, "Invalid parameter", f"{name} is not a number: {value[:40]}")
        return int(value)


def read_target(raw_path: str, query: str) -> Target:
    """Take a path (still percent-encoded) below ``/ovirt-engine/api`` apart.

    ``/v4`` after the root, a trailing slash and matrix parameters (``vms;max=20``) are all legal.
    """
    parameters: dict[str, str] = {}
    segments = []
    for part in raw_path[len(ROOT) :].split("/"):
        name, *matrix = part.split(";")
        if name:
            segments.append(unquote(name))
        for item in matrix:
            key, _, value = item.partition("=")
            _keep(parameters, unquote(key), unquote(value) or "true")
    for key, value in parse_qsl(query, keep_blank_values=True):
        _keep(parameters, key, value)
    base = ROOT
    if segments and segments[0] == "v4":
        base = f"{ROOT}/v4"
        del segments[0]
    return Target(base, tuple(segments), parameters)


def _keep(parameters: dict[str, str], key: str, value: str) -> None:
    if value.strip():
        parameters[key.strip().lower()] = value.strip()


def check_version(header: str | None) -> None:
    """The ``Version`` header names the major version of the API. Raises Fault 400 for any but 4."""
    if header and header.strip() != "4":
        raise Fault(400, "Invalid version", f"The requested version {header[:20]!r} isn't supported.")


def choose_media(accept: str | None) -> str:
    """:data:`XML` or :data:`JSON`; XML when both are equally welcome. Raises Fault 406."""
    if not accept or not accept.strip():
        return XML
    best = {XML: 0.0, JSON: 0.0}
    for item in accept.split(","):
        media, *options = (part.strip().lower() for part in item.split(";"))
        weight = _weight(options)
        for offer in best:
            if media in (offer, offer.replace("application", "text"), "application/*", "*/*"):
                best[offer] = max(best[offer], weight)
    # A wildcard ranks below a type that is spelled out.
    named = {
        offer for offer in best if offer in accept.lower() or offer.replace("application", "text") in accept.lower()
    }
    if not any(best.values()):
        raise Fault(406, "Not acceptable", f"{accept[:100]}: only application/xml and application/json are served")
    return JSON if (best[JSON], JSON in named) > (best[XML], XML in named) else XML


def _weight(options: list[str]) -> float:
    for option in options:
        if option.startswith("q="):
            try:
                return max(0.0, min(1.0, float(option[2:])))
            except ValueError:
                return 0.0
    return 1.0


def correlation_id(asked: str | None) -> str:
    """The id under which events are stored and which the answer repeats; a new one when none was asked for."""
    kept = _CORRELATION.sub("", asked or "")[:_CORRELATION_LENGTH]
    return kept or str(uuid.uuid4())
