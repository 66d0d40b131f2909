# SPDX-License-Identifier: Apache-2.0
"""A connection that is closed before it was opened, and one that outlives what nobody foresaw."""

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

    from cockpit_rhv.machines.model import LibvirtState


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


async def test_it_goes_on_after_a_defect_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = 0

    def broken_once(uri: str, writable: bool) -> Opened:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise TypeError("nobody thought of this")
        return open_libvirt(uri, writable)

    monkeypatch.setattr(module, "open_libvirt", broken_once)
    monkeypatch.setattr(module, "RETRY_FIRST_S", 0.01)
    workers = Workers()
    connection = Connection(workers, own_test_driver(tmp_path))
    seen: list[tuple[str, str | None]] = []
    connected = asyncio.Event()

    def watch(state: LibvirtState) -> None:
        seen.append((state.state, state.error.detail if state.error else None))
        if state.state == "connected":
            connected.set()
        raise ValueError("a watcher with a defect")

    connection.on_state(watch)
    connection.start()
    await asyncio.wait_for(connected.wait(), 60)
    assert seen[0] == ("disconnected", "TypeError: nobody thought of this")
    await connection.close()
    workers.close()
