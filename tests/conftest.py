# SPDX-License-Identifier: Apache-2.0
"""Fixtures for tests on real hosts: one host per Debian release and session, deployed once."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests.testhost.build import host_deb
from tests.testhost.host import TestHost
from tests.testhost.network import Network
from tests.testhost.root import BUILD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FIRST = ("tests/host/test_fresh_host.py", "tests/host/test_bad_input.py", "tests/browser/test_a_wizard.py")
_LAST = ("tests/host/test_upgrade.py",)
_WITHOUT_A_HOST = ("tests/unit/", "tests/wire/")
_HOST_FOLDERS = ("tests/host/", "tests/wholekernel/")
KEEP = os.environ.get("COCKPIT_RHV_KEEP_HOST") == "1"
SCREENSHOTS = BUILD / "screenshots"

# Inputs that are made slowly say that the machine is busy, which it is while the images are built.
settings.register_profile("busy", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

_began_s = time.monotonic()
_spent = {"setup": 0.0, "call": 0.0, "teardown": 0.0}


def _admin_password() -> str:
    """Of the engines the tests deploy; new for each run, unless the hosts are kept.

    As nasty as the rule allows: every host test proves that it logs in exactly as typed. Its last word is random.
    """
    kept = BUILD / "hosts" / "admin-password"
    if not (KEEP and kept.exists()):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(
            f" '\"{{{{ 7*7 }}}} {{%x%}} $(id) `id` \\n \\ %s &<b> ü😀 {secrets.token_urlsafe(12)} ", "utf-8"
        )
    return kept.read_text("utf-8")


ADMIN_PASSWORD = _admin_password()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes minutes; left to make check-slow, see docs/slow.md")
    config.addinivalue_line("markers", "host: needs a test host (container, appliance); run after the builds")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever uses a host's fixture is a host test: nobody has to remember the mark."""
    for item in items:
        if item.nodeid.startswith(_WITHOUT_A_HOST):
            # A fixture of that name is their own.
            continue
        fixtures = getattr(item, "fixturenames", ())
        if {"host", "engine", "host12", "faulty"} & set(fixtures) or item.nodeid.startswith(_HOST_FOLDERS):
            item.add_marker(pytest.mark.host)
    # What holds on a fresh host is looked at first; then the wizard deploys the engine that all others use.
    # What changes the engine comes when all others have seen it.
    order = {name: at for at, name in enumerate((*_FIRST, None, *_LAST))}
    items.sort(key=lambda item: next((order[name] for name in (*_FIRST, *_LAST) if name in item.nodeid), order[None]))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _spent[report.when] += report.duration


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A run that takes long while no test does has spent its time elsewhere: this tells where to look."""
    whole_s = time.monotonic() - _began_s
    phases = ", ".join(f"{phase} {spent_s:.0f} s" for phase, spent_s in _spent.items())
    rest_s = whole_s - sum(_spent.values())
    terminalreporter.write_line(f"time of the tests: {phases}; outside of them (collection, between) {rest_s:.0f} s")


def _session_host(name: str, suite: str, network: Network) -> Iterator[TestHost]:
    host = TestHost(name, suite, network)
    if not KEEP:
        host.down()  # what an interrupted run left
    host.up(host_deb())
    yield host
    if not KEEP:
        host.down()


@pytest.fixture(scope="session")
def host() -> Iterator[TestHost]:
    """A fresh Debian 13 host with our package, nothing deployed at first."""
    yield from _session_host("check", "trixie", Network("rhvtest0", "10.78.0.0/24"))


@pytest.fixture(scope="session")
def host12() -> Iterator[TestHost]:
    """A fresh Debian 12 host: Cockpit 287 with its C bridge, ansible-core 2.14."""
    yield from _session_host("check12", "bookworm", Network("rhvtest1", "10.79.0.0/24"))


@pytest.fixture(scope="session")
def faulty() -> Iterator[TestHost]:
    """A host on which deployments are broken on purpose; each test leaves it as it found it."""
    yield from _session_host("faults", "trixie", Network("rhvtest2", "10.74.0.0/24"))


@dataclass(frozen=True)
class Engine:
    """A deployed engine. ``config`` is the host's engine.json; ``password`` of admin@internal; ``ca_file`` local."""

    host: TestHost
    config: dict[str, Any]
    password: str
    ca_file: Path

    @property
    def url(self) -> str:
        return f"https://{self.config['address']}/ovirt-engine"


def read_engine(host: TestHost) -> Engine:
    """The engine deployed on ``host`` with ADMIN_PASSWORD; raises FileNotFoundError when there is none."""
    root = host.container.root
    config = json.loads((root / "etc/cockpit-rhv/engine.json").read_text())
    return Engine(host, config, ADMIN_PASSWORD, root / str(config["ca_file"]).lstrip("/"))


@pytest.fixture(scope="session")
def engine(host: TestHost) -> Engine:
    """The engine on ``host``: the one a wizard test deployed before, else deployed now by the CLI."""
    if not (host.container.root / "etc/cockpit-rhv/engine.json").exists():
        argv = host.container.command(
            "cockpit-rhv", "deploy", "--admin-password-stdin", "--set", "accept.emulation=true"
        )
        result = subprocess.run(argv, input=ADMIN_PASSWORD, capture_output=True, text=True, check=False, timeout=900)
        assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"
    return read_engine(host)
