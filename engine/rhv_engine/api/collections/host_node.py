# SPDX-License-Identifier: Apache-2.0
"""A host as the API shows it: the record, and what the host itself reported."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from ...hosts.live import UP, number, whole
from ..tree import Items, Link, Node, Obj

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ...db.models import Host
    from ...hosts.live import HostLive

_MIB = 1024 * 1024
_NAMESPACE = uuid.UUID("2f1d5b58-7a83-4a53-9c3c-6f0f0f1b0b43")

LINKS = (
    "affinitylabels", "devices", "fenceagents", "hooks", "katelloerrata", "networkattachments", "nics", "numanodes",
    "permissions", "statistics", "storage", "storageconnectionextensions", "tags", "unmanagednetworks",
)  # fmt: skip
ACTIONS = ("activate", "deactivate")


def host_node(host: Host, live: HostLive) -> Obj:
    """A host. What modules read without a guard is always there (``power_management``, ``spm``, ``os``); what the host
    has not told yet is absent."""
    href = f"/hosts/{host.id}"
    capabilities, stats = live.capabilities, live.stats
    memory = whole(capabilities.get("memSize"))
    free = whole(stats.get("memFree"))
    active = sum(guest.status == "up" for guest in live.guests.values())
    migrating = sum(guest.status == "migrating" for guest in live.guests.values())
    return Obj(
        {
            "name": host.name,
            "comment": host.comment,
            "address": host.address,
            "port": host.port,
            "protocol": "stomp",
            "status": live.status,
            # Why it is not up; in the real engine only for non_operational, here always worth reading.
            "status_detail": live.detail or None,
            "external_status": "ok",
            "type": "rhel",
            "auto_numa_status": "unknown",
            "cpu": _cpu(capabilities),
            "device_passthrough": Obj({"enabled": capabilities.get("hostdevPassthrough") == "true"}),
            "hardware_information": _hardware(live.hardware, capabilities),
            "iscsi": Obj({"initiator": str(capabilities.get("ISCSIInitiatorName") or "")}),
            "kdump_status": {-1: "unknown", 0: "disabled", 1: "enabled"}.get(
                whole(capabilities.get("kdumpStatus")) or 0, "unknown"
            ),
            "ksm": Obj({"enabled": stats.get("ksmState") is True}),
            "libvirt_version": _version(_package(capabilities, "libvirt")),
            "max_scheduling_memory": None if free is None or live.status != UP else free * _MIB,
            "memory": None if memory is None else memory * _MIB,
            "network_operation_in_progress": False,
            "numa_supported": False,
            "os": _os(capabilities),
            "override_iptables": False,
            "ovn_configured": capabilities.get("ovnConfigured") is True,
            "power_management": Obj(
                {
                    "automatic_pm_enabled": False,
                    "enabled": False,
                    "kdump_detection": True,
                    "pm_proxies": Items("pm_proxy"),
                }
            ),
            "reinstallation_required": False,
            "se_linux": Obj({"mode": _selinux(capabilities)}),
            "spm": Obj({"priority": 5, "status": "none"}),
            "ssh": Obj({"port": 22}),
            "summary": Obj({"active": active, "migrating": migrating, "total": len(live.guests)}),
            "transparent_hugepages": Obj({"enabled": stats.get("thpState") in ("always", "madvise")}),
            "update_available": False,
            "version": _version(capabilities.get("software_version")),
            "vgpu_placement": "consolidated",
            "cluster": Obj(id=host.cluster_id, href=f"/clusters/{host.cluster_id}"),
        },
        host.id,
        href,
        links=[Link(name, f"{href}/{name}") for name in LINKS],
        actions=[Link(name, f"{href}/{name}") for name in ACTIONS],
    )


def nic_nodes(host: Host, live: HostLive) -> list[Obj]:
    """The host's NICs, bonds, VLANs and bridges' ports, from its capabilities and traffic counters."""
    nodes = []
    counters = live.stats.get("network")
    for kind in ("nics", "bondings", "vlans"):
        devices = live.capabilities.get(kind)
        for name, device in sorted(devices.items()) if isinstance(devices, dict) else ():
            if isinstance(device, dict):
                counter = counters.get(name) if isinstance(counters, dict) else None
                nodes.append(_nic(host, str(name), kind, device, counter if isinstance(counter, dict) else {}))
    return nodes


def _nic(host: Host, name: str, kind: str, device: Mapping[str, Any], counter: Mapping[str, Any]) -> Obj:
    id_ = str(uuid.uuid5(_NAMESPACE, f"{host.id} {name}"))
    href = f"/hosts/{host.id}/nics/{id_}"
    speed = whole(device.get("speed"))
    fields: dict[str, Node] = {
        "name": name,
        "boot_protocol": "dhcp" if device.get("dhcpv4") is True else "static" if device.get("addr") else "none",
        "bridged": False,
        "mac": Obj({"address": str(device["hwaddr"])}) if device.get("hwaddr") else None,
        "ip": _ip(device, "v4"),
        "mtu": whole(device.get("mtu")),
        "speed": None if speed is None else speed * 1_000_000,
        "status": str(counter["state"]) if counter.get("state") in ("up", "down") else None,
        "host": Obj(id=host.id, href=f"/hosts/{host.id}"),
    }
    if kind == "vlans":
        fields["base_interface"] = str(device.get("iface", ""))
        fields["vlan"] = Obj(id=str(device.get("vlanid", "")))
    if kind == "bondings":
        fields["bonding"] = Obj(
            {"slaves": Items("host_nic", [Obj({"name": str(it)}) for it in device.get("slaves", [])])}
        )
    return Obj(fields, id_, href)


def _ip(device: Mapping[str, Any], version: str) -> Obj | None:
    address = device.get("addr")
    if not address:
        return None
    return Obj(
        {
            "address": str(address),
            "gateway": str(device.get("gateway") or ""),
            "netmask": str(device.get("netmask") or ""),
            "version": version,
        }
    )


def _cpu(capabilities: Mapping[str, Any]) -> Obj:
    """vdsm counts totals; oVirt wants cores per socket and threads per core."""
    sockets, cores, threads = (whole(capabilities.get(name)) for name in ("cpuSockets", "cpuCores", "cpuThreads"))
    topology = None
    if sockets and cores and threads:
        topology = Obj({"cores": max(cores // sockets, 1), "sockets": sockets, "threads": max(threads // cores, 1)})
    speed = number(capabilities.get("cpuSpeed"))
    return Obj({"name": _text(capabilities, "cpuModel"), "speed": speed, "topology": topology})


def _os(capabilities: Mapping[str, Any]) -> Obj:
    system = capabilities.get("operatingSystem")
    system = system if isinstance(system, dict) else {}
    version = str(system.get("version") or "")
    release = str(system.get("release") or "")
    full = " - ".join(part for part in (version, release) if part)
    return Obj(
        {
            # Open and close even when empty: ovirt_host splits it into words.
            "custom_kernel_cmdline": "",
            "reported_kernel_cmdline": str(capabilities.get("kernelArgs") or ""),
            "type": str(system.get("name") or "unknown"),
            "version": _version(version, full) or Obj({"full_version": ""}),
        }
    )


def _version(text: Any, full: str | None = None) -> Obj | None:
    """``major.minor.build.revision`` of a version's text, as far as they are numbers."""
    if not isinstance(text, str) or not text:
        return None
    fields: dict[str, Node] = {"full_version": full or text}
    for name, part in zip(("major", "minor", "build", "revision"), text.split("-")[0].split(".")):
        if not part.isascii() or not part.isdigit():
            break
        fields[name] = int(part)
    return Obj(fields)


