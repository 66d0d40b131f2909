# SPDX-License-Identifier: Apache-2.0
"""Jobs of guests without systemd, on the libvirtd of a test."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import libvirt
from cockpit_rhv.jobs import JobStore

from tests.unit.jobs_support import PlainLauncher

if TYPE_CHECKING:
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
