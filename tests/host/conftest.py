# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the fault tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.testhost.host import TestHost


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that failed half way must not fail the next one."""
    yield
    if "faulty" in request.fixturenames:
        host: TestHost = request.getfixturevalue("faulty")
        host.container.run("systemctl", "start", "libvirtd.socket", check=False)
        host.container.run("cockpit-rhv", "cancel", check=False)
        host.container.run("cockpit-rhv", "cleanup", "--yes", "--engine", "engine.rhv.test", check=False)
