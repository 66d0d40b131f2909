# SPDX-License-Identifier: Apache-2.0
"""The raw output of ansible-playbook, all attempts as one text. Root only: it may hold arguments of modules."""

from __future__ import annotations

from dataclasses import dataclass

from .store import JobStore, denied

#: Small enough for one frame of the helper.
CHUNK_LIMIT = 256 * 1024


@dataclass(frozen=True)
class Chunk:
    """A piece of output. ``next_offset``: byte to go on at; ``eof``: nothing more will come."""

    text: str
    next_offset: int
    eof: bool


def read_output(store: JobStore, job_id: str, offset: int = 0, limit: int = CHUNK_LIMIT) -> Chunk:
    """Up to ``limit`` bytes from byte ``offset``; raises RhvError ``job.not_found`` or ``access.denied``."""
    status = store.load(job_id)
    artifacts = store.folder(job_id) / "private" / "artifacts"
    skip, wanted, pieces = offset, limit, []
    try:
        for attempt in range(1, status.attempt + 1):
            path = artifacts / str(attempt) / "stdout"
            size = path.stat().st_size if path.exists() else 0
            if skip < size and wanted > 0:
                with path.open("rb") as stream:
                    stream.seek(skip)
                    pieces.append(stream.read(wanted))
                wanted -= len(pieces[-1])
            skip = max(0, skip - size)
    except PermissionError as error:
        raise denied(str(error)) from error
    data = b"".join(pieces)
    eof = wanted > 0 and not status.active
    text = data.decode("utf-8", "replace")
    if not eof:
        # A character cut in two is left for the next chunk.
        data = data[: _whole_characters(data)]
        text = data.decode("utf-8", "replace")
    return Chunk(text, offset + len(data), eof)


def _whole_characters(data: bytes) -> int:
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 == 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if length > back else len(data)
        if byte & 0x80 == 0:
            break
    return len(data)
