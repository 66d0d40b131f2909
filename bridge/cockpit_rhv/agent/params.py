# SPDX-License-Identifier: Apache-2.0
"""Parameters of verbs. vdsm's clients send numbers and flags as strings now and then, so both are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .verb_errors import missing_parameter

if TYPE_CHECKING:
    from collections.abc import Mapping


def text(params: Mapping[str, Any], name: str) -> str:
    """A required string. Raises VerbError 11."""
    value = params.get(name)
    if not isinstance(value, str):
        raise missing_parameter(name)
    return value


def flag(params: Mapping[str, Any], name: str, default: bool) -> bool:
    """A flag, as JSON or as the strings true and false. Raises VerbError 11 for anything else."""
    value = params.get(name, default)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise missing_parameter(name)


def texts(params: Mapping[str, Any], name: str) -> list[str]:
    """A list of strings, empty when absent. Raises VerbError 11."""
    value = params.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise missing_parameter(name)
    return value
