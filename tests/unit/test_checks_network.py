# SPDX-License-Identifier: Apache-2.0
"""Checks of the network, a fixed address, the gateway and the engine's name."""

from __future__ import annotations

import dataclasses
import socket
import struct
import subprocess
import xml.etree.ElementTree as ET
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.checks import address, names, network
from cockpit_rhv.checks.context import Finished, reverse_name
from cockpit_rhv.checks.hypervisor import domain_fact, network_fact
from hypothesis import given
from hypothesis import strategies as st

from tests.unit import deploy_support as world

if TYPE_CHECKING:
    from pathlib import Path

ANSWERS = world.answers()
NAT = {"network.kind": "nat", "network.name": "default", "network.mode": "dhcp"}


def judge(check: Any, changes: Any = None, **probes: Any) -> Any:
    return check(world.context(world.changed(ANSWERS, changes or {}), **probes))


def nics(*interfaces: Any) -> Any:
    return lambda: {**world.facts(), "nics": list(interfaces)}


# -- connection -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "found", "severity", "message"),
    [
        ({}, world.facts, "ok", "checks.network.bridge_ok"),
        ({"network.name": "br9"}, world.facts, "error", "checks.network.no_bridge"),
        ({"network.name": "eth0"}, world.facts, "error", "checks.network.no_bridge"),
        ({}, nics(world.nic("ovirtmgmt", "bridge", None, up=False)), "error", "checks.network.bridge_down"),
        ({}, nics(world.nic("ovirtmgmt", "bridge", None)), "warning", "checks.network.bridge_bare"),
    ],
)
def test_bridge(changes: Any, found: Any, severity: Any, message: Any) -> None:
    outcome = judge(network.check_connection, changes, facts=found)
    assert (outcome.severity, outcome.summary.id) == (severity, message)


@pytest.mark.parametrize(
    ("networks", "mode", "severity", "message"),
    [
        ([world.network()], "dhcp", "ok", "checks.network.ok"),
        ([world.network(active=False)], "dhcp", "ok", "checks.network.will_start"),
        ([], "dhcp", "error", "checks.network.unknown"),
        ([world.network(forward=None)], "dhcp", "warning", "checks.network.isolated"),
        ([world.network(dhcp=False)], "dhcp", "error", "checks.network.no_dhcp"),
        ([world.network(dhcp=False)], "static", "ok", "checks.network.ok"),
    ],
)
def test_libvirt_network(networks: Any, mode: Any, severity: Any, message: Any) -> None:
    seen = world.hypervisor(networks=networks)
    outcome = judge(network.check_connection, {**NAT, "network.mode": mode}, hypervisor=lambda: seen)
    assert (outcome.severity, outcome.summary.id) == (severity, message)


def test_nat_is_said_to_reach_no_further_than_this_host() -> None:
    assert judge(network.check_reach, NAT).severity == "warning"
    assert judge(network.check_reach).severity == "ok"


def test_mac() -> None:
    mac = "52:54:00:AA:BB:CC"
    holder = world.hypervisor([world.domain("web", None, macs=[mac.lower()])])
    assert judge(network.check_mac).summary.id == "checks.mac.chosen"
    assert judge(network.check_mac, {"network.mac": mac}).severity == "ok"
    taken = judge(network.check_mac, {"network.mac": mac}, hypervisor=lambda: holder)
    assert (taken.severity, taken.summary.params["holder"]) == ("error", "web")
    assert judge(network.check_mac, {"network.mac": "52:54:00:00:00:01"}).severity == "error", "a NIC of the host"
    own = world.hypervisor([world.domain("HostedEngine", world.JOB, macs=[mac.lower()])])
    assert judge(network.check_mac, {"network.mac": mac}, hypervisor=lambda: own, job=world.JOB).severity == "ok"


