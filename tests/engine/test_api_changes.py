# SPDX-License-Identifier: Apache-2.0
"""The stream of hints: coalesced, ended by whoever goes first, client or Manager or token."""

from __future__ import annotations

import asyncio
import contextlib
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from rhv_engine import services
from rhv_engine.changes import Changes
from rhv_engine.services import Services
from starlette.requests import Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest
    from rhv_engine.manager import Manager


class Watcher:
    """One client of the stream: what it got, and the means to leave."""

    def __init__(self, changes: Changes) -> None:
        self.valid = True
        self.received = bytearray()
        self.leave = asyncio.Event()
        grant = SimpleNamespace(is_admin=True)

        async def use(_token: str) -> Any:
            return grant

        tokens = SimpleNamespace(use=use, peek=lambda _token: grant if self.valid else None)
        self._services = Services(cast("Manager", SimpleNamespace(changes=changes, tokens=tokens)))

    async def run(self) -> None:
        scope = {
            "type": "http", "method": "GET", "path": "/", "query_string": b"", "asgi": {"spec_version": "2.4"},
            "headers": [(b"authorization", b"Bearer x")],
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            await self.leave.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            # As uvicorn: what is sent after the client has gone vanishes without an error.
            if not self.leave.is_set():
                self.received += message.get("body", b"")

        response = await self._services.changes(Request(scope, receive))
        await response(scope, receive, send)

    async def until(self, text: bytes) -> None:
        async def wait() -> None:
            while text not in self.received:
                await asyncio.sleep(0.005)

        await asyncio.wait_for(wait(), 60)


@contextlib.asynccontextmanager
async def watching(changes: Changes) -> AsyncIterator[tuple[Watcher, asyncio.Task[None]]]:
    watcher = Watcher(changes)
    task = asyncio.create_task(watcher.run())
    await watcher.until(b": connected")
    yield watcher, task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_hint_arrives_and_repeats_are_one() -> None:
    changes = Changes()
    async with watching(changes) as (watcher, _):
        for _ in range(5):
            changes.publish("vms", "1")
        changes.publish("hosts", "2")
        await watcher.until(b'"2"')
        assert watcher.received.count(b'data: {"collection": "vms", "id": "1"}\n\n') == 1


async def test_a_client_that_leaves_is_forgotten() -> None:
    changes = Changes()
    async with watching(changes) as (watcher, task):
        assert len(changes._subscriptions) == 1
        watcher.leave.set()
        await asyncio.wait_for(task, 60)
    assert not changes._subscriptions
    left = [other for other in asyncio.all_tasks() if other is not asyncio.current_task()]
    assert not left, left


async def test_the_managers_end_ends_it() -> None:
    changes = Changes()
    async with watching(changes) as (_, task):
        changes.close()
        await asyncio.wait_for(task, 60)


async def test_the_tokens_end_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "_HEART_BEAT_S", 0.05)
    changes = Changes()
    async with watching(changes) as (watcher, task):
        await watcher.until(b": still here")
        watcher.valid = False
        await asyncio.wait_for(task, 60)
        assert watcher.received.endswith(b"event: expired\ndata: {}\n\n")
