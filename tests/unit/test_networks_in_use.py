# SPDX-License-Identifier: Apache-2.0
"""What is in use is not taken away: what sits upon a card, guests that are off, and libvirt's networks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.networks.in_use import judge_in_use
from cockpit_rhv.networks.plan import Plan
from cockpit_rhv.networks.profile_rules import judge_profiles
from cockpit_rhv.networks.view import Structure, read_structure
from cockpit_rhv.networks.virtual import Virtual, plugged_into

from tests.unit.test_networks_reading import ANSWERS, LINKS, answering, item

if TYPE_CHECKING:
    from pathlib import Path

NOTHING = Virtual({}, {})


@pytest.fixture
def structure(tmp_path: Path) -> Structure:
    links = [
        *LINKS,
        item(11, "eth1"),
        item(12, "eth1.7", "vlan", {"id": 7}, link="eth1"),
        item(13, "eth2"),
        item(14, "macvtap0", "macvtap", link="eth2"),
        item(15, "eth3", "veth", link="eth4"),
        item(16, "eth4", "veth", link="eth3"),
        item(17, "br0", "bridge"),
    ]
    return read_structure(answering({**ANSWERS, "ip -d -j addr show": json.dumps(links)}), tmp_path)


def refused(structure: Structure, virtual: Virtual, kind: str, name: str, *on: str) -> RhvError:
    with pytest.raises(RhvError) as found:
        judge_in_use(Plan(kind, name, on), structure, virtual)
    assert found.value.hint is not None
    return found.value


@pytest.mark.parametrize(
    ("kind", "on", "upper"),
    [("bond", ("eth3", "eth1"), "eth1.7"), ("bridge", ("eth1",), "eth1.7"), ("bridge", ("eth2",), "macvtap0")],
)
def test_a_card_that_carries_something_joins_nothing(
    structure: Structure, kind: str, on: tuple[str, ...], upper: str
) -> None:
    error = refused(structure, NOTHING, kind, "new0", *on)
    assert error.code == "networks.carries"
    assert upper in str(error.message)


def test_what_carries_nothing_may_join(structure: Structure) -> None:
    judge_in_use(Plan("bond", "bond1", ("eth3", "eth4")), structure, NOTHING)
    judge_in_use(Plan("mtu", "eth1", mtu=9000), structure, Virtual({}, {}, {"eth1": ["web"]}))
    judge_in_use(Plan("vlan", "eth1.8", ("eth1",), vlan_id=8), structure, NOTHING)


def test_guests_that_are_off_keep_a_bridge_and_a_card_from_being_taken(structure: Structure) -> None:
    virtual = Virtual({}, {}, {"br0": [f"web{number}" for number in range(7)], "eth4": ["db"]})
    error = refused(structure, virtual, "remove", "br0")
    assert error.code == "networks.guests"
    assert str(error.message) == "Guests have a card on br0: web0, web1, web2, web3, web4 (+2)"
    assert refused(structure, virtual, "bridge", "br1", "eth4").code == "networks.guests"


@pytest.mark.parametrize("member", [{"bridge": "br0", "device": None}, {"bridge": "virbr5", "device": "br0"}])
def test_a_libvirt_network_keeps_its_way_out(structure: Structure, member: dict[str, Any]) -> None:
    virtual = Virtual({"lan": {"name": "lan", **member}}, {})
    assert refused(structure, virtual, "remove", "br0").code == "networks.libvirt_network"
    judge_in_use(Plan("remove", "bond0.7"), structure, virtual)


def test_a_removal_names_the_profiles_that_wait_for_it_in_vain(structure: Structure) -> None:
    def of(name: str, master: str) -> dict[str, str]:
        return {"connection.id": name, "connection.master": master}

    settings = {"u-9": of("spare", "ovirtmgmt"), "u-8": of("by-uuid", "u-1"), "u-7": of("other", "br0")}
    warnings = judge_profiles(Plan("remove", "ovirtmgmt"), structure, {"u-1": of("my:bridge", ""), **settings})
    assert [(one.id, one.params["profile"]) for one in warnings] == [
        ("networks.warn_left", "spare"),
        ("networks.warn_left", "by-uuid"),
    ]


def test_what_a_guest_is_plugged_into() -> None:
    cards = (
        "<interface type='bridge'><source bridge='br0'/></interface>"
        "<interface type='network'><source network='lan'/></interface>"
        "<interface type='direct'><source dev='eth1' mode='bridge'/></interface>"
        "<interface type='network'><source network='gone'/></interface><interface type='user'/>"
    )
    networks = {"lan": {"bridge": "br7"}, "other": {"bridge": "br8"}}
    assert plugged_into(f"<domain><devices>{cards}</devices></domain>", networks) == {"br0", "br7", "eth1"}
