# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501 - a table is read along its rows
"""What can be wrong with processor, memory pages, disks, packages and QEMU of a host: a row each, as in health_ill."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING, Any, Callable

from cockpit_rhv.checks.context import Finished

from tests.unit.health_ill import command, files, guests, units
from tests.unit.health_support import guest
from tests.unit.health_tools import (
    APT_SECURITY,
    DNF,
    MACHINE_CHECK,
    MEMORY_ERROR,
    dumps,
    lvs,
    maps,
    nvme,
    path,
    smart,
)
from tests.unit.recordings import recording

if TYPE_CHECKING:
    from tests.unit.health_support import Host

MISSING = FileNotFoundError(2, "No such file or directory")
HANGS = subprocess.TimeoutExpired(["x"], 4.0)
_, BEHIND_USB = recording("smartctl", "usb_unknown")
NVME = "smartctl --json=c --info --health --attributes /dev/nvme0n1"


def both(*changes: Callable[[Host], Any]) -> Callable[[Host], None]:
    def change(host: Host) -> None:
        for one in changes:
            one(host)

    return change


def put(**changed: str) -> Callable[[Host], None]:
    """Files by their path, a slash written as two underscores."""
    return lambda host: host.files.update({name.replace("__", "/"): text for name, text in changed.items()})


def gone(*folders: str) -> Callable[[Host], None]:
    """Everything below these folders is away; the folder above stays."""

    def change(host: Host) -> None:
        for folder in folders:
            for name in [name for name in host.files if name.startswith(folder)]:
                del host.files[name]
            host.files[f"{os.path.dirname(folder.rstrip('/'))}/"] = ""

    return change


def processor(*flags: str) -> Callable[[Host], None]:
    return put(proc__cpuinfo=f"processor\t: 0\nflags\t\t: fpu {' '.join(flags)}\n")


def no_flag(host: Host) -> None:
    host.facts["cpu"]["virtualization_flag"] = None


def journal(*lines: str) -> Callable[[Host], None]:
    return command("journalctl", Finished(0, "\n".join(["Linux version 6.12", *lines])))


def enterprise_linux(host: Host) -> None:
    gone("usr/bin/apt-get", "var/lib/apt")(host)
    host.files.update({"usr/bin/dnf": "", "var/cache/dnf/baseos-0123456789abcdef/repodata/repomd.xml": ""})
    host.commands.update({"dnf": Finished(100, DNF), "dnf --cacheonly check-update --security": Finished(0, "")})


def old_lists(host: Host) -> None:
    """Package lists from last month."""
    host.stale_days = 31


EPYC = both(processor("svm", "sev", "sev_es"), put(sys__module__kvm_amd__parameters__sev="Y\n", dev__sev=""))
HUGE = guest("h", active=False, memory_mib=512, huge_page_kib=0)
BIG = guest("big", memory_mib=8193)
OLD, NEW = time.time() - 30 * 86400, time.time() - 3600
QEMU = "/usr/bin/qemu-system-x86_64"

ILL: list[tuple[str, Callable[[Host], Any], str, str, str | None]] = [
    # check, what is wrong, severity, message, host task that mends it
    ("cpu.nested", both(files(parameters_nested="N\n"), guests(guest("a", cpu_features=["vmx"]))), "warning", "checks.nested.off", None),
    ("cpu.nested", files(parameters_nested="0\n"), "not_applicable", "checks.nested.unused", None),
    ("cpu.nested", files(parameters_nested=None), "unknown", "checks.nested.no_module", None),
    ("cpu.nested", no_flag, "not_applicable", "checks.nested.no_kvm", None),
    ("cpu.iommu", both(gone("sys/kernel/iommu_groups/"), guests(guest("a", host_devices=1))), "error", "checks.iommu.needed", None),
    ("cpu.iommu", both(gone("sys/kernel/iommu_groups/"), put(sys__kernel__iommu_groups__="")), "not_applicable", "checks.iommu.off", None),
    ("cpu.iommu", gone("sys/kernel/iommu_groups/", "sys/firmware/acpi/tables/"), "not_applicable", "checks.iommu.none", None),
    ("cpu.secure_guests", EPYC, "ok", "checks.secure.ok", None),
    ("cpu.secure_guests", both(EPYC, guests(guest("a", launch_security="sev-snp"))), "ok", "checks.secure.ok", None),
    ("cpu.secure_guests", both(EPYC, gone("dev/sev")), "warning", "checks.secure.no_device", None),
    ("cpu.secure_guests", both(EPYC, guests(guest("a", launch_security="tdx"))), "error", "checks.secure.lacking", None),
    ("cpu.secure_guests", guests(guest("a", launch_security="sev")), "error", "checks.secure.lacking", None),
    ("cpu.secure_guests", both(EPYC, files(parameters_sev="N\n")), "not_applicable", "checks.secure.off", None),
    ("cpu.secure_guests", put(sys__firmware__uv__prot_virt_host="1\n"), "ok", "checks.secure.ok", None),
    ("cpu.secure_guests", both(processor("vmx", "tdx_host_platform"), put(sys__module__kvm_intel__parameters__tdx="Y\n")), "ok", "checks.secure.ok", None),
    ("memory.ksm", both(files(ksm_run="0\n"), guests(BIG)), "warning", "checks.ksm.off", "start_ksm"),
    ("memory.ksm", both(files(ksm_run="2\n"), guests(BIG)), "warning", "checks.ksm.off", "start_ksm"),
    ("memory.ksm", files(ksm_run="0\n"), "not_applicable", "checks.ksm.unneeded", None),
    ("memory.ksm", gone("sys/kernel/mm/ksm/"), "not_applicable", "checks.ksm.none", None),
    ("memory.huge_pages", guests(HUGE), "warning", "checks.huge_pages.short", None),
    ("memory.huge_pages", guests(guest("h", active=False, memory_mib=1024, huge_page_kib=1024 * 1024)), "warning", "checks.huge_pages.short", None),
    ("memory.huge_pages", guests(guest("h", active=False, memory_mib=200, huge_page_kib=2048)), "ok", "checks.huge_pages.ok", None),
    ("memory.huge_pages", guests(guest("h", memory_mib=824, huge_page_kib=0)), "ok", "checks.huge_pages.ok", None),
    ("memory.huge_pages", files(hugepages_2048kB_free_hugepages="512\n"), "warning", "checks.huge_pages.idle", None),
    ("memory.huge_pages", gone("sys/kernel/mm/hugepages/"), "not_applicable", "checks.huge_pages.none", None),
    ("storage.thin_pools", command("lvs", lvs({"data_percent": "80.00"})), "warning", "checks.thin.data", None),
    ("storage.thin_pools", command("lvs", lvs({"data_percent": "95.01"})), "error", "checks.thin.data", None),
    ("storage.thin_pools", command("lvs", lvs({}, {"lv_name": "p1", "metadata_percent": "84.1"})), "warning", "checks.thin.metadata", None),
    ("storage.thin_pools", command("lvs", lvs({"metadata_percent": "99.9", "data_percent": "85.0"})), "error", "checks.thin.metadata", None),
    ("storage.thin_pools", command("lvs", lvs({"lv_attr": "twi-aotzM-"})), "error", "checks.thin.broken", None),
    ("storage.thin_pools", command("lvs", lvs({"lv_attr": "twi-aotzX-"})), "unknown", "checks.thin.silent", None),
    ("storage.thin_pools", command("lvs", lvs({"lv_attr": "twi-aotzD-", "data_percent": "100.00"})), "error", "checks.thin.data", None),
    ("storage.thin_pools", command("lvs", lvs({"lv_attr": "twi---tzp-", "lv_active": ""}, {"lv_name": "p1"})), "error", "checks.thin.partial", None),
    ("storage.thin_pools", command("lvs", lvs({"data_percent": ""})), "unknown", "checks.thin.silent", None),
    ("storage.thin_pools", command("lvs", lvs({"lv_active": "", "data_percent": "", "metadata_percent": ""})), "not_applicable", "checks.thin.inactive", None),
    ("storage.thin_pools", command("lvs", lvs()), "not_applicable", "checks.thin.none", None),
    ("storage.thin_pools", command("lvs", MISSING), "not_applicable", "checks.thin.no_lvm", None),
    ("storage.thin_pools", command("lvs", Finished(5, "  /run/lock/lvm/P_global:aux: open failed: Permission denied")), "unknown", "checks.thin.denied", None),
    ("storage.thin_pools", command("lvs", Finished(0, "  pool0 vg0 41.20")), "unknown", "checks.thin.strange", None),
    ("storage.thin_pools", command("lvs", HANGS), "unknown", "checks.silent", None),
    ("storage.multipath", command("multipathd", maps([path("sdb")], [path("sdc", "faulty", "failed")])), "warning", "checks.multipath.failed", None),
    ("storage.multipath", command("multipathd", maps([path("sdb", "ready", "failed")], [path("sdc")])), "warning", "checks.multipath.failed", None),
    ("storage.multipath", command("multipathd", maps([path("sdb", "faulty", "failed"), path("sdc", "i/o timeout", "failed")])), "error", "checks.multipath.dead", None),
    ("storage.multipath", command("multipathd", maps([])), "error", "checks.multipath.dead", None),
    ("storage.multipath", command("multipathd", maps([path("sdb")])), "warning", "checks.multipath.single", None),
    ("storage.multipath", command("multipathd", maps([path("sdb")], name="mpathb")), "unknown", "checks.multipath.unknown", None),
    ("storage.multipath", units(multipathd__service="inactive"), "error", "checks.multipath.unwatched", "start_unit"),
    ("storage.multipath", command("multipathd", Finished(1, "timeout")), "unknown", "checks.multipath.denied", None),
    ("storage.multipath", command("multipathd", Finished(0, "error receiving packet")), "unknown", "checks.multipath.strange", None),
    ("storage.multipath", command("multipathd", HANGS), "unknown", "checks.silent", None),
    ("storage.multipath", gone("sys/block/dm-1/"), "not_applicable", "checks.multipath.none", None),
    ("disks.smart", command("smartctl", smart(8, smart_status={"passed": False})), "error", "checks.smart.failing", None),
    ("disks.smart", command(NVME, nvme(warning=4, passed=False)), "error", "checks.smart.failing", None),
    ("disks.smart", command(NVME, nvme(warning=2, passed=False)), "warning", "checks.smart.hot", None),
    ("disks.smart", command(NVME, nvme(warning=6, passed=False)), "error", "checks.smart.failing", None),
    ("disks.smart", command(NVME, nvme(used=100)), "warning", "checks.smart.worn", None),
    ("disks.smart", command("smartctl", smart(2, smartctl={"messages": [{"string": "Smartctl open device: /dev/sda failed: Permission denied", "severity": "error"}]})), "unknown", "checks.smart.unread", None),
    ("disks.smart", command("smartctl", smart(smart_support={"available": False})), "ok", "checks.smart.ok", None),
    ("disks.smart", both(gone("sys/block/nvme"), command("smartctl", smart(4, smart_support={"available": False}))), "not_applicable", "checks.smart.unsupported", None),
    ("disks.smart", command("smartctl", Finished(1, "Unknown option --json")), "unknown", "checks.smart.unread", None),
    ("disks.smart", command("smartctl", BEHIND_USB), "ok", "checks.smart.ok_but_hidden", None),
    ("disks.smart", both(gone("sys/block/nvme"), command("smartctl", BEHIND_USB)), "unknown", "checks.smart.hidden", None),
    ("disks.smart", both(command("smartctl", BEHIND_USB), command(NVME, HANGS)), "unknown", "checks.smart.unread", None),
    ("disks.smart", both(command("smartctl", BEHIND_USB), command(NVME, nvme(used=100))), "warning", "checks.smart.worn", None),
    ("disks.smart", command("smartctl", HANGS), "unknown", "checks.smart.unread", None),
    ("disks.smart", both(command("smartctl", HANGS), command(NVME, nvme(warning=1))), "error", "checks.smart.failing", None),
    ("disks.smart", both(command("smartctl", MISSING), command(NVME, MISSING)), "unknown", "checks.smart.no_tool", None),
    ("disks.smart", both(gone("sys/block/nvme"), files(sda_device_vendor="QEMU\n")), "not_applicable", "checks.smart.none", None),
    ("host.updates", command("apt-get", Finished(0, APT_SECURITY)), "warning", "checks.updates.security", None),
    ("host.updates", command("apt-get", Finished(0, "Reading package lists...")), "ok", "checks.updates.ok", None),
    ("host.updates", command("apt-get", Finished(100, "E: Unmet dependencies.")), "unknown", "checks.updates.failed", "refresh_packages"),
    ("host.updates", old_lists, "unknown", "checks.updates.stale", "refresh_packages"),
    ("host.updates", both(old_lists, command("apt-get", Finished(0, APT_SECURITY))), "warning", "checks.updates.security", None),
    ("host.updates", files(InRelease=None), "unknown", "checks.updates.never", "refresh_packages"),
    ("host.updates", enterprise_linux, "ok", "checks.updates.some", None),
    ("host.updates", both(enterprise_linux, command("dnf --cacheonly check-update --security", Finished(100, DNF))), "warning", "checks.updates.security", None),
    ("host.updates", both(enterprise_linux, command("dnf", Finished(1, "Error: Cache-only enabled but no cache for 'baseos'"))), "unknown", "checks.updates.failed", "refresh_packages"),
    ("host.updates", both(enterprise_linux, files(repomd_xml=None)), "unknown", "checks.updates.never", "refresh_packages"),
    ("host.updates", gone("usr/bin/apt-get"), "not_applicable", "checks.updates.none", None),
    ("hardware.events", journal(MEMORY_ERROR), "warning", "checks.hardware.corrected", None),
    ("hardware.events", journal(MEMORY_ERROR, MEMORY_ERROR, MACHINE_CHECK), "error", "checks.hardware.fatal", None),
    ("hardware.events", journal("mce: [Hardware Error]: Machine check events logged"), "warning", "checks.hardware.corrected", None),
    ("hardware.events", journal("pcieport 0000:00:1c.0: PCIe Bus Error: severity=Corrected, type=Physical Layer, (Receiver ID)"), "warning", "checks.hardware.corrected", None),
    ("hardware.events", journal("pcieport 0000:00:1c.0: PCIe Bus Error: severity=Uncorrected (Fatal), type=Transaction Layer"), "error", "checks.hardware.fatal", None),
    ("hardware.events", journal("EDAC MC0: 1 UE memory read error on unknown memory"), "error", "checks.hardware.fatal", None),
    ("hardware.events", command("journalctl", Finished(0, "")), "unknown", "checks.hardware.denied", None),
    ("hardware.events", command("journalctl", Finished(1, "No journal files were opened due to insufficient permissions.")), "unknown", "checks.hardware.denied", None),
    ("hardware.events", command("journalctl", MISSING), "unknown", "checks.hardware.denied", None),
    ("hardware.events", put(run__systemd__container="systemd-nspawn"), "not_applicable", "checks.hardware.container", None),
    ("guests.coredumps", command("coredumpctl", dumps((QEMU, 4711, NEW), ("/usr/bin/vim", 9, NEW))), "warning", "checks.dumps.some", None),
    ("guests.coredumps", command("coredumpctl", dumps(("/usr/libexec/qemu-kvm", 4711, NEW))), "warning", "checks.dumps.some", None),
    ("guests.coredumps", command("coredumpctl", dumps((QEMU, 4711, OLD), ("/usr/bin/vim", 9, NEW))), "ok", "checks.dumps.ok", None),
    ("guests.coredumps", both(command("coredumpctl", MISSING), lambda host: host.files.update({f"var/lib/systemd/coredump/core.qemu-system-x86.64055.{'a' * 32}.4711.{int(NEW * 1e6)}.zst": ""})), "warning", "checks.dumps.some", None),
    ("guests.coredumps", command("coredumpctl", MISSING), "ok", "checks.dumps.ok", None),
    ("guests.coredumps", both(command("coredumpctl", MISSING), gone("var/lib/systemd/coredump/")), "unknown", "checks.unreadable", None),
    ("guests.coredumps", both(command("coredumpctl", MISSING), files(core_pattern="core\n")), "not_applicable", "checks.dumps.none", None),
    ("guests.coredumps", command("coredumpctl", Finished(1, "Hint: You are currently not seeing messages from other users and the system.\nNo coredumps found.")), "unknown", "checks.dumps.denied", None),
    ("guests.coredumps", command("coredumpctl", Finished(1, "Failed to open journal")), "unknown", "checks.dumps.failed", None),
    ("guests.coredumps", command("coredumpctl", Finished(0, "TIME PID UID")), "unknown", "checks.dumps.strange", None),
]  # fmt: skip
