# SPDX-License-Identifier: Apache-2.0
"""Programs of the host that checks ask, and the JSON in what they print."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import RhvError
from ..messages import msg
from .tools import find_program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .context import Context, Finished

_BEGIN = re.compile(r"^[ \t]*[\[{]", re.MULTILINE)
Shape = TypeVar("Shape", "dict[str, Any]", "list[Any]")
#: Characters of a program's output that are shown; the rest helps nobody on a page.
SHOWN = 400


def ask(context: Context, argv: Sequence[str], limit_s: float) -> Finished | None:
    """Run a program; None when it is not installed.

    Raises OSError, or RhvError ``checks.silent`` after ``limit_s`` seconds.
    """
    try:
        return context.probes.run((find_program((argv[0],)) or argv[0], *argv[1:]), limit_s)
    except FileNotFoundError:
        return None
    except subprocess.TimeoutExpired as error:
        raise RhvError(
            "checks.silent",
            msg(
                "checks.silent",
                "{program} did not answer within {seconds} s.",
                program=argv[0],
                seconds=limit_s,
            ),
            detail=" ".join(argv),
        ) from error


def json_in(output: str, shape: type[Shape]) -> Shape:
    """The JSON object (``dict``) or array (``list``) in a program's output, warnings before and after it left out.

    Raises ValueError when there is none, or only a part of one.
    """
    decoder = json.JSONDecoder()
    outermost: int | None = None
    for match in _BEGIN.finditer(output):
        indent = len(match[0])
        # What stands further in than a beginning that came to nothing is a part of a document that was cut short.
        if outermost is not None and indent > outermost:
            continue
        try:
            found, _ = decoder.raw_decode(output, match.end() - 1)
        except (ValueError, RecursionError):
            outermost = indent  # cut short, or a warning that begins with a bracket
            continue
        if isinstance(found, shape):
            return found
    raise ValueError("no JSON in the output")


def shown(output: str) -> str:
    """The beginning of an output, as evidence."""
    return output[:SHOWN] or "no output"
