# SPDX-License-Identifier: Apache-2.0
"""The one answer to a change of the networks: of several at once, and of one at the last moment, the first counts."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from ..jobs.files import read_json, write_json

if TYPE_CHECKING:
    from pathlib import Path

#: Stands where an answer would, when the time for one is over.
CLOSED = "closed"


def answered(folder: Path, job: str) -> str | None:
    """``keep``, ``undo`` or CLOSED; None so far. Raises OSError or ValueError when it cannot be read."""
    try:
        said: str = read_json(_file(folder, job))["said"]
    except FileNotFoundError:
        return None
    return said


def take(folder: Path, job: str, said: str) -> str | None:
    """Give this answer; returns the one that was there already, which counts, else None. Raises OSError."""
    file = _file(folder, job)
    mine = file.with_name(f"{file.name}.{os.getpid()}-{threading.get_ident()}")
    for old in set(folder.glob("answer-*.json")) - {file}:
        old.unlink(missing_ok=True)  # of changes that are over: there is one at a time
    write_json(mine, {"said": said}, 0o600, gid=0)
    try:
        os.link(mine, file)
    except FileExistsError:
        return answered(folder, job)
    finally:
        mine.unlink()
    return None


def _file(folder: Path, job: str) -> Path:
    return folder / f"answer-{job}.json"
