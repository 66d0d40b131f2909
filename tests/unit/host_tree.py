# SPDX-License-Identifier: Apache-2.0
"""Recorded hosts: /proc and /sys as text, laid out in a temporary folder; and `ip` from a table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def lay_out(root: Path, files: Mapping[str, str]) -> Path:
    """Write each file; a value ``-> target`` makes a symbolic link, a name that ends in / a folder."""
    for name, text in files.items():
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("-> "):
            path.symlink_to(text[3:])
        else:
            path.write_text(text)
    return root


def nic(name: str, **more: str) -> dict[str, str]:
    """Files of one interface below /sys/class/net."""
    values = {"type": "1", "address": "52:54:00:00:00:01", "mtu": "1500", "operstate": "up", "flags": "0x1003", **more}
    counters = ("rx_bytes", "tx_bytes", "rx_errors", "tx_errors", "rx_dropped", "tx_dropped")
    values.update({f"statistics/{key}": values.get(f"statistics/{key}", "0") for key in counters})
    return {f"sys/class/net/{name}/{key}": value for key, value in values.items()}


CPUINFO = """processor\t: {n}
vendor_id\t: GenuineIntel
model name\t: Intel(R) Xeon(R)   CPU E5-2690 v4 @ 2.60GHz
cpu MHz\t\t: 2600.125
flags\t\t: fpu vmx sse2

"""

XEON: dict[str, str] = {
    "proc/cpuinfo": "".join(CPUINFO.replace("{n}", str(n)) for n in range(8)),
    "proc/meminfo": "MemTotal: 16384000 kB\nMemFree: 4096000 kB\nMemAvailable: 8192000 kB\nBuffers: 102400 kB\n"
    "Cached: 2048000 kB\nSReclaimable: 204800 kB\nSwapTotal: 2097152 kB\nSwapFree: 1048576 kB\n"
    "AnonHugePages: 524288 kB\nHugePages_Total: 0\n",
    "proc/stat": "cpu  1000 100 500 8000 300 0 0 0 0 0\ncpu0 500 50 250 4000 150 0 0 0 0 0\n"
    "cpu1 500 50 250 4000 150 0 0 0 0 0\nintr 99 1 2\nctxt 5\nbtime 1700000000\n",
    "proc/loadavg": "0.50 0.75 1.00 1/200 4242\n",
    "proc/self/stat": "42 (python3 (a) b) S 1 42 42 0 -1 0 0 0 0 0 700 300 0 0 20 0 1 0 5 0 0\n",
    "proc/cmdline": "BOOT_IMAGE=/vmlinuz root=/dev/sda1\n",
    "proc/sys/kernel/hostname": "host1\n",
    "proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
    "etc/hosts": "127.0.0.1 localhost\n192.0.2.10 host1.example.org host1 # us\n",
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\nID=debian\n',
    "etc/resolv.conf": "# x\nnameserver 192.0.2.53\nnameserver 2001:db8::53\nsearch example.org lab.example.org\n",
    "sys/devices/system/cpu/online": "0-7\n",
    **{
        f"sys/devices/system/cpu/cpu{n}/topology/{key}": str(value)
        for n in range(8)
        for key, value in (("physical_package_id", n // 4), ("core_id", n % 4 // 2), ("die_id", 0))
    },
    **{
        f"sys/devices/system/node/node{n}/{key}": value
        for n in range(2)
        for key, value in (
            ("meminfo", f"Node {n} MemTotal: 8192000 kB\nNode {n} MemFree: 2048000 kB\n"),
            ("cpulist", "0-3" if n == 0 else "4-7"),
            ("distance", "10 21" if n == 0 else "21 10"),
            ("hugepages/hugepages-2048kB/nr_hugepages", "16"),
            ("hugepages/hugepages-2048kB/free_hugepages", "4"),
        )
    },
    **nic("lo", type="772", address="00:00:00:00:00:00", mtu="65536", operstate="unknown", flags="0x9"),
    **nic("eno1", speed="10000", duplex="full", **{"device/vendor": "0x8086", "master": "-> ../bond0"}),
    **nic("eno2", speed="-1", operstate="down", **{"device/vendor": "0x8086", "master": "-> ../bond0"}),
    **nic(
        "bond0", **{"bonding/slaves": "eno1 eno2", "bonding/mode": "active-backup 1", "bonding/active_slave": "eno1"}
    ),
    **nic("bond0.100", uevent="DEVTYPE=vlan\nINTERFACE=bond0.100", lower_bond0="-> ../bond0", master="-> ../br0"),
    **nic("br0", **{"bridge/stp_state": "0", "brif/bond0.100": "-> ../../bond0.100", "brif/vnet0": "-> ../../vnet0"}),
    **nic("vnet0", operstate="unknown", master="-> ../br0", **{"statistics/rx_dropped": "3"}),
    "sys/class/net/bonding_masters": "bond0",
    "proc/net/vlan/config": "VLAN Dev name    | VLAN ID\nName-Type: VLAN_NAME_TYPE\nbond0.100      | 100  | bond0\n",
    "proc/sys/net/ipv6/conf/br0/autoconf": "1",
    "proc/net/if_inet6": "",
    "dev/random": "",
}

IP: dict[str, Any] = {
    "addr show": [
        {"ifname": "lo", "addr_info": [{"family": "inet", "local": "127.0.0.1", "prefixlen": 8, "scope": "host"}]},
        {
            "ifname": "br0",
            "addr_info": [
                {"family": "inet", "local": "192.0.2.10", "prefixlen": 24, "scope": "global", "dynamic": True},
                {"family": "inet6", "local": "2001:db8::10", "prefixlen": 64, "scope": "global"},
                {"family": "inet6", "local": "fe80::1", "prefixlen": 64, "scope": "link"},
            ],
        },
        {},
    ],
    "-4 route show default": [
        {"dst": "default", "gateway": "192.0.2.254", "dev": "br0", "metric": 425},
        {"dst": "default", "gateway": "192.0.2.1", "dev": "br0", "metric": 100},
    ],
    "-6 route show default": [],
}


def recorded_ip(arguments: Sequence[str]) -> str:
    """Stands in for ``run_ip``; raises KeyError for a question that was not recorded."""
    return json.dumps(IP[" ".join(arguments)])
