# SPDX-License-Identifier: Apache-2.0
"""A change of the networks whose job is killed, or whose host loses power: systemd starts what takes it back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.waiting import until
from tests.wholekernel.network_test import network_state

if TYPE_CHECKING:
    from tests.wholekernel.guest import Guest
    from tests.wholekernel.session import Guests

pytestmark = pytest.mark.timeout(1800)

VLAN = {
    "kind": "vlan",
    "name": "eth1.88",
    "on": ["eth1"],
    "vlan_id": 88,
    "addresses": {"method": "static", "address": "10.88.0.11/24"},
}
#: As the helper starts it: a job of its own, in a unit of its own.
_START = r"""
import json, sys
from cockpit_rhv.checks.network_change import start_change
from cockpit_rhv.networks.virtual import Virtual
print(start_change(json.loads(sys.argv[1]), 900, Virtual({}, {}), "anna"))
"""
_STANDS = r"""
import json
from cockpit_rhv.checks.network_state import current_change
print(json.dumps(current_change()))
"""
_STATUS = "import json; print(json.dumps(json.load(open('/var/lib/cockpit-rhv/jobs/%s/status.json'))))"


def stands(host: Guest) -> dict[str, Any] | None:
    value: dict[str, Any] | None = json.loads(host.run("python3", "-c", _STANDS).stdout)
    return value


def waiting(host: Guest) -> str:
    """A change that waits for its confirmation; the id of its job."""
    job = host.run("python3", "-c", _START, json.dumps(VLAN)).stdout.strip()
    reached(host, "confirming")
    assert host.run("systemctl is-active cockpit-rhv-network-watch.service").stdout.strip() == "active"
    assert "eth1.88" in network_state(host)["links"]
    return job


def reached(host: Guest, state: str) -> dict[str, Any]:
    found = until(state, lambda: stands(host), lambda now: now is not None and now["state"] == state, 300, 1)
    assert found is not None
    return found


def told(host: Guest, job: str, code: str) -> None:
    """The job's own result says why, and it is not resumed."""

    def status() -> dict[str, Any]:
        value: dict[str, Any] = json.loads(host.run("python3", "-c", _STATUS % job).stdout)
        return value

    found = until("its result", status, lambda value: bool(value["error"]) and value["error"]["code"] == code, 60, 1)
    assert not found["resumable"]


@pytest.mark.slow
def test_a_job_killed_with_all_its_processes(guests: Guests) -> None:
    host = guests.host
    before = network_state(host)
    job = waiting(host)
    host.run(f"systemctl kill --signal=KILL cockpit-rhv-job-{job}.service")
    change = reached(host, "undone")
    assert (change["error"]["code"], change["left"]) == ("networks.stopped", [])
    assert network_state(host) == before
    told(host, job, "networks.stopped")
    assert host.run("test -e /var/lib/cockpit-rhv/network-change/before.json", check=False).returncode != 0


@pytest.mark.slow
def test_a_power_cut(guests: Guests) -> None:
    """What NetworkManager has written is on the disk when the power goes: it is put back before it starts."""
    host = guests.second()
    before = network_state(host)
    job = waiting(host)
    assert any("eth1.88" in path for path in network_state(host)["profiles"])
    host.run("sync")
    host.reset()
    change = reached(host, "undone")
    assert (change["error"]["code"], change["left"]) == ("networks.rebooted", [])
    now = network_state(host)
    assert {path: text for path, text in now["profiles"].items() if path.startswith("/etc")} == {
        path: text for path, text in before["profiles"].items() if path.startswith("/etc")
    }
    assert {name: link["addresses"] for name, link in now["links"].items()} == {
        name: link["addresses"] for name, link in before["links"].items()
    }
    journal = host.run("journalctl -b -u cockpit-rhv-network-start -u NetworkManager -o cat").stdout
    assert journal.index("put back") < journal.index("NetworkManager (version")
    assert "eth1.88" not in journal.partition("NetworkManager (version")[2]
    told(host, job, "networks.rebooted")
