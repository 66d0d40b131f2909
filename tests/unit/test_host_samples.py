# SPDX-License-Identifier: Apache-2.0
"""What two samples of a host amount to, and how getStats and getCapabilities word it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.agent.capabilities import capabilities, hardware_info, host_uuid
from cockpit_rhv.agent.caps_libvirt import LibvirtCaps
from cockpit_rhv.agent.host_monitor import HostLoad
from cockpit_rhv.agent.host_stats import host_stats
from cockpit_rhv.host.samples import CpuTimes, HostSample, free_mib, rates, take_sample

from tests.unit.host_tree import XEON, lay_out, recorded_ip

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def xeon(tmp_path: Path) -> Path:
    return lay_out(tmp_path, XEON)


def later(root: Path, first: HostSample, stat: str, own: str, seconds: float) -> HostSample:
    (root / "proc/stat").write_text(stat)
    (root / "proc/self/stat").write_text(own)
    return take_sample(root)._replace(taken_at=first.taken_at + seconds)


STAT = """cpu  1400 200 700 8500 500 0 0 0 0 0
cpu0 900 150 250 4000 150 0 0 0 0 0
cpu1 500 50 450 4500 350 0 0 0 0 0
cpu2 10 0 0 0 0 0 0 0 0 0
btime 1700000000
"""
OWN = "42 (python3 (a) b) S 1 42 42 0 -1 0 0 0 0 0 750 310 0 0 20 0 1 0 5 0 0\n"


def test_a_sample(xeon: Path) -> None:
    sample = take_sample(xeon)
    assert sample.total == CpuTimes(1000, 100, 500, 8000, 300)
    assert set(sample.cpus) == {0, 1}
    assert sample.own_ticks == (700, 300)
    assert sample.load_5min == "0.75"
    assert set(sample.nics) == {"lo", "eno1", "eno2", "bond0", "bond0.100", "br0", "vnet0"}
    eno1 = sample.nics["eno1"]
    assert (eno1.up, eno1.speed_mbps, eno1.duplex) == (True, 10000, "full")


def test_rates(xeon: Path) -> None:
    first = take_sample(xeon)
    found = rates(first, later(xeon, first, STAT, OWN, 10.0))
    # 500 of user and nice, 200 of system, in 10 s of three CPUs (3000 ticks)
    assert found.total == pytest.approx((50 / 3, 20 / 3, 100 - 70 / 3))
    assert found.cpus[0] == pytest.approx((50, 0, 50))
    assert found.cpus[1] == pytest.approx((0, 20, 80))
    assert 2 not in found.cpus, "a CPU that has just come has nothing to compare with"
    assert found.own[:2] == pytest.approx((5, 1))
    with pytest.raises(ValueError, match="not newer"):
        rates(first, first)


def test_counters_that_step_back(xeon: Path) -> None:
    first = take_sample(xeon)
    found = rates(first, later(xeon, first, "cpu  1 1 1 1 1\ncpu0 1 1 1 1 1\n", OWN, 1.0))
    assert found.total == (0, 0, 100)


def test_load_of_this_machine_is_sane() -> None:
    first = take_sample()
    end = first.taken_at + 0.3
    while take_sample().taken_at < end:
        pass
    found = rates(first, take_sample())
    assert sum(found.total) == pytest.approx(100, abs=1) or found.total.idle == 0
    assert found.own.user + found.own.system > 0, "this test has been busy for the whole time"


def test_free_space(tmp_path: Path) -> None:
    assert free_mib(tmp_path / "nothing") is None
    assert (free_mib(tmp_path) or 0) > 0


def test_stats_before_and_after_the_second_sample(xeon: Path) -> None:
    (xeon / "tmp").mkdir()
    first = take_sample(xeon)
    early = host_stats(HostLoad(first, None, 1.5), xeon)
    assert (early["cpuUser"], early["cpuSys"], early["cpuIdle"], early["elapsedTime"]) == (
        "0.00",
        "0.00",
        "100.00",
        "1.50",
    )
    assert not {"network", "cpuStatistics", "diskStats", "bootTime", "numaNodeMemFree"} & early.keys()
    # free, cached, buffers, reclaimable: 6451200 of 16384000 KiB
    assert (early["memUsed"], early["memFree"]) == (str(100 - 39), 6300)
    assert (early["swapTotal"], early["swapFree"], early["anonHugePages"], early["cpuLoad"]) == (
        2048,
        1024,
        "512",
        "0.75",
    )
    second = later(xeon, first, STAT, OWN, 10.0)
    stats = host_stats(HostLoad(second, rates(first, second), 11.5), xeon)
    assert (stats["cpuUser"], stats["cpuSys"], stats["cpuIdle"]) == ("16.67", "6.67", "76.67")
    assert (stats["cpuUserVdsmd"], stats["cpuSysVdsmd"]) == ("5.00", "1.00")
    assert stats["cpuStatistics"]["0"] == {"nodeIndex": 0, "cpuUser": "50.00", "cpuSys": "0.00", "cpuIdle": "50.00"}
    assert stats["bootTime"] == "1700000000"
    assert stats["rxDropped"] == "3"
    assert stats["txDropped"] == "0", "vdsm has these two the wrong way round"
    assert stats["network"]["eno1"]["speed"] == "10000"
    assert stats["network"]["br0"]["speed"] == "1000", "vdsm's number for unknown"
    assert stats["network"]["eno2"]["state"] == "down"
    assert stats["numaNodeMemFree"]["1"] == {
        "memFree": "2000",
        "memPercent": 75,
        "hugepages": {"2048": {"freePages": 4}},
    }
    assert set(stats["diskStats"]) == {"/tmp"}


CAPS = LibvirtCaps(("pc", "q35"), ("vmx", "model_Haswell"), "2600000000", True, "11.3.0", "10.0.2")


def test_capabilities_of_a_recorded_host(xeon: Path, tmp_path: Path) -> None:
    caps = capabilities(CAPS, "192.0.2.10", tmp_path, xeon, recorded_ip, lambda _: 12)
    assert caps["kvmEnabled"] == "true"
    assert (caps["cpuSockets"], caps["cpuCores"], caps["cpuThreads"], caps["cpuSpeed"]) == ("2", "4", "8", "2600.125")
    assert caps["onlineCpus"] == "0,1,2,3,4,5,6,7"
    assert caps["cpuFlags"] == "fpu,vmx,sse2,model_Haswell"
    assert caps["cpuTopology"][5] == {"cpu_id": 5, "numa_cell_id": 1, "socket_id": 1, "die_id": 0, "core_id": 0}
    assert caps["memSize"] == "16000"
    assert caps["numaNodes"]["0"] == {
        "totalMemory": "8000",
        "cpus": [0, 1, 2, 3],
        "hugepages": {"2048": {"totalPages": "16"}},
    }
    assert caps["packages2"]["kernel"] == {"version": "6.1.0", "release": "18-amd64"}
    assert caps["operatingSystem"]["name"] == "Debian"
    assert (caps["emulatedMachines"], caps["tscFrequency"]) == (["pc", "q35"], "2600000000")
    assert caps["lastClientIface"] == "br0"
    assert caps["hostedEngineDeployed"] is False


def test_network_capabilities(xeon: Path, tmp_path: Path) -> None:
    caps = capabilities(None, "203.0.113.1", tmp_path, xeon, recorded_ip)
    assert caps["lastClientIface"] == ""
    assert set(caps["nics"]) == {"eno1", "eno2"}
    assert caps["nics"]["eno1"]["speed"] == 10000
    assert (caps["bondings"]["bond0"]["slaves"], caps["bondings"]["bond0"]["active_slave"]) == (
        ["eno1", "eno2"],
        "eno1",
    )
    assert (caps["vlans"]["bond0.100"]["iface"], caps["vlans"]["bond0.100"]["vlanid"]) == ("bond0", 100)
    bridge = caps["bridges"]["br0"]
    assert (bridge["addr"], bridge["netmask"], bridge["gateway"]) == ("192.0.2.10", "255.255.255.0", "192.0.2.1")
    assert (bridge["ipv4addrs"], bridge["ipv6addrs"]) == (["192.0.2.10/24"], ["2001:db8::10/64"])
    assert (bridge["dhcpv4"], bridge["ipv6autoconf"], bridge["ipv4defaultroute"], bridge["mtu"]) == (
        True,
        True,
        True,
        "1500",
    )
    network = caps["networks"]["br0"]
    assert (network["southbound"], network["bridged"], network["stp"]) == ("bond0.100", True, "off")


def test_identity_of_a_host(xeon: Path) -> None:
    assert host_uuid(None, xeon) == "01234567-89ab-cdef-0123-456789abcdef"
    assert host_uuid("ABCDEF00-0000-0000-0000-000000000001", xeon) == "abcdef00-0000-0000-0000-000000000001"
    lay_out(xeon, {"etc/vdsm/vdsm.id": "11111111-0000-0000-0000-000000000001\n"})
    assert host_uuid("ABCDEF00-0000-0000-0000-000000000001", xeon) == "11111111-0000-0000-0000-000000000001"
    assert host_uuid(None, xeon / "nothing") is None


def test_hardware_info(tmp_path: Path) -> None:
    lay_out(tmp_path, {"sys/class/dmi/id/sys_vendor": "Dell Inc.\n", "sys/class/dmi/id/product_name": "R640\n"})
    assert hardware_info(tmp_path) == {"systemManufacturer": "Dell Inc.", "systemProductName": "R640"}
    assert hardware_info(tmp_path / "nothing") == {}


def test_network_of_a_container(tmp_path: Path) -> None:
    """Its only interface is a veth, which looks like a guest's tap: the default route tells the way out."""
    lay_out(tmp_path, XEON)
    (tmp_path / "sys/class/net/br0/brif/bond0.100").unlink()
    caps = capabilities(None, "", tmp_path, tmp_path, recorded_ip)
    assert caps["networks"]["br0"]["ports"] == ["vnet0"]
    assert "southbound" not in caps["networks"]["br0"]
    without_route = capabilities(None, "", tmp_path, tmp_path, lambda _: "[]")
    assert without_route["networks"] == {}, "libvirt's own NAT bridge is no network of the Manager"
