# SPDX-License-Identifier: Apache-2.0
"""Changes of a host's networks by a real NetworkManager: kept, not confirmed, killed, and cut off."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.waiting import until
from tests.wire.network_jobs import BEFORE, BRIDGE, answer, awaits, begin, end, ended, hold, let_go
from tests.wire.real_networkmanager import ADDRESS, RealNetworkManager, obstacle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(obstacle() is not None, reason=str(obstacle())),
    pytest.mark.timeout(120),
]

#: As the helper starts it: playbook, runner and action are the real ones, without systemd around them.
START = """
import sys, json
from pathlib import Path
from cockpit_rhv.checks.network_change import start_change
from cockpit_rhv.jobs import JobStore
from cockpit_rhv.networks.virtual import Virtual
from tests.unit.jobs_support import PlainLauncher
store, launcher = JobStore(Path(sys.argv[3])), PlainLauncher()
job = start_change(json.loads(sys.argv[1]), int(sys.argv[2]), Virtual({}, {}), "anna", store=store, launcher=launcher)
if sys.stdin.readline():
    launcher.kill(store.stored(job).unit)
else:
    launcher.wait(store.stored(job).unit)
    print(store.stored(job).state)
"""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[RealNetworkManager]:
    folder = tmp_path / "nm"
    folder.mkdir()
    with RealNetworkManager(folder, tmp_path / "nm.log") as found:
        assert found.addresses() == BEFORE
        yield found


def test_a_confirmed_bridge_has_the_address_and_stays(host: RealNetworkManager) -> None:
    job = begin(host, BRIDGE)
    change = awaits(host, "confirming")
    assert 0 < change["left_s"] <= 60
    assert change["user"] == "anna"
    assert host.addresses() == {"ovirtmgmt": [ADDRESS]}
    answer(host, "keep")
    assert ended(job) == "True"
    assert awaits(host, "kept")["error"] is None
    nm = "org.freedesktop.NetworkManager"
    left = host.run("busctl", "get-property", nm, "/org/freedesktop/NetworkManager", nm, "Checkpoints")
    assert left.strip() == "ao 0"  # none that could take it back
    assert host.addresses() == {"ovirtmgmt": [ADDRESS]}
    host.run("ping", "-c", "1", "-W", "2", "192.0.2.1")
    # and back again
    job = begin(host, {"kind": "remove", "name": "ovirtmgmt"}, job="job-2")
    awaits(host, "confirming")
    answer(host, "keep", "job-2")
    assert ended(job) == "True"
    assert (host.addresses(), host.profiles()) == (BEFORE, {"eth0"})


def test_an_unconfirmed_bridge_is_taken_back_by_itself(host: RealNetworkManager) -> None:
    job = begin(host, BRIDGE, confirm_s=3)
    assert ended(job).startswith("networks.unconfirmed")
    assert awaits(host, "undone")["error"]["code"] == "networks.unconfirmed"
    assert (host.addresses(), host.profiles()) == (BEFORE, {"eth0"})
    host.run("ping", "-c", "1", "-W", "2", "192.0.2.1")


def test_undo_does_not_wait(host: RealNetworkManager) -> None:
    job = begin(host, BRIDGE)
    awaits(host, "confirming")
    answer(host, "undo")
    assert ended(job).startswith("networks.withdrawn")
    assert (host.addresses(), host.profiles()) == (BEFORE, {"eth0"})


def test_as_a_job_it_is_the_same(host: RealNetworkManager) -> None:
    job = host.python(START, json.dumps(BRIDGE), "60", str(host.folder / "jobs"))
    change = awaits(host, "confirming")
    assert host.addresses() == {"ovirtmgmt": [ADDRESS]}
    again = host.python(START, json.dumps({**BRIDGE, "name": "br1"}), "60", str(host.folder / "jobs"))
    assert "in_use" in ended(again)  # looked at before anything: eth0 is part of the bridge
    answer(host, "keep", change["job"])
    assert ended(job) == "succeeded"
    assert host.addresses() == {"ovirtmgmt": [ADDRESS]}


def test_an_address_of_somebody_else_is_refused_before_anything_changes(host: RealNetworkManager) -> None:
    taken = {"method": "static", "address": "192.0.2.1/24", "gateway": "192.0.2.254"}
    plan = {"kind": "addresses", "name": "eth0", "addresses": taken}
    assert "networks.address_taken" in ended(host.python(START, json.dumps(plan), "60", str(host.folder / "jobs")))
    assert host.addresses() == BEFORE
    assert host.state() is None


def test_a_job_killed_is_taken_back_by_networkmanager(host: RealNetworkManager) -> None:
    job = host.python(START, json.dumps(BRIDGE), "10", str(host.folder / "jobs"), feed=True)
    awaits(host, "confirming")
    assert job.communicate("kill -9 of all its processes\n", timeout=60)[0] == ""
    left = awaits(host, "ended")
    assert left["left_s"] <= 25
    assert host.addresses() == {"ovirtmgmt": [ADDRESS]}
    until("the old address", host.addresses, lambda found: found == BEFORE, limit_s=30)
    assert host.profiles() == {"eth0"}


def test_told_to_end_it_takes_it_back_itself(host: RealNetworkManager) -> None:
    job = begin(host, BRIDGE)
    awaits(host, "confirming")
    end(host, "TERM")
    ended(job)
    assert awaits(host, "undone")["error"]["code"] == "networks.stopped"
    assert (host.addresses(), host.profiles()) == (BEFORE, {"eth0"})


def test_a_pulled_cable_is_noticed_and_it_is_taken_back(host: RealNetworkManager) -> None:
    hold(host, "prove")
    job = begin(host, BRIDGE)
    awaits(host, "applying")
    until("the bridge", host.addresses, lambda found: found == {"ovirtmgmt": [ADDRESS]})
    host.cable(plugged=False)
    let_go(host, "prove")
    awaits(host, "undoing")
    host.cable(plugged=True)
    assert ended(job).startswith("networks.cut")
    assert awaits(host, "undone")["error"]["code"] == "networks.cut"
    assert (host.addresses(), host.profiles()) == (BEFORE, {"eth0"})


def test_an_address_that_reaches_no_router_is_taken_back(host: RealNetworkManager) -> None:
    wrong = {"method": "static", "address": "198.51.100.10/24", "gateway": "198.51.100.1"}
    job = begin(host, {"kind": "addresses", "name": "eth0", "addresses": wrong})
    assert ended(job).startswith("networks.cut")
    assert (host.addresses(), host.profiles()) == (BEFORE, {"eth0"})


def test_an_mtu_is_set_and_kept(host: RealNetworkManager) -> None:
    job = begin(host, {"kind": "mtu", "name": "eth0", "mtu": 1400})
    awaits(host, "confirming")
    assert json.loads(host.run("ip", "-j", "link", "show", "eth0"))[0]["mtu"] == 1400
    answer(host, "keep")
    assert ended(job) == "True"
    assert json.loads(host.run("ip", "-j", "link", "show", "eth0"))[0]["mtu"] == 1400
    assert host.addresses() == BEFORE
