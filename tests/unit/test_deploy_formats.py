# SPDX-License-Identifier: Apache-2.0
"""Formats of answers, by property and by table."""

from __future__ import annotations

import ipaddress

import pytest
from cockpit_rhv.deploy import formats
from hypothesis import given
from hypothesis import strategies as st

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


@given(st.lists(LABEL, min_size=1, max_size=6), st.from_regex(r"[a-z][a-z0-9]{0,10}", fullmatch=True))
def test_names_by_the_rule_are_accepted(labels: list[str], top: str) -> None:
    assert formats.check_fqdn(".".join([*labels, top])) is None


@given(st.text(max_size=300))
def test_no_text_crashes_a_format(text: str) -> None:
    for name in ("fqdn", "ipv4", "ipv4-interface", "ip"):
        problem = formats.CHECKERS[name](text)
        assert problem is None or str(problem)


@given(st.text(max_size=60))
def test_what_passes_as_an_address_is_one(text: str) -> None:
    if formats.check_ip(text) is None:
        ipaddress.ip_address(text)
    if formats.check_ipv4_interface(text) is None:
        assert ipaddress.IPv4Interface(text).with_prefixlen == text


@given(st.ip_addresses(v=4), st.integers(1, 32))
def test_an_interface_is_a_machines_address_in_its_network(address: ipaddress.IPv4Address, prefix: int) -> None:
    problem = formats.check_ipv4_interface(f"{address}/{prefix}")
    network = ipaddress.IPv4Interface(f"{address}/{prefix}").network
    edge = prefix < 31 and address in (network.network_address, network.broadcast_address)
    assert (problem is None) == (formats.check_ipv4(str(address)) is None and not edge)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("engine", "format.fqdn.short"),
        ("", "format.fqdn.dots"),
        (".example.com", "format.fqdn.dots"),
        ("engine.example.com.", "format.fqdn.dots"),
        ("engine..com", "format.fqdn.dots"),
        ("-engine.example.com", "format.fqdn.label"),
        ("engine-.example.com", "format.fqdn.label"),
        ("engine_1.example.com", "format.fqdn.label"),
        ("engine example.com", "format.fqdn.label"),
        ("engine.example.com\n", "format.fqdn.label"),
        ("$(reboot).example.com", "format.fqdn.label"),
        ("{{ x }}.example.com", "format.fqdn.label"),
        ("motör.example.com", "format.fqdn.ascii"),
        ("192.0.2.1", "format.fqdn.address"),
        ("engine.example.1", "format.fqdn.digits"),
        ("a" * 64 + ".com", "format.fqdn.label_long"),
        ("a." * 126 + "com", "format.fqdn.long"),
    ],
)
def test_bad_names(value: str, message: str) -> None:
    problem = formats.check_fqdn(value)
    assert problem is not None
    assert problem.id == message


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("192.0.2.10", "format.prefix.missing"),
        ("192.0.2.10/", "format.prefix"),
        ("192.0.2.10/0", "format.prefix"),
        ("192.0.2.10/33", "format.prefix"),
        ("192.0.2.10/024", "format.prefix"),
        ("192.0.2.10/²", "format.prefix"),
        ("192.0.2.10/255.255.255.0", "format.prefix"),
        ("192.0.2.0/24", "format.not_host"),
        ("192.0.2.255/24", "format.not_host"),
        ("192.0.2/24", "format.ipv4"),
        ("2001:db8::1/64", "format.ipv4"),
        ("127.0.0.1/8", "format.special"),
        ("224.0.0.5/24", "format.special"),
        ("0.0.0.5/8", "format.special"),
        ("169.254.1.1/16", "format.special"),
        ("255.255.255.255/32", "format.special"),
    ],
)
def test_bad_interfaces(value: str, message: str) -> None:
    problem = formats.check_ipv4_interface(value)
    assert problem is not None
    assert problem.id == message


@pytest.mark.parametrize("value", ["192.0.2.10/24", "10.0.0.0/31", "10.0.0.1/32", "192.168.1.1/16"])
def test_good_interfaces(value: str) -> None:
    assert formats.check_ipv4_interface(value) is None


@pytest.mark.parametrize(
    ("value", "good"), [("2001:db8::1", True), ("fe80::1", False), ("fe80::1%eth0", False), ("::1", False)]
)
def test_addresses_of_version_6(value: str, good: bool) -> None:
    assert (formats.check_ip(value) is None) is good


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("52:54:00:aa:bb:cc", True),
        ("01:00:5e:00:00:01", False),
        ("ff:ff:ff:ff:ff:ff", False),
        ("00:00:00:00:00:00", False),
    ],
)
def test_mac(value: str, good: bool) -> None:
    assert (formats.check_mac(value) is None) is good
