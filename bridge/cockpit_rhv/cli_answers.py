# SPDX-License-Identifier: Apache-2.0
"""Answers and secrets as a shell gives them: a YAML or JSON document, ``path=value`` settings, a password."""

from __future__ import annotations

import getpass
import json
import os
import sys
from math import isfinite
from typing import TYPE_CHECKING, Any

from .errors import RhvError
from .messages import Message, msg

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import BinaryIO

ANSWERS_LIMIT = 1024 * 1024
PASSWORD_LIMIT = 64 * 1024
_DEPTH_LIMIT = 20


def read_answers(source: str) -> dict[str, Any]:
    """The answers document in the file ``source``, or on stdin for ``-``.

    Raises RhvError ``answers.unreadable``, ``answers.too_large``, ``answers.syntax`` or ``answers.not_mapping``.
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


def parse_answers(data: bytes) -> dict[str, Any]:
    """The answers in a YAML or JSON document; raises RhvError as :func:`read_answers` does."""
    # Imported here: only a deployment with a document needs it.
    import yaml

    if len(data) > ANSWERS_LIMIT:
        raise RhvError(
            "answers.too_large",
            msg("answers.too_large", "The answers are larger than {limit} KiB.", limit=ANSWERS_LIMIT // 1024),
        )
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        depth = 0
        for event in yaml.parse(data, Loader=loader):
            # A few nested aliases can stand for gigabytes, and nobody needs them to answer questions.
            if isinstance(event, yaml.events.AliasEvent):
                raise _syntax(
                    msg("answers.alias", "Aliases (*name) are not allowed in answers."), str(event.start_mark)
                )
            if isinstance(event, yaml.events.CollectionStartEvent):
                depth += 1
            elif isinstance(event, yaml.events.CollectionEndEvent):
                depth -= 1
            if depth > _DEPTH_LIMIT:
                raise _syntax(msg("answers.depth", "The answers are nested too deeply."), str(event.start_mark))
        value = yaml.load(data, Loader=loader)  # noqa: S506 - it is one of the safe loaders
    except (yaml.YAMLError, ValueError) as error:
        raise _syntax(msg("answers.syntax", "The answers are neither YAML nor JSON."), str(error)) from error
    if not isinstance(value, dict):
        raise RhvError(
            "answers.not_mapping",
            msg("answers.not_mapping", "The answers must be a mapping of names to values."),
            msg("answers.not_mapping.hint", "cockpit-rhv deploy --dry-run shows a document that fits this host."),
        )
    _refuse_unlike_json(value, "")
    return value


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


def _syntax(message: Message, detail: str) -> RhvError:
    return RhvError("answers.syntax", message, None, detail.strip())


def _refuse_unlike_json(value: Any, path: str) -> None:
    """YAML knows dates, sets, binaries and keys of any type; answers are what JSON can say."""
    if isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(name, str):
                raise _syntax(msg("answers.key", "{key} is no name of an answer.", key=str(name)[:64]), path)
            _refuse_unlike_json(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for item in value:
            _refuse_unlike_json(item, path)
    elif not (value is None or isinstance(value, (str, bool, int)) or (isinstance(value, float) and isfinite(value))):
        raise _syntax(
            msg("answers.unlike_json", "{path} is neither text nor a number; put it between quotes.", path=path),
            type(value).__name__,
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
