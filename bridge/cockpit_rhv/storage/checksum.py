# SPDX-License-Identifier: Apache-2.0
"""The checksum file beside an image: what ``sha256sum`` writes."""

from __future__ import annotations

import hashlib
import os
import re
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import msg

if TYPE_CHECKING:
    from io import FileIO

_LINE = re.compile(r"^([0-9a-fA-F]{64})(?:[ \t]+[ *]?(\S.*))?$")
_LIMIT = 65536
_BLOCK = 2**20


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


_sums: dict[tuple[int, ...], str] = {}
_one_at_a_time = threading.Lock()


def found_sha256(image: Path, limit_s: float) -> str | None:
    """The SHA-256 the file has; None when reading it takes longer than ``limit_s``. Raises OSError.

    A file that has not changed since is not read again by the same process: a wizard asks at every step.
    """
    deadline = time.monotonic() + limit_s
    with _one_at_a_time, image.open("rb", buffering=0) as stream:
        status = os.fstat(stream.fileno())
        known = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if known not in _sums:
            found = _digest(stream, deadline)
            if found is None:
                return None
            _sums.clear()
            _sums[known] = found
        return _sums[known]


def file_sha256(image: Path) -> str:
    """The SHA-256 the file has, read from its beginning to its end. Raises OSError."""
    with image.open("rb", buffering=0) as stream:
        return _digest(stream, None) or ""


def _digest(stream: FileIO, deadline: float | None) -> str | None:
    digest = hashlib.sha256()
    block = bytearray(_BLOCK)
    while size := stream.readinto(block):
        digest.update(memoryview(block)[:size])
        if deadline is not None and time.monotonic() > deadline:
            return None
    return digest.hexdigest()


def wrong_sum(image: Path, expected: str, found: str) -> RhvError:
    """The image is not what its checksum file says."""
    return RhvError(
        "image.checksum",
        msg("image.checksum", "The appliance image {path} is damaged or altered.", path=str(image)),
        msg("image.checksum.hint", "Fetch the image and its .sha256 file again; both must be of the same version."),
        f"SHA-256 expected {expected}, found {found}",
    )


def _missing(path: Path, detail: str) -> RhvError:
    return RhvError(
        "image.no_checksum",
        msg("image.no_checksum", "The checksum file {path} cannot be used.", path=str(path)),
        msg("image.no_checksum.hint", "Put the .sha256 file that came with the image beside it."),
        detail,
    )
