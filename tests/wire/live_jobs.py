# SPDX-License-Identifier: Apache-2.0
"""Jobs of guests without systemd, on the libvirtd of a test."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import libvirt
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs import JobStore

from tests.unit.jobs_support import PlainLauncher, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.wire.libvirt_daemon import LibvirtDaemon


class Jobs:
    """The store, the launcher and a connection; jobs keep their state below ``folder``."""

    def __init__(self, daemon: LibvirtDaemon, folder: Path) -> None:
        self.folder = folder
        self.store = JobStore(folder / "jobs")
        uri = {"COCKPIT_RHV_LIBVIRT_URI": daemon.uri(), "COCKPIT_RHV_STATE": str(folder / "state")}
        self.launcher = PlainLauncher(uri)
        self.conn = libvirt.open(daemon.uri())

    def run(self, function: Any, params: dict[str, Any]) -> dict[str, Any]:
        """``create`` or ``clone``."""
        answer: dict[str, Any] = function(self.conn, params, "me", store=self.store, launcher=self.launcher)
        return answer

    def ended(self, job: str, state: str) -> Any:
        """Wait for the job's end; returns its status."""
        self.launcher.wait(self.store.stored(job).unit)
        status = self.store.stored(job)
        journal = (self.store.folder(job) / "private" / "journal").read_text()
        assert status.state == state, (status.error and status.error.to_json(), journal)
        return status

    def until_copying(self, job: str) -> None:
        """Wait until the job tells of progress."""
        deadline = time.monotonic() + 90
        while not (self.store.folder(job) / "private" / "progress.json").exists():
            assert time.monotonic() < deadline, self.store.stored(job).to_json()
            time.sleep(0.02)


def domain(jobs: Jobs, uuid: str) -> libvirt.virDomain:
    """As it is now: libvirt keeps the number of the run in what it hands out."""
    return jobs.conn.lookupByUUIDString(uuid)


def told(jobs: Jobs, job: str) -> list[tuple[str, str]]:
    """Severity and text of what the job logged."""
    return [(event.severity, str(event.message)) for event in jobs.store.events(job) if event.type == "log"]


def waits(jobs: Jobs, job: str) -> Any:
    """Wait until the job tells how long it waits; returns its status."""
    return wait_for(lambda: jobs.store.stored(job).progress and jobs.store.stored(job))


def start(jobs: Jobs, uuid: str) -> None:
    """Other tests of this machine may take the display's port just before QEMU does."""

    def started() -> bool:
        with contextlib.suppress(libvirt.libvirtError):
            domain(jobs, uuid).create()
        return bool(domain(jobs, uuid).isActive())

    wait_for(started)


@contextlib.contextmanager
def frozen(jobs: Jobs, job: str) -> Iterator[None]:
    """The job looks at nothing meanwhile."""
    pids = jobs.launcher.processes(jobs.store.stored(job).unit)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def code_of(call: Callable[[], object]) -> str:
    """The code of the error; what it holds of the connection is let go."""
    try:
        call()
    except RhvError as error:
        return error.code
    return "none"
