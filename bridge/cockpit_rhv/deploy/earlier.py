# SPDX-License-Identifier: Apache-2.0
"""An engine that was there before: what it left where a new one is to lie, and its removal when that is confirmed."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..machines.removal import needed_by
from ..messages import msg
from ..storage.document import Directory, Nfs, read_document
from ..storage.earlier import Earlier, engine_file_names
from ..storage.engine_folder import engine_folder
from ..storage.testing import wipe_earlier
from .state import read_record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import libvirt

#: Seconds: the programs have limits of their own, below this together.
WIPE_LIMIT_S = 150.0


def earlier_of(document: Any, engine: str) -> Earlier:
    """What a test of this place is to look for. Raises RhvError ``storage.document``, ``state.damaged``."""
    folder = _folder(document, engine)
    own = _own_files()
    return Earlier(engine, [name for name in engine_file_names(engine) if str(folder / name) in own])


def wipe_engine(
    conn: libvirt.virConnect, document: Any, engine: str, files: Sequence[Mapping[str, str]], typed: str | None = None
) -> list[str]:
    """Delete these files (``name``, ``mark``) of an earlier engine, all or none; returns their names.

    ``typed``: must be the engine's name where another host has signed its disk.
    Raises RhvError ``storage.earlier.*``, ``storage.document``.
    """
    folder = _folder(document, engine)
    own = _own_files()
    for file in files:
        if file["name"] not in engine_file_names(engine) or str(folder / file["name"]) in own:
            raise RhvError(
                "storage.earlier.foreign",
                msg("storage.earlier.foreign", "{name} is no file of an earlier engine.", name=file["name"]),
                msg(
                    "storage.earlier.foreign.hint",
                    "Nothing was deleted. What a deployment begun here has made is its own.",
                ),
            )
        reason = needed_by(conn, str(folder / file["name"]))
        if reason is not None:
            raise RhvError(
                "storage.earlier.needed", msg("storage.earlier.needed", "{name} is needed.", name=file["name"]), reason
            )
    return wipe_earlier(document, files, typed == engine)


def _own_files() -> frozenset[str]:
    """Files of an unfinished deployment, whose place a new one takes; a finished one's are in use."""
    record = read_record()
    return frozenset() if record is None or record.finished else record.files()


def _folder(value: Any, engine: str) -> Path:
    """Where this host sees the place, or would."""
    # As in answers.schema.json; a name with a slash in it would lead elsewhere.
    if not re.fullmatch("[A-Za-z0-9][A-Za-z0-9._-]{0,62}", engine):
        raise RhvError(
            "storage.earlier.name",
            msg("storage.earlier.name", "{name} cannot be the name of an engine VM.", name=engine[:80]),
            msg(
                "storage.earlier.name.hint",
                "Use letters, digits, dots, hyphens and underscores; begin with a letter or digit.",
            ),
        )
    document = read_document(value)
    if isinstance(document, Nfs):
        return engine_folder(engine, {"kind": "nfs", "server": document.server, "export": document.path})
    if isinstance(document, Directory):
        return Path(os.path.realpath(document.path))
    raise RhvError(
        "storage.document",
        msg("storage.earlier.kind", "An earlier engine is looked for in directories and NFS exports only."),
    )
