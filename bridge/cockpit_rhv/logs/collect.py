# SPDX-License-Identifier: Apache-2.0
"""Collects the logs and the state of this host into one ``.tar.xz`` without secrets, within bounds that it states.

``manifest.json`` in the archive names every source with what came of it: nothing is missing without a word.
"""

from __future__ import annotations

import io
import json
import lzma
import os
import socket
import tarfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..errors import RhvError
from ..jobs.files import Locked, file_lock, write_json
from ..messages import Message, msg
from ..redaction import redact_bytes
from .archives import about_path, archive_path, expire, logs_dir, partial_path
from .reading import Reading, Source, read_source
from .sources import MIB, STEPS, Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from ..deploy.progress import ProgressFile
    from .sources import Step

#: Of everything together before compression.
MOST_BYTES = 200 * MIB
#: The archive itself is a tenth of that; a disk that is nearly full is left alone.
LEAST_FREE = 64 * MIB
SINCE_S: Mapping[str, float | None] = {"1h": 3600.0, "1d": 86_400.0, "1w": 7 * 86_400.0, "all": None}
#: Fast rather than small: text shrinks to a tenth even so.
_PRESET = 1


@dataclass
class Collected:
    """What came of it, in numbers."""

    sources: int = 0
    unread: int = 0
    cut: int = 0
    removed: int = 0


def collect_logs(params: Mapping[str, Any], progress: ProgressFile) -> dict[str, Any]:
    """The task's work. ``params``: ``job`` (its ``id`` names the archive), ``since``, ``guests`` (yes or no).

    Raises RhvError ``logs.busy``, ``logs.no_space``; OSError when the archive cannot be written.
    """
    since, guests = str(params["since"]), params["guests"] == "yes"
    span_s = SINCE_S[since]
    wanted = Wanted(0.0 if span_s is None else time.time() - span_s, guests)
    archive_id = str(params["job"]["id"])
    folder = logs_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chmod(folder, 0o700)
    try:
        with file_lock(folder / ".lock"):
            expire()
            _refuse_full_disk(folder)
            collected = _write(archive_id, since, wanted, progress, STEPS)
            expire()
    except Locked as error:
        raise RhvError(
            "logs.busy",
            msg("logs.busy", "The logs of this host are being collected already."),
            msg("logs.busy.hint", "Wait for that collection, or cancel it."),
        ) from error
    return {"changed": True, "rhv_log": [_logged(*told) for told in _told(archive_id, collected)]}


def write_archive(
    output: BinaryIO, wanted: Wanted, steps: Sequence[Step], progress: ProgressFile, since: str
) -> Collected:
    """Write the archive to ``output``; raises OSError of the output."""
    collected = Collected()
    entries: list[dict[str, Any]] = []
    room = MOST_BYTES
    with lzma.open(output, "wb", preset=_PRESET) as packed, tarfile.open(fileobj=packed, mode="w|") as archive:
        for number, step in enumerate(steps):
            for source in _sources(step, wanted, entries):
                progress.report(number, len(steps), "items", step.title)
                began = time.monotonic()
                reading, removed = _clean(source, room)
                if reading.data:
                    _add(archive, source.name, reading.data)
                room -= len(reading.data)
                entries.append(_entry(source, reading, removed, time.monotonic() - began))
        progress.report(len(steps), len(steps), "items", None)
        collected.sources = len(entries)
        collected.unread = sum(entry["status"] == "failed" for entry in entries)
        collected.cut = sum(entry["status"] in ("cut", "left_out") for entry in entries)
        collected.removed = sum(entry["removed"] for entry in entries)
        _add(archive, "manifest.json", json.dumps(_manifest(since, wanted, entries, room), indent=1).encode())
    return collected


