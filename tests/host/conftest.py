# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the fault tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.host.deployment import leave_nothing

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that failed half way must not fail the next one."""
    yield
    if "faulty" in request.fixturenames:
        leave_nothing(request.getfixturevalue("faulty"))
