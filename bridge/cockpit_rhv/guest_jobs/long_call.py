# SPDX-License-Identifier: Apache-2.0
"""One call of libvirt that lasts: told how far it is, asked to end when its job is cancelled. Blocks."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Any, Callable

from ..deploy.vm import connected
from ..errors import RhvError
from ..jobs.stopping import Stopped, stoppable
from ..machines.actions import domain_of
from ..machines.definition import parse_definition
from ..workers import call_within
from .starting import job_uri

if TYPE_CHECKING:
    from collections.abc import Sequence

    import libvirt

    from ..deploy.progress import ProgressFile

logger = logging.getLogger(__name__)

#: Seconds: the whole memory of a guest may have to be written to its disk, or read from there.
CALL_LIMIT_S = 3600.0
#: Seconds between two looks at how far it is.
_LOOK_S = 0.5
#: Seconds for asking libvirt to end it: whoever cancels a job kills what has not ended a second later.
_ABORT_S = 0.6


def long_call(
    conn: libvirt.virConnect, uuid: str, call: Callable[[], None], progress: ProgressFile, *, writes: bool
) -> None:
    """Make the call and tell how far it is; raises what it raises. ``writes``: it writes the guest's memory.

    When this process is told to end libvirt is asked to end the call, and :class:`Stopped` is raised: a QEMU that
    cannot be interrupted in it finishes it all the same.
    """
    meter = _Meter(conn, uuid, progress, writes)
    watching = threading.Thread(target=meter.watch, name="meter", daemon=True)
    watching.start()
    try:
        with stoppable():
            try:
                # in a thread: a call into libvirt would hold up the signal until it returns
                call_within(CALL_LIMIT_S, call)
            except Stopped:
                # still in the block: whoever cancels asks twice, and the second time would end this
                _abort(uuid)
                raise
    finally:
        meter.over.set()


def until_idle(conn: libvirt.virConnect, uuid: str) -> None:
    """Wait until libvirt does nothing that lasts with the guest. Raises RhvError ``call.overdue``, ``machine.*``."""
    deadline = time.monotonic() + CALL_LIMIT_S
    while True:
        try:
            # libvirt answers this when QEMU has answered what it was asked before
            if not call_within(CALL_LIMIT_S, lambda: _stats(conn, uuid)).get("type"):
                return
        except RhvError as error:
            if error.code != "machine.busy" or time.monotonic() > deadline:
                raise
        time.sleep(_LOOK_S)


def _abort(uuid: str) -> None:
    def ask() -> None:
        with connected(job_uri()) as conn, domain_of(conn, uuid) as domain:
            domain.abortJob()

    try:
        call_within(_ABORT_S, ask)
    except RhvError as error:
        logger.warning("libvirt goes on with %s: %s", uuid, error.detail or error)


def _stats(conn: libvirt.virConnect, uuid: str) -> dict[str, Any]:
    with domain_of(conn, uuid) as domain:
        stats: dict[str, Any] = domain.jobStats() if domain.isActive() else {}
        return stats


class _Meter:
    """Tells how far it is, by libvirt where it knows, else by what QEMU has added to the guest's disks."""

    def __init__(self, conn: libvirt.virConnect, uuid: str, progress: ProgressFile, writes: bool) -> None:
        self.over = threading.Event()
        self._uuid = uuid
        self._progress = progress
        self._images: Sequence[str] = ()
        self._memory = 0
        if writes:
            with domain_of(conn, uuid) as domain:
                definition = parse_definition(domain.XMLDesc())
                self._memory = int(domain.memoryStats().get("rss", 0)) * 1024
            self._images = [disk.source for disk in definition.disks if disk.source is not None and not disk.read_only]

    def watch(self) -> None:
        """Until it is over. What cannot be read is not told: it is the work that counts."""
        with contextlib.suppress(OSError, RhvError):
            before = _allocated(self._images)
            threading.Thread(target=self._ask_libvirt, name="job stats", daemon=True).start()
            while not self.over.wait(_LOOK_S):
                grown = _allocated(self._images) - before
                if self._memory and grown > 0:
                    # pages of zeros take no room: the end may come before all is written
                    self._progress.report(min(grown, self._memory), self._memory, "bytes")

    def _ask_libvirt(self) -> None:
        # Most versions answer only when it is over: beside the rest, and on a connection of its own.
        with contextlib.suppress(OSError, RhvError), connected(job_uri()) as conn:
            while not self.over.wait(_LOOK_S):
                stats = _stats(conn, self._uuid)
                total = stats.get("memory_total") or stats.get("data_total")
                done = stats.get("memory_processed") or stats.get("data_processed")
                if total and done is not None and not self.over.is_set():
                    self._memory = 0  # libvirt knows better
                    self._progress.report(float(done), float(total), "bytes")


def _allocated(paths: Sequence[str]) -> int:
    """Bytes that the files take. Raises OSError."""
    return sum(os.stat(path).st_blocks * 512 for path in paths)
