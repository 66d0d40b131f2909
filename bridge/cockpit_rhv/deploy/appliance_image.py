# SPDX-License-Identifier: Apache-2.0
"""An appliance image and what it says of itself: the ``.json`` file that lies beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..errors import RhvError
from ..jobs.files import read_json
from ..messages import msg
from ..storage.checksum import expected_sha256
from ..storage.qcow2 import read_header

DEFAULT_IMAGE = Path("/usr/share/cockpit-rhv/appliance/rhv-engine.qcow2")
_VERSION = re.compile(r"(\d+(?:\.\d+)*)([~+.\-A-Za-z0-9]*)")


@dataclass(frozen=True)
class ApplianceImage:
    """``size_bytes``: of the file; ``virtual_bytes``: of the disk in it; ``sha256``: 64 hex digits, not proved yet."""

    path: Path
    version: str
    size_bytes: int
    virtual_bytes: int
    sha256: str


def description_file(image: Path) -> Path:
    """Where the description of ``image`` lies."""
    return image.with_suffix(".json")


def read_appliance(image: Path) -> ApplianceImage:
    """All that is known without reading the image itself.

    Raises RhvError ``image.missing``, ``image.not_qcow2``, ``image.not_alone``, ``image.no_checksum``,
    ``image.no_description``, ``image.description``; OSError.
    """
    try:
        size = image.stat().st_size
        header = read_header(image)
    except FileNotFoundError as error:
        raise RhvError(
            "image.missing",
            msg("checks.image.missing", "There is no appliance image at {path}.", path=str(image)),
            msg("checks.image.remedy", "Install the appliance package, or put the image there with its .sha256 file."),
            str(error),
        ) from error
    if header.backed or header.external_data or header.corrupt:
        raise RhvError(
            "image.not_alone",
            msg("checks.image.not_alone", "The image {path} is damaged or needs a second file.", path=str(image)),
        )
    sha256 = expected_sha256(image)
    version, described = _description(image)
    if described not in ("", sha256):
        raise RhvError(
            "image.description",
            msg(
                "image.description",
                "The files beside the image {path} belong to different versions of it.",
                path=str(image),
            ),
            msg("image.description.hint", "Put image, .sha256 and .json of one version there."),
            f".sha256: {sha256}\n.json:   {described}",
        )
    return ApplianceImage(image, version, size, header.virtual_size, sha256)


def _description(image: Path) -> tuple[str, str]:
    """Version and checksum (empty where it names none)."""
    path = description_file(image)
    try:
        value = read_json(path)
        version, sha256 = value["version"], value.get("sha256", "")
        if not (isinstance(version, str) and isinstance(sha256, str) and _VERSION.fullmatch(version)):
            raise ValueError(f"version {version!r}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RhvError(
            "image.no_description",
            msg("image.no_description", "The file {path} does not say which version the image has.", path=str(path)),
            msg("image.no_description.hint", "Put the .json file that came with the image beside it."),
            f"{type(error).__name__}: {error}",
        ) from error
    return version, sha256.lower()


def is_newer(version: str, than: str) -> bool:
    """Compares versions as Debian does in the forms we use: ``0.2.0`` > ``0.2.0~rc1`` > ``0.1.10`` > ``0.1.9``.

    False for a version that cannot be read: nobody knows what it is.
    """
    left, right = _key(version), _key(than)
    return left is not None and right is not None and left > right


def _key(version: str) -> tuple[tuple[int, ...], int, tuple[tuple[int, str], ...]] | None:
    found = _VERSION.fullmatch(version)
    if found is None:
        return None
    numbers = [int(part) for part in found.group(1).split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    rest = found.group(2)
    # A tilde sorts before the end, anything else after it.
    kind = 0 if not rest else -1 if rest[0] == "~" else 1
    # Runs of digits count as numbers: rc10 comes after rc9.
    parts = re.findall(r"\d+|\D+", rest)
    return tuple(numbers), kind, tuple((int(part), "") if part.isdigit() else (-1, part) for part in parts)
