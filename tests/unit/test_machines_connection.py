# SPDX-License-Identifier: Apache-2.0
"""A connection that is closed before it was opened."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import libvirt
import pytest
from cockpit_rhv.machines import connection as module
from cockpit_rhv.machines.connection import Connection
from cockpit_rhv.machines.opening import Opened, open_libvirt
from cockpit_rhv.workers import Workers

from tests.own_driver import own_test_driver

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_opens_after_its_end_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, may_go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    made: list[Opened] = []

    def slow(uri: str, writable: bool) -> Opened:
        loop.call_soon_threadsafe(begun.set)
        may_go_on.wait()
        made.append(open_libvirt(uri, writable))
        return made[0]

    monkeypatch.setattr(module, "open_libvirt", slow)
    workers = Workers()
    connection = Connection(workers, own_test_driver(tmp_path))
    connection.start()
    await begun.wait()
    closing = asyncio.create_task(connection.close())
    await asyncio.sleep(0)
    may_go_on.set()
    await closing
    workers.close()
    with pytest.raises(libvirt.libvirtError, match="invalid connection pointer"):
        made[0].conn.getHostname()
