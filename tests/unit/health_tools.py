# SPDX-License-Identifier: Apache-2.0
"""What the tools of a recorded host print, and what its kernel says beside them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cockpit_rhv.checks.context import Finished

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Beside those of health_support.FILES.
FILES: dict[str, str] = {
    "proc/cpuinfo": "processor\t: 0\nmodel name\t: Intel(R) Xeon(R)\nflags\t\t: fpu vmx sse2 ept\n",
    "proc/meminfo": "MemTotal: 8388608 kB\nHugePages_Total: 512\nHugepagesize: 2048 kB\n",
    "sys/module/kvm_intel/parameters/nested": "Y\n",
    "sys/kernel/iommu_groups/0/type": "DMA-FQ\n",
    "sys/kernel/iommu_groups/1/type": "DMA-FQ\n",
    "sys/firmware/acpi/tables/DMAR": "",
    "sys/kernel/mm/ksm/run": "1\n",
    "sys/kernel/mm/ksm/pages_sharing": "51200\n",
    "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages": "512\n",
    "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages": "100\n",
    "sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages": "0\n",
    "sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages": "0\n",
    "sys/block/sda/device/vendor": "ATA\n",
    "sys/block/sda/device/model": "INTEL SSDSC2KB96\n",
    "sys/block/nvme0n1/device/model": "SAMSUNG MZVL21T0HCLR-00B00\n",
    "sys/block/vda/size": "1\n",
    "sys/block/loop0/size": "0\n",
    "sys/block/dm-0/dm/uuid": "LVM-ABCDEF\n",
    "sys/block/dm-0/dm/name": "vg0-root\n",
    "sys/block/dm-1/dm/uuid": "mpath-3600a098038303053\n",
    "sys/block/dm-1/dm/name": "mpatha\n",
    "usr/bin/apt-get": "",
    "var/lib/apt/lists/deb.example.com_debian_dists_trixie_InRelease": "",
    "var/lib/apt/lists/partial/": "",
    "var/lib/systemd/coredump/": "",
    "proc/sys/kernel/core_pattern": "|/usr/lib/systemd/systemd-coredump %P %u %g %s %t %c %h %d %F\n",
}


def lvs(*pools: dict[str, str], before: str = "") -> Finished:
    """What ``lvs --reportformat json`` prints for thin pools; warnings of LVM come first."""
    good = {
        "vg_name": "vg0",
        "lv_name": "pool0",
        "lv_attr": "twi-aotz--",
        "lv_active": "active",
        "data_percent": "41.20",
        "metadata_percent": "12.35",
    }
    report = {"report": [{"lv": [{**good, **pool} for pool in pools]}], "log": []}
    return Finished(0, f"{before}{json.dumps(report, indent=4)}")


def path(device: str, checker: str = "ready", kernel: str = "active") -> dict[str, Any]:
    """One path of a disk as multipathd tells it."""
    return {
        "dev": device,
        "dev_t": "8:16",
        "dm_st": kernel,
        "dev_st": "running",
        "chk_st": checker,
        "checker": "tur",
        "pri": 50,
    }


def maps(*groups: Sequence[dict[str, Any]], name: str = "mpatha") -> Finished:
    """What ``multipathd show maps json`` prints for one disk."""
    disk = {
        "name": name,
        "uuid": "3600a098038303053",
        "sysfs": "dm-1",
        "queueing": "-",
        "dm_st": "active",
        "path_groups": [
            {"selector": "service-time 0", "pri": 50, "dm_st": "active", "group": number + 1, "paths": list(paths)}
            for number, paths in enumerate(groups)
        ],
    }
    return Finished(0, json.dumps({"major_version": 0, "minor_version": 1, "maps": [disk]}, indent=3))


def smart(code: int = 0, **told: Any) -> Finished:
    """What ``smartctl --json=c`` prints."""
    head = {"json_format_version": [1, 0], "smartctl": {"version": [7, 4], "exit_status": code}}
    return Finished(code, json.dumps({**head, **told}))


def nvme(warning: int = 0, used: int = 3, passed: bool = True) -> Finished:
    """The same of an NVMe disk."""
    log = {"critical_warning": warning, "temperature": 35, "available_spare": 100, "percentage_used": used}
    return smart(smart_status={"passed": passed, "nvme": {"value": warning}}, nvme_smart_health_information_log=log)


def dumps(*found: tuple[str, int, float]) -> Finished:
    """What ``coredumpctl list --json=short`` prints: program, process, seconds since 1970."""
    items = [
        {
            "time": int(at * 1e6),
            "pid": pid,
            "uid": 64055,
            "gid": 64055,
            "sig": 11,
            "corefile": "present",
            "exe": exe,
            "size": 1,
        }
        for exe, pid, at in found
    ]
    return Finished(0, json.dumps(items))


APT = """NOTE: This is only a simulation!
      apt-get needs root privileges for real execution.
Inst tzdata [2025a-0] (2025b-0 Debian:13.1/stable [all])
Inst linux-image-amd64 [6.12.41-1] (6.12.48-1 Debian:13.1/stable [amd64])
Conf tzdata (2025b-0 Debian:13.1/stable [all])
"""
APT_SECURITY = APT + "Inst qemu-system-x86 [1:10.0.2] (1:10.0.3 Debian-Security:13/stable-security [amd64]) []\n"
DNF = """
kernel.x86_64                  5.14.0-570.el9                  baseos
qemu-kvm-core.x86_64           17:9.1.0-15.el9_6.7             appstream
Obsoleting Packages
grub2-tools.x86_64             1:2.06-104.el9                  baseos
    grub2-tools.x86_64         1:2.06-92.el9                   @baseos
"""
MEMORY_ERROR = (
    "EDAC MC0: 1 CE memory read error on CPU_SrcID#0_Ha#0_Chan#1_DIMM#0 (channel:1 slot:0 page:0x1f5 offset:0x0)"
)
MACHINE_CHECK = "mce: [Hardware Error]: CPU 3: Machine Check Exception: 5 Bank 6: be00000000800400 Uncorrected error"

COMMANDS: dict[str, Finished | Exception] = {
    "lvs": lvs({}, before="  WARNING: Device /dev/sdz has size of 0.\n  [1] skipped\n"),
    "multipathd": maps([path("sdb")], [path("sdc", "ghost", "undef")]),
    "smartctl": smart(smart_status={"passed": True}),
    "smartctl --json=c --info --health --attributes /dev/nvme0n1": nvme(),
    "apt-get": Finished(0, APT),
    "journalctl": Finished(
        0, "mce: Using 32 MCE banks\nEDAC MC0: Giving out device to module skx_edac\nACPI: bus type USB registered"
    ),
    "coredumpctl": Finished(1, "No coredumps found."),
}
