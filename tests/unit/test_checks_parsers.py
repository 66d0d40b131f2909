# SPDX-License-Identifier: Apache-2.0
"""What tools print, cut short, among warnings or made up: parsers find what is there or refuse, and never crash."""

from __future__ import annotations

import json
from typing import Any, Callable

import pytest
from cockpit_rhv.checks import (
    coredumps,
    ha_status,
    hardware_events,
    multipath,
    node_image,
    smart,
    thin_pools,
    updates,
    vdsm_report,
)
from cockpit_rhv.checks.asking import json_in
from cockpit_rhv.checks.hypervisor import domain_fact, parse
from cockpit_rhv.errors import RhvError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.health_ovirt import AGENT_LOG, NODE_CHECK, NODE_INFO, SECOND, UP, stats
from tests.unit.health_tools import APT_SECURITY, DNF, dumps, lvs, maps, nvme, path

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
DUMP = dumps(("/usr/bin/qemu-system-x86_64", 4711, 1_700_000_000.0)).output
#: Parser, what it takes, whether it may refuse: then by this error code only.
PARSERS: list[tuple[Callable[[str], Any], str, str | None]] = [
    (thin_pools.parse_thin_pools, lvs({}).output, "checks.thin.strange"),
    (multipath.parse_maps, maps([path("sdb")]).output, "checks.multipath.strange"),
    (lambda text: smart.parse_smart("sda", text), nvme().output, None),
    (coredumps.parse_dumps, DUMP, "checks.dumps.strange"),
    (ha_status.parse_status, json.dumps({"1": UP, "2": SECOND, "global_maintenance": False}), "checks.ha.strange"),
    (node_image.parse_check, json.dumps(NODE_CHECK), "checks.node.strange"),
    (node_image.parse_info, json.dumps(NODE_INFO), "checks.node.strange"),
    (vdsm_report.parse_stats, stats().output, "checks.vdsm_report.strange"),
    (ha_status.penalties, AGENT_LOG, None),
    (updates.parse_apt, APT_SECURITY, None),
    (updates.parse_dnf, DNF, None),
    (hardware_events.parse_events, "mce: x\n", None),
]
IDS = [
    "lvs",
    "multipathd",
    "smartctl",
    "coredumpctl",
    "vm-status",
    "nodectl",
    "info",
    "vdsm",
    "agent.log",
    "apt-get",
    "dnf",
    "journalctl",
]


def refusal(parser: Callable[[str], Any], text: str) -> RhvError | None:
    try:
        parser(text)
    except RhvError as error:
        return error
    return None


def survives(parser: Callable[[str], Any], text: str, code: str | None) -> None:
    refused = refusal(parser, text)
    assert refused is None or refused.code == code
    assert refused is None or len(refused.detail or "") <= 400


@pytest.mark.parametrize(("parser", "good", "code"), PARSERS, ids=IDS)
@given(data=st.data())
def test_anything_is_understood_or_refused(
    parser: Callable[[str], Any], good: str, code: str | None, data: st.DataObject
) -> None:
    text = data.draw(
        st.text()
        | JSON.map(json.dumps)
        | st.integers(0, len(good)).map(lambda end: good[:end])
        | st.tuples(st.integers(0, len(good)), st.text(max_size=6)).map(
            lambda cut: good[: cut[0]] + cut[1] + good[cut[0] :]
        )
    )
    survives(parser, text, code)


@pytest.mark.parametrize(("parser", "good", "code"), PARSERS[:8], ids=IDS[:8])
@given(data=st.data())
def test_a_value_of_another_kind_is_refused_not_a_crash(
    parser: Callable[[str], Any], good: str, code: str | None, data: st.DataObject
) -> None:
    document = json.loads(good)
    place: Any = document
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], (dict, list)) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(JSON)
    survives(parser, json.dumps(document), code)


@given(
    before=st.lists(st.sampled_from(["WARNING: x", "  [warn] y", "{not json", "[1] z", ""])),
    after=st.sampled_from(["", "\n", "\nWARNING: later"]),
)
def test_warnings_around_the_document_do_not_hide_it(before: list[str], after: str) -> None:
    document: dict[str, Any] = {"report": [{"lv": []}]}
    text = "\n".join([*before, json.dumps(document, indent=2)]) + after
    assert json_in(text, dict) == document


@given(inner=st.lists(st.dictionaries(st.text(max_size=4), st.integers(), min_size=1), min_size=1, max_size=3))
def test_a_part_of_a_document_is_not_taken_for_the_whole(inner: list[dict[str, int]]) -> None:
    text = json.dumps({"report": inner}, indent=2)
    assert json_in(text, dict) == {"report": inner}
    for end in range(1, len(text)):
        with pytest.raises(ValueError, match="no JSON"):
            json_in(text[:end], dict)


@pytest.mark.parametrize("text", ["", "null", "7", '"x"', "[]"])
def test_what_is_no_object_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="no JSON"):
        json_in(text, dict)


@pytest.mark.parametrize("percent", ["nan", "inf", "-1", "100.1", "x"])
def test_an_impossible_figure_is_refused(percent: str) -> None:
    refused = refusal(thin_pools.parse_thin_pools, lvs({"data_percent": percent}).output)
    assert refused is not None
    assert refused.code == "checks.thin.strange"


def test_an_endless_figure_of_a_disk_is_no_verdict() -> None:
    text = json.dumps({"nvme_smart_health_information_log": {"percentage_used": float("inf")}})
    assert smart.parse_smart("nvme0n1", text).verdict == smart.UNREAD


