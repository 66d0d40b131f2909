# SPDX-License-Identifier: Apache-2.0
"""Reads one source of the log archive, bounded in bytes and in time: what hangs is left behind and said."""

from __future__ import annotations

import contextlib
import os
import queue
import selectors
import stat
import subprocess
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, NamedTuple, Union

from ..errors import RhvError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_CHUNK = 2**16


class Reading(NamedTuple):
    """What came of a source. ``status``: ok, cut, failed or absent; ``seen``: bytes there were, as far as known."""

    status: str
    data: bytes = b""
    seen: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Command:
    """A program's output, both streams. One that is not installed is absent."""

    argv: Sequence[str]

    def __str__(self) -> str:
        return " ".join(self.argv)


@dataclass(frozen=True)
class File:
    """The end of a regular file. ``since_s``: one not written to after this moment is absent."""

    path: Path
    since_s: float = 0.0

    def __str__(self) -> str:
        return str(self.path)


@dataclass(frozen=True)
class Call:
    """What a function of ours gives."""

    name: str
    function: Callable[[], bytes]

    def __str__(self) -> str:
        return self.name


Origin = Union[Command, File, Call]


@dataclass(frozen=True)
class Source:
    """One file of the archive. ``limit``: bytes of it at most, of which the newest are kept; ``limit_s``: seconds."""

    name: str
    origin: Origin
    limit: int = 4 * 2**20
    limit_s: float = 20.0


def read_source(source: Source, room: int) -> Reading:
    """Read at most ``source.limit`` and ``room`` bytes; never raises for what the host does."""
    limit = min(source.limit, room)
    if isinstance(source.origin, Command):
        return _run(source.origin.argv, limit, source.limit_s)
    origin = source.origin
    if isinstance(origin, File):
        return _in_time(lambda: _tail(origin, limit), source.limit_s)
    return _in_time(lambda: _bounded(origin.function(), limit), source.limit_s)


def _run(argv: Sequence[str], limit: int, limit_s: float) -> Reading:
    try:
        process = subprocess.Popen(
            list(argv),
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except FileNotFoundError:
        return Reading("absent", reason=f"{argv[0]} is not installed")
    except OSError as error:
        return Reading("failed", reason=str(error))
    assert process.stdout is not None
    with process.stdout as output:
        data, seen, ended = _newest(output.fileno(), limit, time.monotonic() + limit_s)
    if ended:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(2.0)
    if process.poll() is None:
        # Not waited for: who hangs in the kernel does not die, and nothing here shall hang with it.
        process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.5)
        return Reading("failed", data, seen, f"no end within {limit_s:g} s")
    if process.returncode != 0:
        return Reading("failed", data, seen, f"exit status {process.returncode}")
    return _judged(data, seen)


def _newest(descriptor: int, limit: int, deadline: float) -> tuple[bytes, int, bool]:
    """The last ``limit`` bytes until the end or the deadline, how many there were, and whether it was the end."""
    os.set_blocking(descriptor, False)
    kept: deque[bytes] = deque()
    held = seen = 0
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return _last(kept, limit), seen, False
            if not selector.select(left_s):
                continue
            chunk = os.read(descriptor, _CHUNK)
            if not chunk:
                return _last(kept, limit), seen, True
            seen += len(chunk)
            kept.append(chunk)
            held += len(chunk)
            while held - len(kept[0]) >= limit > 0:
                held -= len(kept.popleft())


def _last(chunks: deque[bytes], limit: int) -> bytes:
    return b"".join(chunks)[-limit:] if limit > 0 else b""


def _tail(origin: File, limit: int) -> Reading:
    try:
        # A link or a pipe where a log should be is not followed, nor waited for.
        descriptor = os.open(origin.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return Reading("absent", reason="not there")
    with open(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return Reading("failed", reason="not a regular file")
        if status.st_mtime < origin.since_s:
            return Reading("absent", reason="nothing was written in the time asked for")
        stream.seek(max(0, status.st_size - limit))
        data = stream.read(limit)
        # Files of /proc have no size.
        return _judged(data, max(status.st_size, len(data)))


def _bounded(data: bytes, limit: int) -> Reading:
    return _judged(data[-limit:] if limit > 0 else b"", len(data))


def _judged(data: bytes, seen: int) -> Reading:
    if seen <= len(data):
        return Reading("ok", data, seen)
    return Reading("cut", data, seen, f"only the last {len(data)} of {seen} bytes")


def _in_time(read: Callable[[], Reading], limit_s: float) -> Reading:
    answer: queue.SimpleQueue[Reading] = queue.SimpleQueue()

    def work() -> None:
        try:
            answer.put(read())
        except RhvError as error:
            answer.put(Reading("failed", reason=": ".join(filter(None, (str(error.message), error.detail)))))
        except Exception as error:  # noqa: BLE001 - a defect of ours in one source must not cost the others
            answer.put(Reading("failed", reason=f"{type(error).__name__}: {error}"))

    # A daemon: one that hangs in the kernel must not keep the job alive.
    threading.Thread(target=work, name="log source", daemon=True).start()
    try:
        return answer.get(timeout=limit_s)
    except queue.Empty:
        return Reading("failed", reason=f"no answer within {limit_s:g} s")
