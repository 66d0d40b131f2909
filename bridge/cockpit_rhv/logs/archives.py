# SPDX-License-Identifier: Apache-2.0
"""The log archives of this host: where they lie, how long they are kept, how one is had or removed.

``/var/lib/cockpit-rhv/logs/`` is 0700 root; ``<id>.tar.xz`` and ``<id>.json`` (what is in it) are 0600. ``id`` is that
of the job which made it. The newest five are kept, two weeks at most; who lists or makes archives removes the others.
"""

from __future__ import annotations

import logging
import os
import re
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..jobs.files import Locked, file_lock, read_json
from ..messages import msg

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import BinaryIO

logger = logging.getLogger(__name__)

KEPT_ARCHIVES = 5
KEPT_S = 14 * 86_400.0
_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
_PARTIAL = ".partial"
_COPY = 2**20


def logs_dir() -> Path:
    """The folder of the archives."""
    return Path(os.environ.get("COCKPIT_RHV_STATE") or "/var/lib/cockpit-rhv") / "logs"


@dataclass(frozen=True)
class Archive:
    """One archive. ``since``: how far back its logs go (1h, 1d, 1w, all); ``expires_s``: when it goes at the latest.

    ``sources``: how many were asked; ``unread``: of these could not be read; ``cut``: were shortened or left out.
    """

    id: str
    filename: str
    size_bytes: int
    created_s: float
    expires_s: float
    since: str
    guests: bool
    sources: int
    unread: int
    cut: int

    def to_json(self) -> dict[str, Any]:
        """Wire form: definition ``LogArchive``."""
        return asdict(self)


def archive_path(archive_id: str) -> Path:
    """Where the archive of that id lies, there or not. Raises RhvError ``logs.not_found`` for what is no id."""
    if not _ID.fullmatch(archive_id):
        raise _not_found(archive_id)
    return logs_dir() / f"{archive_id}.tar.xz"


def partial_path(archive_id: str) -> Path:
    """The archive while it is written; whoever writes it holds a lock on it."""
    return archive_path(archive_id).with_suffix(_PARTIAL)


def list_archives() -> list[Archive]:
    """All of them, the newest first; removes what has expired. Raises RhvError ``access.denied``, OSError."""
    expire()
    return _all()


def open_archive(archive_id: str) -> BinaryIO:
    """The archive, to be read. Raises RhvError ``logs.not_found``, ``access.denied``; OSError."""
    try:
        return archive_path(archive_id).open("rb")
    except FileNotFoundError as error:
        raise _not_found(archive_id) from error
    except PermissionError as error:
        raise _denied(error) from error


def copy_archive(archive_id: str, output: BinaryIO) -> None:
    """Write the archive to ``output``; raises as :func:`open_archive`, and OSError of the output."""
    with open_archive(archive_id) as source:
        while chunk := source.read(_COPY):
            output.write(chunk)


def delete_archive(archive_id: str) -> None:
    """Remove one. Raises RhvError ``logs.not_found``, ``access.denied``; OSError."""
    path = archive_path(archive_id)
    try:
        path.unlink()
    except FileNotFoundError as error:
        raise _not_found(archive_id) from error
    except PermissionError as error:
        raise _denied(error) from error
    finally:
        if not path.exists():
            _about(path).unlink(missing_ok=True)


def expire(now_s: float | None = None) -> None:
    """Remove what is too old or too many, and what a killed collection left. Raises as :func:`list_archives`."""
    now_s = time.time() if now_s is None else now_s
    for place, archive in enumerate(_all()):
        if place >= KEPT_ARCHIVES or archive.expires_s <= now_s:
            logger.info("log archive %s has expired", archive.id)
            delete_archive(archive.id)
    for path in logs_dir().glob(f"*{_PARTIAL}"):
        try:
            # The kernel freed the lock of a writer that was killed.
            with file_lock(path):
                path.unlink(missing_ok=True)
        except Locked:
            continue


def _all() -> list[Archive]:
    try:
        names = os.listdir(logs_dir())
    except FileNotFoundError:
        return []
    except PermissionError as error:
        raise _denied(error) from error
    ids = [name[: -len(".tar.xz")] for name in names if name.endswith(".tar.xz")]
    found = (_archive(name) for name in ids if _ID.fullmatch(name))
    return sorted((archive for archive in found if archive), key=lambda one: (one.created_s, one.id), reverse=True)


def _archive(archive_id: str) -> Archive | None:
    path = archive_path(archive_id)
    try:
        status = path.stat()
    except FileNotFoundError:
        return None  # removed this moment, by somebody else
    about: Mapping[str, Any] = {}
    try:
        about = read_json(_about(path))
        return _described(archive_id, status, about)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        # It can still be had, and must not stay for ever.
        logger.warning("what is in log archive %s is not known: %s", archive_id, error)
        return _described(archive_id, status, {"since": "all", "guests": True, "sources": 0, "unread": 0, "cut": 0})


def _described(archive_id: str, status: os.stat_result, about: Mapping[str, Any]) -> Archive:
    created_s = status.st_mtime
    return Archive(
        archive_id,
        f"rhv-logs-{archive_id}.tar.xz",
        status.st_size,
        round(created_s, 3),
        round(created_s + KEPT_S, 3),
        str(about["since"]),
        bool(about["guests"]),
        int(about["sources"]),
        int(about["unread"]),
        int(about["cut"]),
    )


def _about(path: Path) -> Path:
    return path.with_name(path.name[: -len(".tar.xz")] + ".json")


def about_path(archive_id: str) -> Path:
    """What is in the archive of that id, in short."""
    return _about(archive_path(archive_id))


def _not_found(archive_id: str) -> RhvError:
    return RhvError(
        "logs.not_found",
        msg("logs.not_found", "There is no log archive {archive}.", archive=archive_id[:64]),
        msg("logs.not_found.hint", "It may have expired or been removed; collect the logs again."),
    )


def _denied(error: OSError) -> RhvError:
    return RhvError(
        "access.denied",
        msg("access.denied", "Only an administrator may do this."),
        msg("access.denied.hint", "Turn on administrative access."),
        str(error),
    )
