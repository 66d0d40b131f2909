# SPDX-License-Identifier: Apache-2.0
"""VLANs and bonds under NetworkManager's checkpoint, on a kernel that has both: made, seen, taken back and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.wholekernel.network_test import change, network_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wholekernel.guest import Guest
    from tests.wholekernel.session import Guests

pytestmark = pytest.mark.timeout(1200)

VLAN = {
    "kind": "vlan",
    "name": "eth1.77",
    "on": ["eth1"],
    "vlan_id": 77,
    "addresses": {"method": "static", "address": "10.78.0.11/24"},
}
BOND = {
    "kind": "bond",
    "name": "bond0",
    "on": ["eth2", "eth3"],
    "mode": "active-backup",
    "addresses": {"method": "static", "address": "10.79.0.11/24"},
}


@pytest.fixture
def host(guests: Guests) -> Iterator[Guest]:
    """The host with two cards in use and two spare ones; its networks must be as before at the end."""
    before = network_state(guests.host)
    yield guests.host
    guests.host.run("rm -rf /run/cockpit-rhv/network-change")
    assert network_state(guests.host) == before


def kept(host: Guest, plan: dict[str, Any], *look: str) -> dict[str, str]:
    told = change(host, plan, f"{plan['kind']}-{plan['name']}", *look)
    assert (told["state"], told["code"]) == ("kept", None), told
    seen: dict[str, str] = told["seen"]
    return seen


def test_a_vlan(host: Guest) -> None:
    """Not confirmed it is gone again by itself; confirmed it has tag and address until it is removed."""
    before = network_state(host)
    told = change(host, VLAN, "nobody", "/proc/net/vlan/eth1.77", keep=False)
    assert (told["state"], told["code"]) == ("undone", "networks.unconfirmed"), told
    assert "VID: 77" in told["seen"]["/proc/net/vlan/eth1.77"]
    assert network_state(host) == before
    kept(host, VLAN)
    assert "VID: 77" in host.run("cat /proc/net/vlan/eth1.77").stdout
    assert network_state(host)["links"]["eth1.77"]["addresses"] == ["10.78.0.11/24"]
    kept(host, {"kind": "remove", "name": "eth1.77"})


@pytest.mark.slow
def test_a_bond_and_a_bridge_on_it(host: Guest) -> None:
    """Both cards carry it; the bridge takes its address and gives it back; the cards are spare again at the end."""
    before = network_state(host)
    told = change(host, BOND, "nobody", "/proc/net/bonding/bond0", keep=False)
    assert (told["state"], told["code"]) == ("undone", "networks.unconfirmed"), told
    assert network_state(host) == before
    seen = kept(host, BOND, "/proc/net/bonding/bond0")["/proc/net/bonding/bond0"]
    assert "Bonding Mode: fault-tolerance (active-backup)" in seen
    assert [line.split()[-1] for line in seen.splitlines() if line.startswith("Slave Interface:")] == ["eth2", "eth3"]
    assert network_state(host)["links"]["bond0"]["addresses"] == ["10.79.0.11/24"]

    kept(host, {"kind": "bridge", "name": "br0", "on": ["bond0"], "addresses": {"method": "keep"}})
    links = network_state(host)["links"]
    assert (links["bond0"]["master"], links["bond0"]["addresses"]) == ("br0", [])
    assert links["br0"]["addresses"] == ["10.79.0.11/24"]
    kept(host, {"kind": "remove", "name": "br0"})
    assert network_state(host)["links"]["bond0"]["addresses"] == ["10.79.0.11/24"]

    refused = change(host, {"kind": "remove", "name": "bond0"}, "early")
    assert refused["code"] == "networks.addressed"
    kept(host, {"kind": "addresses", "name": "bond0", "addresses": {"method": "none"}})
    bonded = network_state(host)
    told = change(host, {"kind": "remove", "name": "bond0"}, "unsure", keep=False)
    assert (told["state"], told["code"]) == ("undone", "networks.unconfirmed"), told
    assert network_state(host) == bonded
    kept(host, {"kind": "remove", "name": "bond0"})
