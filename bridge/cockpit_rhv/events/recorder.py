# SPDX-License-Identifier: Apache-2.0
"""Writes the host's event log. One process at a time does: the agent where it runs, else the helper of an open page.

libvirt tells its events only to who listens at that moment. A recorder that takes over therefore first writes what
happened since the last one was seen: starts and ends of guests from QEMU's logs, jobs from their folders.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..jobs.files import Locked, file_lock, hand_to_group, read_json, write_json
from ..jobs.store import JobStore
from ..machines.connection import REBOOTED
from ..messages import msg
from .files import EventWriter, events_dir
from .job_events import job_events
from .lifecycle import RESUMED, meaning
from .model import Event
from .qemu_log import LOG_DIR, logged_events

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..machines.connection import Connection, Lifecycle
    from ..machines.model import LibvirtState
    from ..messages import Message
    from ..workers import Workers

logger = logging.getLogger(__name__)

#: Seconds between two tries to become the recorder, between two looks at the jobs, between two signs of life.
TRY_S = 5.0
LOOK_S = 2.0
ALIVE_S = 20.0
#: A gap shorter than this is a page that was reloaded.
GAP_S = 60.0
_LIMIT_S = 30.0
STATE = "recorder.json"


class Recorder:
    """``by``: agent or page. ``connection`` is used by whoever owns it; without root nothing is ever recorded."""

    def __init__(
        self,
        connection: Connection,
        workers: Workers,
        by: str,
        folder: Path | None = None,
        log_dir: Path | None = LOG_DIR,
        store: JobStore | None = None,
    ) -> None:
        self._workers = workers
        self._by = by
        self._folder = folder or events_dir()
        self._log_dir = log_dir
        self._store = store or JobStore()
        self._writer: EventWriter | None = None
        self._state: dict[str, Any] = {}
        self._paused: set[str] = set()
        self._lost = 0
        self._jobs_stamp: object = None
        self._connected: bool | None = None
        connection.on_lifecycle(self._on_lifecycle)
        connection.on_state(self._on_state)

    async def run(self) -> None:
        """Record until cancelled, whenever nobody else does."""
        if os.geteuid() != 0:
            await asyncio.Event().wait()
        while True:
            try:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
                hand_to_group(self._folder, 0o750)
                with file_lock(self._folder / ".recorder"):
                    await self._record()
            except Locked:
                pass  # another one records; it may end
            except (OSError, RhvError) as error:
                logger.warning("no events are recorded for now: %s", error)
            await asyncio.sleep(TRY_S)

    async def _record(self) -> None:
        writer = await self._workers.run(EventWriter, self._folder, limit_s=_LIMIT_S)
        try:
            self._state = await self._workers.run(self._read_state, limit_s=_LIMIT_S)
            await self._catch_up(writer)
            self._writer = writer
            await self._keep()
        finally:
            self._writer = None
            # Who comes next goes on from here.
            with contextlib.suppress(OSError):
                self._say_alive()
            with contextlib.suppress(OSError):
                writer.close()

    async def _keep(self) -> None:
        told_at = -ALIVE_S
        while True:
            if time.monotonic() - told_at >= ALIVE_S:
                told_at = time.monotonic()
                self._say_alive()
            await asyncio.sleep(LOOK_S)
            for event in await self._workers.run(self._new_jobs, limit_s=_LIMIT_S):
                self._append(event)

    # -- what happened while nobody recorded ---------------------------------------------------------------------

    async def _catch_up(self, writer: EventWriter) -> None:
        seen_s = max(float(self._state.get("seen_s", 0.0)), writer.last_s)
        missed = await self._workers.run(self._missed, seen_s, limit_s=_LIMIT_S)
        for event in missed:
            writer.append(event)
        self._state.update(by=self._by, since_s=round(time.time(), 3))

    def _missed(self, seen_s: float) -> list[Event]:
        missed = self._new_jobs()
        if self._log_dir is not None:
            try:
                logged = logged_events(seen_s, self._log_dir)
            except OSError as error:
                logger.warning("QEMU's logs cannot be read: %s", error)
                logged = []
            for time_s, name, (what, severity, message) in logged:
                missed.append(Event(0, time_s, "guest", what, severity, "log", message, name=name))
        missed += self._boot()
        missed.sort(key=lambda event: event.time_s)
        now_s = time.time()
        if seen_s and now_s - seen_s >= GAP_S:
            text = msg("event.gap", "Recording goes on. Meanwhile only starts and ends of guests and jobs are known.")
            missed.append(_host(now_s, "recording", "info", text))
        elif not seen_s:
            text = msg("event.first", "Recording begins. Before, only starts and ends of guests and jobs are known.")
            missed.append(_host(now_s, "recording", "info", text))
        return missed

    def _boot(self) -> list[Event]:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        known, self._state["boot"] = self._state.get("boot"), boot
        if known in (None, boot):
            return []
        started_s = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        return [_host(started_s, "booted", "info", msg("event.booted", "This host was started."))]

    def _new_jobs(self) -> list[Event]:
        try:
            ids = self._store.ids()
            stamp = [(name, _changed(self._store.root / name / "status.json")) for name in ids]
            if stamp == self._jobs_stamp:
                return []
            found = job_events(self._store.list().jobs, self._state.setdefault("jobs", {}))
            self._jobs_stamp = stamp
            return found
        except (OSError, RhvError) as error:
            logger.warning("the jobs' events cannot be read: %s", error)
            return []

    # -- what happens now ----------------------------------------------------------------------------------------

    def _on_lifecycle(self, told: Lifecycle) -> None:
        understood = meaning(told.event, told.detail)
        if understood is None:
            return
        what, severity, message = understood
        paused = told.uuid in self._paused
        if what == "paused":
            self._paused.add(told.uuid)
        elif told.event != REBOOTED:
            self._paused.discard(told.uuid)
        if understood is RESUMED and not paused:
            return  # every start is told as a start and as this
        self._append(Event(0, told.time_s, "guest", what, severity, "libvirt", message, name=told.name, uuid=told.uuid))

    def _on_state(self, state: LibvirtState) -> None:
        before, self._connected = self._connected, state.state == "connected"
        if before is True and not self._connected:
            self._append(
                _host(
                    time.time(), "libvirt_lost", "warning", msg("libvirt.lost", "The connection to libvirt was lost.")
                )
            )
        elif before is False and self._connected:
            self._append(_host(time.time(), "libvirt_back", "info", msg("event.libvirt_back", "libvirt answers.")))

    def _append(self, event: Event) -> None:
        if self._writer is None:
            return  # another one records, or nobody may
        try:
            if self._lost:
                text = msg("event.lost", "{count} events could not be written: the disk was full.", count=self._lost)
                self._writer.append(_host(time.time(), "lost", "warning", text))
                self._lost = 0
            self._writer.append(event)
        except OSError as error:
            if not self._lost:
                logger.warning("events are lost: %s", error)
            self._lost += 1

    # -- what the next recorder must know ------------------------------------------------------------------------

    def _read_state(self) -> dict[str, Any]:
        try:
            state = read_json(self._folder / STATE)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            logger.warning("where recording stopped is not known: %s", error)
            return {}
        return _sound(state)

    def _say_alive(self) -> None:
        self._state["seen_s"] = round(time.time(), 3)
        write_json(self._folder / STATE, self._state, 0o640)


def recording(folder: Path | None = None) -> dict[str, Any]:
    """Who records now: ``by`` agent or page, None when nobody; ``since_s`` epoch. Never raises for a damaged file."""
    try:
        state = _sound(read_json((folder or events_dir()) / STATE))
    except (OSError, ValueError):
        state = {}
    alive = abs(time.time() - float(state.get("seen_s", 0.0))) < 3 * ALIVE_S
    return {"by": state.get("by") if alive else None, "since_s": state.get("since_s") if alive else None}


def _sound(state: object) -> dict[str, Any]:
    """What of a state file is of the right type; the rest is as if it had never been written."""
    if not isinstance(state, dict):
        return {}
    kept: dict[str, Any] = {}
    for name in ("seen_s", "since_s"):
        if isinstance(state.get(name), (int, float)):
            kept[name] = float(state[name])
    if state.get("by") in ("agent", "page"):
        kept["by"] = state["by"]
    if isinstance(state.get("boot"), str):
        kept["boot"] = state["boot"]
    jobs: Mapping[str, Any] = state["jobs"] if isinstance(state.get("jobs"), dict) else {}
    kept["jobs"] = {name: mark for name, mark in jobs.items() if isinstance(mark, str)}
    return kept


def _host(time_s: float, what: str, severity: str, message: Message) -> Event:
    return Event(0, time_s, "host", what, severity, "recorder", message)


def _changed(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None
