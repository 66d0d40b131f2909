# SPDX-License-Identifier: Apache-2.0
"""Facts of recorded hosts, and of this very machine against the schema."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.host.cpu import read_cpu
from cockpit_rhv.host.dmi import read_dmi
from cockpit_rhv.host.dns import read_dns
from cockpit_rhv.host.facts import find_fqdn, read_host_facts, read_machine_id
from cockpit_rhv.host.files import parse_id_list
from cockpit_rhv.host.ip import run_ip
from cockpit_rhv.host.kernel import read_kernel, read_transparent_huge_pages
from cockpit_rhv.host.kvm import read_kvm
from cockpit_rhv.host.listeners import port_owner
from cockpit_rhv.host.nics import read_nics
from cockpit_rhv.host.numa import read_huge_pages, read_nodes
from cockpit_rhv.host.os_release import read_os_release
from cockpit_rhv.host.services import UnitState, parse_show, unit_states

from tests.unit.host_tree import XEON, lay_out, nic, recorded_ip

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/common.json").read_text())


@pytest.fixture
def xeon(tmp_path: Path) -> Path:
    return lay_out(tmp_path, XEON)


def assert_host_facts(facts: dict[str, Any]) -> None:
    jsonschema.Draft7Validator({**SCHEMA, "$ref": "#/definitions/HostFacts"}).validate(facts)


def test_this_machine_fits_the_schema() -> None:
    facts = read_host_facts()
    assert_host_facts(facts)
    assert facts["hostname"] == socket.gethostname()
    assert facts["kernel"] == os.uname().release
    assert facts["cpu"]["threads"] == os.cpu_count()
    assert {"lo"} <= {found["name"] for found in facts["nics"]}


def test_a_recorded_host(xeon: Path) -> None:
    facts = read_host_facts(xeon, recorded_ip, lambda _: 12)
    assert_host_facts(facts)
    nics = {found["name"]: found for found in facts.pop("nics")}
    assert facts == {
        "hostname": "host1",
        "fqdn": "host1.example.org",
        "machine_id": "0123456789abcdef0123456789abcdef",
        "os": {"id": "debian", "version_id": "12", "pretty_name": "Debian GNU/Linux 12 (bookworm)"},
        "kernel": "6.1.0-18-amd64",
        "boot_time_s": 1700000000,
        "cpu": {
            "model": "Intel(R) Xeon(R) CPU E5-2690 v4 @ 2.60GHz",
            "sockets": 2,
            "cores": 4,
            "threads": 8,
            "virtualization_flag": "vmx",
        },
        "memory": {"total_mib": 16000, "available_mib": 8000, "swap_total_mib": 2048, "swap_free_mib": 1024},
        "kvm": {"usable": True, "reason": None},
        "dns": {"servers": ["192.0.2.53", "2001:db8::53"], "search": ["example.org", "lab.example.org"]},
        "hardware": {"manufacturer": None, "product": None},
        "kind": "linux",
        "manager": {"agent": "none", "clients": []},
    }
    assert nics["br0"] == {
        "name": "br0",
        "kind": "bridge",
        "mac": "52:54:00:00:00:01",
        "up": True,
        "mtu": 1500,
        "speed_mbps": None,
        "addresses": [
            {"address": "192.0.2.10", "prefix": 24, "family": "ipv4", "dynamic": True},
            {"address": "2001:db8::10", "prefix": 64, "family": "ipv6", "dynamic": False},
        ],
        "gateway": "192.0.2.1",
        "members": ["bond0.100", "vnet0"],
        "controller": None,
    }


def test_kinds_and_ties_of_interfaces(xeon: Path) -> None:
    nics = {found.name: found for found in read_nics(xeon, recorded_ip)}
    assert {name: found.kind for name, found in nics.items()} == {
        "lo": "loopback",
        "eno1": "ethernet",
        "eno2": "ethernet",
        "bond0": "bond",
        "bond0.100": "vlan",
        "br0": "bridge",
        "vnet0": "virtual",
    }
    assert nics["lo"].mac is None
    assert (nics["lo"].up, nics["eno1"].up, nics["eno2"].up, nics["vnet0"].up) == (True, True, False, True)
    assert (nics["eno1"].speed_mbps, nics["eno2"].speed_mbps) == (10000, None)
    assert (nics["eno1"].controller, nics["bond0.100"].controller) == ("bond0", "br0")
    assert nics["bond0"].members == ("eno1", "eno2")
    assert (nics["bond0.100"].members, nics["bond0.100"].vlan_id) == (("bond0",), 100)


@pytest.mark.parametrize(("flags", "up"), [("0x1002", False), ("0x1003", True)])
def test_link_without_carrier_detection(tmp_path: Path, flags: str, up: bool) -> None:
    lay_out(tmp_path, nic("tun0", operstate="unknown", flags=flags))
    assert read_nics(tmp_path, recorded_ip)[0].up is up


@pytest.mark.parametrize("output", ["", "[{},{}]"])
def test_ip_that_has_nothing_to_tell(tmp_path: Path, output: str) -> None:
    lay_out(tmp_path, nic("eth0"))
    (found,) = read_nics(tmp_path, lambda _: output)
    assert (found.addresses, found.gateways) == ((), (None, None))


def test_ip_that_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(tmp_path, nic("eth0"))
    with pytest.raises(RhvError, match=r"host\.ip_failed"):
        read_nics(tmp_path, lambda _: 'Object "x" is unknown')
    with pytest.raises(RhvError) as caught:
        run_ip(["no-such-object"])
    assert "exit status" in (caught.value.detail or "")
    monkeypatch.setattr(subprocess, "run", _not_there)
    with pytest.raises(RhvError, match=r"host\.ip_failed"):
        run_ip(["addr"])


def _not_there(*_: object, **__: object) -> None:
    raise FileNotFoundError(errno.ENOENT, "no ip")


@pytest.mark.parametrize(
    ("flag", "outcome", "reason"),
    [
        ("vmx", 12, None),
        ("svm", 12, None),
        # What this project's own machine does: the device opens and answers, and guests hang.
        (None, 12, "host.kvm.no_flag"),
        ("vmx", FileNotFoundError(), "host.kvm.no_device"),
        ("vmx", PermissionError(), "host.kvm.no_permission"),
        ("vmx", OSError(errno.ENODEV, "x"), "host.kvm.unusable"),
        ("vmx", 11, "host.kvm.api"),
    ],
)
def test_kvm(flag: str | None, outcome: int | OSError, reason: str | None) -> None:
    def ask(_: Path) -> int:
        if isinstance(outcome, OSError):
            raise outcome
        return outcome

    facts = read_kvm(flag, api_version=ask)
    assert facts.usable is (reason is None)
    assert (facts.reason.id if facts.reason else None) == reason


def test_a_file_is_no_kvm_device(tmp_path: Path) -> None:
    lay_out(tmp_path, {"dev/kvm": ""})
    reason = read_kvm("vmx", tmp_path).reason
    assert reason is not None
    assert reason.id == "host.kvm.unusable"


def test_cpu_without_topology_files(tmp_path: Path) -> None:
    lay_out(tmp_path, {"proc/cpuinfo": "processor : 0\nprocessor : 1\nFeatures : fp asimd\nHardware : Board\n"})
    cpu = read_cpu(tmp_path)
    assert (cpu.model, cpu.sockets, cpu.cores, cpu.threads, cpu.flags) == ("Board", 1, 2, 2, ("fp", "asimd"))
    assert (cpu.virtualization_flag, cpu.mhz) == (None, None)


def test_offline_cpus_do_not_count(xeon: Path) -> None:
    (xeon / "sys/devices/system/cpu/online").write_text("0-1,4\n")
    cpu = read_cpu(xeon)
    assert (cpu.sockets, cpu.cores, cpu.threads) == (2, 2, 3)


@pytest.mark.parametrize(("text", "ids"), [("0", [0]), ("0-2,5", [0, 1, 2, 5]), ("", []), ("3-3", [3])])
def test_id_list(text: str, ids: list[int]) -> None:
    assert parse_id_list(text) == ids


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ID=debian\nPRETTY_NAME='Debian sid'\n", ("debian", "", "Debian sid")),
        ('# c\nID="rhel"\nVERSION_ID="9.3"\nPRETTY_NAME="A \\"B\\""\n', ("rhel", "9.3", 'A "B"')),
        ("NAME=Only\nnonsense\n", ("linux", "", "Only")),
        ("PRETTY_NAME='half\n", ("linux", "", "'half")),
        ("ID=\nPRETTY_NAME=two words\n", ("linux", "", "two words")),
    ],
)
def test_os_release(tmp_path: Path, text: str, expected: tuple[str, str, str]) -> None:
    assert tuple(read_os_release(lay_out(tmp_path, {"usr/lib/os-release": text}))) == expected


def test_no_os_release(tmp_path: Path) -> None:
    assert read_os_release(tmp_path) == ("linux", "", "Linux")


def test_dns_behind_the_stub(tmp_path: Path) -> None:
    files = {
        "etc/resolv.conf": "nameserver 127.0.0.53\noptions edns0\nsearch .\n",
        "run/systemd/resolve/resolv.conf": "nameserver 192.0.2.9\ndomain real.example\n",
    }
    assert read_dns(lay_out(tmp_path, files)) == (("192.0.2.9",), ("real.example",))
    (tmp_path / "run/systemd/resolve/resolv.conf").unlink()
    assert read_dns(tmp_path) == (("127.0.0.53",), ())


def test_no_resolv_conf(tmp_path: Path) -> None:
    assert read_dns(tmp_path) == ((), ())


@pytest.mark.parametrize(
    ("hosts", "fqdn"),
    [
        ("127.0.1.1 h.example.org h", "h.example.org"),
        ("127.0.1.1 h\n", None),
        ("127.0.0.1 localhost.localdomain localhost h", None),
        ("# 192.0.2.1 h.example.org h", None),
        ("192.0.2.1 other.example.org other", None),
    ],
)
def test_fqdn(tmp_path: Path, hosts: str, fqdn: str | None) -> None:
    lay_out(tmp_path, {"etc/hosts": hosts})
    assert find_fqdn("h", tmp_path) == fqdn
    assert find_fqdn("h.by.itself", tmp_path) == "h.by.itself"


def test_machine_id_before_first_boot(tmp_path: Path) -> None:
    assert read_machine_id(lay_out(tmp_path, {"etc/machine-id": "uninitialized\n"})) is None
    assert read_machine_id(tmp_path / "nothing") is None


def test_numa_nodes(xeon: Path) -> None:
    first, second = read_nodes(xeon)
    assert (first.node_id, first.cpus, first.total_kib, first.free_kib) == (0, (0, 1, 2, 3), 8192000, 2048000)
    assert (second.cpus, second.distances) == ((4, 5, 6, 7), (21, 10))
    assert first.huge_pages == {2048: (16, 4)}


def test_huge_pages(tmp_path: Path) -> None:
    folder = "sys/kernel/mm/hugepages/hugepages-1048576kB"
    lay_out(tmp_path, {f"{folder}/nr_hugepages": "2", f"{folder}/free_hugepages": "1"})
    assert read_huge_pages(tmp_path) == {1048576: {"free_hugepages": 1, "nr_hugepages": 2}}


def test_kernel_switches(tmp_path: Path) -> None:
    files = {
        "proc/cmdline": "quiet\n",
        "sys/fs/selinux/enforce": "0",
        "sys/module/kvm_amd/parameters/nested": "1",
        "sys/kernel/iommu_groups/0/": "",
        "sys/devices/system/cpu/vulnerabilities/meltdown": "Not affected\n",
        "proc/sys/crypto/fips_enabled": "1\n",
        "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
        "dev/hwrng": "",
    }
    kernel = read_kernel(lay_out(tmp_path, files))
    assert (kernel.command_line, kernel.selinux, kernel.fips, kernel.iommu) == ("quiet", "permissive", True, True)
    assert (kernel.nested_virtualization, kernel.random_sources) == (True, ("hwrng",))
    assert kernel.vulnerabilities == {"meltdown": "Not affected"}
    assert read_transparent_huge_pages(tmp_path) == "madvise"
    bare = read_kernel(tmp_path / "nothing")
    assert (bare.selinux, bare.iommu, bare.numa_balancing) == ("disabled", False, None)
    assert read_transparent_huge_pages(tmp_path / "nothing") is None


def test_dmi(tmp_path: Path) -> None:
    folder = "sys/class/dmi/id"
    dmi = read_dmi(lay_out(tmp_path, {f"{folder}/sys_vendor": "QEMU\n", f"{folder}/product_serial": "\n"}))
    assert (dmi.manufacturer, dmi.serial_number, dmi.uuid) == ("QEMU", None, None)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_who_listens(family: socket.AddressFamily) -> None:
    with socket.create_server(("", 0), family=family) as listening:
        port = listening.getsockname()[1]
        owner = port_owner(port)
        assert owner is not None
        assert owner["pid"] == os.getpid()
        assert "py" in owner["process"]
    assert port_owner(port) is None


def test_a_connection_is_no_listener() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()) as connected,
    ):
        assert port_owner(connected.getsockname()[1]) is None


SHOWN = """LoadState=loaded
ActiveState=active
SubState=running
UnitFileState=enabled
Result=success
MainPID=812

LoadState=not-found
ActiveState=inactive
SubState=dead
UnitFileState=
Result=success
MainPID=0
"""


def test_unit_states(monkeypatch: pytest.MonkeyPatch) -> None:
    running, absent = parse_show(SHOWN)
    assert running == UnitState("loaded", "active", "running", "enabled", "success", 812)
    assert (absent.installed, absent.main_pid) == (False, None)
    commands: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, SHOWN, "")

    monkeypatch.setattr(subprocess, "run", run)
    assert unit_states(["libvirtd.service", "vdsmd.service"]) == {"libvirtd.service": running, "vdsmd.service": absent}
    assert commands[0][-3:] == ["--", "libvirtd.service", "vdsmd.service"]
    with pytest.raises(RhvError, match=r"host\.no_systemd"):
        unit_states(["one.service"])
    assert unit_states([]) == {}


def test_machine_without_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **_: object) -> None:
        raise subprocess.CalledProcessError(1, command, stderr="System has not been booted with systemd\n")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(RhvError) as caught:
        unit_states(["a.service"])
    assert caught.value.detail == "System has not been booted with systemd"
