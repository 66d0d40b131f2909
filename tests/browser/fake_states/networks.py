# SPDX-License-Identifier: Apache-2.0
"""The networks of several hosts."""

from __future__ import annotations

import time
from typing import Any

from .texts import Json, error, msg

_VDSM = "/var/lib/vdsm/persistence/netconf/nets"
_WEB = "4b0c1a2e-0000-4000-8000-000000000001"


def link(name: str, kind: str = "ethernet", **more: Any) -> Json:
    return {
        "name": name,
        "kind": kind,
        "mac": "52:54:00:6b:3c:58",
        "enabled": True,
        "link": "up",
        "mtu": 1500,
        "controller": None,
        "members": [],
        "addresses": [],
        "speed_mbps": 10_000 if kind == "ethernet" else None,
        "duplex": "full" if kind == "ethernet" else None,
        "driver": "ixgbe" if kind == "ethernet" else None,
        "vlan_id": None,
        "bond": None,
        "guests": [],
        "traffic": {"received_bps": 120_000, "sent_bps": 4_500_000, "errors": 0, "dropped": 0},
        "owner": owner("networkmanager", name, f"/etc/NetworkManager/system-connections/{name}.nmconnection"),
        "handover": [],
        **more,
    }


def owner(kind: str, name: str | None = None, file: str | None = None, protected: bool = False) -> Json:
    return {"kind": kind, "name": name, "file": file, "protected": protected, "engine": False}


def address(text: str, prefix: int = 24, dynamic: bool = False) -> Json:
    return {"address": text, "prefix": prefix, "family": "ipv6" if ":" in text else "ipv4", "dynamic": dynamic}


def guest(number: int) -> Json:
    return {"target": f"vnet{number}", "name": f"web{number}", "uuid": _WEB[:-1] + str(number)}


def several() -> Json:
    """A host with everything: a bond with a dead member, VLANs, bridges, libvirt's NAT."""
    quiet = {"received_bps": 0, "sent_bps": 0, "errors": 0, "dropped": 0}
    found = [
        link("lo", "loopback", mac=None, owner=owner("nobody"), addresses=[address("127.0.0.1", 8)]),
        link("eno1", controller="bond0"),
        link(
            "eno2",
            controller="bond0",
            link="down",
            speed_mbps=None,
            traffic={"received_bps": 0, "sent_bps": 0, "errors": 1714, "dropped": 3},
        ),
        link("eno3", traffic=quiet, enabled=False, link="down", owner=owner("nobody"), handover=_rules()),
        link("enp4s0f0", addresses=[address("198.51.100.7", dynamic=True)], speed_mbps=2500, duplex="half"),
        link(
            "bond0",
            "bond",
            members=["eno1", "eno2"],
            bond={
                "mode": "active-backup",
                "members": {"eno1": {"link": "up", "active": True}, "eno2": {"link": "down", "active": False}},
            },
        ),
        link("bond0.100", "vlan", members=["bond0"], vlan_id=100, controller="ovirtmgmt"),
        link(
            "ovirtmgmt",
            "bridge",
            members=["bond0.100"],
            guests=[guest(number) for number in range(7)],
            addresses=[address("192.0.2.10"), address("2001:db8::10", 64)],
            mtu=9000,
        ),
        link("virbr0", "bridge", owner=owner("libvirt", "default", None, True), link="down", traffic=quiet)
        | {"addresses": [address("192.168.122.1")]},
        link("storage", "bridge", members=["eno9"], owner=owner("vdsm", "storage", f"{_VDSM}/storage", True)),
    ]  # fmt: skip
    return {
        "manager": {"state": "running", "error": None},
        "links": {one["name"]: one for one in found},
        "routes": _routes("ovirtmgmt"),
        "dns": {"servers": ["192.0.2.53", "2001:db8::53"], "search": ["example.com"]},
        "libvirt": {
            "networks": {"default": _default(), "lab": _default("lab", active=False, forward="isolated", leases=[])},
            "known": True,
            "error": None,
        },
        "change": None,
    }


def change(state: str, **more: Any) -> Json:
    """The host with everything, and a change of it in one of its states."""
    found = several()
    found["links"]["ovirtmgmt"]["owner"].update(protected=True, engine=True)
    title = msg("networks.title.bridge", "Create the bridge {name}", name="guests")
    found["change"] = {
        "job": "20261123-140000-abcd",
        "title": title,
        "user": "anna",
        "state": state,
        "left_s": None,
        "error": None,
        "gateway": None,
        "left": [],
        **more,
    }
    return found


def lost() -> Json:
    """Taken back, but the host is not as it was."""
    left = [
        msg(
            "networks.left.address",
            "{name} lacks its address: {addresses}.",
            name="enp4s0f0",
            addresses="198.51.100.7/24",
        ),
        msg("networks.left.cable", "{name} has no link: is its cable plugged in?", name="enp4s0f0"),
    ]
    text = "The change was taken back, but the host is not as it was: see the detail."
    hint = (
        "The profiles are those of before unless it says otherwise. On the host's own console: nmcli connection up for "
        "each interface named, or start the host anew."
    )
    told = " ".join(one["text"].format(**one["params"]) for one in left)
    failed = error("networks.lost", msg("networks.lost", text), msg("networks.lost.hint", hint), told)
    return change("lost", error=failed, left=left)


