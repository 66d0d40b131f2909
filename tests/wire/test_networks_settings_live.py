# SPDX-License-Identifier: Apache-2.0
"""What a real NetworkManager keeps of its profiles through our changes, and which profiles we leave alone."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.networks.profiles import moving

from tests.wire.network_jobs import answer, awaits, begin, ended
from tests.wire.real_networkmanager import ADDRESS, RealNetworkManager, obstacle
from tests.wire.test_networks_live import START

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(obstacle() is not None, reason=str(obstacle())),
    pytest.mark.timeout(120),
]

BRIDGE = {"kind": "bridge", "name": "ovirtmgmt", "on": ["eth0"], "addresses": {"method": "keep"}}
#: Of every kind that a profile has, in nmcli's words.
SETTINGS = {
    "connection.zone": "internal",
    "connection.llmnr": "0",
    "connection.autoconnect-priority": "7",
    "ipv4.dns": "192.0.2.53,192.0.2.54",
    "ipv4.dns-search": "a.example,~b.example",
    "ipv4.dns-options": "rotate,ndots:3",
    "ipv4.dns-priority": "40",
    "ipv4.routes": "10.0.0.0/8 192.0.2.1 50 table=7, 172.16.0.0/12 192.0.2.1",
    "ipv4.routing-rules": "priority 100 from 192.0.2.10 table 7",
    "ipv4.dhcp-hostname": "h.example",
    "ipv4.dad-timeout": "0",
    "ipv4.may-fail": "no",
    "ipv6.method": "manual",
    "ipv6.addresses": "2001:db8::10/64, 2001:db8::11/64",
    "ipv6.dns-search": "v6.example",
    "ipv6.addr-gen-mode": "stable-privacy",
    "ipv6.ip6-privacy": "0",
    "hostname.priority": "33",
    "proxy.method": "auto",
    "proxy.pac-script": "function FindProxyForURL(url, host) {\n  return 'DIRECT';\n}",
}
READ = """
import sys, json
from cockpit_rhv.checks.context import run_command
from cockpit_rhv.networks.profiles import read_settings
told = read_settings(run_command, sys.argv[1:])
print(json.dumps({one["connection.id"]: one for one in told.values()}))
"""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[RealNetworkManager]:
    folder = tmp_path / "nm"
    folder.mkdir()
    with RealNetworkManager(folder, tmp_path / "nm.log") as found:
        yield found


def settings(host: RealNetworkManager) -> dict[str, dict[str, str]]:
    """Of all profiles, by name."""
    uuids = host.run("nmcli", "-g", "UUID", "connection", "show").split()
    found: dict[str, dict[str, str]] = json.loads(host.run(sys.executable, "-c", READ, *uuids))
    return found


def kept(host: RealNetworkManager, plan: dict[str, Any], job: str) -> None:
    running = begin(host, plan, job=job)
    awaits(host, "confirming")
    answer(host, "keep", job)
    assert ended(running) == "True"


def refused(host: RealNetworkManager, plan: dict[str, Any]) -> str:
    """What the last line of a job's start says."""
    return ended(host.python(START, json.dumps(plan), "60", str(host.folder / "jobs"))).splitlines()[-1]


def test_a_bridge_takes_every_setting_of_the_card_and_gives_it_back(host: RealNetworkManager) -> None:
    host.run("nmcli", "connection", "modify", "eth0", *(word for pair in SETTINGS.items() for word in pair))
    host.run("nmcli", "-w", "20", "connection", "up", "eth0")
    before = moving(settings(host)["eth0"])
    assert {key: before.get(key) for key in SETTINGS} == SETTINGS
    kept(host, BRIDGE, "job-1")
    assert moving(settings(host)["ovirtmgmt"]) == before
    assert "2001:db8::11" in host.run("ip", "-6", "addr", "show", "dev", "ovirtmgmt")
    kept(host, {"kind": "remove", "name": "ovirtmgmt"}, "job-2")
    assert moving(settings(host)["eth0"]) == before
    assert host.addresses() == {"eth0": [ADDRESS]}


