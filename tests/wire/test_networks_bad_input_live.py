# SPDX-License-Identifier: Apache-2.0
"""Bad plans for a host with a real NetworkManager: each has its code, a sentence and a hint, and nothing is changed."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.wire.real_networkmanager import RealNetworkManager, obstacle

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(obstacle() is not None, reason=str(obstacle())),
    pytest.mark.timeout(120),
]

#: What the page asks for first, and what it would ask for next; then how many jobs there are.
BOTH = """
import json, sys
from pathlib import Path
from cockpit_rhv.checks.network_change import preview, start_change
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs import JobStore
from cockpit_rhv.networks.plan import Plan
from cockpit_rhv.networks.virtual import Virtual
from tests.unit.jobs_support import PlainLauncher
store, found = JobStore(Path(sys.argv[2])), []
for wanted in json.loads(sys.argv[1]):
    told = []
    for ask in (
        lambda: preview(Plan.from_json(wanted), Virtual({}, {})),
        lambda: start_change(wanted, 60, Virtual({}, {}), "anna", store=store, launcher=PlainLauncher()),
    ):
        try:
            ask()
            told.append(None)
        except RhvError as error:
            told.append(error.to_json())
    found.append(told)
print(json.dumps([found, len(list(Path(sys.argv[2]).glob("2*")))]))
"""
ON = {"on": ["eth0"]}
STATIC = {"method": "static", "address": "192.0.2.10/24", "gateway": "192.0.2.1"}


def at(**more: Any) -> dict[str, Any]:
    return {"kind": "addresses", "name": "eth0", "addresses": {**STATIC, **more}}


BAD: list[tuple[str, dict[str, Any]]] = [
    ("vlan_id", {"kind": "vlan", "name": "eth0.0", "vlan_id": 0, **ON}),
    ("vlan_id", {"kind": "vlan", "name": "eth0.4095", "vlan_id": 4095, **ON}),
    ("bond_of_one", {"kind": "bond", "name": "bond0", **ON}),
    ("bond_of_one", {"kind": "bond", "name": "bond0", "on": ["eth0", "eth0"]}),
    ("name_long", {"kind": "bridge", "name": "a" * 16, **ON}),
    ("name_long", {"kind": "vlan", "name": "enp130s0f0np0.100", "vlan_id": 100, **ON}),
    ("name", {"kind": "bridge", "name": 'br"0', **ON}),
    ("name", {"kind": "bridge", "name": "br'; reboot", **ON}),
    ("name", {"kind": "bridge", "name": "br0\nreboot", **ON}),
    ("name", {"kind": "bridge", "name": "..", **ON}),
    ("name", {"kind": "bridge", "name": "../../etc/x", **ON}),
    ("name", {"kind": "bridge", "name": "-w", **ON}),
    ("name_reserved", {"kind": "bridge", "name": "default", **ON}),
    ("unknown", {"kind": "bridge", "name": "br0", "on": ["../eth0"]}),
    ("unknown", {"kind": "remove", "name": "eth0\n"}),
    ("address_taken", at(address="192.0.2.1/24", gateway="192.0.2.254")),
    ("address", at(address="192.0.2.10/255.255.255.0")),
    ("address", at(address="192.0.2.10/24\n")),
    ("gateway", at(gateway="192.0.2.0")),
    ("dns", at(dns=["2001:db8::53"])),
]


def test_each_bad_plan_is_refused_and_the_host_is_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "nm"
    folder.mkdir()
    with RealNetworkManager(folder, tmp_path / "nm.log") as host:
        before = (host.run("ip", "-j", "addr"), host.run("nmcli", "-t", "connection", "show"))
        told = host.run(sys.executable, "-c", BOTH, json.dumps([plan for _, plan in BAD]), str(folder / "jobs"))
        found, jobs = json.loads(told)
        for (code, plan), both in zip(BAD, found):
            assert [error and error["code"] for error in both] == [f"networks.{code}"] * 2, plan
            assert all(error["message"]["text"] and error["hint"]["text"] for error in both), plan
        assert jobs == 0
        assert host.state() is None
        assert (host.run("ip", "-j", "addr"), host.run("nmcli", "-t", "connection", "show")) == before
