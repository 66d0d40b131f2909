# SPDX-License-Identifier: Apache-2.0
"""Small files of /proc, /sys and /etc."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def read_text(path: Path) -> str:
    """Content without surrounding white space; undecodable bytes are kept visible. Raises OSError."""
    return path.read_text("utf-8", "backslashreplace").strip()


def read_optional(path: Path) -> str | None:
    """Like :func:`read_text`; None when the file is absent, empty, or its driver has no value to give.

    sysfs answers EINVAL or ENODEV for a value that does not apply (the speed of a link that is down), and some DMI
    values are for root only, so no OSError is worth more than None here.
    """
    try:
        return read_text(path) or None
    except OSError:
        return None


def read_optional_int(path: Path) -> int | None:
    """A decimal number in a file of its own, else None as :func:`read_optional`."""
    text = read_optional(path)
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def parse_id_list(text: str) -> list[int]:
    """The kernel's list form: ``0-2,5`` is 0, 1, 2, 5. Raises ValueError."""
    ids: list[int] = []
    for part in text.split(","):
        if part.strip():
            first, _, last = part.partition("-")
            ids.extend(range(int(first), int(last or first) + 1))
    return ids
