# SPDX-License-Identifier: Apache-2.0
"""The host's load over the last minutes, its disks, kind and Manager, and free space with a time limit."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from cockpit_rhv.host import space
from cockpit_rhv.host.disks import read_disks
from cockpit_rhv.host.history import KEPT, STEP_S, LoadHistory, network_cards
from cockpit_rhv.host.platform import read_kind, read_manager
from cockpit_rhv.host.pressure import read_pressure
from cockpit_rhv.host.samples import take_sample
from cockpit_rhv.host.space import read_space
from cockpit_rhv.rpc.merge import diff, strip_nulls

from tests.unit.host_tree import XEON, lay_out, nic

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMON = json.loads((Path(__file__).parents[2] / "schemas" / "common.json").read_text())
STAT = "   10  0 {read} 5 20 0 {written} 7 0 10 12 0 0 0 0 0 0\n"


def disk(name: str, read: int, written: int, **more: str) -> dict[str, str]:
    """Sectors read and written."""
    values = {"stat": STAT.format(read=read, written=written), "device/": "", **more}
    return {f"sys/block/{name}/{key}": value for key, value in values.items()}


def load_tree(root: Path, ticks: int, sectors: int, received: int, **more: str) -> Path:
    """The host of host_tree after so much work."""
    card = nic("eno1", **{"device/vendor": "0x8086", "statistics/rx_bytes": str(received)})
    files: Mapping[str, str] = {
        **{name: text for name, text in XEON.items() if not name.startswith("sys/class/net/") or "/lo/" in name},
        **card,
        **nic("br0", **{"bridge/stp_state": "0", "statistics/rx_bytes": str(received)}),
        "proc/stat": f"cpu  {100 + ticks} 0 {50 + ticks} {1000 + ticks} {10 + ticks} 0 0 0 0 0\n"
        f"cpu0 {100 + ticks} 0 {50 + ticks} 1000 10 0 0 0 0 0\nintr 1\nbtime 1700000000\n",
        "proc/uptime": "4711.25 9000.00\n",
        **disk("sda", sectors, 2 * sectors),
        **disk("nvme0c0n1", 9999, 9999, hidden="1"),
        "sys/block/dm-0/stat": STAT.format(read=sectors, written=sectors),
        "sys/kernel/mm/ksm/run": "1",
        "sys/kernel/mm/ksm/pages_sharing": "2560",
        "proc/pressure/cpu": "some avg10=1.50 avg60=0.50 avg300=0 total=1\n",
        "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages": "16",
        "sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages": "4",
        "sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages": "0",
        **more,
    }
    return lay_out(root, files)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock of the samples; the test sets its one element."""
    now = [1000.0]
    monkeypatch.setattr("cockpit_rhv.host.samples.time.monotonic", lambda: now[0])
    return now


def changed(root: Path, ticks: int, sectors: int, received: int) -> None:
    """Overwrite what has gone on."""
    load_tree(root, ticks, sectors, received)