def _write(archive_id: str, since: str, wanted: Wanted, progress: ProgressFile, steps: Sequence[Step]) -> Collected:
    partial = partial_path(archive_id)
    # Whoever lists the archives removes a partial one that nobody holds the lock of.
    with file_lock(partial):
        try:
            with partial.open("wb") as output:
                collected = write_archive(output, wanted, steps, progress, since)
                output.flush()
                os.fsync(output.fileno())
            about = {
                "since": since,
                "guests": wanted.guests,
                "sources": collected.sources,
                "unread": collected.unread,
                "cut": collected.cut,
            }
            write_json(about_path(archive_id), about, 0o600, gid=0)
            os.rename(partial, archive_path(archive_id))
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    return collected


def _sources(step: Step, wanted: Wanted, entries: list[dict[str, Any]]) -> Iterator[Source]:
    try:
        yield from step.sources(wanted)
    except (OSError, RhvError) as error:
        # What there is could not even be listed: said in place of what would have been there.
        entries.append(
            {"name": "", "source": step.title.text, "status": "failed", "reason": str(error), "bytes": 0, "removed": 0}
        )


def _clean(source: Source, room: int) -> tuple[Reading, int]:
    if room <= 0:
        return Reading("left_out", reason=f"the archive already held {MOST_BYTES} bytes"), 0
    reading = read_source(source, room)
    data, removed = redact_bytes(reading.data)
    return reading._replace(data=data), removed


def _add(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    entry = tarfile.TarInfo(f"rhv-logs/{name}")
    entry.size, entry.mode, entry.mtime = len(data), 0o600, int(time.time())
    archive.addfile(entry, io.BytesIO(data))


def _entry(source: Source, reading: Reading, removed: int, took_s: float) -> dict[str, Any]:
    return {
        "name": source.name,
        "source": str(source.origin),
        "status": reading.status,
        "reason": reading.reason,
        "bytes": len(reading.data),
        "bytes_there": reading.seen,
        "removed": removed,
        "took_s": round(took_s, 3),
    }


def _manifest(since: str, wanted: Wanted, entries: list[dict[str, Any]], room: int) -> dict[str, Any]:
    return {
        "cockpit_rhv": __version__,
        "host": socket.gethostname(),
        "written_s": round(time.time(), 3),
        "since": since,
        "since_s": round(wanted.since_s, 3),
        "guest_logs": wanted.guests,
        "most_bytes": MOST_BYTES,
        "full": room <= 0,
        "statuses": {
            "ok": "whole, but for secrets; `removed` says at how many places",
            "cut": "only the newest part",
            "left_out": "not read: the archive was full",
            "failed": "could not be read whole; `reason` says why",
            "absent": "this host has no such thing",
        },
        "sources": entries,
    }


def _refuse_full_disk(folder: Path) -> None:
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    if free < LEAST_FREE:
        raise RhvError(
            "logs.no_space",
            msg(
                "logs.no_space",
                "{folder} has only {free} MiB free; {needed} MiB are needed for the archive.",
                folder=str(folder),
                free=free // MIB,
                needed=LEAST_FREE // MIB,
            ),
            msg("logs.no_space.hint", "Make room, for example by removing older archives, and collect again."),
        )


def _told(archive_id: str, collected: Collected) -> Iterator[tuple[Message, str]]:
    path = str(archive_path(archive_id))
    size = archive_path(archive_id).stat().st_size // 1024
    yield (
        msg(
            "logs.done",
            "{sources} sources are in {path} ({size} KiB).",
            sources=collected.sources,
            path=path,
            size=size,
        ),
        "info",
    )
    yield msg("logs.removed", "Secrets were removed at {count} places.", count=collected.removed), "info"
    if collected.unread:
        yield (
            msg("logs.unread", "{count} sources could not be read; manifest.json says why.", count=collected.unread),
            "warning",
        )
    if collected.cut:
        yield (
            msg("logs.cut", "{count} sources were shortened; manifest.json says which.", count=collected.cut),
            "warning",
        )


def _logged(message: Message, severity: str) -> dict[str, Any]:
    return {**message.to_json(), "severity": severity}