def _package(capabilities: Mapping[str, Any], name: str) -> Any:
    packages = capabilities.get("packages2")
    package = packages.get(name) if isinstance(packages, dict) else None
    return package.get("version") if isinstance(package, dict) else None


def _hardware(hardware: Mapping[str, Any], capabilities: Mapping[str, Any]) -> Obj:
    sources = capabilities.get("rngSources")
    return Obj(
        {
            "family": _text(hardware, "systemFamily"),
            "manufacturer": _text(hardware, "systemManufacturer"),
            "product_name": _text(hardware, "systemProductName"),
            "serial_number": _text(hardware, "systemSerialNumber"),
            "supported_rng_sources": Items(
                "supported_rng_source", [str(item) for item in sources] if isinstance(sources, list) else []
            ),
            "uuid": _text(hardware, "systemUUID") or _text(capabilities, "uuid"),
            "version": _text(hardware, "systemVersion"),
        }
    )


def _selinux(capabilities: Mapping[str, Any]) -> str:
    selinux = capabilities.get("selinux")
    mode = selinux.get("mode") if isinstance(selinux, dict) else None
    return {"1": "enforcing", "0": "permissive"}.get(str(mode), "disabled")


def _text(source: Mapping[str, Any], name: str) -> str | None:
    value = source.get(name)
    return None if value in (None, "") else str(value)