def test_mac_of_another_machine_on_the_wire(tmp_path: Path) -> None:
    """What the bridge has learned, as the kernel lays it out in brforward; its own entries are not others'."""
    table = tmp_path / "sys/class/net/ovirtmgmt/brforward"
    table.parent.mkdir(parents=True)
    entry = struct.Struct("=6sBBIBBH")
    other, own = bytes.fromhex("525400aabbcc"), bytes.fromhex("525400aabbcd")
    table.write_bytes(entry.pack(other, 1, 0, 7, 0, 0, 0) + entry.pack(own, 1, 1, 0, 0, 0, 0) + b"half")
    seen = judge(network.check_mac, {"network.mac": "52:54:00:AA:BB:CC"}, root=tmp_path)
    assert (seen.severity, seen.summary.id) == ("error", "checks.mac.seen")
    assert seen.remedy
    assert judge(network.check_mac, {"network.mac": "52:54:00:AA:BB:CD"}, root=tmp_path).severity == "ok"
    ours = world.hypervisor([world.domain("HostedEngine", world.JOB, macs=["52:54:00:aa:bb:cc"])])
    resumed = {"root": tmp_path, "hypervisor": lambda: ours, "job": world.JOB}
    assert judge(network.check_mac, {"network.mac": "52:54:00:AA:BB:CC"}, **resumed).severity == "ok"


# -- a fixed address --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "severity", "message"),
    [
        ("192.0.2.20/24", "ok", "checks.subnet.ok"),
        ("198.51.100.20/24", "error", "checks.subnet.outside"),
        ("192.0.2.20/25", "error", "checks.subnet.prefix"),
    ],
)
def test_subnet(given: Any, severity: Any, message: Any) -> None:
    outcome = judge(address.check_subnet, {"network.address": given})
    assert (outcome.severity, outcome.summary.id) == (severity, message)


def test_subnet_of_a_bridge_this_host_has_no_address_on() -> None:
    bare = nics(world.nic("ovirtmgmt", "bridge", None))
    assert judge(address.check_subnet, facts=bare).severity == "unknown"


def test_subnet_of_a_libvirt_network() -> None:
    changes = {**NAT, "network.mode": "static", "network.address": "192.168.122.9/24"}
    assert judge(address.check_subnet, changes).severity == "ok"
    assert judge(address.check_subnet, {**changes, "network.address": "10.0.0.9/24"}).severity == "error"


def test_with_dhcp_there_is_no_address_to_judge() -> None:
    for check in (address.check_subnet, address.check_gateway, address.check_unused, address.check_leases):
        assert judge(check, {"network.mode": "dhcp"}).severity == "not_applicable"
    assert judge(names.check_reverse, {"network.mode": "dhcp"}).severity == "not_applicable"


def test_the_hosts_own_address_is_refused() -> None:
    outcome = judge(address.check_unused, {"network.address": "192.0.2.10/24"})
    assert (outcome.severity, outcome.summary.params["nic"]) == ("error", "ovirtmgmt")


@pytest.mark.parametrize(("holder", "severity"), [("52:54:00:aa:bb:cc", "error"), (None, "ok")])
def test_address_in_use(holder: Any, severity: Any) -> None:
    asked = []

    def arp(device: str, wanted: str) -> Any:
        asked.append((device, wanted))
        return holder

    outcome = judge(address.check_unused, arp=arp)
    assert outcome.severity == severity
    assert asked == [("ovirtmgmt", "192.0.2.20")]
    assert holder is None or holder in outcome.evidence[0].value


NOT_ROOT = PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize(("code", "unused", "gateway"), [(0, "error", "ok"), (1, "unknown", "unknown")])
def test_without_the_right_to_ask_the_wire_only_an_answer_to_a_ping_says_something(
    code: Any, unused: Any, gateway: Any
) -> None:
    """A firewall drops a ping: silence is no proof that an address is free."""
    probes = {"arp": world.raising(NOT_ROOT), "run": lambda *_: Finished(code, "words")}
    assert judge(address.check_unused, **probes).severity == unused
    assert judge(address.check_gateway, **probes).severity == gateway


def test_on_a_bridge_without_an_address_of_ours_the_wire_is_asked_and_nothing_else() -> None:
    """A ping would go out on another network and find nobody, or the wrong one."""
    bare = nics(world.nic("ovirtmgmt", "bridge", None))
    never = world.raising(AssertionError("a ping was sent"))
    assert judge(address.check_unused, facts=bare, run=never).severity == "ok"
    taken = judge(address.check_unused, facts=bare, run=never, arp=lambda *_: "52:54:00:aa:bb:cc")
    assert taken.severity == "error"
    blind = judge(address.check_unused, facts=bare, run=never, arp=world.raising(NOT_ROOT))
    assert (blind.severity, blind.evidence[0].value) == ("unknown", str(NOT_ROOT))


def test_a_network_that_is_not_there_is_unknown() -> None:
    gone = {"network.name": "br9"}
    assert judge(address.check_unused, gone).severity == "unknown"
    assert judge(address.check_gateway, gone).severity == "unknown"


