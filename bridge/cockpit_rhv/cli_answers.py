# SPDX-License-Identifier: Apache-2.0
"""Answers and secrets as a shell gives them: a document, ``path=value`` settings, a password."""

from __future__ import annotations

import getpass
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from .deploy.document import ANSWERS_LIMIT, parse_answers
from .errors import RhvError
from .messages import msg

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import BinaryIO

PASSWORD_LIMIT = 64 * 1024


def read_answers(source: str) -> dict[str, Any]:
    """The answers document in the file ``source``, or on stdin for ``-``.

    Raises RhvError ``answers.unreadable``, and as :func:`parse_answers` does.
    """
    try:
        if source == "-":
            data = sys.stdin.buffer.read(ANSWERS_LIMIT + 1)
        else:
            with open(source, "rb") as stream:
                data = stream.read(ANSWERS_LIMIT + 1)
    except OSError as error:
        raise RhvError(
            "answers.unreadable", msg("answers.unreadable", "{file} cannot be read.", file=source), None, str(error)
        ) from error
    return parse_answers(data)


def apply_settings(answers: dict[str, Any], settings: Sequence[str], schema: Mapping[str, Any]) -> None:
    """Put each ``path=value`` into ``answers``; the schema says which values are text and which are JSON.

    Raises RhvError ``answers.setting`` for one without ``=``, or whose path leads through something that is no mapping.
    """
    for setting in settings:
        path, separator, text = setting.partition("=")
        if not separator or not all(path.split(".")):
            raise _setting(setting)
        *parents, last = path.split(".")
        place: Any = answers
        for part in parents:
            place = place.setdefault(part, {})
            if not isinstance(place, dict):
                raise _setting(setting)
        place[last] = _value(text, _type_of(schema, path))


def leaves(answers: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted paths and values, in order."""
    for name, value in answers.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``above`` laid over ``below``, mapping by mapping."""
    merged = dict(below)
    for name, value in above.items():
        known = merged.get(name)
        merged[name] = merge(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def password_from(descriptor: int) -> str:
    """All that comes from a file descriptor, without one line end; raises RhvError ``secrets.unreadable``."""
    try:
        with open(descriptor, "rb", closefd=False) as stream:
            return _password(stream)
    except OSError as error:
        raise _no_password(str(error)) from error


def ask_password(prompt: str, again: str) -> str:
    """Ask on the terminal, twice; raises RhvError ``secrets.mismatch``, or ``secrets.unreadable`` without one."""
    if not os.isatty(sys.stdin.fileno()):
        raise _no_password("stdin is no terminal")
    first = getpass.getpass(prompt)
    if getpass.getpass(again) != first:
        raise RhvError("secrets.mismatch", msg("secrets.mismatch", "The two passwords are not the same."))
    return first


def _password(stream: BinaryIO) -> str:
    data = stream.read(PASSWORD_LIMIT + 1)
    if len(data) > PASSWORD_LIMIT:
        raise _no_password(f"more than {PASSWORD_LIMIT} bytes")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        # The exception's own text would quote the password.
        raise _no_password("not UTF-8") from None
    return text[:-1] if text.endswith("\n") else text


def _no_password(detail: str) -> RhvError:
    return RhvError(
        "secrets.unreadable",
        msg("secrets.unreadable", "The administrator's password cannot be read."),
        msg("secrets.unreadable.hint", "Use a terminal, --admin-password-stdin or --admin-password-fd."),
        detail,
    )


def _setting(setting: str) -> RhvError:
    return RhvError(
        "answers.setting",
        msg("answers.setting", "{setting} is no setting of the form path=value.", setting=setting[:200]),
    )


def _type_of(schema: Mapping[str, Any], path: str) -> str | None:
    part: Mapping[str, Any] = schema
    for name in path.split("."):
        part = part.get("properties", {}).get(name, {})
    kind = part.get("type")
    return kind if isinstance(kind, str) else None


def _value(text: str, kind: str | None) -> Any:
    if kind == "string":
        return text
    try:
        return json.loads(text)
    except ValueError:
        # Validation names the field and what it expects.
        return text
