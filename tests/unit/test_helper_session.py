# SPDX-License-Identifier: Apache-2.0
"""When a session samples the guests' load, and how it ends."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.helper.session import Session
from cockpit_rhv.machines.sampler import Sampler
from cockpit_rhv.storage.active import ACTIVE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Channel:
    async def send(self, _message: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
async def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Session]:
    monkeypatch.setenv("COCKPIT_RHV_LIBVIRT_URI", "test:///default")
    # It keeps an event log.
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(tmp_path))
    session = Session(Channel())  # type: ignore[arg-type]
    yield session
    await session.close()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    told: list[bool] = []
    monkeypatch.setattr(Sampler, "set_active", lambda _sampler, active: told.append(active))
    return told


async def test_guests_are_sampled_while_they_are_shown(session: Session, told: list[bool]) -> None:
    await session.subscriptions.subscribe("machines")
    session.update_sampler()
    session.set_visible(False)
    session.set_visible(True)
    await session.subscriptions.unsubscribe("machines")
    session.update_sampler()  # another page is shown
    session.set_visible(True)
    assert told == [True, False, True, False, False]


async def test_who_shows_no_guests_is_not_connected_to_libvirt(session: Session, told: list[bool]) -> None:
    session.set_visible(False)
    session.set_visible(True)
    assert told == []
    assert not session.library.uses_libvirt


async def test_the_end_waits_until_a_test_of_storage_has_undone(session: Session) -> None:
    undone: list[bool] = []
    began = threading.Event()

    def test() -> None:
        with ACTIVE.running(threading.Event()) as cancel:
            began.set()
            if cancel.wait(60):
                time.sleep(0.3)
                undone.append(True)

    assert session.close_limit_s < 5
    request = asyncio.get_running_loop().create_task(session.library.run(test, limit_s=60.0))
    while not began.is_set():
        await asyncio.sleep(0.01)
    assert session.close_limit_s > 60
    request.cancel()  # as those that are still served are
    await session.close()
    assert undone == [True]