@pytest.mark.parametrize("error", [FileNotFoundError(2, "no ping"), subprocess.TimeoutExpired("ping", 5)])
def test_an_address_that_cannot_be_asked_for_is_unknown(error: Any) -> None:
    blind = {"arp": world.raising(NOT_ROOT), "run": world.raising(error)}
    assert judge(address.check_unused, **blind).severity == "unknown"
    assert judge(address.check_gateway, **blind).severity == "unknown"


def test_the_running_engine_of_this_deployment_answers_at_its_own_address() -> None:
    own = world.hypervisor([world.domain("HostedEngine", world.JOB, macs=["52:54:00:aa:bb:cc"])])
    answering = {"arp": lambda *_: "52:54:00:aa:bb:cc", "hypervisor": lambda: own}
    held = judge(address.check_unused, job=world.JOB, **answering)
    assert (held.severity, held.summary.id) == ("ok", "checks.unused.held")
    assert judge(address.check_unused, job=None, **answering).severity == "error"
    another = {**answering, "arp": lambda *_: "52:54:00:aa:bb:dd"}
    assert judge(address.check_unused, job=world.JOB, **another).severity == "error", "another address was chosen"
    blind = {**answering, "arp": world.raising(NOT_ROOT), "run": lambda *_: Finished(0, "words")}
    assert judge(address.check_unused, job=world.JOB, **blind).severity == "unknown", "a ping tells no MAC address"


@pytest.mark.parametrize(
    ("bridge", "card", "severity"),
    [(True, True, "ok"), (True, False, "unknown"), (False, True, "unknown"), (True, None, "ok")],
)
def test_silence_of_a_bridge_whose_cable_is_out_says_nothing(bridge: bool, card: Any, severity: str) -> None:
    cards = [] if card is None else [world.nic("eth0", "ethernet", None, controller="ovirtmgmt", up=card)]
    tap = world.nic("vnet0", "virtual", None, controller="ovirtmgmt", up=False)
    found = nics(world.nic("ovirtmgmt", "bridge", "192.0.2.10", up=bridge), *cards, tap)
    assert judge(address.check_unused, facts=found).severity == severity
    gateway = judge(address.check_gateway, facts=found).severity
    assert gateway == severity, "the gateway answers where it can be asked"


RANGE = (IPv4Address("192.168.122.100"), IPv4Address("192.168.122.199"))
KEPT = {IPv4Address("192.168.122.9"): "52:54:00:00:00:09"}
LEASING = dataclasses.replace(world.network(), dhcp_ranges=[RANGE], reserved=KEPT)


@pytest.mark.parametrize(
    ("given", "mac", "severity", "message"),
    [
        ("192.168.122.99/24", "", "ok", "checks.leases.ok"),
        ("192.168.122.100/24", "", "warning", "checks.leases.inside"),
        ("192.168.122.199/24", "", "warning", "checks.leases.inside"),
        ("192.168.122.200/24", "", "ok", "checks.leases.ok"),
        ("192.168.122.9/24", "", "error", "checks.leases.reserved"),
        ("192.168.122.9/24", "52:54:00:00:00:09", "ok", "checks.leases.ok"),
    ],
)
def test_addresses_that_libvirt_leases(given: str, mac: str, severity: str, message: str) -> None:
    seen = world.hypervisor(networks=[dataclasses.replace(world.network("other"), bridge="virbr9"), LEASING])
    static = {"network.mode": "static", "network.address": given, "network.mac": mac}
    on_bridge = {**static, "network.name": "virbr0"}
    facts = nics(world.nic("virbr0", "bridge", "192.168.122.1"))
    for changes in ({**NAT, **static}, on_bridge):
        outcome = judge(address.check_leases, changes, hypervisor=lambda: seen, facts=facts)
        assert (outcome.severity, outcome.summary.id) == (severity, message)
        assert severity == "ok" or outcome.remedy
    elsewhere = judge(address.check_leases, {**static, "network.name": "ovirtmgmt"}, hypervisor=lambda: seen)
    assert elsewhere.severity == "ok", "another network's leases"


def test_gateway() -> None:
    assert judge(address.check_gateway).summary.id == "checks.gateway.ok"
    silent = judge(address.check_gateway, {"network.gateway": "192.0.2.254"})
    assert (silent.severity, silent.path) == ("warning", "network.gateway")
    assert judge(address.check_gateway, {"network.gateway": "192.0.2.10"}).summary.id == "checks.gateway.self"
    nat = {**NAT, "network.mode": "static", "network.address": "192.168.122.9/24", "network.gateway": "192.168.122.1"}
    assert judge(address.check_gateway, nat).summary.id == "checks.gateway.nat"


