# SPDX-License-Identifier: Apache-2.0
"""Host.getCapabilities: vdsm's keys, types and units (shared fact sheet vdsm.md, 3.2).

Said of this agent, not of vdsm: ``software_version`` is ours, ``supportedENGINEs`` and ``clusterLevels`` are empty
until all verbs are there that an oVirt Manager relies on, and the flags for what we cannot do are left out.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..host.cpu import read_cpu
from ..host.dmi import read_dmi
from ..host.dns import read_dns
from ..host.facts import read_machine_id
from ..host.files import read_optional, read_text
from ..host.ip import run_ip
from ..host.kernel import read_kernel
from ..host.kvm import read_kvm
from ..host.memory import read_meminfo
from ..host.nics import read_nics
from ..host.numa import read_nodes
from ..host.os_release import read_os_release
from .caps_libvirt import packages
from .caps_network import client_interface, network_caps

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..host.cpu import CpuFacts
    from ..host.ip import RunIp
    from ..host.os_release import OsRelease
    from .caps_libvirt import LibvirtCaps

_SELINUX = {"enforcing": "1", "permissive": "0", "disabled": "-1"}
_OS_NAMES = {"rhel": "RHEL", "fedora": "Fedora", "debian": "Debian"}
"""vdsm's names; what it does not know it calls unknown, which helps nobody, so the id stands there."""


def capabilities(
    libvirt_caps: LibvirtCaps | None,
    local_address: str,
    config: Path,
    root: Path = Path("/"),
    run: RunIp = run_ip,
    kvm_api_version: Callable[[Path], int] | None = None,
) -> dict[str, Any]:
    """``libvirt_caps``: None while libvirt is down: its keys are absent then. ``local_address``: the one asked at.

    ``config``: our configuration folder. Blocks for some 20 ms. Raises OSError when /proc or /sys cannot be read,
    RhvError ``host.ip_failed``.
    """
    cpu = read_cpu(root)
    nics = read_nics(root, run)
    kernel = read_kernel(root)
    dmi_uuid = read_dmi(root).uuid
    return {
        "kvmEnabled": _flag(read_kvm(cpu.virtualization_flag, root, kvm_api_version).usable),
        **_cpu(cpu, root),
        "cpuFlags": ",".join(dict.fromkeys([*cpu.flags, *(libvirt_caps.cpu_flags if libvirt_caps else ())])),
        "vdsmToCpusAffinity": sorted(os.sched_getaffinity(0)),
        "memSize": str(read_meminfo(root)["MemTotal"] // 1024),
        **_numa(root),
        "operatingSystem": _operating_system(read_os_release(root)),
        "packages2": {
            "kernel": _kernel_package(root),
            "cockpit-rhv": {"version": __version__},
            **(packages(libvirt_caps) if libvirt_caps else {}),
        },
        "software_version": __version__,
        "software_revision": __version__,
        "version_name": f"cockpit-rhv agent {__version__}",
        "supportedENGINEs": [],
        "clusterLevels": [],
        "uuid": host_uuid(dmi_uuid, root),
        "kernelArgs": kernel.command_line,
        "realtimeKernel": kernel.realtime,
        "nestedVirtualization": kernel.nested_virtualization,
        "kernelFeatures": {name.upper(): f"({text})" for name, text in kernel.vulnerabilities.items()},
        "selinux": {"mode": _SELINUX[kernel.selinux]},
        "fipsEnabled": kernel.fips,
        "rngSources": list(kernel.random_sources),
        "hostdevPassthrough": _flag(kernel.iommu),
        "vmTypes": ["kvm"],
        "hostedEngineDeployed": (config / "engine.json").exists(),
        "lastClientIface": client_interface(nics, local_address),
        "netConfigDirty": "False",
        "supportsIPv6": (root / "proc/net/if_inet6").exists(),
        "nameservers": list(read_dns(root).servers),
        **network_caps(nics, root),
        **(_from_libvirt(libvirt_caps) if libvirt_caps else {}),
        **({} if kernel.numa_balancing is None else {"autoNumaBalancing": kernel.numa_balancing}),
    }


def hardware_info(root: Path = Path("/")) -> dict[str, str]:
    """Host.getHardwareInfo: each key only if the firmware has it."""
    dmi = read_dmi(root)
    found = {
        "systemManufacturer": dmi.manufacturer,
        "systemProductName": dmi.product_name,
        "systemVersion": dmi.version,
        "systemSerialNumber": dmi.serial_number,
        "systemUUID": dmi.uuid,
        "systemFamily": dmi.family,
    }
    return {key: value for key, value in found.items() if value is not None}


def host_uuid(dmi_uuid: str | None, root: Path = Path("/")) -> str | None:
    """vdsm's own file first, so that a host keeps its identity; then the firmware's; then one made of the machine-id.

    None on a host that has none of them.
    """
    chosen = read_optional(root / "etc/vdsm/vdsm.id") or dmi_uuid
    if chosen:
        return chosen.lower()
    machine_id = read_machine_id(root)
    return str(uuid.UUID(machine_id)) if machine_id else None


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _cpu(cpu: CpuFacts, root: Path) -> dict[str, Any]:
    node_of = {cpu_id: node.node_id for node in read_nodes(root) for cpu_id in node.cpus}
    return {
        "cpuModel": cpu.model,
        "cpuSpeed": "" if cpu.mhz is None else f"{cpu.mhz:.3f}",
        "cpuSockets": str(cpu.sockets),
        "cpuCores": str(cpu.cores),
        "cpuThreads": str(cpu.threads),
        "onlineCpus": ",".join(str(thread.cpu_id) for thread in cpu.topology),
        "cpuTopology": [
            {
                "cpu_id": thread.cpu_id,
                "numa_cell_id": node_of.get(thread.cpu_id, 0),
                "socket_id": thread.socket_id,
                "die_id": thread.die_id,
                "core_id": thread.core_id,
            }
            for thread in cpu.topology
        ],
    }


def _numa(root: Path) -> dict[str, Any]:
    nodes = read_nodes(root)
    return {
        "numaNodes": {
            str(node.node_id): {
                "totalMemory": str(node.total_kib // 1024),
                "cpus": list(node.cpus),
                "hugepages": {str(size): {"totalPages": str(pages.total)} for size, pages in node.huge_pages.items()},
            }
            for node in nodes
        },
        "numaNodeDistance": {str(node.node_id): list(node.distances) for node in nodes},
        "hugepages": sorted({size for node in nodes for size in node.huge_pages}),
    }


def _operating_system(release: OsRelease) -> dict[str, str]:
    version, _, minor = release.version_id.partition(".")
    return {
        "name": _OS_NAMES.get(release.id, release.id),
        "version": version,
        "release": minor,
        "pretty_name": release.pretty_name,
    }


def _kernel_package(root: Path) -> dict[str, str]:
    version, _, release = read_text(root / "proc/sys/kernel/osrelease").partition("-")
    return {"version": version, "release": release}


def _from_libvirt(caps: LibvirtCaps) -> dict[str, Any]:
    return {
        "emulatedMachines": list(caps.emulated_machines),
        "tscFrequency": caps.tsc_hz or "",
        "tscScaling": caps.tsc_scaling,
    }
