# SPDX-License-Identifier: Apache-2.0
"""The checksum file beside an image: what ``sha256sum`` writes."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import RhvError
from ..messages import msg

_LINE = re.compile(r"^([0-9a-fA-F]{64})(?:[ \t]+[ *]?(\S.*))?$")
_LIMIT = 65536


def sidecar(image: Path) -> Path:
    """Where the checksum of ``image`` lies."""
    return image.with_name(image.name + ".sha256")


def expected_sha256(image: Path) -> str:
    """The SHA-256 (64 lower-case hex digits) that ``image`` must have.

    A line that names no file, or names this one, counts. Raises RhvError ``image.no_checksum`` when the file is
    missing or holds none for this image.
    """
    path = sidecar(image)
    try:
        with path.open("r", encoding="utf-8", errors="replace") as stream:
            text = stream.read(_LIMIT)
    except OSError as error:
        raise _missing(path, str(error)) from error
    for line in text.splitlines():
        found = _LINE.match(line.strip())
        if found and (found.group(2) is None or Path(found.group(2)).name == image.name):
            return found.group(1).lower()
    raise _missing(path, f"no SHA-256 for {image.name} in it")


def _missing(path: Path, detail: str) -> RhvError:
    return RhvError(
        "image.no_checksum",
        msg("image.no_checksum", "The checksum file {path} cannot be used.", path=str(path)),
        msg("image.no_checksum.hint", "Put the .sha256 file that came with the image beside it."),
        detail,
    )
