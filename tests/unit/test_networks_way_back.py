# SPDX-License-Identifier: Apache-2.0
"""Taking a change back by hand: what is deleted, plugged in again and told, by a kernel and programs that obey."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.checks.context import Finished
from cockpit_rhv.networks.before import Before, Facts, Way
from cockpit_rhv.networks.checkpoint import Checkpoint
from cockpit_rhv.networks.saved_profiles import Saved
from cockpit_rhv.networks.way_back import WayBack

from tests.unit.test_networks_reading import item

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

BEFORE = Before(
    {"eth0": Facts(None, 1500, ("192.0.2.10/24",), ()), "br1": Facts(None, 1500, (), ())},
    {"eth0": "u-0", "br1": "u-1"},
    ("br0",),
    (),
    Way("192.0.2.1", "eth0"),
    True,
)
MADE = Checkpoint("/cp/1")


def _in(master: str | None) -> dict[str, Any]:
    return {"master": master} if master else {}


class Host:
    """eth0 in br0, which has its address. ``obeys``: NetworkManager's rollback does as it is asked."""

    def __init__(self, obeys: bool = False, runs: bool = True) -> None:
        self.masters: dict[str, str | None] = {"eth0": "br0", "br0": None, "br1": None}
        self.address = "br0"
        self.obeys, self.runs = obeys, runs
        self.calls: list[str] = []
        self.mtu: dict[str, int] = {}
        self.now_s = 0.0

    def run(self, argv: Sequence[str], _limit_s: float) -> Finished:
        line = " ".join(argv)
        if argv[0] == "ip" and "-j" in argv:
            return Finished(0, json.dumps(self.links() if "addr" in argv else self.routes()))
        self.calls.append(line)
        if argv[0] == "nmcli" and not self.runs:
            return Finished(8, "Error: NetworkManager is not running.")
        if "CheckpointRollback" in line:
            if not self.obeys:
                return Finished(1, "does not exist")
            self.back()
            self.masters.update({name: None for name in self.masters if name.startswith("vnet")})
        if line.startswith("ip link delete"):
            self.gone(argv[-1])
        if line.startswith("ip link set dev"):
            if argv[5] == "mtu":
                self.mtu[argv[4]] = int(argv[6])
            else:
                self.masters[argv[4]] = argv[6]
        if "connection up uuid u-0" in line:
            self.back()
        return Finished(0, "")

    def back(self) -> None:
        self.masters["eth0"], self.address = None, "eth0"
        self.gone("br0")

    def gone(self, bridge: str) -> None:
        self.masters.pop(bridge, None)
        self.masters.update({name: None for name, master in self.masters.items() if master == bridge})

    def links(self) -> list[Any]:
        address = {"family": "inet", "local": "192.0.2.10", "prefixlen": 24, "scope": "global"}
        return [
            item(
                number, name, "bridge" if name.startswith("br") else "tun" if name.startswith("vnet") else None,
                addr_info=[address] if name == self.address else [], mtu=self.mtu.get(name, 1500), **_in(master),
            )
            for number, (name, master) in enumerate(self.masters.items(), 2)
        ]  # fmt: skip

    def routes(self) -> list[Any]:
        return [{"dst": "default", "gateway": "192.0.2.1", "dev": self.address, "protocol": "static"}]

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


def way_back(host: Host, root: Path) -> WayBack:
    made = WayBack(host.run, lambda way: way.device == host.address, BEFORE, {}, {}, root=root)
    made.sleep, made.clock = host.sleep, lambda: host.now_s
    return made


def test_networkmanager_that_obeys_is_all_it_takes(tmp_path: Path) -> None:
    host = Host(obeys=True)
    assert way_back(host, tmp_path).take_back(MADE) == []
    assert not any("connection" in call for call in host.calls)


@pytest.mark.parametrize("made", [MADE, None])
def test_without_its_checkpoint_it_is_undone_by_hand(made: Checkpoint | None, tmp_path: Path) -> None:
    host = Host()
    assert way_back(host, tmp_path).take_back(made) == []
    assert "ip link delete dev br0" in host.calls
    assert not any("u-1" in call for call in host.calls), "what is as it was is not brought up anew"


def test_without_a_networkmanager_nothing_is_deleted(tmp_path: Path) -> None:
    """The host may be reachable as it is; its profiles are those of before when NetworkManager comes back."""
    host = Host(runs=False)
    back = way_back(host, tmp_path)
    left = {text.id for text in back.take_back(MADE)}
    assert {"networks.left.in", "networks.left.address", "networks.left.made", "networks.left.gateway"} <= left
    assert not any("delete" in call for call in host.calls)
    assert any("not running" in note for note in back.notes)


@pytest.mark.parametrize("obeys", [True, False])
def test_guests_are_plugged_in_again(obeys: bool, tmp_path: Path) -> None:
    host = Host(obeys)
    host.masters["vnet0"] = "br1"
    assert way_back(host, tmp_path).take_back(MADE) == []
    assert host.masters["vnet0"] == "br1"


def test_a_guest_on_the_bridge_that_goes_is_told(tmp_path: Path) -> None:
    host = Host()
    host.masters["vnet0"] = "br0"
    left = way_back(host, tmp_path).take_back(MADE)
    assert [(text.id, text.params["name"]) for text in left] == [("networks.left.port", "vnet0")]


def test_a_profile_that_cannot_be_put_back_is_tried_again_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept of it is all there is: who takes back must not throw it away."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    host = Host(obeys=True)
    back = way_back(host, tmp_path)
    back.profiles = {"etc/NetworkManager/system-connections/eth0": Saved(0o600, "")}
    back.after = {}
    with monkeypatch.context() as disk:
        disk.setattr("os.replace", full)
        left = [text.id for text in back.take_back(MADE)]
    assert left == ["networks.left.profile", "networks.left.again"]
    assert not back.restored
    again = way_back(Host(obeys=True), tmp_path)
    again.profiles, again.after = back.profiles, back.after
    assert again.take_back(MADE) == []
    assert again.restored


def test_an_address_that_a_server_gives_late_is_waited_for(tmp_path: Path) -> None:
    """A port behind spanning tree passes nothing on for 30 s; the gateway's own answer says nothing about a lease."""
    host = Host()
    back = way_back(host, tmp_path)
    back.before = replace(BEFORE, links={"eth0": Facts(None, 1500, (), ("ipv4",)), "br1": Facts(None, 1500, (), ())})
    back.reaches = lambda _way: True
    lease = host.links

    def links() -> list[Any]:
        found = lease()
        for one in found:
            one["addr_info"] = [{**it, "dynamic": True} for it in one["addr_info"] if host.now_s >= 45]
        return found

    host.links = links  # type: ignore[method-assign]
    assert back.take_back(None) == []
    assert 45 <= host.now_s < 60


def test_an_mtu_that_no_profile_says_is_set_again(tmp_path: Path) -> None:
    """A NetworkManager that was started anew brings the profile up and leaves the MTU as it finds it."""
    host = Host()
    host.mtu = {"br1": 1400, "eth0": 9000}
    assert way_back(host, tmp_path).take_back(None) == []
    assert [call for call in host.calls if " mtu " in call] == [
        "ip link set dev eth0 mtu 1500",
        "ip link set dev br1 mtu 1500",
    ]


def test_a_guests_cable_is_no_cause(tmp_path: Path) -> None:
    host = Host(runs=False)
    host.masters["vnet0"] = "br1"
    made = way_back(host, tmp_path)
    made.reaches = lambda _way: False
    left = made.take_back(MADE)
    assert not [text for text in left if text.params.get("name") == "vnet0"]
