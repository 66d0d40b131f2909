# SPDX-License-Identifier: Apache-2.0
"""Starts and ends of guests from the logs that libvirt keeps of each QEMU, for the time when nobody listened.

libvirt writes ``2026-03-01 10:15:00.123+0000: starting up …`` and ``…: shutting down, reason=destroyed`` in any case.
"""

from __future__ import annotations

import calendar
import os
import re
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .lifecycle import STARTED, Meaning, logged_end

if TYPE_CHECKING:
    from collections.abc import Iterator

LOG_DIR = Path("/var/log/libvirt/qemu")
#: Of the end of each log, and of all of them together.
_TAIL = 256 * 1024
MOST_EVENTS = 2000
_LINE = re.compile(
    rb"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.(\d{3})\+0000: (?:(starting up)\b|shutting down(?:, reason=([\w-]{1,40}))?)",
    re.MULTILINE,
)
_SERIAL = re.compile(r"-(?:serial|console)\d+$")


class Logged(NamedTuple):
    """``name``: the guest's."""

    time_s: float
    name: str
    meaning: Meaning


def logged_events(after_s: float, folder: Path = LOG_DIR) -> list[Logged]:
    """What happened after that moment (epoch), the oldest first; [] without logs. Raises OSError."""
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    found = [
        event
        for name in names
        if name.endswith(".log") and not _SERIAL.search(name[:-4])
        for event in parse_log(name[:-4], _tail(folder / name, after_s))
        if event.time_s > after_s
    ]
    return sorted(found, key=lambda event: event.time_s)[-MOST_EVENTS:]


def parse_log(name: str, content: bytes) -> Iterator[Logged]:
    """The starts and ends in one guest's log. What a guest could write into it at most is one event of its own."""
    for match in _LINE.finditer(content):
        moment, milliseconds, started, reason = match.groups()
        try:
            time_s = calendar.timegm(time.strptime(moment.decode("ascii"), "%Y-%m-%d %H:%M:%S"))
        except ValueError:
            continue  # a date there is not
        told = STARTED if started else logged_end((reason or b"").decode("ascii", "replace"))
        yield Logged(time_s + int(milliseconds) / 1000, name, told)


def _tail(path: Path, after_s: float) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""  # removed this moment, or a link: not a log of libvirt's
    with open(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_mtime <= after_s:
            return b""
        stream.seek(max(0, status.st_size - _TAIL))
        return stream.read(_TAIL)
