# SPDX-License-Identifier: Apache-2.0
"""All facts of a host in one document: topic `host`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from .cpu import read_cpu
from .dmi import read_dmi
from .dns import read_dns
from .files import read_optional, read_text
from .ip import run_ip
from .kvm import read_kvm
from .memory import memory_facts, read_meminfo
from .nics import read_nics
from .os_release import read_os_release
from .platform import read_kind, read_manager

if TYPE_CHECKING:
    from .ip import RunIp


def read_host_facts(
    root: Path = Path("/"), run: RunIp = run_ip, kvm_api_version: Callable[[Path], int] | None = None
) -> dict[str, Any]:
    """Definition ``HostFacts`` of ``schemas/common.json``. Takes some 10 ms and starts `ip`: call it in a thread.

    ``run`` and ``kvm_api_version`` stand in for the tools where ``root`` is a recorded tree.

    Raises OSError when /proc cannot be read, RhvError ``host.ip_failed``.
    """
    cpu = read_cpu(root)
    kvm = read_kvm(cpu.virtualization_flag, root, kvm_api_version)
    release = read_os_release(root)
    dmi = read_dmi(root)
    hostname = read_text(root / "proc/sys/kernel/hostname")
    return {
        "hostname": hostname,
        "fqdn": find_fqdn(hostname, root),
        "machine_id": read_machine_id(root),
        "os": release._asdict(),
        "kind": read_kind(release.id, root),
        "hardware": {"manufacturer": dmi.manufacturer, "product": dmi.product_name},
        "manager": manager_json(root),
        "kernel": read_text(root / "proc/sys/kernel/osrelease"),
        "boot_time_s": read_boot_time(root),
        "cpu": {
            "model": cpu.model,
            "sockets": cpu.sockets,
            "cores": cpu.cores,
            "threads": cpu.threads,
            "virtualization_flag": cpu.virtualization_flag,
        },
        "memory": memory_facts(read_meminfo(root))._asdict(),
        "kvm": {"usable": kvm.usable, "reason": kvm.reason.to_json() if kvm.reason else None},
        "nics": [nic.to_json() for nic in read_nics(root, run)],
        "dns": {key: list(value) for key, value in read_dns(root)._asdict().items()},
    }


def manager_json(root: Path = Path("/")) -> dict[str, Any]:
    """``HostFacts.manager``."""
    manager = read_manager(root)
    return {"agent": manager.agent, "clients": list(manager.clients)}


def find_fqdn(hostname: str, root: Path = Path("/")) -> str | None:
    """The host's full name, from its own name or /etc/hosts, else None.

    Name servers are not asked: a dead one would hold up every page for seconds. Whoever needs the DNS's view tests it.
    """
    if "." in hostname:
        return hostname
    for line in (read_optional(root / "etc/hosts") or "").splitlines():
        _, *names = line.partition("#")[0].split() or [""]
        # hosts(5): the first name is the canonical one
        if hostname in names and "." in names[0] and not names[0].startswith("localhost."):
            return names[0]
    return None


def read_machine_id(root: Path = Path("/")) -> str | None:
    """machine-id(5): 32 hex digits; None before the first boot has set it."""
    text = read_optional(root / "etc/machine-id")
    return None if text in (None, "uninitialized") else text


def read_boot_time(root: Path = Path("/")) -> int:
    """Epoch seconds of the kernel's start. Raises OSError; ValueError when /proc/stat has no such line."""
    for line in read_text(root / "proc/stat").splitlines():
        key, _, value = line.partition(" ")
        if key == "btime":
            return int(value)
    raise ValueError("no btime in /proc/stat")
