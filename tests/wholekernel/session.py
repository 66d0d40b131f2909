# SPDX-License-Identifier: Apache-2.0
"""The guests running side by side: a storage server and a host with our package, and a second host if asked for."""

from __future__ import annotations

import fcntl
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Callable

from tests.testhost.build import host_deb
from tests.wholekernel import image as images
from tests.wholekernel import saved
from tests.wholekernel.lab import Lab
from tests.wholekernel.machine import HOST1, HOST2, SERVER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.wholekernel.guest import Guest
    from tests.wholekernel.image import Image
    from tests.wholekernel.machine import Machine


class Guests:
    """``second``: makes the second host, which few tests need and which costs memory."""

    def __init__(self, server: Guest, host: Guest, second: Callable[[], Guest]) -> None:
        self.server, self.host = server, host
        self._make_second = second
        self._second: Guest | None = None

    def second(self) -> Guest:
        """Another host with our package, which runs from now on."""
        if self._second is None:
            self._second = self._make_second()
        return self._second


@contextmanager
def running() -> Iterator[Guests]:
    """Both guests, switched off and forgotten at the end; they are built and saved first if need be."""
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
    up: list[Guest] = []

    def restored(machine: Machine) -> Guest:
        guest = saved.restore(machine, lab, image, states, folder)
        up.append(guest)
        return guest

    def second() -> Guest:
        guest = restored(HOST2)
        guest.install(host_deb())
        return guest

    try:
        with ThreadPoolExecutor(2) as pool:
            server, host = pool.map(restored, (SERVER, HOST1))
        host.install(host_deb())
        yield Guests(server, host, second)
    finally:
        for guest in up:
            guest.stop()
        lab.down()
        shutil.rmtree(folder)
