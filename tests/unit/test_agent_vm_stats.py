# SPDX-License-Identifier: Apache-2.0
"""A guest in vdsm's words, from what libvirt's QEMU driver reports (vdsm.md, 2.3 and 2.4)."""

from __future__ import annotations

import os
import time
import xml.etree.ElementTree as ET
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.agent.caps_libvirt import domain_cpu_flags, emulated_machines
from cockpit_rhv.agent.guest_sampler import GuestSample
from cockpit_rhv.agent.guest_xml import read_guest_xml
from cockpit_rhv.agent.vm_stats import STALE_S, vm_stats
from cockpit_rhv.agent.vm_status import exit_of, pause_code, status
from cockpit_rhv.machines.cpu_times import fill_cpu_times
from cockpit_rhv.machines.model import Graphics, Machine

if TYPE_CHECKING:
    from pathlib import Path

XML = """<domain type='kvm' id='3'>
  <name>web</name><uuid>u</uuid>
  <memory unit='KiB'>2097152</memory><currentMemory unit='KiB'>1048576</currentMemory>
  <clock offset='variable' adjustment='-3600'/>
  <features><acpi/></features>
  <devices>
    <interface type='bridge'><mac address='52:54:00:aa:bb:cc'/><target dev='vnet3'/><model type='virtio'/></interface>
    <interface type='bridge'><mac address='52:54:00:aa:bb:dd'/><target dev='vnet4'/><model type='rtl8139'/></interface>
    <disk type='file' device='disk'><driver name='qemu' type='raw'/><target dev='vda' bus='virtio'/></disk>
    <memballoon model='virtio'/>
  </devices>
</domain>"""

OLD: dict[str, Any] = {
    "state.state": 1,
    "cpu.time": 10_000_000_000,
    "cpu.user": 2_000_000_000,
    "cpu.system": 1_000_000_000,
    "balloon.current": 1048576,
    "balloon.maximum": 2097152,
    "balloon.available": 1000000,
    "balloon.unused": 400000,
    "balloon.usable": 600000,
    "balloon.swap_in": 0,
    "balloon.swap_out": 100,
    "balloon.major_fault": 10,
    "balloon.minor_fault": 1000,
    "net.count": 2,
    "net.0.name": "vnet3",
    "net.0.rx.bytes": 1000,
    "net.0.rx.errs": 1,
    "net.0.rx.drop": 2,
    "net.0.tx.bytes": 2000,
    "net.0.tx.errs": 3,
    "net.0.tx.drop": 4,
    "net.1.name": "vnet4",
    "block.count": 2,
    "block.0.name": "vda",
    "block.0.rd.reqs": 100,
    "block.0.rd.bytes": 4096,
    "block.0.rd.times": 5_000,
    "block.0.wr.reqs": 10,
    "block.0.wr.bytes": 512,
    "block.0.wr.times": 700,
    "block.0.fl.reqs": 0,
    "block.0.fl.times": 0,
    "block.0.allocation": 1_000_000,
    "block.0.capacity": 9_000_000,
    "block.0.physical": 2_000_000,
    "block.1.name": "sda",
}
NEW = {
    **OLD,
    "cpu.time": 15_000_000_000,
    "cpu.user": 2_400_000_000,
    "cpu.system": 1_600_000_000,
    "balloon.swap_out": 150,
    "balloon.major_fault": 30,
    "balloon.minor_fault": 2000,
    "block.0.rd.reqs": 150,
    "block.0.rd.bytes": 104096,
    "block.0.rd.times": 105_000,
}
MACHINE = Machine(
    uuid="u",
    name="web",
    state="running",
    vcpus=2,
    graphics=(Graphics("vnc", "127.0.0.1", 5900, None), Graphics("spice", None, None, 5901)),
)


def sample(before: dict[str, Any] | None = OLD, age_s: float = 0.0) -> GuestSample:
    return GuestSample(time.monotonic() - age_s, NEW, before, 10.0)


def stats(
    machine: Machine = MACHINE, taken: GuestSample | None = None, answers: bool = True, uptime_s: float | None = 61.9
) -> dict[str, Any]:
    return vm_stats(machine, 2150000000, taken, read_guest_xml(XML), uptime_s=uptime_s, answers=answers)


