# SPDX-License-Identifier: Apache-2.0
"""The host and its guests."""

from __future__ import annotations

import time

from .texts import UUID, Json, error, msg


def nic(name: str, kind: str, address: str | None, members: list[str], controller: str | None = None) -> Json:
    addresses = [{"address": address, "prefix": 24, "family": "ipv4", "dynamic": True}] if address else []
    return {
        "name": name,
        "kind": kind,
        "mac": "52:54:00:6b:3c:58",
        "up": True,
        "mtu": 1500,
        "speed_mbps": 1000,
        "addresses": addresses,
        "gateway": "192.0.2.1" if address else None,
        "members": members,
        "controller": controller,
    }


def host(kvm: bool) -> Json:
    reason = (
        None
        if kvm
        else msg("host.kvm.no_flags", "The CPU offers no hardware virtualization, or the firmware has it switched off.")
    )
    return {
        "hostname": "host1",
        "fqdn": "host1.example.com",
        "machine_id": "0c2e",
        "kernel": "6.12.41",
        "os": {"id": "debian", "version_id": "13", "pretty_name": "Debian GNU/Linux 13 (trixie)"},
        "kind": "linux",
        "hardware": {"manufacturer": "Supermicro", "product": "AS -1014S-WTRT"},
        "manager": {"agent": "none", "clients": []},
        "boot_time_s": time.time() - 86_400,
        "cpu": {
            "model": "AMD EPYC 7302P",
            "sockets": 1,
            "cores": 16,
            "threads": 32,
            "virtualization_flag": "svm" if kvm else None,
        },
        "memory": {"total_mib": 65_536, "available_mib": 51_200, "swap_total_mib": 0, "swap_free_mib": 0},
        "kvm": {"usable": kvm, "reason": reason},
        "nics": [nic("eno1", "ethernet", None, [], "br0"), nic("br0", "bridge", "192.0.2.20", ["eno1"])]
        if kvm
        else [nic("eno1", "ethernet", "192.0.2.20", [])],
        "dns": {"servers": ["192.0.2.1"], "search": ["example.com"]},
    }


#: Seconds since the host's boot.
CLOCK_S = 400_000.5


def machine(state: str) -> Json:
    running = state == "running"
    return {
        "uuid": UUID,
        "name": "HostedEngine",
        "state": state,
        "reason": None,
        "error": None,
        "owner": "engine",
        "persistent": True,
        "autostart": True,
        "vcpus": 2,
        "memory_mib": 1024,
        "memory_used_mib": 412 if running else None,
        "cpu_percent": 7 if running else None,
        "disk_read_bytes_s": 0 if running else None,
        "disk_write_bytes_s": 48_000 if running else None,
        "net_rx_bytes_s": 2_100 if running else None,
        "net_tx_bytes_s": 3_400 if running else None,
        "addresses": ["192.0.2.30"] if running else None,
        "started_s": CLOCK_S - 93_784 if running else None,
        "emulated": False,
        "graphics": [{"type": "vnc", "address": "127.0.0.1", "port": 5900, "tls_port": None}] if running else [],
        "macs": ["52:54:00:12:34:56"],
    }


def libvirt_state(libvirt: str) -> Json:
    problem = None
    if libvirt == "absent":
        problem = error(
            "libvirt.absent",
            msg("libvirt.absent", "libvirt is not installed on this host."),
            msg(
                "libvirt.absent.hint",
                "Install libvirt-daemon-system and python3-libvirt (Debian) or libvirt and python3-libvirt (EL).",
            ),
            "Failed to connect socket to '/var/run/libvirt/libvirt-sock-ro': No such file or directory",
        )
    if libvirt == "disconnected":
        problem = lost()
    connected = libvirt in ("connected", "read-only")
    return {
        "state": "connected" if connected else libvirt,
        "access": "read-write" if libvirt == "connected" else "read-only" if connected else "none",
        "version": "11.3.0" if connected else None,
        "uri": "qemu:///system",
        "error": problem,
    }


def lost() -> Json:
    return error(
        "libvirt.unreachable",
        msg("libvirt.lost", "The connection to libvirt was lost."),
        msg("libvirt.lost.hint", "It is tried again until it succeeds."),
    )


def machines(vm: str | None, libvirt: str = "connected", guests: list[Json] | None = None) -> Json:
    known = [*(guests or []), *([machine(vm)] if vm else [])]
    return {
        "libvirt": libvirt_state(libvirt),
        "clock_s": CLOCK_S,
        "machines": {guest["uuid"]: guest for guest in known},
    }