@given(st.integers(2, 254), st.integers(2, 254), st.integers(2, 254))
def test_exactly_the_addresses_of_a_range_are_leased(first: int, last: int, wanted: int) -> None:
    xml = f"""<network><name>default</name><forward mode='nat'/><bridge name='virbr0'/><ip address='192.168.122.1'
    prefix='24'><dhcp><range start='192.168.122.{first}' end='192.168.122.{last}'/></dhcp></ip></network>"""
    seen = world.hypervisor(networks=[network_fact(ET.fromstring(xml), active=True)])
    static = {**NAT, "network.mode": "static", "network.address": f"192.168.122.{wanted}/24"}
    outcome = judge(address.check_leases, static, hypervisor=lambda: seen)
    assert outcome.severity == ("warning" if first <= wanted <= last else "ok")


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["host1.example.com", "HOST1.Example.COM"])
def test_the_hosts_own_name_is_refused(name: Any) -> None:
    assert judge(names.check_own_name, {"engine.fqdn": name}).severity == "error"
    assert judge(names.check_own_name).severity == "ok"


@pytest.mark.parametrize(
    ("found", "changes", "severity", "message"),
    [
        (["192.0.2.20"], {}, "ok", "checks.resolves.ok"),
        (["2001:db8::1", "192.0.2.20"], {}, "ok", "checks.resolves.ok"),
        ([], {}, "warning", "checks.resolves.unknown"),
        (["203.0.113.5"], {}, "error", "checks.resolves.elsewhere"),
        (["203.0.113.5"], {"network.mode": "dhcp"}, "ok", "checks.resolves.ok"),
        (["192.0.2.10"], {"network.mode": "dhcp"}, "error", "checks.resolves.this_host"),
    ],
)
def test_name_resolution(found: Any, changes: Any, severity: Any, message: Any) -> None:
    outcome = judge(names.check_resolves, changes, resolve=lambda _name: found)
    assert (outcome.severity, outcome.summary.id) == (severity, message)


def test_an_unknown_name_comes_with_the_line_for_the_hosts_file() -> None:
    outcome = judge(names.check_resolves, resolve=lambda _name: [])
    assert "192.0.2.20 engine.example.com" in str(outcome.remedy)


def test_an_unknown_name_comes_with_a_task_that_adds_it() -> None:
    offered = judge(names.check_resolves, resolve=lambda _name: []).remedy_job
    assert offered.to_json() == {
        "task": "hosts_entry",
        "params": {"address": "192.0.2.20", "fqdn": "engine.example.com"},
        "title": {
            "id": "checks.fqdn.add_entry",
            "text": "Add {fqdn} to this host's /etc/hosts",
            "params": {"fqdn": "engine.example.com"},
        },
    }
    with_dhcp = judge(names.check_resolves, {"network.mode": "dhcp"}, resolve=lambda _name: [])
    assert with_dhcp.remedy_job is None, "its address is not known yet"


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("203.0.113.5 Engine.example.com # cockpit-rhv", True),
        ("203.0.113.5 engine.example.com # by hand", False),
        ("203.0.113.5 engine.example.com", False),
        ("203.0.113.5 other.example.com # cockpit-rhv", False),
        ("# cockpit-rhv", False),
    ],
)
def test_only_an_entry_of_ours_is_offered_to_be_replaced(tmp_path: Path, line: str, offered: bool) -> None:
    hosts = tmp_path / "etc/hosts"
    hosts.parent.mkdir()
    hosts.write_text(f"127.0.0.1 localhost\n{line}\n")
    outcome = judge(names.check_resolves, resolve=lambda _name: ["203.0.113.5"], root=tmp_path)
    assert outcome.severity == "error"
    assert (outcome.remedy_job is not None) is offered


def test_dead_name_servers_are_unknown() -> None:
    outcome = judge(names.check_resolves, resolve=world.raising(TimeoutError("no name server answered within 3.0 s")))
    assert outcome.severity == "unknown"
    assert "3.0 s" in outcome.evidence[0].value