def test_rates_are_of_the_time_between_two_samples(tmp_path: Path, clock: list[float]) -> None:
    load = LoadHistory(load_tree(tmp_path, 0, 0, 0))
    load.take()
    clock[0] += 4
    changed(tmp_path, 40, 80, 4000)
    load.take()
    document = load.to_json()
    schema = {"$ref": "#/definitions/Load", "definitions": COMMON["definitions"]}
    jsonschema.Draft7Validator(schema).validate(strip_nulls_but(document))
    first, second = document["points"]["1"], document["points"]["2"]
    assert "user" not in first, "a rate needs two samples"
    assert (first["at_s"], second["at_s"]) == (0.0, 4.0)
    # 40 ticks of one CPU in 4 s
    assert (second["user"], second["system"], second["waiting"]) == (10.0, 10.0, 25.0)
    # dm-0 and the hidden path would count the same bytes again; a bridge those of its card
    assert (second["read_bps"], second["written_bps"]) == (80 * 512 // 4, 160 * 512 // 4)
    assert second["received_bps"] == 1000
    assert second["memory_mib"] == (16384000 - 8192000) // 1024
    assert (document["disks"], document["nics"]) == (["sda"], ["eno1"])
    assert document["ksm"] == {"running": True, "saved_mib": 2560 * os.sysconf("SC_PAGE_SIZE") / 2**20}
    assert document["huge_pages"] == [{"size_kib": 2048, "total": 16, "free": 4}]
    assert [node["cpus"] for node in document["numa"]] == [4, 4]
    assert document["pressure"]["cpu"]["some_10"] == 1.5
    assert document["pressure"]["memory"] is None
    assert document["uptime_s"] == 4711


def strip_nulls_but(document: Mapping[str, Any]) -> dict[str, Any]:
    """As the wire has it, with the nulls back that the schema of a whole document asks for."""
    empty = dict.fromkeys(("user", "system", "waiting", "read_bps", "written_bps", "received_bps", "sent_bps"))
    return {**document, "points": {key: {**empty, **point} for key, point in document["points"].items()}}


def test_the_oldest_go_and_a_patch_carries_the_newest_only(tmp_path: Path, clock: list[float]) -> None:
    load = LoadHistory(load_tree(tmp_path, 0, 0, 0))
    for _ in range(KEPT + 1):
        load.take()
        clock[0] += STEP_S
    before = strip_nulls(load.to_json())
    assert len(before["points"]) == KEPT
    assert KEPT * STEP_S >= 600, "ten minutes at least"
    load.take()
    patch = diff(before, strip_nulls(load.to_json()))
    assert set(patch) == {"points"}
    assert patch["points"]["2"] is None
    assert set(patch["points"]) == {"2", str(KEPT + 2)}
    assert len(json.dumps(patch)) < 300


def test_a_counter_that_starts_anew_is_no_negative_rate(tmp_path: Path, clock: list[float]) -> None:
    load = LoadHistory(load_tree(tmp_path, 0, 800, 8000))
    load.take()
    clock[0] += 4
    changed(tmp_path, 0, 8, 80)
    load.take()
    point = load.to_json()["points"]["2"]
    assert (point["read_bps"], point["received_bps"]) == (0, 0)


def test_a_sample_that_hangs_is_not_joined_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = LoadHistory(load_tree(tmp_path, 0, 0, 0))
    began, release = threading.Event(), threading.Event()

    def hang(root: Path) -> Any:
        began.set()
        release.wait(30)
        return take_sample(root)

    monkeypatch.setattr("cockpit_rhv.host.history.take_sample", hang)
    first = threading.Thread(target=load.take)
    first.start()
    began.wait(30)
    with pytest.raises(TimeoutError):
        load.take()
    release.set()
    first.join()
    load.take()
    assert list(load.to_json()["points"]) == ["1", "2"]


def test_without_cards_the_interfaces_nothing_is_behind(tmp_path: Path) -> None:
    files = {**nic("lo"), **nic("host0"), **nic("vnet0", tun_flags="0x1"), **nic("br0", **{"bridge/stp_state": "0"})}
    root = lay_out(tmp_path, {**files, **nic("eth0.7", uevent="DEVTYPE=vlan\n")})
    names = dict.fromkeys(("lo", "host0", "vnet0", "br0", "eth0.7"))
    assert network_cards(names, root) == ["host0"]


def test_disks_that_cannot_be_listed_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="block"):
        read_disks(tmp_path)


def test_pressure_that_is_not_measured_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_pressure("memory", tmp_path)


# -- which host, whose host -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("os_id", "files", "kind"),
    [
        ("debian", {}, "linux"),
        ("rhel", {}, "rhel"),
        ("rhel", {"usr/sbin/nodectl": ""}, "rhvh"),
        ("centos", {"usr/sbin/nodectl": ""}, "ovirt_node"),
    ],
)
def test_kind(tmp_path: Path, os_id: str, files: Mapping[str, str], kind: str) -> None:
    assert read_kind(os_id, lay_out(tmp_path, files)) == kind


@pytest.mark.parametrize(
    ("files", "agent", "clients"),
    [
        ({}, "none", ()),
        ({"etc/vdsm/vdsm.id": "x"}, "vdsm", ()),
        ({"etc/cockpit-rhv/pki/agent.pem": ""}, "ours", ()),
        (
            {
                "etc/cockpit-rhv/pki/agent.pem": "",
                "run/cockpit-rhv/agent.json": '{"clients": [{"name": "b"}, {"name": "a"}, {"name": "b"}]}',
            },
            "ours",
            ("a", "b"),
        ),
        ({"etc/cockpit-rhv/pki/agent.pem": "", "run/cockpit-rhv/agent.json": "{"}, "ours", ()),
        ({"etc/cockpit-rhv/pki/agent.pem": "", "run/cockpit-rhv/agent.json": "[]"}, "ours", ()),
    ],
)
def test_manager(tmp_path: Path, files: Mapping[str, str], agent: str, clients: tuple[str, ...]) -> None:
    assert read_manager(lay_out(tmp_path, files)) == (agent, clients)


# -- free space -------------------------------------------------------------------------------------------------------


def test_space_of_a_real_file_system(tmp_path: Path) -> None:
    found = read_space(tmp_path)
    real = os.statvfs(tmp_path)
    assert found.device == tmp_path.stat().st_dev
    assert found.total_bytes == real.f_blocks * real.f_frsize
    with pytest.raises(FileNotFoundError):
        read_space(tmp_path / "none")


def test_a_file_system_that_hangs_costs_one_thread_however_often_it_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    real = space._read
    asked: list[Path] = []

    def hang(path: Path) -> Any:
        asked.append(path)
        release.wait(30)
        return real(path)

    monkeypatch.setattr(space, "_read", hang)
    for _ in range(3):
        with pytest.raises(TimeoutError, match="does not answer"):
            read_space(tmp_path, 0.05)
    assert asked == [tmp_path]
    release.set()
    assert read_space(tmp_path, 5).total_bytes > 0, "and is read again once it answers"
