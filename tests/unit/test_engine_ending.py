# SPDX-License-Identifier: Apache-2.0
"""A task that is asked to end does, however often it does not hear it."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from rhv_engine import ending


@pytest.mark.parametrize("deaf", [0, 1, 3])
async def test_a_lost_cancellation_is_repeated(deaf: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "_AGAIN_S", 0.01)
    began = asyncio.Event()
    heard = 0

    async def work() -> None:
        nonlocal heard
        began.set()
        while heard < deaf:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            heard += 1
        await asyncio.sleep(60)

    task = asyncio.create_task(work())
    await began.wait()
    await asyncio.wait_for(ending.end(task), 60)
    assert task.cancelled()
    assert heard == deaf


async def test_what_has_failed_by_itself_is_over_and_told(caplog: pytest.LogCaptureFixture) -> None:
    async def work() -> None:
        raise ValueError("its own affair")

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    await ending.end(task)
    assert "its own affair" in caplog.text
