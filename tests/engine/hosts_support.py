# SPDX-License-Identifier: Apache-2.0
"""Real agents in this process, enrolled with a real Manager, and the Manager's view of them."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from cockpit_rhv.agent.service import Agent, Settings

from tests.engine.manager_support import ManagerProcess, enrol_folder, free_port
from tests.own_driver import own_test_driver
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

ADDRESS = "127.0.0.2"
"""Of every host here; 127.0.0.1 is the Manager's own and no host may have it."""
LIVE_S = 5.0
"""What the issue allows between a guest's change and its appearance in the API."""


@contextlib.asynccontextmanager
async def running(folder: Path, port: int) -> AsyncIterator[Agent]:
    agent = Agent(Settings(folder, ADDRESS, port, own_test_driver(folder), folder / "agent.json", tick_s=0.2))
    await agent.start()
    try:
        yield agent
    finally:
        await agent.stop()


class Seen:
    """The Manager through its JSON API, without holding up the agent in this loop."""

    def __init__(self, manager: ManagerProcess) -> None:
        self._manager = manager
        self._headers = manager.admin()

    def get(self, path: str) -> Any:
        answer = self._manager.get(f"/api{path}", headers=self._headers)
        return answer.json() if answer.status_code == 200 else None

    def status(self, host_id: str) -> str:
        return str(self.get(f"/hosts/{host_id}")["status"])

    def detail(self, host_id: str) -> str:
        return str(self.get(f"/hosts/{host_id}").get("status_detail", ""))

    def statistics(self, kind: str, id: str) -> dict[str, float]:
        items = self.get(f"/{kind}/{id}/statistics").get("statistic", [])
        return {item["name"]: item["values"]["value"][0]["datum"] for item in items}

    def codes(self, host_id: str) -> list[int]:
        host = self.get(f"/hosts/{host_id}")["name"]
        events = self.get(f"/events?search=host.name%3D{host}&max=50").get("event", [])
        return [int(event["code"]) for event in reversed(events)]

    async def until(self, what: str, probe: Callable[[], Any], limit_s: float = 60) -> Any:
        return await asyncio.to_thread(until, what, probe, bool, limit_s, 0.1)


def new_host(manager: ManagerProcess, tmp_path: Path, name: str) -> tuple[Path, str, int]:
    """Enrol and register a host that listens nowhere yet: folder, host_id, port."""
    folder = enrol_folder(manager, tmp_path / name, name, ADDRESS)
    port = free_port()
    return folder, manager.add_host(name, ADDRESS, port), port
