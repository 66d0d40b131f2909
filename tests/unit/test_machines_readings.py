# SPDX-License-Identifier: Apache-2.0
"""Small readings: error numbers, states, load, uptime, versions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import libvirt
import pytest
from cockpit_rhv.machines.faults import from_numbers
from cockpit_rhv.machines.opening import version_text
from cockpit_rhv.machines.rates import bytes_rate, cpu_percent, memory_used_mib
from cockpit_rhv.machines.states import ACTIVE, STATES, reason_name, state_name
from cockpit_rhv.machines.uptime import host_clock_s, started_s, uptime_s

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("code", "domain", "expected"),
    [
        ("VIR_ERR_NO_DOMAIN", "VIR_FROM_QEMU", "machine.not_found"),
        ("VIR_ERR_OPERATION_INVALID", "VIR_FROM_QEMU", "machine.wrong_state"),
        ("VIR_ERR_OPERATION_DENIED", "VIR_FROM_NONE", "libvirt.denied"),
        ("VIR_ERR_AUTH_FAILED", "VIR_FROM_RPC", "libvirt.auth"),
        ("VIR_ERR_SYSTEM_ERROR", "VIR_FROM_RPC", "libvirt.unreachable"),
        ("VIR_ERR_SYSTEM_ERROR", "VIR_FROM_QEMU", "machine.host_refused"),
        ("VIR_ERR_OPERATION_FAILED", "VIR_FROM_NONE", "machine.failed"),
        ("VIR_ERR_ARGUMENT_UNSUPPORTED", "VIR_FROM_QEMU", "machine.unsupported"),
        ("VIR_ERR_INTERNAL_ERROR", "VIR_FROM_RPC", "libvirt.unreachable"),
        ("VIR_ERR_INTERNAL_ERROR", "VIR_FROM_QEMU", "machine.qemu_failed"),
        ("VIR_ERR_INTERNAL_ERROR", "VIR_FROM_STORAGE", "libvirt.failed"),
        ("VIR_ERR_OPERATION_TIMEOUT", "VIR_FROM_QEMU", "machine.busy"),
        ("VIR_ERR_OPERATION_INVALID", "VIR_FROM_NETWORK", "network.inactive"),
        ("VIR_ERR_OPERATION_UNSUPPORTED", "VIR_FROM_QEMU", "machine.unsupported"),
        ("VIR_ERR_CONFIG_UNSUPPORTED", "VIR_FROM_QEMU", "machine.cannot_run_here"),
        ("VIR_ERR_SYSTEM_ERROR", "VIR_FROM_STORAGE", "machine.disk"),
        ("VIR_ERR_NO_STORAGE_VOL", "VIR_FROM_STORAGE", "machine.disk"),
        ("VIR_ERR_RESOURCE_BUSY", "VIR_FROM_LOCKSPACE", "machine.leased"),
        ("VIR_ERR_RESOURCE_BUSY", "VIR_FROM_LOCKING", "machine.leased"),
        ("VIR_ERR_RESOURCE_BUSY", "VIR_FROM_STORAGE", "libvirt.failed"),
    ],
)
def test_errors_are_known_by_code_and_domain(code: str, domain: str, expected: str) -> None:
    error = from_numbers(getattr(libvirt, code), getattr(libvirt, domain), "Nachricht")
    assert error.code == expected
    assert error.hint is not None
    assert error.detail is not None
    assert "Nachricht" in error.detail


def test_a_disk_that_qemu_finds_locked_is_told_by_qemus_own_words() -> None:
    """libvirt's numbers are those of any failure of QEMU, whose text is English everywhere."""
    said = 'internal error: process exited: qemu-system-x86_64: -blockdev …: Failed to get "write" lock'
    error = from_numbers(libvirt.VIR_ERR_INTERNAL_ERROR, libvirt.VIR_FROM_QEMU, said)
    assert error.code == "machine.disk_locked"


def test_an_error_without_numbers_is_still_one() -> None:
    error = from_numbers(None, None, None)
    assert error.code == "libvirt.failed"
    assert error.hint is not None


def test_states_are_those_of_libvirt() -> None:
    for name, state in {
        "NOSTATE": "unknown",
        "RUNNING": "running",
        "BLOCKED": "blocked",
        "PAUSED": "paused",
        "SHUTDOWN": "shutting_down",
        "SHUTOFF": "shut_off",
        "CRASHED": "crashed",
        "PMSUSPENDED": "suspended",
    }.items():
        assert state_name(getattr(libvirt, f"VIR_DOMAIN_{name}")) == state
    assert state_name(99) == "unknown"
    assert set(STATES) - ACTIVE == {"unknown", "shut_off"}