def test_identity_and_state() -> None:
    found = stats()
    assert {key: found[key] for key in ("vmId", "vmName", "status", "statusTime", "vmType", "kvmEnable")} == {
        "vmId": "u",
        "vmName": "web",
        "status": "Up",
        "statusTime": "2150000000",
        "vmType": "kvm",
        "kvmEnable": "true",
    }
    assert (found["elapsedTime"], found["vcpuCount"], found["timeOffset"], found["acpiEnable"]) == (
        "61",
        "2",
        "-3600",
        "true",
    )
    assert found["displayInfo"] == [
        {"type": "vnc", "ipAddress": "127.0.0.1", "port": "5900", "tlsPort": "-1"},
        {"type": "spice", "ipAddress": "", "port": "-1", "tlsPort": "5901"},
    ]
    assert "pauseCode" not in found
    assert stats(replace(MACHINE, emulated=True))["kvmEnable"] == "false"
    assert "elapsedTime" not in stats(uptime_s=None), "unknown is left out, not zero"


def test_does_it_answer() -> None:
    assert stats(taken=sample())["monitorResponse"] == "0"
    assert stats(taken=sample(age_s=STALE_S + 1))["monitorResponse"] == "-1"
    assert stats(taken=None)["monitorResponse"] == "-1"
    assert stats(taken=sample(), answers=False)["monitorResponse"] == "-1"


def test_cpu() -> None:
    found = stats(taken=sample())
    # 1 s of user and system out of 5 s altogether, in 10 s
    assert (found["cpuSys"], found["cpuUser"], found["cpuActual"]) == ("10.00", "40.00", True)
    assert found["cpuUsage"] == "15000000000"
    first = stats(taken=sample(before=None))
    assert (first["cpuSys"], first["cpuUser"], first["cpuActual"]) == ("0.00", "0.00", False)


def test_network() -> None:
    found = stats(taken=sample())["network"]
    assert found["vnet3"].pop("sampleTime") > 0
    assert found["vnet3"] == {
        "name": "vnet3",
        "macAddr": "52:54:00:aa:bb:cc",
        "speed": "1000",
        "state": "unknown",
        "rx": "1000",
        "tx": "2000",
        "rxErrors": "1",
        "txErrors": "3",
        "rxDropped": "2",
        "txDropped": "4",
    }
    assert (found["vnet4"]["speed"], found["vnet4"]["macAddr"]) == ("100", "52:54:00:aa:bb:dd")


def test_disks() -> None:
    found = stats(taken=sample())["disks"]
    assert found["vda"] == {
        "truesize": "2000000",
        "apparentsize": "9000000",
        "readOps": "150",
        "writeOps": "10",
        "readBytes": "104096",
        "writtenBytes": "512",
        "readRate": "10000.00",
        "writeRate": "0.00",
        "readLatency": "2000",
        "writeLatency": "0",
        "flushLatency": "0",
    }
    assert "readRate" not in stats(taken=sample(before=None))["disks"]["vda"]
    moved = {**OLD, "block.0.name": "vdb"}
    assert "readRate" not in stats(taken=sample(before=moved))["disks"]["vda"], "another disk had this number"


def test_length_of_an_image_file_is_not_guessed() -> None:
    qcow2 = read_guest_xml(XML.replace("type='raw'", "type='qcow2'"))
    found = vm_stats(MACHINE, 0, sample(), qcow2, uptime_s=None, answers=True)["disks"]["vda"]
    assert "apparentsize" not in found
    assert found["truesize"] == "2000000"


def test_cpu_times_of_the_process(tmp_path: Path) -> None:
    (tmp_path / "web.pid").write_text("77\n")
    (tmp_path / "77").mkdir()
    (tmp_path / "77/stat").write_text("77 (qemu (x) y) S 1 1 1 0 -1 0 0 0 0 0 250 50 0 0 20 0 1 0 5 0 0\n")
    found: dict[str, Any] = {"state.state": 1}
    fill_cpu_times("web", found, tmp_path, tmp_path)
    tick_ns = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    assert (found["cpu.user"], found["cpu.system"], found["cpu.time"]) == (250 * tick_ns, 50 * tick_ns, 300 * tick_ns)
    libvirts = {"cpu.time": 1}
    fill_cpu_times("web", libvirts, tmp_path, tmp_path)
    assert libvirts == {"cpu.time": 1}
    fill_cpu_times("gone", libvirts := {}, tmp_path, tmp_path)
    assert libvirts == {}


