# SPDX-License-Identifier: Apache-2.0
"""Worker threads: results, errors, limits, and calls that never return."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.workers import Workers, call_within, within


async def test_results_and_errors_come_back() -> None:
    workers = Workers()
    assert await workers.run(lambda a, b: a + b, 1, 2, limit_s=60) == 3
    with pytest.raises(ZeroDivisionError):
        await workers.run(lambda: 1 // 0, limit_s=60)
    workers.close()


async def test_an_overdue_call_can_be_waited_for_again() -> None:
    workers, release = Workers(), threading.Event()
    call = workers.submit(release.wait, 60)
    with pytest.raises(RhvError) as caught:
        await within(call, 0.02)
    assert caught.value.code == "call.overdue"
    release.set()
    assert await within(call, 60) is True
    workers.close()


async def test_calls_that_hang_leave_the_other_threads_and_the_loop_free() -> None:
    workers, release = Workers(most=3), threading.Event()
    hung = [workers.submit(release.wait, 60) for _ in range(2)]
    began = time.monotonic()
    for number in range(20):
        assert await workers.run(lambda n: n, number, limit_s=60) == number
    assert time.monotonic() - began < 30
    release.set()
    await asyncio.gather(*hung)
    workers.close()


async def test_no_more_threads_than_allowed_and_none_before_they_are_needed() -> None:
    workers, release = Workers(most=2, name="counted"), threading.Event()

    def count() -> int:
        return sum(thread.name.startswith("counted") for thread in threading.enumerate())

    assert count() == 0
    await workers.run(int, limit_s=60)
    await workers.run(int, limit_s=60)
    assert count() == 1
    calls = [workers.submit(release.wait, 60) for _ in range(6)]
    assert count() == 2
    release.set()
    await asyncio.gather(*calls)
    workers.close()
    deadline = time.monotonic() + 60
    while count() and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    assert count() == 0


async def test_a_call_nobody_waits_for_any_more_fails_quietly(caplog: pytest.LogCaptureFixture) -> None:
    workers, release = Workers(), threading.Event()

    def fail() -> None:
        release.wait(60)
        raise ValueError("too late")

    with pytest.raises(RhvError):
        await workers.run(fail, limit_s=0.02)
    release.set()
    await workers.run(int, limit_s=60)
    await asyncio.sleep(0.05)
    assert caplog.text == ""
    workers.close()


def test_the_threads_do_not_keep_the_process_alive() -> None:
    async def leave_one_behind() -> None:
        Workers(name="left").submit(time.sleep, 60)
        await asyncio.sleep(0.01)

    asyncio.run(leave_one_behind())
    assert all(thread.daemon for thread in threading.enumerate() if thread.name.startswith("left"))


def test_without_an_event_loop_a_call_has_a_limit_too() -> None:
    assert call_within(60, lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        call_within(60, lambda: 1 // 0)
    release = threading.Event()
    began = time.monotonic()
    with pytest.raises(RhvError) as caught:
        call_within(0.02, lambda: release.wait(60))
    assert caught.value.code == "call.overdue"
    assert time.monotonic() - began < 30
    release.set()


def test_a_wait_is_looked_after_and_ended_by_who_looks() -> None:
    release = threading.Event()
    looks: list[int] = []

    def look() -> None:
        looks.append(1)
        if len(looks) == 3:
            release.set()

    assert call_within(10, lambda: release.wait(10), 0.01, look)
    assert len(looks) >= 3
    release.clear()
    with pytest.raises(ZeroDivisionError):
        call_within(10, lambda: release.wait(10), 0.01, lambda: 1 // 0)
    with pytest.raises(RhvError) as caught:
        call_within(0.2, lambda: release.wait(10), 0.01, lambda: None)
    assert (caught.value.code, caught.value.message.params["seconds"]) == ("call.overdue", 0.2)
    assert caught.value.hint is not None
    assert call_within(5, lambda: 3, 0.01, lambda: 1 // 0) == 3, "who answers at once is not doubted"
    release.set()
