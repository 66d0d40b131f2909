# SPDX-License-Identifier: Apache-2.0
"""Changes of networks: what is refused beforehand, and exactly what nmcli is asked to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.networks.calls import planned
from cockpit_rhv.networks.commands_nm import Found, arguments
from cockpit_rhv.networks.owners import Owner
from cockpit_rhv.networks.plan import Plan, judge
from cockpit_rhv.networks.view import Structure, read_structure

from tests.unit.test_networks_reading import ANSWERS, LINKS, answering, item

if TYPE_CHECKING:
    from pathlib import Path

BOND0, NIC = "u-bond", "u-nic"
DEVICES = "nmcli -t -f DEVICE,STATE,CONNECTION,CON-UUID device status"


def plan(kind: str, name: str, **more: Any) -> Plan:
    return Plan.from_json({"kind": kind, "name": name, **more})


@pytest.fixture
def structure(tmp_path: Path) -> Structure:
    links = [
        *LINKS,
        item(11, "eth1"),
        item(12, "eth2", max_mtu=9000),
        item(13, "bond6", "bond", {"mode": "balance-alb"}),
    ]
    return read_structure(answering({**ANSWERS, "ip -d -j addr show": json.dumps(links)}), tmp_path)


def judged(structure: Structure, wanted: Plan, **owners: Owner) -> list[str]:
    free = dict.fromkeys(structure.kernel.links, Owner("networkmanager"))
    return [warning.id for warning in judge(wanted, structure, {**free, **owners})]


STATIC = {"method": "static", "address": "192.0.2.10/24", "gateway": "192.0.2.1", "dns": ["192.0.2.53"]}


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (plan("bridge", "a" * 16, on=["eth1"]), "name_long"),
        (plan("bridge", "my bridge", on=["eth1"]), "name"),
        (plan("bridge", "br;reboot", on=["eth1"]), "name"),
        (plan("bridge", "..", on=["eth1"]), "name"),
        (plan("bridge", "-h", on=["eth1"]), "name"),
        (plan("bridge", "br\n", on=["eth1"]), "name"),
        (plan("bridge", 'br"0', on=["eth1"]), "name"),
        (plan("bridge", "br'0", on=["eth1"]), "name"),
        (plan("bridge", "../br0", on=["eth1"]), "name"),
        (plan("bridge", "br0\nreboot", on=["eth1"]), "name"),
        (plan("bridge", "", on=["eth1"]), "name"),
        (plan("bridge", "br\u00fcc\u0661", on=["eth1"]), "name"),
        (plan("bridge", "all", on=["eth1"]), "name_reserved"),
        (plan("bond", "bonding_masters", on=["eth1", "eth2"]), "name_reserved"),
        (plan("bridge", "br0", on=["eth1\n"]), "unknown"),
        (plan("bridge", "br0", on=["../eth1"]), "unknown"),
        (plan("vlan", "eth1.-1", on=["eth1"], vlan_id=-1), "vlan_id"),
        (plan("vlan", "eth1.7", on=["eth1"]), "vlan_id"),
        (plan("bridge", "eth2", on=["eth1"]), "name_taken"),
        (plan("bridge", "br0", on=["eth7"]), "unknown"),
        (plan("bridge", "br0", on=["eth1", "eth2"]), "one"),
        (plan("bridge", "br0", on=["eno1"]), "in_use"),
        (plan("bridge", "br0", on=["virbr0"]), "bridge_on_bridge"),
        (plan("bridge", "br0", on=["bond6"]), "bond_mode"),
        (plan("bridge", "br0", on=["lo"]), "loopback"),
        (plan("bond", "bond1", on=["eth1"]), "bond_of_one"),
        (plan("bond", "bond1", on=["eth1", "eth1"]), "bond_of_one"),
        (plan("bond", "bond1", on=["eth1", "eth2"], mode="best"), "mode"),
        (plan("bond", "bond1", on=["eth1", "virbr0"]), "member"),
        (plan("vlan", "eth1.0", on=["eth1"], vlan_id=0), "vlan_id"),
        (plan("vlan", "eth1.4095", on=["eth1"], vlan_id=4095), "vlan_id"),
        (plan("vlan", "b7", on=["bond0"], vlan_id=7), "vlan_taken"),
        (plan("vlan", "eno1.5", on=["eno1"], vlan_id=5), "in_use"),
        (plan("mtu", "eth1", mtu=100), "mtu"),
        (plan("mtu", "eth1", mtu=70000), "mtu"),
        (plan("mtu", "eth2", mtu=9001), "mtu"),
        (plan("mtu", "bond0.7", mtu=9000), "mtu_below"),
        (plan("mtu", "eth1"), "mtu_missing"),
        (plan("mtu", "eth1", mtu=1500), "no_profile"),
        (plan("addresses", "eth1"), "address_missing"),
        (plan("addresses", "eno1", addresses=STATIC), "in_use"),
        (plan("mtu", "eth7", mtu=1500), "unknown"),
        (plan("addresses", "eth1", addresses={**STATIC, "address": "192.0.2.10"}), "address"),
        (plan("addresses", "eth1", addresses={**STATIC, "address": "192.0.2.0/24"}), "address"),
        (plan("addresses", "eth1", addresses={**STATIC, "address": "192.0.2.255/24"}), "address"),
        (plan("addresses", "eth1", addresses={**STATIC, "address": "224.0.0.1/24"}), "address"),
        (plan("addresses", "eth1", addresses={**STATIC, "gateway": "192.0.3.1"}), "gateway"),
        (plan("addresses", "eth1", addresses={**STATIC, "gateway": "192.0.2.10"}), "gateway"),
        (plan("addresses", "eth1", addresses={**STATIC, "address": "192.0.2.10/255.255.255.0"}), "address"),
        (plan("addresses", "eth1", addresses={**STATIC, "address": "192.0.2.10/0.0.0.255"}), "address"),
        (plan("addresses", "eth1", addresses={**STATIC, "address": "192.0.2.10/24\n"}), "address"),
        (plan("addresses", "eth1", addresses={**STATIC, "address": "192.0.2.10/24;reboot"}), "address"),
        (plan("addresses", "eth1", addresses={**STATIC, "address": "192.0.2.10/33"}), "address"),
        (plan("addresses", "eth1", addresses={**STATIC, "address": "2001:db8::10/64"}), "address"),
        (plan("addresses", "eth1", addresses={**STATIC, "address": "0.0.0.7/24"}), "address"),
        (plan("addresses", "eth1", addresses={**STATIC, "address": "240.0.0.7/24"}), "address"),
        (plan("addresses", "eth1", addresses={"method": "static"}), "address"),
        (plan("addresses", "eth1", addresses={**STATIC, "gateway": "192.0.2.0"}), "gateway"),
        (plan("addresses", "eth1", addresses={**STATIC, "gateway": "192.0.2.255"}), "gateway"),
        (plan("addresses", "eth1", addresses={**STATIC, "gateway": "router"}), "gateway"),
        (plan("addresses", "eth1", addresses={**STATIC, "dns": ["dns.example"]}), "dns"),
        (plan("addresses", "eth1", addresses={**STATIC, "dns": ["192.0.2.53", "2001:db8::53"]}), "dns"),
        (plan("addresses", "eth1", addresses={**STATIC, "dns": ["0.0.0.0"]}), "dns"),
        (plan("remove", "eth1"), "card"),
        (plan("remove", "ovirtmgmt"), "guests"),
        (plan("remove", "bond0"), "below"),
    ],
)
def test_what_cannot_be_is_refused(structure: Structure, wanted: Plan, code: str) -> None:
    with pytest.raises(RhvError) as refused:
        judged(structure, wanted)
    assert refused.value.code == f"networks.{code}"
    assert refused.value.hint is not None


@pytest.mark.parametrize(
    ("address", "said"),
    [("192.0.2.10/255.255.0.0", "255.255.0.0 is the prefix /16"), ("192.0.2.10", "255.255.255.0 is the prefix /24"),
     ("192.0.2.10/255.0.255.0", "255.255.255.0 is the prefix /24")],
)  # fmt: skip
def test_a_netmask_is_told_as_a_prefix(structure: Structure, address: str, said: str) -> None:
    with pytest.raises(RhvError) as refused:
        judged(structure, plan("addresses", "eth1", addresses={**STATIC, "address": address}))
    assert said in str(refused.value.hint)


@pytest.mark.parametrize("code", ["protected", "foreign"])
def test_what_others_look_after_is_refused(structure: Structure, code: str) -> None:
    owner = Owner("vdsm", protected=True) if code == "protected" else Owner("ifupdown")
    with pytest.raises(RhvError, match=f"^networks.{code}"):
        judged(structure, plan("bridge", "br0", on=["eth1"]), eth1=owner)
    with pytest.raises(RhvError, match=f"^networks.{code}"):
        judged(structure, plan("mtu", "eth1", mtu=9000), eth1=owner)


def test_what_the_engine_is_reached_over_is_refused(structure: Structure) -> None:
    with pytest.raises(RhvError, match=r"^networks\.engine"):
        judged(structure, plan("mtu", "ovirtmgmt", mtu=1400), ovirtmgmt=Owner("networkmanager", None, None, True, True))


def test_what_can_be_is_not_refused(structure: Structure) -> None:
    assert judged(structure, plan("bridge", "a" * 15, on=["eth1"], addresses=STATIC)) == []
    assert judged(structure, plan("vlan", "eth1.4094", on=["eth1"], vlan_id=4094)) == []
    assert judged(structure, plan("bond", "bond1", on=["eth1", "eth2"], mode="802.3ad")) == []
    assert judged(structure, plan("bond", "bond1", on=["eth1", "eth2"], mode="balance-rr")) == ["networks.warn_mode"]
    assert judged(structure, plan("remove", "virbr0")) == []


@pytest.mark.parametrize(
    ("cards", "with_profile", "said"),
    [(("eth1",), ("eth1",), []), (("eth1",), (), "no_profile"), (("eth1", "eth2"), ("eth1", "eth2"), "addressed"),
     ((), (), ["networks.warn_addresses"])],
)  # fmt: skip
def test_an_address_goes_with_its_bridge_only_to_the_one_card_in_it(
    cards: tuple[str, ...], with_profile: tuple[str, ...], said: object, tmp_path: Path
) -> None:
    """Else it would be gone, with nothing said beforehand."""
    links = [item(2, "br5", "bridge", addr_info=[{"family": "inet", "local": "192.0.2.10", "prefixlen": 24}])]
    links += [item(number, name, master="br5") for number, name in enumerate(cards, 3)]
    devices = "\n".join(f"{name}:connected:{name}:u-{name}" for name in ("br5", *with_profile))
    answers = {**ANSWERS, "ip -d -j addr show": json.dumps(links), DEVICES: devices}
    found = read_structure(answering(answers), tmp_path)
    if isinstance(said, str):
        with pytest.raises(RhvError, match=rf"^networks\.{said}"):
            judged(found, plan("remove", "br5"))
    else:
        assert judged(found, plan("remove", "br5")) == said


def test_of_several_addresses_those_that_go_are_named(tmp_path: Path) -> None:
    both = [{"family": "inet", "local": f"192.0.2.{number}", "prefixlen": 24} for number in (10, 11)]
    six = {"family": "inet6", "local": "2001:db8::1", "prefixlen": 64, "scope": "global"}
    links = {**ANSWERS, "ip -d -j addr show": json.dumps([item(6, "ovirtmgmt", "bridge", addr_info=[*both, six])])}
    structure = read_structure(answering(links), tmp_path)
    owner = {"ovirtmgmt": Owner("networkmanager")}
    [warning] = judge(plan("addresses", "ovirtmgmt", addresses=STATIC), structure, owner)
    assert str(warning) == "ovirtmgmt loses its addresses 192.0.2.11/24."
    assert judge(plan("addresses", "ovirtmgmt", addresses={"method": "auto"}), structure, owner) == []


def test_without_networkmanager_nothing_is_changed(structure: Structure) -> None:
    stopped = Structure(structure.kernel, structure.manager._replace(state="stopped"), structure.written)
    with pytest.raises(RhvError, match=r"^networks\.no_manager"):
        judged(stopped, plan("bridge", "br0", on=["eth1"]))


def calls(
    wanted: Plan, giver: dict[str, str] | None = None, members: tuple[str, ...] = (), own: tuple[str, ...] = ()
) -> list[str]:
    profiles, macs = {"eth1": NIC, "eth3": "u-3", "bond0": BOND0, "br0": "u-br"}, {"eth1": "52:54:00:00:00:01"}
    kinds = {"eth1": "ethernet", "eth2": "ethernet", "bond0": "bond", "br0": "bridge"}
    settings = {name: {"connection.interface-name": name} for name in profiles if name != "eth3"}
    name = wanted.on[0] if wanted.kind in ("bridge", "bond") else wanted.name
    settings[name] = {**settings.get(name, {}), **(giver or {})}
    found = Found(profiles, settings, macs, kinds, name, members, own)
    return [" ".join(call) for call in arguments(wanted, found, "u-new")]


def test_a_bridge_takes_the_cards_address_and_mac() -> None:
    moved = {
        "ipv4.method": "manual",
        "ipv4.addresses": "192.0.2.10/24",
        "ipv4.gateway": "192.0.2.1",
        "ipv6.method": "auto",
    }
    assert calls(plan("bridge", "ovirtmgmt", on=["eth1"]), moved) == [
        "connection add save yes type bridge con-name ovirtmgmt ifname ovirtmgmt connection.uuid u-new bridge.stp no"
        " connection.autoconnect-slaves 1 802-3-ethernet.cloned-mac-address 52:54:00:00:00:01"
        " ipv4.method manual ipv4.addresses 192.0.2.10/24 ipv4.gateway 192.0.2.1 ipv6.method auto",
        "connection modify u-nic connection.master ovirtmgmt connection.slave-type bridge",
        "connection up uuid u-new",
    ]


def test_a_bond_is_in_the_zone_of_its_card() -> None:
    made = calls(plan("bond", "bond1", on=["eth1", "eth2"], addresses={"method": "auto"}), GIVER)[0]
    assert made.endswith(" connection.zone internal ipv4.method auto ipv4.addresses  ipv4.gateway  ipv4.dns ")


def test_a_bonds_mac_and_zone_are_those_of_the_card_that_has_the_address(tmp_path: Path) -> None:
    links = [item(2, "eth1"), item(3, "eth2", addr_info=[{"family": "inet", "local": "192.0.2.9", "prefixlen": 24}])]
    told = "connection.id:two\nconnection.uuid:u-2\nconnection.interface-name:eth2\nconnection.zone:work\n"
    answers = {
        **ANSWERS,
        "ip -d -j addr show": json.dumps(links),
        "nmcli -t -f DEVICE,STATE,CONNECTION,CON-UUID device status": "eth2:connected:two:u-2",
        "nmcli -t -f connection,ipv4,ipv6,hostname,proxy,802-3-ethernet connection show uuid u-2": told,
    }
    run = answering(answers)
    made = planned(plan("bond", "bond1", on=["eth1", "eth2"]), read_structure(run, tmp_path), run)[0]
    assert made[made.index("802-3-ethernet.cloned-mac-address") + 1] == "52:54:00:00:00:03"
    assert made[made.index("connection.zone") + 1] == "work"


GIVER = {
    "connection.id": "eth1",
    "connection.zone": "internal",
    "connection.autoconnect": "yes",
    "802-3-ethernet.mtu": "9000",
    "ipv4.method": "manual",
    "ipv4.addresses": "192.0.2.10/24",
    "ipv4.dns-search": "example.com",
    "ipv4.dad-timeout": "0",
    "ipv4.route-metric": "-1",
    "ipv4.of-a-later-version": "7",
    "ipv6.method": "manual",
    "ipv6.addresses": "2001:db8::10/64, 2001:db8::11/64",
}


def test_a_bridge_with_another_address_keeps_the_rest_of_what_the_card_had() -> None:
    kept = calls(plan("bridge", "br1", on=["eth1"], addresses={"method": "keep"}), GIVER)[0]
    assert kept.endswith(
        " connection.zone internal ipv4.method manual ipv4.addresses 192.0.2.10/24 ipv4.dns-search example.com"
        " ipv4.dad-timeout 0 ipv4.of-a-later-version 7"
        " ipv6.method manual ipv6.addresses 2001:db8::10/64, 2001:db8::11/64"
    )
    asked = calls(plan("bridge", "br1", on=["eth1"], addresses={"method": "auto"}), GIVER)[0]
    assert asked.endswith(
        " connection.zone internal ipv4.dns-search example.com ipv4.dad-timeout 0 ipv4.of-a-later-version 7"
        " ipv6.method manual ipv6.addresses 2001:db8::10/64, 2001:db8::11/64"
        " ipv4.method auto ipv4.addresses  ipv4.gateway  ipv4.dns "
    )
    bare = calls(plan("bridge", "br1", on=["eth1"], addresses={"method": "none"}), GIVER)[0]
    assert " connection.zone internal ipv4.method disabled ipv6.method disabled " in bare
    assert "2001:db8" not in bare


def test_a_profile_without_a_card_is_bound_to_the_one_it_is_changed_for() -> None:
    bound = "connection modify u-3 connection.interface-name eth3 "
    assert calls(plan("mtu", "eth3", mtu=9000))[0].startswith(bound)
    assert calls(plan("bridge", "br1", on=["eth3"]))[1].startswith(bound)


def test_a_bond_of_a_card_with_and_one_without_a_profile() -> None:
    assert calls(plan("bond", "bond1", on=["eth1", "eth2"], mode="802.3ad", mtu=9000)) == [
        "connection add save yes type bond con-name bond1 ifname bond1 connection.uuid u-new"
        " bond.options mode=802.3ad,miimon=100 connection.autoconnect-slaves 1"
        " 802-3-ethernet.cloned-mac-address 52:54:00:00:00:01 802-3-ethernet.mtu 9000"
        " ipv4.method disabled ipv6.method disabled",
        "connection modify u-nic connection.master bond1 connection.slave-type bond 802-3-ethernet.mtu 9000",
        "connection add save yes type ethernet con-name bond1-eth2 ifname eth2 connection.master bond1"
        " connection.slave-type bond 802-3-ethernet.mtu 9000",
        "connection up uuid u-new",
    ]


def test_a_vlan_an_mtu_addresses_and_a_removal() -> None:
    assert calls(plan("vlan", "bond0.7", on=["bond0"], vlan_id=7, addresses={"method": "auto"})) == [
        "connection add save yes type vlan con-name bond0.7 ifname bond0.7 connection.uuid u-new dev bond0 id 7"
        " ipv4.method auto ipv4.addresses  ipv4.gateway  ipv4.dns ",
        "connection up uuid u-new",
    ]
    assert calls(plan("mtu", "eth1", mtu=9000)) == [
        "connection modify u-nic 802-3-ethernet.mtu 9000",
        "device reapply eth1",
    ]
    assert calls(plan("addresses", "eth1", addresses=STATIC)) == [
        "connection modify u-nic ipv4.method manual ipv4.addresses 192.0.2.10/24 ipv4.gateway 192.0.2.1"
        " ipv4.dns 192.0.2.53",
        "device reapply eth1",
    ]
    # name servers that nothing is said about stay
    silent = {key: value for key, value in STATIC.items() if key != "dns"}
    assert calls(plan("addresses", "eth1", addresses=silent))[0] == (
        "connection modify u-nic ipv4.method manual ipv4.addresses 192.0.2.10/24 ipv4.gateway 192.0.2.1"
    )
    kept = {"ipv4.method": "auto", "ipv4.dns": "192.0.2.99"}
    assert " ipv4.dns 192.0.2.99 " in calls(plan("bridge", "br1", on=["eth1"], addresses=silent), kept)[0]
    # none of IPv6 either: waiting for a router that is not there NetworkManager would take the interface down
    assert calls(plan("addresses", "bond0", addresses={"method": "none"}))[0] == (
        "connection modify u-bond ipv4.method disabled ipv6.method disabled ipv4.addresses  ipv4.gateway  ipv4.dns "
        " ipv4.dns-search  ipv6.addresses  ipv6.gateway  ipv6.dns  ipv6.dns-search "
    )


def test_what_a_removed_bridge_or_bond_was_made_of_is_free_again() -> None:
    free = "connection.master  connection.slave-type "
    moved = {"ipv4.method": "auto", "ipv6.method": "disabled"}
    assert calls(plan("remove", "br0"), moved, ("eth1",)) == [
        f"connection modify u-nic {free} connection.zone  ipv4.method auto ipv6.method disabled",
        "connection delete u-br",
        "connection up uuid u-nic",
    ]
    none = "ipv4.method disabled ipv6.method disabled"
    assert calls(plan("remove", "bond0"), moved, ("eth1", "eth3")) == [
        f"connection modify u-nic {free} {none}",
        f"connection modify u-3 {free} {none}",
        "connection delete u-bond",
        "connection up uuid u-nic",
        "connection up uuid u-3",
    ]
    # a profile that was made for the bond goes with it, unless it has to carry the address of a bridge
    assert calls(plan("remove", "bond0"), moved, ("eth1", "eth3"), ("eth3",)) == [
        f"connection modify u-nic {free} {none}",
        "connection delete u-bond",
        "connection delete u-3",
        "connection up uuid u-nic",
    ]
    assert calls(plan("remove", "br0"), moved, ("eth1",), ("eth1",))[-1] == "connection up uuid u-nic"
    moved = {"ipv4.method": "disabled", "ipv4.route-metric": "-1", "ipv6.method": "ignore"}
    assert calls(plan("remove", "br0"), moved, ("eth1",), ("eth1",))[-1] == "connection delete u-nic"
