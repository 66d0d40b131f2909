# SPDX-License-Identifier: Apache-2.0
"""Hundreds of lifecycle events a second: the list is libvirt's at the end, nothing piles up, no memory is taken."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import libvirt
import pytest
from cockpit_rhv.machines.states import state_name

from tests.wire.libvirt_daemon import MISSING, LibvirtDaemon

if TYPE_CHECKING:
    from tests.wire.conftest import Start
    from tests.wire.helper_process import HelperProcess

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))

EVENTS_A_SECOND = 500
GUESTS = 40
#: MiB that a helper may grow by: a queue of that many events would take more within seconds.
MOST_GROWTH_MIB = 12
#: Seconds of work, on a processor, from the last event to the right list; a backlog would take longer the longer the
#: storm was. How long that takes is the machine's, too: others may be busy on it.
MOST_WORK_S = 3.0
MOST_LAG_S = 30.0

DOMAIN = "<domain type='test'><name>storm-{number}</name><memory>8192</memory><os><type>hvm</type></os></domain>"


class Storm:
    """Does to guests of libvirt's test driver what comes next, at random but the same each time."""

    def __init__(self, uri: str) -> None:
        self.conn = libvirt.open(uri)
        self.events = 0
        self._chance = random.Random(7)

    def blow(self, seconds: float) -> float:
        """Make that many seconds' worth of events; returns how many came a second."""
        begin = time.monotonic()
        while self.events < seconds * EVENTS_A_SECOND:
            self._step(f"storm-{self._chance.randrange(GUESTS)}")
            ahead = self.events / EVENTS_A_SECOND - (time.monotonic() - begin)
            if ahead > 0:
                time.sleep(ahead)
        return self.events / (time.monotonic() - begin)

    def truth(self) -> dict[str, tuple[str, str]]:
        """Name and state of each guest by uuid, as libvirt lists them."""
        return {one.UUIDString(): (one.name(), state_name(one.state()[0])) for one in self.conn.listAllDomains()}

    def _step(self, name: str) -> None:
        found = [one for one in self.conn.listAllDomains() if one.name() == name]
        if not found:
            self._did(1, lambda: self.conn.defineXML(DOMAIN.format(number=name.rpartition("-")[2])))
            return
        (domain,) = found
        state = state_name(domain.state()[0])
        if state == "running":
            self._did(1, self._chance.choice((domain.suspend, domain.destroy)))
        elif state == "paused":
            self._did(1, self._chance.choice((domain.resume, domain.destroy)))
        elif self._chance.random() < 0.2:
            self._did(1, domain.undefine)
        else:
            self._did(1, domain.create)

    def _did(self, events: int, step: Callable[[], object]) -> None:
        step()
        self.events += events


def resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def work_s(pid: int) -> float:
    """Seconds that all its threads have spent on a processor."""
    spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")


def weather(daemon: LibvirtDaemon, start_helper: Start, seconds: float) -> None:
    """A storm of ``seconds`` over a helper with an open page."""
    uri = daemon.uri("test", "/default")
    storm = Storm(uri)
    try:
        blow_over(storm, uri, start_helper, seconds)
    finally:
        storm.conn.close()


def blow_over(storm: Storm, uri: str, start_helper: Start, seconds: float) -> None:
    helper = start_helper(environ={"COCKPIT_RHV_LIBVIRT_URI": uri})
    helper.subscribe("machines")
    helper.until("machines", lambda state: state["libvirt"]["state"] == "connected")
    storm.blow(1)  # what is loaded once is loaded
    settle(helper, storm)
    before, sent = resident_mib(helper.process.pid), len(helper.topics["machines"].patches)
    storm.events = 0
    rate = storm.blow(seconds)
    lag = settle(helper, storm)
    growth = resident_mib(helper.process.pid) - before
    patches = len(helper.topics["machines"].patches) - sent
    print(f"{rate:.0f} events/s for {seconds} s: {lag:.2f} s behind, {growth:.1f} MiB more, {patches} patches")
    assert rate > EVENTS_A_SECOND / 10, "this machine was too slow for a storm"
    assert growth < MOST_GROWTH_MIB
    assert patches < storm.events / 4, "the page is told of many events at once"
    assert helper.close() == 0


def settle(helper: HelperProcess, storm: Storm) -> float:
    """Seconds until the list is libvirt's."""
    truth, begin, worked = storm.truth(), time.monotonic(), work_s(helper.process.pid)

    def listed(state: dict[str, dict[str, dict[str, str]]]) -> bool:
        return {uuid: (one["name"], one["state"]) for uuid, one in state["machines"].items()} == truth

    helper.until("machines", listed)
    lag = time.monotonic() - begin
    assert work_s(helper.process.pid) - worked < MOST_WORK_S
    assert lag < MOST_LAG_S
    helper.drain(quiet_s=0.5)
    assert listed(helper.topics["machines"].state), "an event that came late has put an old state back"
    return lag


def test_a_storm_of_events(daemon: LibvirtDaemon, start_helper: Start) -> None:
    weather(daemon, start_helper, 4)
