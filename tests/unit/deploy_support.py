# SPDX-License-Identifier: Apache-2.0
"""A recorded host and valid answers for tests of checks and deployment; a test changes the one thing it is about."""

from __future__ import annotations

import copy
import struct
from ipaddress import IPv4Interface
from typing import TYPE_CHECKING, Any

from cockpit_rhv.checks.context import Context, Finished, Probes
from cockpit_rhv.checks.hypervisor import DomainFact, Hypervisor, NetworkFact
from cockpit_rhv.host.services import UnitState
from cockpit_rhv.host.space import Space

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

JOB = "20260102-030405-abcd"
GIB = 2**30


def facts() -> dict[str, Any]:
    """HostFacts of a small host: a bridge with a DHCP address and the default route."""
    return {
        "hostname": "host1",
        "fqdn": "host1.example.com",
        "machine_id": "0" * 32,
        "os": {"id": "debian", "version_id": "13", "pretty_name": "Debian GNU/Linux 13"},
        "kind": "linux",
        "hardware": {"manufacturer": "ACME", "product": "Box 2"},
        "manager": {"agent": "none", "clients": []},
        "kernel": "6.12",
        "boot_time_s": 1.0,
        "cpu": {"model": "CPU", "sockets": 1, "cores": 4, "threads": 4, "virtualization_flag": "vmx"},
        "memory": {"total_mib": 8192, "available_mib": 6000, "swap_total_mib": 0, "swap_free_mib": 0},
        "kvm": {"usable": True, "reason": None},
        "nics": [
            nic("ovirtmgmt", "bridge", "192.0.2.10", gateway="192.0.2.1", members=["eth0"]),
            nic("eth0", "ethernet", None, controller="ovirtmgmt"),
        ],
        "dns": {"servers": ["192.0.2.1"], "search": ["example.com"]},
    }


def nic(
    name: str,
    kind: str,
    address: str | None,
    *,
    gateway: str | None = None,
    dynamic: bool = True,
    up: bool = True,
    members: Sequence[str] = (),
    controller: str | None = None,
) -> dict[str, Any]:
    """One interface of HostFacts."""
    own = [] if address is None else [{"address": address, "prefix": 24, "family": "ipv4", "dynamic": dynamic}]
    return {
        "name": name,
        "kind": kind,
        "mac": "52:54:00:00:00:01",
        "up": up,
        "mtu": 1500,
        "speed_mbps": None,
        "addresses": own,
        "gateway": gateway,
        "members": list(members),
        "controller": controller,
    }


def no_kvm(world: dict[str, Any]) -> dict[str, Any]:
    """The same host without hardware virtualization."""
    reason = {"id": "host.kvm.no_flag", "text": "The CPU offers none.", "params": {}}
    world["cpu"]["virtualization_flag"] = None
    world["kvm"] = {"usable": False, "reason": reason}
    return world


def network(
    name: str = "default", *, active: bool = True, forward: str | None = "nat", dhcp: bool = True
) -> NetworkFact:
    """libvirt's usual network."""
    return NetworkFact(name, active, forward, "virbr0", [IPv4Interface("192.168.122.1/24")], dhcp)


def domain(name: str, job: str | None, *, active: bool = True, macs: Sequence[str] = ()) -> DomainFact:
    """A guest; ``job`` None: not ours."""
    return DomainFact(name, "11111111-2222-3333-4444-555555555555", active, job, macs, [])


def hypervisor(
    domains: Sequence[DomainFact] = (), networks: Sequence[NetworkFact] | None = None, **changes: Any
) -> Hypervisor:
    """libvirt that works."""
    values: dict[str, Any] = {
        "uri": "qemu:///system",
        "access": "read-write",
        "refusal": None,
        "version": "11.3.0",
        "domains": domains,
        "networks": [network()] if networks is None else networks,
        "domain_types": ["kvm", "qemu"],
        "emulator": "/usr/bin/qemu-system-x86_64",
        "qemu_ids": None,
    }
    return Hypervisor(**{**values, **changes})


def answers(image: Path | str = "/nowhere.qcow2", storage: Path | str = "/var/lib/libvirt/images") -> dict[str, Any]:
    """Complete, valid answers with a fixed address on the bridge."""
    return {
        "version": 1,
        "profile": "embedded",
        "engine": {
            "name": "HostedEngine",
            "fqdn": "engine.example.com",
            "vcpus": 2,
            "memory_mib": 1024,
            "disk_gib": 10,
        },
        "network": {
            "kind": "bridge",
            "name": "ovirtmgmt",
            "mode": "static",
            "address": "192.0.2.20/24",
            "gateway": "192.0.2.1",
            "dns": ["192.0.2.1"],
        },
        "storage": {"kind": "directory", "path": str(storage)},
        "image": {"path": str(image)},
        "accept": {"emulation": False},
    }


def changed(document: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with answers at dotted paths replaced; the value ``...`` removes one."""
    fresh: dict[str, Any] = copy.deepcopy(dict(document))
    for path, value in changes.items():
        *parents, last = path.split(".")
        place = fresh
        for part in parents:
            place = place[part]
        if value is ...:
            place.pop(last, None)
        else:
            place[last] = value
    return fresh


def unit(active: str, pid: int | None = None) -> UnitState:
    """A systemd unit in this state."""
    load = "not-found" if active == "absent" else "loaded"
    return UnitState(load, "inactive" if active == "absent" else active, "", "", "success", pid)


def silence(argv: Sequence[str], _limit_s: float) -> Finished:
    """The clock is right; nobody answers to a ping but the gateway."""
    if argv[0] == "timedatectl":
        return Finished(0, "yes")
    return Finished(0 if argv[-1] == "192.0.2.1" else 1, f"{argv[-1]} asked")


def quiet_wire(_device: str, address: str) -> str | None:
    """Nobody but the gateway is on the wire."""
    return "52:54:00:00:00:fe" if address == "192.0.2.1" else None


def raising(error: Exception) -> Callable[..., Any]:
    """A probe that cannot read."""

    def probe(*_args: Any, **_options: Any) -> Any:
        raise error

    return probe


def context(
    given: Mapping[str, Any] | None, *, job: str | None = None, own_files: frozenset[str] = frozenset(), **probes: Any
) -> Context:
    """A context on the recorded host; ``probes`` replaces what a test is about."""
    values: dict[str, Any] = {
        "facts": facts,
        "hypervisor": hypervisor,
        "run": silence,
        "arp": quiet_wire,
        "resolve": lambda _name: ["192.0.2.20"],
        "reverse": lambda _address: ["host1.example.com"],
        "pools": list,
        "space": lambda _path: Space(1, 100 * GIB, 60 * GIB, 1000, 900),
        "peer_certificate": raising(ConnectionRefusedError(111, "Connection refused")),
        "port_owner": lambda _port: None,
        "unit_states": lambda names: {name: unit("absent") for name in names},
    }
    return Context(given, job, own_files, Probes(**{**values, **probes}))


def qcow2(path: Path, gib: float = 3, *, version: int = 3, backing: int = 0, features: int = 0, size: int = 0) -> Path:
    """A file with a qcow2 header (and ``size`` bytes after it), as docs/interop/qcow2.rst of QEMU has it."""
    header = bytearray(104)
    struct.pack_into(">4sIQIIQ", header, 0, b"QFI\xfb", version, backing, 0, 16, int(gib * GIB))
    struct.pack_into(">QQQII", header, 72, features, 0, 0, 4, 104)
    path.write_bytes(bytes(header) + bytes(size))
    return path
