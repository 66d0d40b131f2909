# SPDX-License-Identifier: Apache-2.0
"""Waiting updates: what costs seconds of a processor is asked again only when its ground has changed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.checks.context import Finished
from cockpit_rhv.checks.registry import run_checks

from tests.unit.health_support import Host
from tests.unit.health_tools import APT, APT_SECURITY

if TYPE_CHECKING:
    from pathlib import Path

STATUS, PARTIAL = "var/lib/dpkg/status", "var/lib/apt/lists/partial"


@pytest.mark.parametrize("touched", [STATUS, PARTIAL])
def test_the_package_manager_is_asked_when_something_has_changed(touched: str, tmp_path: Path) -> None:
    host = Host()
    host.files[STATUS] = "Package: qemu-system-x86\n"
    context = host.context(tmp_path)

    def answer() -> str:
        (result,) = run_checks(["host.updates"], context).results
        return result.summary.id

    assert answer() == "checks.updates.some"
    host.commands["apt-get"] = Finished(0, APT_SECURITY)
    assert answer() == "checks.updates.some", "nothing was touched"
    os.utime(context.probes.root / touched, (1, os.stat(context.probes.root / touched).st_mtime + 5))
    assert answer() == "checks.updates.security"


def test_a_failure_is_not_kept(tmp_path: Path) -> None:
    host = Host()
    host.commands["apt-get"] = Finished(100, "E: Could not open lock file")
    context = host.context(tmp_path)
    run_checks(["host.updates"], context)
    host.commands["apt-get"] = Finished(0, APT)
    (result,) = run_checks(["host.updates"], context).results
    assert result.summary.id == "checks.updates.some"
