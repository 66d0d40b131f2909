# SPDX-License-Identifier: Apache-2.0
"""The host's networks from recorded answers of `ip` and nmcli, from files, and of this very machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from cockpit_rhv.checks.context import Finished, run_command
from cockpit_rhv.errors import RhvError
from cockpit_rhv.networks.counters import Counters, Reading, read_counters, traffic
from cockpit_rhv.networks.handover import handover_steps
from cockpit_rhv.networks.links import BondMember, Link, read_kernel
from cockpit_rhv.networks.nm import fields, read_manager
from cockpit_rhv.networks.owners import Owner, Written, find_owner, ifupdown_files, read_written
from cockpit_rhv.networks.view import View, owner_of, read_structure
from cockpit_rhv.networks.virtual import Tap, Virtual, parse_network

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/common.json").read_text())


def item(index: int, name: str, kind: str | None = None, data: Mapping[str, Any] | None = None, **more: Any) -> Any:
    info = {"linkinfo": {"info_kind": kind, "info_data": data or {}}} if kind else {}
    base = {"ifindex": index, "ifname": name, "flags": ["UP"], "mtu": 1500, "operstate": "UP", "link_type": "ether"}
    return {**base, "address": f"52:54:00:00:00:{index:02x}", **info, "addr_info": [], **more}


ADDRESSES = [
    {"family": "inet", "local": "192.0.2.10", "prefixlen": 24, "scope": "global", "dynamic": True},
    {"family": "inet6", "local": "fe80::1", "prefixlen": 64, "scope": "link"},
]
LINKS = [
    item(1, "lo", link_type="loopback", operstate="UNKNOWN"),
    item(2, "eno1", master="bond0"),
    item(3, "eno2", master="bond0", operstate="DOWN"),
    item(4, "bond0", "bond", {"mode": "active-backup", "active_slave": "eno1"}),
    item(5, "bond0.7", "vlan", {"id": 7}, link="bond0", master="ovirtmgmt"),
    item(6, "ovirtmgmt", "bridge", addr_info=ADDRESSES),
    item(7, "vnet0", "tun", master="ovirtmgmt", operstate="UNKNOWN"),
    item(8, "vnet1", "tun", master="ovirtmgmt"),
    item(9, "virbr0", "bridge", operstate="DOWN"),
    item(10, "eth9", operstate="DOWN", flags=[]),
]
ROUTES = [
    {"dst": "default", "gateway": "192.0.2.1", "dev": "ovirtmgmt", "protocol": "dhcp", "metric": 425},
    {"dst": "10.0.0.0/8", "nexthops": [{"gateway": "192.0.2.2", "dev": "ovirtmgmt"}, {"dev": "eno1"}]},
    {"type": "unreachable", "dst": "203.0.113.0/24"},
]
ANSWERS = {
    "ip -d -j addr show": json.dumps(LINKS),
    "ip -j -4 route show": json.dumps(ROUTES),
    "ip -j -6 route show": json.dumps([{"dst": "fe80::/64", "dev": "ovirtmgmt"}]),
    "nmcli -t -f DEVICE,STATE,CONNECTION,CON-UUID device status": (
        "ovirtmgmt:connected:my\\:bridge:u-1\nvirbr0:connected (externally):virbr0:u-2\neth9:unmanaged::"
    ),
    "nmcli -t -f UUID,NAME,TYPE,FILENAME connection show": (
        "u-1:my\\:bridge:bridge:/etc/NetworkManager/system-connections/b.nmconnection\nu-2:virbr0:bridge:/run/x"
    ),
}


def answering(answers: Mapping[str, str | int | OSError]) -> Any:
    def run(argv: Sequence[str], _limit_s: float) -> Finished:
        answer = answers[" ".join(argv)]
        if isinstance(answer, OSError):
            raise answer
        return Finished(answer, "it failed") if isinstance(answer, int) else Finished(0, answer)

    return run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, files in {
        "eno1": {"speed": "1000", "duplex": "full", "bonding_slave/mii_status": "up", "device/x": ""},
        "eno2": {"speed": "-1", "bonding_slave/mii_status": "down", "device/x": ""},
    }.items():
        for file, content in files.items():
            path = tmp_path / "sys/class/net" / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content + "\n")
    return tmp_path


def test_links_and_what_they_are_made_of(root: Path) -> None:
    kernel = read_kernel(answering(ANSWERS), root)
    links = kernel.links
    assert {name: link.kind for name, link in links.items()} == {
        "lo": "loopback",
        "eno1": "ethernet",
        "eno2": "ethernet",
        "bond0": "bond",
        "bond0.7": "vlan",
        "ovirtmgmt": "bridge",
        "vnet0": "tun",
        "vnet1": "tun",
        "virbr0": "bridge",
        "eth9": "virtual",
    }
    assert (links["eno1"].speed_mbps, links["eno2"].speed_mbps) == (1000, None)
    assert links["bond0"].bond is not None
    assert links["bond0"].bond.members == {"eno1": BondMember("up", True), "eno2": BondMember("down", False)}
    assert (links["bond0.7"].vlan_id, links["bond0.7"].members) == (7, ("bond0",))
    assert links["ovirtmgmt"].members == ("bond0.7", "vnet0", "vnet1")
    assert [address.address for address in links["ovirtmgmt"].addresses] == ["192.0.2.10"]
    assert (links["lo"].link, links["eth9"].link, links["eth9"].enabled) == ("unknown", "down", False)


def test_routes_lead_somewhere(root: Path) -> None:
    routes = read_kernel(answering(ANSWERS), root).routes
    assert [(route.destination, route.gateway, route.device) for route in routes] == [
        ("default", "192.0.2.1", "ovirtmgmt"),
        ("10.0.0.0/8", "192.0.2.2", "ovirtmgmt"),
        ("10.0.0.0/8", None, "eno1"),
    ]


def test_guests_stand_with_their_bridge_and_none_is_left_out(root: Path) -> None:
    (root / "proc/net").mkdir(parents=True)
    (root / "proc/net/dev").write_text("a\nb\n")
    view = View(root)
    view.count()
    default = parse_network("<network><name>default</name><forward mode='nat'/><bridge name='virbr0'/></network>")
    virtual = Virtual({"default": _whole(default)}, {"vnet0": Tap("vnet0", "web", "uuid-web")})
    state = view.to_json(read_structure(answering(ANSWERS), root), {"servers": [], "search": []}, virtual, None)
    jsonschema.Draft7Validator({**SCHEMA, "$ref": "#/definitions/Networks"}).validate(state)
    assert "vnet0" not in state["links"]
    assert state["links"]["ovirtmgmt"]["members"] == ["bond0.7"]
    assert state["links"]["ovirtmgmt"]["guests"] == [
        {"target": "vnet0", "name": "web", "uuid": "uuid-web"},
        {"target": "vnet1", "name": None, "uuid": None},
    ]
    assert state["links"]["virbr0"]["owner"]["kind"] == "libvirt"
    assert state["links"]["ovirtmgmt"]["owner"] == {
        "kind": "networkmanager",
        "name": "my:bridge",
        "file": "/etc/NetworkManager/system-connections/b.nmconnection",
        "protected": False,
        "engine": False,
    }


def _whole(network: dict[str, Any]) -> dict[str, Any]:
    return {**network, "uuid": "x", "active": True, "autostart": True, "persistent": True, "leases": []}


def test_this_machine_fits_the_schema() -> None:
    view = View()
    view.count()
    view.count()
    state = view.to_json(read_structure(run_command), {"servers": [], "search": []}, None, None)
    jsonschema.Draft7Validator({**SCHEMA, "$ref": "#/definitions/Networks"}).validate(state)
    assert state["links"]["lo"]["traffic"]["received_bps"] is not None


@pytest.mark.parametrize("answer", ["no json", 1, OSError("gone")])
def test_what_ip_does_not_tell_is_an_error(root: Path, answer: Any) -> None:
    with pytest.raises(RhvError, match=r"^networks\.(unreadable|command)"):
        read_kernel(answering({**ANSWERS, "ip -j -4 route show": answer}), root)


@pytest.mark.parametrize(
    ("answer", "state", "fails"),
    [(FileNotFoundError("nmcli"), "absent", False), (8, "stopped", False), (4, "unknown", True)],
)
def test_a_manager_that_does_not_answer(answer: Any, state: str, fails: bool) -> None:
    manager = read_manager(answering(dict.fromkeys(ANSWERS, answer)))
    assert (manager.state, manager.error is not None) == (state, fails)


def test_terse_fields() -> None:
    assert fields(r"a:b\:c\\::d") == ["a", "b:c\\", "", "d"]
    assert fields("a:") == ["a", ""]


def test_what_is_not_networkmanagers(root: Path) -> None:
    structure = read_structure(answering(ANSWERS), root)
    assert owner_of(structure, None, "virbr0").kind == "nobody"  # merely found configured
    assert owner_of(structure, None, "eth9").kind == "nobody"
    unknown = structure.manager._replace(state="unknown", devices={}, profiles={})
    assert find_owner(structure.kernel.links["eth9"], Written({}, {}, {}), unknown, {}).kind == "unknown"


def test_ifupdown_with_its_other_files(tmp_path: Path) -> None:
    folder = tmp_path / "etc/network"
    (folder / "interfaces.d").mkdir(parents=True)
    (folder / "interfaces").write_text(
        "auto lo\niface lo inet loopback\nsource-directory /etc/network/interfaces.d\nsource more*\n"
        "iface eth0 inet dhcp\n"
    )
    (folder / "interfaces.d/eth1").write_text("iface eth1 inet static\n address 192.0.2.1/24\n")
    (folder / "interfaces.d/eth2.bak").write_text("iface eth2 inet dhcp\n")
    (folder / "more.conf").write_text("  iface eth3 inet manual\nsource /etc/network/interfaces\n")  # around in circles
    assert dict(ifupdown_files(tmp_path)) == {
        "eth0": "/etc/network/interfaces",
        "eth1": "/etc/network/interfaces.d/eth1",
        "eth3": "/etc/network/more.conf",
    }


def test_networkd_and_vdsm(root: Path) -> None:
    notes = root / "run/systemd/netif/links"
    notes.mkdir(parents=True)
    (notes / "2").write_text("ADMIN_STATE=configured\nNETWORK_FILE=/etc/systemd/network/eno1.network\n")
    (notes / "3").write_text("ADMIN_STATE=unmanaged\nNETWORK_FILE=/etc/x\n")
    nets = root / "var/lib/vdsm/persistence/netconf/nets"
    nets.mkdir(parents=True)
    (nets / "ovirtmgmt").write_text('{"bonding": "bond0", "vlan": 7, "bridged": true}')
    (nets / "broken").write_text("{")
    links = read_kernel(answering(ANSWERS), root).links
    written = read_written(links, root)
    assert written.networkd == {"eno1": "/etc/systemd/network/eno1.network"}
    assert written.vdsm == dict.fromkeys(("ovirtmgmt", "bond0", "bond0.7"), "ovirtmgmt") | {"broken": "broken"}
    manager = read_manager(answering(ANSWERS))
    assert find_owner(links["ovirtmgmt"], written, manager, {}).protected
    assert find_owner(links["eno1"], written, manager, {}).kind == "networkd"


def test_rates_are_rounded_and_a_counter_that_went_back_has_none() -> None:
    before = Reading(10.0, {"eth0": Counters(0, 1000, 0, 0, 0, 0)})
    now = Reading(12.0, {"eth0": Counters(246_913, 10, 2, 3, 0, 4), "eth1": Counters(*range(6))})
    assert traffic(before, now, "eth0") == {"received_bps": 120_000, "sent_bps": None, "errors": 5, "dropped": 4}
    assert (traffic(before, now, "eth1") or {})["received_bps"] is None
    assert traffic(before, now, "eth2") is None


def test_counters_that_are_something_else_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "proc/net").mkdir(parents=True)
    (tmp_path / "proc/net/dev").write_text("head\nhead\n eth0: 1 2 3\n")
    with pytest.raises(ValueError, match="eth0"):
        read_counters(tmp_path)


def test_a_network_of_libvirt() -> None:
    text = (
        "<network><name>lab</name><bridge name='virbr7'/><ip address='10.0.0.1' prefix='24'><dhcp>"
        "<range start='10.0.0.5' end='10.0.0.9'/></dhcp></ip></network>"
    )
    network = parse_network(text)
    assert (network["forward"], network["bridge"], network["addresses"]) == ("isolated", "virbr7", ["10.0.0.1/24"])
    assert network["ranges"] == [{"start": "10.0.0.5", "end": "10.0.0.9"}]


def test_a_link_has_no_owner_that_it_has_not(root: Path) -> None:
    link: Link = read_kernel(answering(ANSWERS), root).links["eno2"]
    manager = read_manager(answering(ANSWERS))
    assert find_owner(link, Written({"eno2": "/etc/network/interfaces"}, {}, {}), manager, {}).kind == "ifupdown"


def test_handing_over_names_the_file_and_ends_with_a_profile(root: Path) -> None:
    link = read_kernel(answering(ANSWERS), root).links["eno1"]
    steps = handover_steps(link, Owner("ifupdown", None, "/etc/network/interfaces"), "absent")
    assert [step.id.rpartition(".")[2] for step in steps] == ["install", "console", "ifupdown", "manage", "profile"]
    assert "/etc/network/interfaces" in str(steps[2])
    assert str(steps[4]).endswith("nmcli connection add type ethernet ifname eno1 con-name eno1")
    networkd = handover_steps(link, Owner("networkd", None, "/etc/systemd/network/a.network"), "stopped")
    assert [step.id.rpartition(".")[2] for step in networkd] == ["start", "console", "networkd", "manage", "profile"]
    assert handover_steps(link, Owner("networkmanager", "eno1"), "running") == ()
    assert handover_steps(link, Owner("vdsm", "storage", protected=True), "running") == ()
    idle = read_kernel(answering(ANSWERS), root).links["eth9"]
    assert handover_steps(idle, Owner("nobody"), "running") == ()
