# SPDX-License-Identifier: Apache-2.0
"""A host is not lost, whatever happens while a change of its networks waits: restart, reboot, kill, a pulled cable."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.waiting import until
from tests.wire.network_jobs import (
    BEFORE,
    BRIDGE,
    GONE_OVER,
    answer,
    as_before,
    awaits,
    begin,
    end,
    ended,
    hold,
    let_go,
    undo,
    undone,
)
from tests.wire.real_networkmanager import RealNetworkManager, obstacle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(obstacle() is not None, reason=str(obstacle())),
    pytest.mark.timeout(180),
]
NM = "org.freedesktop.NetworkManager"


@pytest.fixture
def host(tmp_path: Path) -> Iterator[RealNetworkManager]:
    folder = tmp_path / "nm"
    folder.mkdir()
    with RealNetworkManager(folder, tmp_path / "nm.log") as found:
        assert found.addresses() == BEFORE
        yield found


def test_networkmanager_restarted_while_a_change_waits(host: RealNetworkManager) -> None:
    """Its checkpoint is gone with it: the change is undone by hand, at once and without an answer."""
    job = begin(host, BRIDGE, confirm_s=90)
    awaits(host, "confirming")
    host.stop_manager()
    host.start_manager()
    told = ended(job)
    assert "networks.unguarded" in told or "networks.checkpoint" in told
    assert awaits(host, "undone", "lost")["state"] == "undone", told
    as_before(host)


def test_networkmanager_restarted_with_the_profiles_put_back(host: RealNetworkManager) -> None:
    """As systemd does it: the unit's program runs before NetworkManager starts."""
    job = begin(host, BRIDGE, confirm_s=90)
    awaits(host, "confirming")
    host.stop_manager()
    undone(undo(host, "start"))
    host.start_manager()
    told = ended(job)
    assert awaits(host, "undone", "lost")["state"] == "undone", told
    as_before(host)


@pytest.mark.parametrize("where", ["applying", "prove", "confirming"])
def test_a_power_cut(host: RealNetworkManager, where: str) -> None:
    if where == "prove":
        hold(host, where)
        begin(host, BRIDGE)
        until("the bridge", host.addresses, lambda found: found == GONE_OVER)
    else:
        hold(host, where)
        begin(host, BRIDGE)
        awaits(host, where)
    host.power_cut()
    undone(undo(host, "start"))
    host.start_manager()
    undone(undo(host, "watch"))
    told = awaits(host, "undone")
    assert told["error"]["code"] == "networks.rebooted"
    assert told["left"] == []
    as_before(host)


def test_what_somebody_changed_after_a_kill_stays_at_the_next_boot(host: RealNetworkManager) -> None:
    begin(host, BRIDGE)
    awaits(host, "confirming")
    end(host, "KILL")
    until("the old address", host.addresses, lambda found: found == BEFORE, limit_s=90)
    host.run("nmcli", "connection", "modify", "eth0", "ipv4.dns", "192.0.2.53")
    host.power_cut()
    undone(undo(host, "start"))
    host.start_manager()
    assert host.run("nmcli", "-g", "ipv4.dns", "connection", "show", "eth0").strip() == "192.0.2.53"
    assert host.profiles() == {"eth0"}


@pytest.mark.parametrize("where", ["applying", "prove", "confirming", "undoing"])
@pytest.mark.parametrize("how", ["TERM", "KILL"])
def test_ended_in_any_phase(host: RealNetworkManager, where: str, how: str) -> None:
    if where != "confirming":
        hold(host, where)
    job = begin(host, BRIDGE)
    if where == "prove":
        until("the bridge", host.addresses, lambda found: found == GONE_OVER)
    elif where == "undoing":
        awaits(host, "confirming")
        answer(host, "undo")
        awaits(host, where)
    else:
        awaits(host, where)
    watcher = undo(host, "watch")
    end(host, how)
    if where == "undoing" and how == "TERM":
        let_go(host, where)
    ended(job)
    undone(watcher)
    assert awaits(host, "undone")["left"] == []
    as_before(host)


def test_a_second_change_is_refused_and_the_first_one_waits_on(host: RealNetworkManager) -> None:
    first = begin(host, BRIDGE)
    awaits(host, "confirming")
    second = ended(begin(host, {"kind": "mtu", "name": "ovirtmgmt", "mtu": 1400}, job="job-2"))
    assert second.startswith("networks.busy")
    assert awaits(host, "confirming")["job"] == "job-1"
    answer(host, "undo")
    ended(first)
    as_before(host)