@pytest.mark.parametrize(
    ("found", "severity", "message"),
    [
        (["engine.example.com"], "ok", "checks.reverse.ok"),
        (["alias.example.com", "Engine.Example.COM."], "ok", "checks.reverse.ok"),
        ([], "warning", "checks.reverse.unknown"),
        (["printer.example.com"], "warning", "checks.reverse.elsewhere"),
    ],
)
def test_the_name_of_the_address(found: list[str], severity: str, message: str) -> None:
    asked = []

    def reverse(wanted: str) -> list[str]:
        asked.append(wanted)
        return found

    outcome = judge(names.check_reverse, reverse=reverse)
    assert (outcome.severity, outcome.summary.id, asked) == (severity, message, ["192.0.2.20"])
    assert severity == "ok" or "PTR" in str(outcome.remedy)


def test_a_name_service_that_is_dead_is_no_missing_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """herror's TRY_AGAIN (2) is what gethostbyaddr says then; HOST_NOT_FOUND is 1."""
    for number in (1, 4):
        monkeypatch.setattr("socket.gethostbyaddr", world.raising(socket.herror(number, "words")))
        assert reverse_name("192.0.2.20") == []
    monkeypatch.setattr("socket.gethostbyaddr", world.raising(socket.herror(2, "Host name lookup failure")))
    outcome = judge(names.check_reverse, reverse=reverse_name)
    assert (outcome.severity, outcome.summary.id) == ("unknown", "checks.reverse.untested")


def test_names_cannot_be_judged_before_the_engine_has_one() -> None:
    for check in (names.check_resolves, names.check_reverse):
        outcome = judge(check, {"engine.fqdn": ...})
        assert (outcome.severity, outcome.summary.id) == ("unknown", "checks.resolves.no_name")


# -- what libvirt's XML says ------------------------------------------------------------------------------------------


def test_network_fact_of_libvirts_default_network() -> None:
    xml = """<network><name>default</name><forward mode='nat'><nat><port start='1024' end='65535'/></nat></forward>
    <bridge name='virbr0' stp='on' delay='0'/><ip address='192.168.122.1' netmask='255.255.255.0'><dhcp><range
    start='192.168.122.2' end='192.168.122.254'/></dhcp></ip>
    <ip family='ipv6' address='fd00::1' prefix='64'/></network>"""
    fact = network_fact(ET.fromstring(xml), active=True)
    assert (fact.name, fact.forward, fact.bridge, fact.dhcp) == ("default", "nat", "virbr0", True)
    assert [str(subnet) for subnet in fact.subnets] == ["192.168.122.1/24"]
    assert fact.dhcp_ranges == [(IPv4Address("192.168.122.2"), IPv4Address("192.168.122.254"))]
    assert fact.reserved == {}
    isolated = network_fact(ET.fromstring("<network><name>x</name></network>"), active=False)
    assert (isolated.forward, isolated.bridge, isolated.subnets, isolated.dhcp) == (None, None, [], False)


def test_addresses_that_libvirt_keeps_for_somebody() -> None:
    xml = """<network><name>x</name><ip address='10.0.0.1' prefix='8'><dhcp><range start='10.0.0.5' end='10.0.0.9'/>
    <range start='10.1.0.0' end='10.1.0.0'/><host mac='52:54:00:AA:00:01' name='a' ip='10.0.0.3'/>
    <host name='b' ip='10.0.0.4'/></dhcp></ip><ip family='ipv6' address='fd00::1' prefix='64'><dhcp>
    <range start='fd00::5' end='fd00::9'/></dhcp></ip></network>"""
    fact = network_fact(ET.fromstring(xml), active=True)
    assert [[str(end) for end in ends] for ends in fact.dhcp_ranges] == [["10.0.0.5", "10.0.0.9"], ["10.1.0.0"] * 2]
    assert fact.reserved == {IPv4Address("10.0.0.3"): "52:54:00:aa:00:01", IPv4Address("10.0.0.4"): "b"}


def test_domain_fact_reads_our_mark() -> None:
    xml = """<domain><name>e</name><uuid>u</uuid><metadata><x:engine xmlns:x='https://cockpit-rhv.org/engine/1'
    job='j1'/></metadata><devices><interface><mac address='52:54:00:AA:00:01'/></interface>
    <disk><source file='/a.qcow2'/></disk><disk/></devices></domain>"""
    fact = domain_fact(ET.fromstring(xml), active=True)
    assert (fact.job, fact.macs, fact.disks) == ("j1", ["52:54:00:aa:00:01"], ["/a.qcow2"])
    assert domain_fact(ET.fromstring(xml.replace("engine/1", "engine/2")), active=True).job is None