def _cut() -> Json:
    text = "The gateway {gateway} could not be reached over {device} after the change."
    return error("networks.cut", msg("networks.cut", text, gateway="192.0.2.1", device="guests"))


def preview() -> Json:
    """The answer of ``networks.plan``."""
    moves = "The host's address {addresses} moves from {giver} to {taker}, with its routes and name servers."
    made = msg("networks.step.bridge", "{name} becomes a bridge that {on} is part of.", name="guests", on="enp4s0f0")
    moved = msg("networks.step.moves", moves, addresses="198.51.100.7/24", giver="enp4s0f0", taker="guests")
    warning = "Whether {address} is in use could not be tested."
    return {
        "title": msg("networks.title.bridge", "Create the bridge {name}", name="guests"),
        "steps": [made, moved],
        "warnings": [msg("networks.warn_untested", warning, address="198.51.100.7")],
        "commands": [
            ["nmcli", "connection", "add", "type", "bridge", "con-name", "guests", "ipv4.dns", ""],
            ["nmcli", "connection", "up", "guests"],
        ],
    }


def taken() -> Json:
    """What a bad plan is refused with."""
    return error(
        "networks.address_taken",
        msg(
            "networks.address_taken",
            "{holder} has the address {address} already.",
            address="198.51.100.9",
            holder="52:54:00:01:02:03",
        ),
        msg("checks.unused.remedy", "Choose an address nobody has."),
    )


def answer(method: str) -> Json:
    """Of ``networks.plan``, ``.change`` and ``.confirm``."""
    if method == "networks.plan":
        return preview()
    return {"job": "20261123-140000-abcd"} if method == "networks.change" else {}


def plain() -> Json:
    """ifupdown's host: nothing is changed here."""
    steps = [
        msg("networks.handover.start", "Start NetworkManager: systemctl enable --now NetworkManager"),
        msg(
            "networks.handover.ifupdown",
            "Note down the addresses in {file}, then remove the lines about {name} from it.",
            file="/etc/network/interfaces.d/eth0",
            name="eth0",
        ),
        msg("networks.handover.manage", "Hand it over: nmcli device set {name} managed yes", name="eth0"),
    ]
    eth0 = link("eth0", addresses=[address("192.0.2.10")], handover=steps)
    eth0["owner"] = owner("ifupdown", None, "/etc/network/interfaces.d/eth0")
    denied = error("libvirt.unreachable", msg("libvirt.unreachable", "libvirt does not answer."))
    return {
        "manager": {"state": "stopped", "error": None},
        "links": {"eth0": eth0},
        "routes": _routes("eth0"),
        "dns": {"servers": [], "search": []},
        "libvirt": {"networks": {}, "known": False, "error": denied},
        "change": None,
    }


def bare() -> Json:
    """Nothing to speak of, and NetworkManager that cannot be asked."""
    text = "The host's networks could not be read: {command} failed."
    failed = error("networks.command", msg("networks.command", text, command="nmcli"))
    empty: Json = {"networks": {}, "known": True, "error": None}
    return {**plain(), "manager": {"state": "unknown", "error": failed}, "links": {}, "routes": [], "libvirt": empty}


def owned() -> Json:
    """NetworkManager runs, and looks after no card."""
    running: Json = {"state": "running", "error": None}
    return {**plain(), "manager": running, "libvirt": {"networks": {}, "known": True, "error": None}}


KINDS = {
    "several": several,
    "plain": plain,
    "owned": owned,
    "bare": bare,
    "applying": lambda: change("applying"),
    "confirming": lambda: change("confirming", left_s=55, gateway="192.0.2.1"),
    "kept": lambda: change("kept"),
    "undone": lambda: change("undone", error=_cut()),
    "lost": lost,
    "ended": lambda: change("ended", left_s=14),
}


def _rules() -> list[Json]:
    text = "See why NetworkManager leaves {name} alone: unmanaged-devices in /etc/NetworkManager/"
    return [msg("networks.handover.rules", text, name="eno3")]


def _routes(device: str) -> list[Json]:
    both = {"device": device, "metric": 425, "protocol": "static"}
    return [
        {"destination": "default", "gateway": "192.0.2.1", "family": "ipv4", **both},
        {"destination": "192.0.2.0/24", "gateway": None, "family": "ipv4", **both, "metric": None},
        {"destination": "default", "gateway": "2001:db8::1", "family": "ipv6", **both},
    ]


def _default(name: str = "default", **more: Any) -> Json:
    lease = {
        "mac": "52:54:00:11:22:33",
        "address": "192.168.122.101",
        "hostname": "web",
        "expires_s": time.time() + 3000,
    }
    return {
        "name": name,
        "uuid": "7f0d3c52-0000-4000-8000-000000000001",
        "active": True,
        "autostart": True,
        "persistent": True,
        "bridge": "virbr0",
        "forward": "nat",
        "device": None,
        "addresses": ["192.168.122.1/24"],
        "ranges": [{"start": "192.168.122.2", "end": "192.168.122.254"}],
        "leases": [lease],
        **more,
    }
