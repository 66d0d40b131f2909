# SPDX-License-Identifier: Apache-2.0
"""The guests of a session, and what a test of storage may not leave changed in the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.wholekernel.hoststate import storage_state
from tests.wholekernel.session import Guests, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wholekernel.guest import Guest


@pytest.fixture(scope="session")
def guests() -> Iterator[Guests]:
    """Both guests, running side by side; the host has our package installed."""
    with running() as guests:
        yield guests


@pytest.fixture(scope="session")
def server(guests: Guests) -> Guest:
    """The storage server, see ``setup/server.sh``."""
    return guests.server


@pytest.fixture
def host1(guests: Guests) -> Iterator[Guest]:
    """The host. A test must leave it as it found it: no mount, session, disk, link, pool or secret more or less."""
    before = storage_state(guests.host)
    yield guests.host
    assert storage_state(guests.host) == before


@pytest.fixture
def host2(guests: Guests) -> Iterator[Guest]:
    """The second host, left as it was found as well."""
    before = storage_state(guests.second())
    yield guests.second()
    assert storage_state(guests.second()) == before