def test_a_bridge_with_an_address_of_its_own_keeps_ipv6_and_the_zone(host: RealNetworkManager) -> None:
    host.run("nmcli", "connection", "modify", "eth0", *(word for pair in SETTINGS.items() for word in pair))
    host.run("nmcli", "-w", "20", "connection", "up", "eth0")
    before = moving(settings(host)["eth0"])
    new = {"method": "static", "address": "192.0.2.11/24", "gateway": "192.0.2.1", "dns": ["192.0.2.55"]}
    kept(host, {**BRIDGE, "addresses": new}, "job-1")
    given = {"ipv4.addresses": "192.0.2.11/24", "ipv4.dns": "192.0.2.55"}
    assert moving(settings(host)["ovirtmgmt"]) == {**before, **given}


def test_no_address_takes_the_search_domains_too(host: RealNetworkManager) -> None:
    host.silence_router()  # a way out that does not answer is not asked for afterwards
    host.run("nmcli", "connection", "modify", "eth0", "ipv4.dns-search", "a.example", "ipv4.dns", "192.0.2.53")
    host.run("nmcli", "connection", "modify", "eth0", "ipv6.method", "manual", "ipv6.addresses", "2001:db8::10/64")
    host.run("nmcli", "connection", "modify", "eth0", "ipv6.dns-search", "v6.example", "ipv6.dns", "2001:db8::53")
    kept(host, {"kind": "addresses", "name": "eth0", "addresses": {"method": "none"}}, "job-1")
    assert host.addresses() == {}


@pytest.mark.parametrize("named", [("ovirtmgmt", "elsewhere0"), ("old", "ovirtmgmt"), ("eth0-spare", "ovirtmgmt")])
def test_a_name_that_a_stored_profile_has_is_refused(host: RealNetworkManager, named: tuple[str, str]) -> None:
    words = ["type", "bridge", "con-name", named[0], "ifname", named[1], "connection.autoconnect", "no"]
    host.run("nmcli", "connection", "add", *words, "ipv4.method", "disabled", "ipv6.method", "disabled")
    before = settings(host)
    assert f"networks.profile_taken: NetworkManager has a profile {named[0]} already" in refused(host, BRIDGE)
    assert settings(host) == before
    assert host.state() is None


def test_a_profile_for_any_card_becomes_that_of_the_one_it_is_changed_for(host: RealNetworkManager) -> None:
    host.run("nmcli", "connection", "modify", "eth0", "connection.interface-name", "")
    host.run("nmcli", "-w", "20", "connection", "up", "eth0")
    kept(host, BRIDGE, "job-1")
    assert settings(host)["eth0"]["connection.interface-name"] == "eth0"


def test_a_profile_of_two_cards_is_left_alone(host: RealNetworkManager) -> None:
    host.run("ip", "link", "add", "eth1", "type", "veth", "peer", "name", "other1")
    shared = ["connection.interface-name", "", "connection.multi-connect", "multiple", "ipv4.dad-timeout", "0"]
    shared += ["connection.autoconnect", "no"]  # or it takes the other end of the cable, too
    host.run("nmcli", "connection", "modify", "eth0", *shared)
    host.run("ip", "link", "set", "other1", "up")
    for name in ("eth0", "eth1"):
        host.run("nmcli", "-w", "20", "connection", "up", "eth0", "ifname", name)
    before = settings(host)
    for plan in (BRIDGE, {"kind": "mtu", "name": "eth0", "mtu": 1400}):
        assert "networks.profile_shared: The profile eth0 of eth0 is that of eth1, too" in refused(host, plan)
    assert settings(host) == before
    assert host.state() is None


def test_the_gateway_that_answers_is_named_and_not_the_old_one(host: RealNetworkManager) -> None:
    router = host.run("cat", f"{host.folder}/router").strip()
    host.run("nsenter", "-t", router, "-n", "ip", "addr", "add", "198.51.100.1/24", "dev", "router0")
    other = {"method": "static", "address": "198.51.100.10/24", "gateway": "198.51.100.1"}
    running = begin(host, {"kind": "addresses", "name": "eth0", "addresses": other})
    assert awaits(host, "confirming")["gateway"] == "198.51.100.1"
    answer(host, "keep")
    assert ended(running) == "True"
    assert host.addresses() == {"eth0": ["198.51.100.10/24"]}
