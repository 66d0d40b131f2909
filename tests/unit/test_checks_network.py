# SPDX-License-Identifier: Apache-2.0
"""Checks of the network, a fixed address, the gateway and the engine's name."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from cockpit_rhv.checks import address, names, network
from cockpit_rhv.checks.context import Finished
from cockpit_rhv.checks.hypervisor import domain_fact, network_fact

from tests.unit import deploy_support as world

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
    assert judge(address.check_subnet, facts=bare).severity == "warning"


def test_subnet_of_a_libvirt_network() -> None:
    changes = {**NAT, "network.mode": "static", "network.address": "192.168.122.9/24"}
    assert judge(address.check_subnet, changes).severity == "ok"
    assert judge(address.check_subnet, {**changes, "network.address": "10.0.0.9/24"}).severity == "error"


def test_with_dhcp_there_is_no_address_to_judge() -> None:
    for check in (address.check_subnet, address.check_gateway, address.check_unused):
        assert judge(check, {"network.mode": "dhcp"}).severity == "not_applicable"


def test_the_hosts_own_address_is_refused() -> None:
    outcome = judge(address.check_unused, {"network.address": "192.0.2.10/24"})
    assert (outcome.severity, outcome.summary.params["nic"]) == ("error", "ovirtmgmt")


@pytest.mark.parametrize(("code", "severity"), [(0, "error"), (1, "ok"), (2, "unknown")])
@pytest.mark.parametrize("arping", [None, "/usr/sbin/arping"])
def test_address_in_use(monkeypatch: pytest.MonkeyPatch, code: Any, severity: Any, arping: Any) -> None:
    asked = []
    monkeypatch.setattr(address, "find_program", lambda _names: arping)

    def run(argv: Any, _limit_s: Any) -> Any:
        asked.append(argv)
        return Finished(code, "words")

    outcome = judge(address.check_unused, run=run)
    assert outcome.severity == severity
    assert asked[0][0] == (arping or "ping")
    assert asked[0][-1] == "192.0.2.20"
    assert outcome.evidence[0].value == "words"


@pytest.mark.parametrize("error", [FileNotFoundError(2, "no ping"), subprocess.TimeoutExpired("ping", 5)])
def test_an_address_that_cannot_be_asked_for_is_unknown(error: Any) -> None:
    assert judge(address.check_unused, run=world.raising(error)).severity == "unknown"
    assert judge(address.check_gateway, run=world.raising(error)).severity == "unknown"


def test_the_running_engine_of_this_deployment_answers_at_its_own_address() -> None:
    own = world.hypervisor([world.domain("HostedEngine", world.JOB)])
    answering = {"run": lambda *_: Finished(0, "reply"), "hypervisor": lambda: own}
    assert judge(address.check_unused, job=world.JOB, **answering).severity == "ok"
    assert judge(address.check_unused, job=None, **answering).severity == "error"


def test_gateway() -> None:
    assert judge(address.check_gateway).summary.id == "checks.gateway.ok"
    silent = judge(address.check_gateway, {"network.gateway": "192.0.2.254"})
    assert (silent.severity, silent.path) == ("warning", "network.gateway")
    assert judge(address.check_gateway, {"network.gateway": "192.0.2.10"}).summary.id == "checks.gateway.self"
    nat = {**NAT, "network.mode": "static", "network.address": "192.168.122.9/24", "network.gateway": "192.168.122.1"}
    assert judge(address.check_gateway, nat).summary.id == "checks.gateway.nat"


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


def test_dead_name_servers_are_unknown() -> None:
    outcome = judge(names.check_resolves, resolve=world.raising(TimeoutError("no name server answered within 3.0 s")))
    assert outcome.severity == "unknown"
    assert "3.0 s" in outcome.evidence[0].value


# -- what libvirt's XML says ------------------------------------------------------------------------------------------


def test_network_fact_of_libvirts_default_network() -> None:
    xml = """<network><name>default</name><forward mode='nat'><nat><port start='1024' end='65535'/></nat></forward>
    <bridge name='virbr0' stp='on' delay='0'/><ip address='192.168.122.1' netmask='255.255.255.0'><dhcp><range
    start='192.168.122.2' end='192.168.122.254'/></dhcp></ip>
    <ip family='ipv6' address='fd00::1' prefix='64'/></network>"""
    fact = network_fact(ET.fromstring(xml), active=True)
    assert (fact.name, fact.forward, fact.bridge, fact.dhcp) == ("default", "nat", "virbr0", True)
    assert [str(subnet) for subnet in fact.subnets] == ["192.168.122.1/24"]
    isolated = network_fact(ET.fromstring("<network><name>x</name></network>"), active=False)
    assert (isolated.forward, isolated.bridge, isolated.subnets, isolated.dhcp) == (None, None, [], False)


def test_domain_fact_reads_our_mark() -> None:
    xml = """<domain><name>e</name><uuid>u</uuid><metadata><x:engine xmlns:x='https://cockpit-rhv.org/engine/1'
    job='j1'/></metadata><devices><interface><mac address='52:54:00:AA:00:01'/></interface>
    <disk><source file='/a.qcow2'/></disk><disk/></devices></domain>"""
    fact = domain_fact(ET.fromstring(xml), active=True)
    assert (fact.job, fact.macs, fact.disks) == ("j1", ["52:54:00:aa:00:01"], ["/a.qcow2"])
    assert domain_fact(ET.fromstring(xml.replace("engine/1", "engine/2")), active=True).job is None
