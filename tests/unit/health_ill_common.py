# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501 - a table is read along its rows
"""What can be wrong with KVM, libvirt, QEMU, clock and the agent's port, which preflight asks as well: a row each."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any, Callable

from cockpit_rhv.errors import RhvError
from cockpit_rhv.host.kvm import read_kvm
from cockpit_rhv.messages import msg

from tests.unit.health_ill import command, seen, units, vdsm
from tests.unit.recordings import recorded, recording

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.health_support import Host

MISSING = FileNotFoundError(2, "No such file or directory")
CLOCK, _ = recording("timedatectl", "free")


def kvm(flag: str | None, answer: int | OSError) -> Callable[[Host], None]:
    """What the kernel answers at /dev/kvm, judged by the reader itself."""

    def ask(_device: Path) -> int:
        if isinstance(answer, OSError):
            raise answer
        return answer

    def change(host: Host) -> None:
        usable, reason = read_kvm(flag, api_version=ask)
        host.facts["cpu"]["virtualization_flag"] = flag
        host.facts["kvm"] = {"usable": usable, "reason": None if reason is None else reason.to_json()}

    return change


def libvirt(code: str, detail: str) -> Callable[[Host], None]:
    error = RhvError(code, msg(code, "libvirt's own words."), msg("hint", "What to do."), detail)
    return lambda host: host.broken.update(hypervisor=error)


def listener(process: str | None, pid: int | None = 4711) -> Callable[[Host], None]:
    return lambda host: host.listeners.update({54321: {"pid": pid, "process": process}})


def nobody_listens(host: Host) -> None:
    host.listeners.clear()


def both(*changes: Callable[[Host], Any]) -> Callable[[Host], None]:
    def change(host: Host) -> None:
        for one in changes:
            one(host)

    return change


ILL: list[tuple[str, Callable[[Host], Any], str, str, str | None]] = [
    # check, what is wrong, severity, message, host task that mends it
    ("cpu.kvm", kvm("svm", 12), "ok", "checks.kvm.ok", None),
    ("cpu.kvm", kvm(None, 12), "warning", "host.kvm.no_flag", None),
    ("cpu.kvm", kvm("vmx", MISSING), "warning", "host.kvm.no_device", None),
    ("cpu.kvm", kvm("vmx", OSError(19, "No such device")), "warning", "host.kvm.unusable", None),
    ("cpu.kvm", kvm("vmx", 13), "warning", "host.kvm.api", None),
    ("cpu.kvm", kvm("vmx", PermissionError(13, "Permission denied")), "unknown", "host.kvm.no_permission", None),
    ("libvirt.connection", seen(user="vdsm@ovirt"), "ok", "checks.libvirt.ok", None),
    ("libvirt.connection", seen(access="read-only", refusal="authentication unavailable"), "warning", "checks.libvirt.read_only", None),
    ("libvirt.connection", libvirt("libvirt.unreachable", "Failed to connect socket to '/var/run/libvirt/libvirt-sock'"), "error", "libvirt.unreachable", "start_libvirt"),
    ("libvirt.connection", libvirt("libvirt.silent", "nothing within 5 s"), "error", "libvirt.silent", None),
    ("libvirt.connection", libvirt("libvirt.absent", "No module named 'libvirt'"), "error", "libvirt.absent", None),
    ("libvirt.connection", libvirt("libvirt.auth", "authentication failed"), "unknown", "libvirt.auth", None),
    ("libvirt.connection", libvirt("libvirt.forbidden", "access denied: 'connect' denied"), "unknown", "libvirt.forbidden", None),
    ("qemu.present", seen(emulator=None, domain_types=[]), "error", "checks.qemu.absent", None),
    ("qemu.present", libvirt("libvirt.unreachable", "no socket"), "unknown", "libvirt.unreachable", None),
    ("clock.synchronized", recorded("timedatectl", "free"), "warning", "checks.clock.free", "sync_clock"),
    ("clock.synchronized", command(CLOCK, MISSING), "unknown", "checks.clock.no_tool", None),
    ("clock.synchronized", command(CLOCK, subprocess.TimeoutExpired(["timedatectl"], 5.0)), "unknown", "checks.timeout", None),
    ("agent.port", nobody_listens, "ok", "checks.agent_port.ok", None),
    ("agent.port", both(vdsm(), listener("vdsmd", 77)), "ok", "checks.agent_port.vdsm_owns", None),
    ("agent.port", listener("nc"), "error", "checks.agent_port.taken", None),
    ("agent.port", both(units(cockpit_rhv_agent__service="inactive"), listener("python3", 1)), "error", "checks.agent_port.taken", None),
    ("agent.port", listener(None, None), "unknown", "checks.agent_port.taken_unseen", None),
]  # fmt: skip
