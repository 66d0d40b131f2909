# SPDX-License-Identifier: Apache-2.0
"""A whole minute of 500 lifecycle events a second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.leaks import no_leaks  # noqa: F401 - a fixture
from tests.wire.conftest import daemon, start_helper  # noqa: F401 - fixtures
from tests.wire.libvirt_daemon import MISSING, LibvirtDaemon
from tests.wire.test_event_storm import weather

if TYPE_CHECKING:
    from tests.wire.conftest import Start

pytestmark = [pytest.mark.slow, pytest.mark.skipif(MISSING is not None, reason=str(MISSING))]


def test_a_minute_of_storm(daemon: LibvirtDaemon, start_helper: Start) -> None:  # noqa: F811
    weather(daemon, start_helper, 60)
