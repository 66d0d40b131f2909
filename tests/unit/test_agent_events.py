# SPDX-License-Identifier: Apache-2.0
"""The agent keeps the host's event log, and one on another libvirt keeps none."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cockpit_rhv.agent.__main__ import parse_arguments
from cockpit_rhv.agent.service import Agent
from cockpit_rhv.events.files import events_dir, read_events
from cockpit_rhv.events.recorder import recording

from tests.own_driver import TEST_GUEST
from tests.unit.agent_support import AgentHouse

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_guests_end_is_recorded_by_the_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_RHV_JOBS", str(tmp_path / "jobs"))

    async def main() -> None:
        house = AgentHouse(tmp_path)
        agent = Agent(house.settings._replace(events=tmp_path / "events"))
        await agent.start()
        try:
            while recording(tmp_path / "events")["by"] != "agent" or agent.connection.state.state != "connected":
                await asyncio.sleep(0.05)
            await agent.connection.call(lambda conn: conn.lookupByUUIDString(TEST_GUEST).destroy())
            while not any(event.kind == "guest" for event in read_events(tmp_path / "events")):
                await asyncio.sleep(0.05)
        finally:
            await agent.stop()

    asyncio.run(asyncio.wait_for(main(), 60))
    (event,) = [
        event for event in read_events(tmp_path / "events") if event.kind == "guest" and event.source == "libvirt"
    ]
    assert (event.name, event.uuid, event.what) == ("test", TEST_GUEST, "stopped")


def test_only_of_this_hosts_own_guests() -> None:
    assert parse_arguments([]).events == events_dir()
    assert parse_arguments(["--libvirt-uri", "test:///default"]).events is None
