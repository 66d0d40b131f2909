# SPDX-License-Identifier: Apache-2.0
"""An answers document as a file has it: YAML or JSON, read without trusting it."""

from __future__ import annotations

from math import isfinite
from typing import Any

from ..errors import RhvError
from ..messages import Message, msg

ANSWERS_LIMIT = 1024 * 1024
_DEPTH_LIMIT = 20
_INTEGER_LIMIT = 2**63


def parse_answers(data: bytes) -> dict[str, Any]:
    """The answers in a YAML or JSON document, not validated.

    Raises RhvError ``answers.too_large``, ``answers.syntax`` or ``answers.not_mapping``.
    """
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
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError) as error:
        # The safe loader stumbles over scalars that are not what their tag says: !!bool x, !!int "", !!timestamp x.
        raise _syntax(msg("answers.syntax", "The answers are neither YAML nor JSON."), str(error)) from error
    if not isinstance(value, dict):
        raise RhvError(
            "answers.not_mapping",
            msg("answers.not_mapping", "The answers must be a mapping of names to values."),
            msg("answers.not_mapping.hint", "cockpit-rhv deploy --dry-run shows a document that fits this host."),
        )
    _refuse_unlike_json(value, "")
    return value


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
    elif not (
        value is None
        or isinstance(value, (str, bool))
        # Python refuses to write a number of thousands of digits, which YAML can say in hexadecimal.
        or (isinstance(value, int) and abs(value) < _INTEGER_LIMIT)
        or (isinstance(value, float) and isfinite(value))
    ):
        raise _syntax(
            msg("answers.unlike_json", "{path} is neither text nor a number; put it between quotes.", path=path),
            type(value).__name__,
        )