def test_a_change_is_judged_again_when_its_job_begins(host: RealNetworkManager) -> None:
    """Since it was asked for somebody else made the bridge: nothing is touched, and the next change need not wait."""
    add = "nmcli connection add type bridge con-name other ifname ovirtmgmt ipv4.method disabled ipv6.method disabled"
    host.run(*add.split())
    until("the bridge", lambda: host.try_run("ip", "link", "show", "ovirtmgmt").returncode, lambda code: code == 0)
    told = ended(begin(host, BRIDGE))
    assert told.startswith("networks.name_taken")
    assert awaits(host, "undone")["error"]["code"] == "networks.name_taken"
    assert host.addresses() == BEFORE
    assert host.profiles() == {"eth0", "other"}


def test_a_checkpoint_of_somebody_else_is_kept(host: RealNetworkManager) -> None:
    create = ["busctl", "call", NM, "/org/freedesktop/NetworkManager", NM, "CheckpointCreate", "aouu"]
    host.run(*create, "0", "60", "0")
    told = ended(begin(host, BRIDGE))
    assert told.startswith("networks.busy")
    left = host.run("busctl", "get-property", NM, "/org/freedesktop/NetworkManager", NM, "Checkpoints")
    assert left.startswith("ao 1 ")
    as_before(host)


def ports(host: RealNetworkManager, bridge: str) -> set[str]:
    return {one["ifname"] for one in json.loads(host.run("ip", "-j", "link", "show", "master", bridge) or "[]") if one}


def plug(host: RealNetworkManager, tap: str, bridge: str) -> None:
    """As QEMU does for a guest that is started."""
    host.run("ip", "tuntap", "add", "dev", tap, "mode", "tap")
    host.run("ip", "link", "set", "dev", tap, "master", bridge, "up")


@pytest.mark.parametrize("change", ["mtu", "made", "restart"])
def test_guests_plugged_in_meanwhile_keep_their_cable(host: RealNetworkManager, change: str) -> None:
    job = begin(host, BRIDGE)
    awaits(host, "confirming")
    plug(host, "vnet0", "ovirtmgmt")
    answer(host, "keep")
    assert ended(job) == "True"
    other: dict[str, Any] = {"kind": "bridge", "name": "br1", "on": ["spare0"], "addresses": {"method": "none"}}
    if change == "made":  # something is made: NetworkManager then takes out all that is new
        host.run("ip", "link", "add", "spare0", "type", "veth", "peer", "name", "spare1")
        host.run("ip", "link", "set", "spare0", "up")
    plan = other if change == "made" else {"kind": "mtu", "name": "ovirtmgmt", "mtu": 1400}
    job = begin(host, plan, job="job-2", confirm_s=60)
    awaits(host, "confirming")
    plug(host, "vnet1", "ovirtmgmt")
    if change == "restart":
        host.stop_manager()
        host.start_manager()
    else:
        answer(host, "undo", "job-2")
    told = ended(job)
    assert awaits(host, "undone", "lost")["state"] == "undone", told
    assert ports(host, "ovirtmgmt") == {"eth0", "vnet0", "vnet1"}
    assert host.addresses() == GONE_OVER


def test_the_cable_is_pulled_while_it_waits_and_comes_back(host: RealNetworkManager) -> None:
    job = begin(host, BRIDGE, confirm_s=4)
    awaits(host, "confirming")
    host.cable(plugged=False)
    awaits(host, "undoing")
    host.cable(plugged=True)
    told = ended(job)
    assert told.startswith("networks.unconfirmed")
    assert awaits(host, "undone", "lost")["state"] == "undone", told
    as_before(host)


def test_the_cable_stays_pulled(host: RealNetworkManager) -> None:
    """Then it cannot be proved: the job says what is left, and everything is as before once the cable is back."""
    job = begin(host, BRIDGE, confirm_s=4)
    awaits(host, "confirming")
    host.cable(plugged=False)
    told = ended(job)
    assert told.startswith("networks.lost")
    change = awaits(host, "lost")
    assert "networks.left.cable" in {one["id"] for one in change["left"]}
    assert "networks.left.gateway" in {one["id"] for one in change["left"]}
    host.cable(plugged=True)
    until("the old address", host.addresses, lambda found: found == BEFORE)
    until(
        "the gateway",
        lambda: host.try_run("ping", "-c", "1", "-W", "1", "192.0.2.1").returncode,
        lambda code: code == 0,
    )
    as_before(host)
