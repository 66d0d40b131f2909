# SPDX-License-Identifier: Apache-2.0
"""A helper for each test, and no test may leave anything behind."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.leaks import no_leaks  # noqa: F401 - a fixture for every test here
from tests.wire.helper_process import TREE, HelperProcess
from tests.wire.libvirt_daemon import LibvirtDaemon
from tests.wire.live_jobs import Jobs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


class Start:
    """Starts helpers with folders of jobs, state and settings of their own."""

    def __init__(self, jobs: Path) -> None:
        self._jobs = jobs
        self.started: list[HelperProcess] = []

    def __call__(
        self,
        environ: Mapping[str, str] | None = None,
        argv: Sequence[str] = (sys.executable, "-m", "cockpit_rhv.helper"),
        user: int | None = None,
        tree: Path = TREE,
        pass_fds: Sequence[int] = (),
    ) -> HelperProcess:
        """Parameters as of :class:`HelperProcess`."""
        own = {f"COCKPIT_RHV_{name}": str(self._jobs.with_name(name.lower())) for name in ("STATE", "ETC")}
        own["COCKPIT_RHV_JOBS"] = str(self._jobs)
        own["COCKPIT_RHV_LOAD"] = str(self._jobs.with_name("load.json"))
        helper = HelperProcess({**own, **(environ or {})}, argv, user, tree, pass_fds)
        self.started.append(helper)
        return helper


@pytest.fixture
def start_helper(tmp_path: Path, no_leaks: None) -> Iterator[Start]:  # noqa: F811 - it begins before and ends after
    """Sees that the helpers are gone afterwards."""
    start = Start(tmp_path / "jobs")
    yield start
    for helper in start.started:
        helper.kill()


@pytest.fixture
def helper(start_helper: Start) -> HelperProcess:
    """A helper on libvirt's test driver."""
    return start_helper()


@pytest.fixture
def daemon(no_leaks: None) -> Iterator[LibvirtDaemon]:  # noqa: F811
    """A real libvirtd without a guest."""
    daemon = LibvirtDaemon()
    daemon.start()
    yield daemon
    daemon.end()


@pytest.fixture
def live(daemon: LibvirtDaemon, start_helper: Start) -> HelperProcess:
    """A helper that has listed the daemon's guests."""
    helper = start_helper(environ={"COCKPIT_RHV_LIBVIRT_URI": daemon.uri()})
    helper.subscribe("machines")
    helper.until("machines", lambda state: state["libvirt"]["state"] == "connected")
    return helper


@pytest.fixture
def jobs(daemon: LibvirtDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(tmp_path / "state"))
    jobs = Jobs(daemon, tmp_path)
    yield jobs
    jobs.conn.close()
