# SPDX-License-Identifier: Apache-2.0
"""The guests of a session: a storage server and a host with our package, both from their saved states."""

from __future__ import annotations

import fcntl
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.testhost.build import host_deb
from tests.wholekernel import image as images
from tests.wholekernel import saved
from tests.wholekernel.hoststate import storage_state
from tests.wholekernel.lab import Lab
from tests.wholekernel.machine import HOST1, SERVER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.wholekernel.guest import Guest
    from tests.wholekernel.image import Image
    from tests.wholekernel.machine import Machine


class Guests(NamedTuple):
    server: Guest
    host: Guest


@pytest.fixture(scope="session")
def guests() -> Iterator[Guests]:
    """Both guests, running side by side; the host has our package installed."""
    image, states = saved.build()
    with (images.FOLDER / "run.lock").open("w") as lock:
        # A second run in this working tree waits: it would end this one's guests for leftovers.
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield from _run(image, states)


def _run(image: Image, states: Path) -> Iterator[Guests]:
    lab = Lab("run")
    lab.up()  # this ends what an interrupted run left
    folder = images.FOLDER / "run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    running: list[Guest] = []

    def restored(machine: Machine) -> Guest:
        guest = saved.restore(machine, lab, image, states, folder)
        running.append(guest)
        return guest

    try:
        with ThreadPoolExecutor(2) as pool:
            server, host = pool.map(restored, (SERVER, HOST1))
        host.install(host_deb())
        yield Guests(server, host)
    finally:
        for guest in running:
            guest.stop()
        lab.down()
        shutil.rmtree(folder)


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
