# SPDX-License-Identifier: Apache-2.0
"""Which files and volumes belong to guests that are being made: records of ``create/``, for whoever is about to use
one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def making_dir() -> Path:
    """The folder of the records, ``<uuid>.json`` each."""
    return Path(os.environ.get("COCKPIT_RHV_STATE") or "/var/lib/cockpit-rhv") / "making"


def files_being_made() -> Iterator[tuple[str, str]]:
    """UUIDs of guests that are being made, or whose maker was killed, with the real path of each file and volume.

    Raises OSError or ValueError when it cannot be told.
    """
    try:
        names = sorted(os.listdir(making_dir()))
    except FileNotFoundError:
        return
    for name in names:
        uuid, suffix = os.path.splitext(name)
        # whole records only: while it is written, a record has a name of its own that begins with a dot
        if suffix != ".json" or name.startswith("."):
            continue
        try:
            record = json.loads((making_dir() / name).read_text(encoding="utf-8"))
        except FileNotFoundError:  # the guest is there by now
            continue
        try:
            paths = [str(path) for path, _device, _inode in record["files"]]
            paths += [str(path) for _pool, _name, path in record.get("volumes", ())]
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"{name} is no record of files") from error
        for path in paths:
            yield uuid, os.path.realpath(path)