def test_memory() -> None:
    found = stats(taken=sample())
    assert found["balloonInfo"] == {
        "balloon_max": "2097152",
        "balloon_min": "0",
        "balloon_cur": "1048576",
        "balloon_target": "1048576",
        "ballooning_enabled": True,
    }
    assert found["memUsage"] == "40"
    assert found["memoryStats"] == {
        "mem_total": "1000000",
        "mem_unused": "400000",
        "mem_free": "600000",
        "swap_in": 0,
        "swap_out": 5,
        "majflt": 2,
        "minflt": 100,
        "pageflt": 102,
    }


def test_guest_without_a_balloon_driver() -> None:
    bare = {key: value for key, value in NEW.items() if not key.startswith(("balloon.", "net.", "block."))}
    found = stats(taken=GuestSample(time.monotonic(), bare, None, 0.0))
    assert (found["network"], found["disks"]) == ({}, {})
    assert not {"balloonInfo", "memoryStats", "memUsage"} & found.keys()


def test_hash_changes_with_devices_only() -> None:
    same = read_guest_xml(XML.replace("<name>web</name>", "<name>other</name>"))
    plugged = read_guest_xml(XML.replace("</devices>", "<disk/></devices>"))
    assert same.devices_hash == read_guest_xml(XML).devices_hash != plugged.devices_hash


@pytest.mark.parametrize(
    ("state", "reason", "word", "code"),
    [
        ("running", "booted", "Up", None),
        ("blocked", None, "Up", None),
        ("suspended", None, "Up", None),
        ("shutting_down", "user", "Powering down", None),
        ("paused", "user", "Paused", "NOERR"),
        ("paused", "io_error", "Paused", "EIO"),
        ("paused", "api_error", "Paused", "EOTHER"),
        ("paused", "migration", "Migration Source", None),
        ("paused", "save", "Saving State", None),
        ("paused", "starting_up", "WaitForLaunch", None),
        ("crashed", "panicked", "Paused", "EOTHER"),
        ("shut_off", "shutdown", "Down", None),
    ],
)
def test_statuses(state: str, reason: str | None, word: str, code: str | None) -> None:
    machine = replace(MACHINE, state=state, reason=reason)
    assert (status(machine), pause_code(machine)) == (word, code)


@pytest.mark.parametrize(
    ("reason", "code", "number"),
    [
        ("shutdown", 0, 7),
        ("destroyed", 0, 6),
        ("migrated", 0, 4),
        ("saved", 0, 5),
        ("from_snapshot", 0, 0),
        ("crashed", 1, 2),
        ("failed", 1, 3),
        ("daemon", 1, 2),
        (None, 1, 9),
        ("newer than we", 1, 9),
    ],
)
def test_exits(reason: str | None, code: int, number: int) -> None:
    assert exit_of(reason)[:2] == (code, number)


CAPS = """<capabilities><guest><os_type>hvm</os_type><arch name='x86_64'>
  <machine>isapc</machine>
  <domain type='qemu'/>
  <domain type='kvm'><machine canonical='pc-q35-9.0'>q35</machine>
    <machine canonical='pc-q35-9.0'>pc-q35-9.0</machine></domain>
</arch></guest><guest><arch name='i686'><machine>other</machine></arch></guest></capabilities>"""

DOMCAPS = """<domainCapabilities><cpu>
  <mode name='host-model'><feature policy='require' name='ss'/><feature policy='disable' name='svm'/></mode>
  <mode name='custom'><model usable='yes'>Haswell-IBRS</model><model usable='no'>EPYC</model></mode>
</cpu></domainCapabilities>"""


def test_machine_types() -> None:
    caps = ET.fromstring(CAPS)
    assert emulated_machines(caps, "x86_64", "kvm") == ("q35", "pc-q35-9.0")
    assert emulated_machines(caps, "x86_64", "qemu") == ("isapc",)


def test_cpu_flags_of_domain_capabilities() -> None:
    assert domain_cpu_flags(ET.fromstring(DOMCAPS)) == ("ss", "spec_ctrl", "model_Haswell-IBRS")