@pytest.mark.parametrize(
    ("constant", "state", "reason"),
    [
        ("VIR_DOMAIN_RUNNING_BOOTED", "running", "booted"),
        ("VIR_DOMAIN_RUNNING_POSTCOPY", "running", "postcopy"),
        ("VIR_DOMAIN_PAUSED_IOERROR", "paused", "io_error"),
        ("VIR_DOMAIN_PAUSED_API_ERROR", "paused", "api_error"),
        ("VIR_DOMAIN_SHUTOFF_DESTROYED", "shut_off", "destroyed"),
        ("VIR_DOMAIN_SHUTOFF_DAEMON", "shut_off", "daemon"),
        ("VIR_DOMAIN_CRASHED_PANICKED", "crashed", "panicked"),
        ("VIR_DOMAIN_SHUTDOWN_USER", "shutting_down", "user"),
    ],
)
def test_reasons_are_those_of_libvirt(constant: str, state: str, reason: str) -> None:
    if not hasattr(libvirt, constant):
        pytest.skip(f"this libvirt has no {constant}")
    assert reason_name(state, getattr(libvirt, constant)) == reason


def test_an_unknown_reason_is_none() -> None:
    assert reason_name("running", 0) is None
    assert reason_name("running", 99) is None
    assert reason_name("suspended", 1) is None


def test_load_is_a_share_of_all_vcpus() -> None:
    second = 10**9
    old, new = {"cpu.time": 5 * second}, {"cpu.time": 8 * second, "vcpu.current": 2}
    assert cpu_percent(old, new, 3.0) == 50.0
    assert cpu_percent(old, new, 0.1) == 100.0  # the two clocks are not one
    assert cpu_percent(new, old, 3.0) is None  # it was restarted
    assert cpu_percent({}, new, 3.0) is None
    assert cpu_percent(old, new, 0.0) is None


def test_memory_is_what_the_guest_itself_says() -> None:
    assert memory_used_mib({"balloon.available": 2048 * 1024, "balloon.usable": 512 * 1024}) == 1536
    assert memory_used_mib({"balloon.available": 2048 * 1024, "balloon.unused": 1024 * 1024}) == 1024
    assert memory_used_mib({"balloon.current": 2048 * 1024, "balloon.rss": 100}) is None


def test_memory_changes_in_steps_nobody_sees() -> None:
    total = 2048 * 1024
    for used in (1025000, 1030000):
        assert memory_used_mib({"balloon.available": total, "balloon.usable": total - used}) == 992


def counters(*bytes_each: int, name: str = "block", counter: str = "rd.bytes") -> dict[str, int]:
    return {
        f"{name}.count": len(bytes_each),
        **{f"{name}.{n}.{counter}": count for n, count in enumerate(bytes_each)},
    }


def test_rates_are_those_of_all_devices_in_two_digits() -> None:
    assert bytes_rate(counters(0, 1000), counters(2_469_000, 1000), 2.0, "block", "rd.bytes") == 1_200_000
    assert bytes_rate(counters(0, 1000), counters(0, 1600), 2.0, "block", "rd.bytes") == 0  # an idle guest is silent
    net = counters(10**6, name="net", counter="tx.bytes")
    assert bytes_rate(counters(0, name="net", counter="tx.bytes"), net, 1.0, "net", "tx.bytes") == 10**6
    assert bytes_rate(counters(), counters(), 1.0, "block", "rd.bytes") == 0  # it has no disk


def test_a_rate_that_nobody_knows_is_none() -> None:
    assert bytes_rate({}, counters(5), 1.0, "block", "rd.bytes") is None
    assert bytes_rate(counters(5), {}, 1.0, "block", "rd.bytes") is None  # it was busy
    assert bytes_rate(counters(5), counters(4), 1.0, "block", "rd.bytes") is None  # it was restarted
    assert bytes_rate(counters(5), counters(9), 0.0, "block", "rd.bytes") is None
    assert bytes_rate({"net.count": 1}, {"net.count": 1}, 1.0, "net", "rx.bytes") is None  # a card that is not counted


def test_the_start_is_that_of_the_process(tmp_path: Path) -> None:
    ticks = os.sysconf("SC_CLK_TCK")
    (tmp_path / "42").mkdir()
    fields = ["S", *("0" for _ in range(18)), str(100 * ticks)]
    (tmp_path / "42" / "stat").write_text(f"42 (qemu) (system-x86 1) {' '.join(fields)} 0 0\n")
    (tmp_path / "a guest.pid").write_text("42")
    assert started_s("a guest", tmp_path, tmp_path) == 100.0
    assert uptime_s("a guest", tmp_path, tmp_path) == pytest.approx(host_clock_s() - 100, abs=1)
    assert started_s("another", tmp_path, tmp_path) is None
    (tmp_path / "gone.pid").write_text("43")
    assert started_s("gone", tmp_path, tmp_path) is None
    assert uptime_s("gone", tmp_path, tmp_path) is None


def test_uptime_of_a_real_process_is_short(tmp_path: Path) -> None:
    (tmp_path / "me.pid").write_text(str(os.getpid()))
    seconds = uptime_s("me", tmp_path)
    assert seconds is not None
    assert 0 <= seconds < 3600


def test_versions_are_numbers_in_one() -> None:
    assert version_text(11003001) == "11.3.1"
