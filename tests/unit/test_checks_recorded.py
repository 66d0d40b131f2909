# SPDX-License-Identifier: Apache-2.0

"""Checks on what the real programs printed, good, bad and refused; a check that asks otherwise finds no answer here."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Callable

import pytest
from cockpit_rhv.checks import coredumps, smart, updates

from tests.unit.health_ill_tools import both, enterprise_linux
from tests.unit.health_support import Host
from tests.unit.recordings import FOLDER, recorded, recording


def apt(case: str) -> Callable[[Host], None]:
    return recorded("apt-get", case)


def dnf(case: str) -> Callable[[Host], None]:
    return both(enterprise_linux, recorded("dnf", case, f"{case}_security"))


def paths(case: str) -> Callable[[Host], None]:
    """A host whose kernel has the disk that was recorded."""

    def change(host: Host) -> None:
        recorded("multipathd", case)(host)
        host.files["sys/block/dm-1/dm/name"] = "mpathc\n"

    return change


HOSTS: list[tuple[str, Callable[[Host], Any], str, str, dict[str, Any]]] = [
    # check, what was recorded, severity, message, what the message says
    ("host.updates", apt("none"), "ok", "checks.updates.ok", {}),
    ("host.updates", apt("waiting"), "warning", "checks.updates.security", {"count": 2, "security": 2}),
    ("host.updates", apt("nobody"), "warning", "checks.updates.security", {"count": 2, "security": 2}),
    ("host.updates", apt("unmet_dependencies"), "unknown", "checks.updates.failed", {}),
    ("host.updates", apt("bad_configuration"), "unknown", "checks.updates.failed", {}),
    ("host.updates", dnf("none"), "ok", "checks.updates.ok", {}),
    ("host.updates", dnf("waiting"), "warning", "checks.updates.security", {"count": 3, "security": 1}),
    ("host.updates", dnf("nobody"), "warning", "checks.updates.security", {"count": 3, "security": 1}),
    ("host.updates", dnf("no_lists"), "unknown", "checks.updates.failed", {}),
    ("host.updates", dnf("damaged_lists"), "unknown", "checks.updates.failed", {}),
    ("host.updates", dnf("no_repositories"), "unknown", "checks.updates.failed", {}),
    ("host.updates", dnf("one_without_lists"), "unknown", "checks.updates.failed", {}),
    ("host.updates", dnf("one_ignored"), "warning", "checks.updates.security", {"count": 3, "security": 1}),
    ("host.updates", dnf("none_one_ignored"), "unknown", "checks.updates.passed_over", {"repositories": "baseos"}),
    ("guests.coredumps", recorded("coredumpctl", "no_journal"), "unknown", "checks.dumps.failed", {}),
    ("guests.coredumps", recorded("coredumpctl", "none"), "ok", "checks.dumps.ok", {}),
    ("guests.coredumps", recorded("coredumpctl", "others"), "ok", "checks.dumps.ok", {}),
    ("guests.coredumps", recorded("coredumpctl", "qemu"), "warning", "checks.dumps.some", {"count": 2}),
    ("guests.coredumps", recorded("coredumpctl", "files_gone"), "warning", "checks.dumps.some", {"count": 2}),
    ("guests.coredumps", recorded("coredumpctl", "nobody"), "unknown", "checks.dumps.denied", {}),
    ("clock.synchronized", recorded("timedatectl", "synchronized"), "ok", "checks.clock.ok", {}),
    ("clock.synchronized", recorded("timedatectl", "free"), "warning", "checks.clock.free", {}),
    ("clock.synchronized", recorded("timedatectl", "no_bus"), "unknown", "checks.clock.unknown", {}),
    ("clock.synchronized", recorded("timedatectl", "no_systemd"), "unknown", "checks.clock.unknown", {}),
    ("clock.synchronized", recorded("timedatectl", "no_timedated"), "unknown", "checks.clock.unknown", {}),
    ("hardware.events", recorded("journalctl", "no_journal"), "unknown", "checks.hardware.denied", {}),
    ("hardware.events", recorded("journalctl", "well"), "ok", "checks.hardware.ok", {}),
    ("hardware.events", recorded("journalctl", "nobody"), "unknown", "checks.hardware.denied", {}),
    ("hardware.events", recorded("journalctl", "memory_corrected"), "warning", "checks.hardware.corrected", {}),
    ("storage.multipath", recorded("multipathd", "not_running"), "unknown", "checks.multipath.denied", {}),
    ("storage.multipath", recorded("multipathd", "stopped"), "unknown", "checks.multipath.denied", {}),
    ("storage.multipath", recorded("multipathd", "none"), "unknown", "checks.multipath.unknown", {"disks": "mpatha"}),
    ("storage.multipath", paths("all_work"), "ok", "checks.multipath.ok", {"count": 2}),
    ("storage.multipath", paths("nobody"), "ok", "checks.multipath.ok", {"count": 2}),
    ("storage.multipath", paths("one_removed"), "warning", "checks.multipath.single", {"disks": "mpathc"}),
    ("storage.multipath", paths("one_failed"), "warning", "checks.multipath.failed", {"paths": "sdd"}),
    ("storage.multipath", paths("all_failed"), "error", "checks.multipath.dead", {"disks": "mpathc"}),
    ("storage.thin_pools", recorded("lvs", "none"), "not_applicable", "checks.thin.none", {}),
    ("storage.thin_pools", recorded("lvs", "nobody"), "unknown", "checks.thin.denied", {}),
    ("storage.thin_pools", recorded("lvs", "inactive"), "not_applicable", "checks.thin.inactive", {}),
    ("storage.thin_pools", recorded("lvs", "room"), "ok", "checks.thin.ok", {"percent": 44}),
    ("storage.thin_pools", recorded("lvs", "data_filling"), "warning", "checks.thin.data", {"percent": 88}),
    ("storage.thin_pools", recorded("lvs", "data_nearly_full"), "error", "checks.thin.data", {"percent": 97}),
    ("storage.thin_pools", recorded("lvs", "data_full"), "error", "checks.thin.data", {"percent": 100}),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _an_hour_after_the_crashes(monkeypatch: pytest.MonkeyPatch) -> None:
    crashes = json.loads(recording("coredumpctl", "qemu")[1].output)
    monkeypatch.setattr(coredumps, "time", SimpleNamespace(time=lambda: crashes[-1]["time"] / 1e6 + 3600))


@pytest.mark.parametrize(("check", "said", "severity", "message", "values"), HOSTS)
def test_what_was_recorded(
    check: str,
    said: Callable[[Host], Any],
    severity: str,
    message: str,
    values: dict[str, Any],
    tmp_path: Path,
) -> None:
    host = Host()
    said(host)
    result = host.check(check, tmp_path)
    assert (result.severity, result.summary.id) == (severity, message), (str(result.summary), result.evidence)
    assert result.summary.params.items() >= values.items()


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        ("ata_passed", smart.HEALTHY),
        ("nvme_passed", smart.HEALTHY),
        ("nvme_warns", smart.HOT),
        ("scsi_passed", smart.HEALTHY),
        ("scsi_fails", smart.FAILING),
        ("scsi_without", smart.UNSUPPORTED),
        ("usb_unknown", smart.HIDDEN),
        ("virtio", smart.UNREAD),
        ("no_disk", smart.UNREAD),
        ("nobody", smart.UNREAD),
    ],
)
def test_what_disks_said(case: str, verdict: str) -> None:
    """Each was asked by its own name: the words before that are the check's."""
    command, done = recording("smartctl", case)
    assert command.rpartition("/dev/")[0] == "smartctl --json=c --info --health --attributes "
    assert smart.parse_smart("sda", done.output).verdict == verdict


def test_packages_by_their_names() -> None:
    waiting = recording("dnf", "waiting")[1].output
    assert updates.parse_dnf(waiting) == (
        "kernel.x86_64",
        "ovirt-hosted-engine-setup-of-a-rather-long-name.noarch",
        "qemu-kvm-core.x86_64",
    )


def test_files_of_crashes_tell_the_same_as_the_journal() -> None:
    files = coredumps.dumps_in((FOLDER / "coredumpctl" / "folder.txt").read_text().splitlines())
    told = coredumps.parse_dumps(recording("coredumpctl", "qemu")[1].output)
    moments = {dump.pid: dump.time_s for dump in files}
    assert moments == {dump.pid: pytest.approx(dump.time_s, abs=5) for dump in told}


def test_nothing_recorded_lies_unused() -> None:
    asked = Path(__file__).read_text()
    cases = {path.stem.removesuffix("_security") for path in FOLDER.glob("*/*.txt")}
    assert [case for case in sorted(cases) if f'"{case}"' not in asked and f'"{case}.txt"' not in asked] == []