@pytest.mark.parametrize(
    ("warning", "used", "verdict"),
    [(2, 99, smart.HOT), (2, 100, smart.WORN), (3, 100, smart.FAILING), (4, 3, smart.FAILING), (0, 3, smart.FAILING)],
)
def test_a_disk_that_is_hot_is_not_well_when_it_is_worn_or_fails(warning: int, used: int, verdict: str) -> None:
    assert smart.parse_smart("nvme0n1", nvme(warning, used, passed=False).output).verdict == verdict


def test_updates_of_both_kinds_are_counted() -> None:
    waiting = updates.parse_apt(APT_SECURITY)
    assert waiting.packages == ("tzdata", "linux-image-amd64", "qemu-system-x86")
    assert waiting.security == ("qemu-system-x86",)
    assert updates.parse_dnf(DNF) == ("kernel.x86_64", "qemu-kvm-core.x86_64")


def test_events_by_how_bad_they_are() -> None:
    found = hardware_events.parse_events(
        "mce: Using 32 MCE banks\n"
        "EDAC MC0: Giving out device to module skx_edac controller Skylake Socket#0 IMC#0\n"
        "mce: CPU3: Core temperature/speed normal\n"
        "{1}[Hardware Error]: event severity: corrected\n"
        "{1}[Hardware Error]:   aer_uncor_status: 0x00000000\n"
        "pcieport 0000:00:1c.0: AER: Multiple Uncorrected (Non-Fatal) error received: 0000:00:1c.0\n"
        "Memory failure: 0x1234: recovery action for dirty LRU page: Failed\n"
        "usb 1-1: device descriptor read/64, error -71\n"
    )
    assert len(found.corrected) == 2
    assert [line.split(":")[0] for line in found.fatal] == ["pcieport 0000", "Memory failure"]


def test_files_of_crashes_are_read_by_their_names() -> None:
    boot = "0123456789abcdef" * 2
    names = [
        f"core.qemu-system-x86.64055.{boot}.4711.1700000000123456.zst",
        f"core.qemu-kvm.107.{boot}.13.1700000000123456",
        f"core.vim.0.{boot}.9.1700000000123456.zst",
        "core.qemu-kvm",
    ]
    assert [(dump.program, dump.pid, int(dump.time_s)) for dump in coredumps.dumps_in(names)] == [
        ("qemu-system-x86", 4711, 1_700_000_000),
        ("qemu-kvm", 13, 1_700_000_000),
    ]


def test_what_a_guest_asks_of_the_host() -> None:
    fact = domain_fact(
        parse(
            """<domain type='kvm'><name>g</name><uuid>u</uuid><memory unit='KiB'>1048576</memory>
            <memoryBacking><hugepages><page size='1' unit='GiB'/></hugepages></memoryBacking>
            <cpu mode='custom'><feature policy='require' name='vmx'/><feature policy='disable' name='svm'/></cpu>
            <launchSecurity type='sev-snp'/>
            <devices><hostdev mode='subsystem' type='pci'/><hostdev mode='subsystem' type='usb'/>
            <interface type='hostdev'/><interface type='network'/></devices></domain>"""
        ),
        active=False,
    )
    assert (fact.huge_page_kib, fact.launch_security, fact.host_devices) == (1024 * 1024, "sev-snp", 2)
    assert list(fact.cpu_features) == ["vmx"]
    plain = domain_fact(parse("<domain><memoryBacking><hugepages/></memoryBacking></domain>"), active=False)
    assert (plain.huge_page_kib, plain.launch_security, plain.host_devices) == (0, None, 0)
    assert domain_fact(parse("<domain/>"), active=False).huge_page_kib is None


def test_a_score_by_its_parts() -> None:
    """The newest words of each reason; what was logged an hour before is over."""
    assert ha_status.penalties(AGENT_LOG) == {
        "gateway status": 1600,
        "free memory 640 being lower than required 4096": 400,
    }
    zero = AGENT_LOG.splitlines()[-1].replace(
        "Penalizing score by 400 due to free memory 640", "Score is 0 due to 4 engine vm"
    )
    assert ha_status.penalties(zero) == {"4 engine vm being lower than required 4096": 0}
    assert ha_status.penalties("") == {}


def test_what_the_agents_know_of_each_other() -> None:
    old = {**SECOND, "engine-status": json.dumps(SECOND["engine-status"])}
    for key in ("maintenance", "stopped", "crc32", "conf_on_shared_storage", "local_conf_timestamp", "extra"):
        del old[key]
    status = ha_status.parse_status(
        json.dumps({"10": {**UP, "live-data": False}, "2": old, "global_maintenance": True})
    )
    assert [(host.id, host.live, host.state, host.reason) for host in status.hosts] == [
        (2, True, None, "vm not running on this host"),
        (10, False, "EngineUp", None),
    ]
    assert status.global_maintenance
    assert "STALE" in status.hosts[1].said()
    assert "STALE" not in status.hosts[0].said()


def test_results_of_nodectl_with_their_reasons() -> None:
    bad = {
        **NODE_CHECK,
        "status": "bad",
        "mount_points": {"status": "bad", "discard_is_used": {"status": "failed - no discard"}},
    }
    results = node_image.parse_check(json.dumps(bad)).results
    assert results["mount_points.discard_is_used"] == "failed - no discard"
    assert "mount_points" not in results, "the group repeats its member"
    assert results["thin_storage"] == "ok"
    assert node_image.parse_info(json.dumps(NODE_INFO)).layers == ("ovirt-node-ng-4.5.5-0.20231130.0+1",)
