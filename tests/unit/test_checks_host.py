# SPDX-License-Identifier: Apache-2.0
"""Checks of the host itself: virtualization, programs, memory, clock, the agent's port, an engine that exists."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.checks import agent_port, clock, engine_vm, resources, tools, virtualization
from cockpit_rhv.checks.context import Finished
from cockpit_rhv.checks.registry import run_checks
from cockpit_rhv.errors import RhvError

from tests.unit import deploy_support as world

if TYPE_CHECKING:
    from pathlib import Path

ANSWERS = world.answers()


def blind() -> Any:
    return world.raising(OSError(5, "Input/output error"))


# -- virtualization ---------------------------------------------------------------------------------------------------


def test_kvm_usable() -> None:
    assert virtualization.check_kvm(world.context(ANSWERS)).severity == "ok"


@pytest.mark.parametrize(("accepted", "severity"), [(False, "error"), (True, "warning")])
def test_emulation_needs_a_confirmation(accepted: Any, severity: Any) -> None:
    given = world.changed(ANSWERS, {"accept.emulation": accepted})
    outcome = virtualization.check_kvm(world.context(given, facts=lambda: world.no_kvm(world.facts())))
    assert outcome.severity == severity
    assert "The CPU offers none." in str(outcome.summary)
    assert outcome.path == (None if accepted else "accept.emulation")


def test_a_host_without_answers_is_only_warned_of_emulation() -> None:
    outcome = virtualization.check_kvm(world.context(None, facts=lambda: world.no_kvm(world.facts())))
    assert outcome.severity == "warning"


@pytest.mark.parametrize(("given", "severity"), [(ANSWERS, "error"), (None, "warning")])
def test_read_only_libvirt_is_enough_to_look(given: Any, severity: Any) -> None:
    read_only = world.hypervisor(access="read-only", refusal="authentication unavailable")
    outcome = virtualization.check_libvirt(world.context(given, hypervisor=lambda: read_only))
    assert outcome.severity == severity
    assert "authentication unavailable" in [item.value for item in outcome.evidence]
    assert outcome.remedy


def test_as_whom_libvirt_lets_us_write_is_among_what_was_looked_at() -> None:
    asked = world.hypervisor(user="vdsm@ovirt")
    (item,) = virtualization.check_libvirt(world.context(None, hypervisor=lambda: asked)).evidence
    assert "read-write as vdsm@ovirt" in item.value


def test_qemu_missing() -> None:
    bare = world.hypervisor(emulator=None, domain_types=[])
    assert virtualization.check_qemu(world.context(None, hypervisor=lambda: bare)).severity == "error"
    assert virtualization.check_qemu(world.context(None)).severity == "ok"


def test_libvirt_that_cannot_be_asked_is_an_error_and_says_how_to_start_it() -> None:
    from cockpit_rhv.messages import msg

    down = RhvError(
        "libvirt.unreachable", msg("m", "libvirt does not answer."), msg("h", "Start it."), "socket: no such file"
    )
    report = run_checks(["libvirt.connection", "qemu.present"], world.context(ANSWERS, hypervisor=world.raising(down)))
    assert [(result.severity, str(result.remedy)) for result in report.results] == [
        ("error", "Start it."),
        ("unknown", "Start it."),
    ]
    assert report.failed(), "a deployment without libvirt must not copy its image and fail at the VM"


# -- programs, memory, processors, clock ------------------------------------------------------------------------------


def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path: None if name == "qemu-img" else f"/usr/bin/{name}")
    outcome = tools.check_tools(world.context(ANSWERS))
    assert (outcome.severity, outcome.summary.params["programs"]) == ("error", "qemu-img")
    monkeypatch.setattr(shutil, "which", lambda name, path: f"/usr/bin/{name}" if name != "xorriso" else None)
    assert tools.check_tools(world.context(ANSWERS)).severity == "ok", "another of the group will do"


@pytest.mark.parametrize(
    ("asked", "severity", "message"),
    [
        (1024, "ok", "checks.memory.ok"),
        (5744, "ok", "checks.memory.ok"),
        (5745, "error", "checks.memory.short"),
        (9000, "error", "checks.memory.above_host"),
    ],
)
def test_memory(asked: Any, severity: Any, message: Any) -> None:
    outcome = resources.check_memory(world.context(world.changed(ANSWERS, {"engine.memory_mib": asked})))
    assert (outcome.severity, outcome.summary.id) == (severity, message)


def test_the_running_engine_vm_is_not_held_against_its_own_deployment() -> None:
    own = world.hypervisor([world.domain("HostedEngine", world.JOB)])
    greedy = world.changed(ANSWERS, {"engine.memory_mib": 7000})
    assert resources.check_memory(world.context(greedy, job=world.JOB, hypervisor=lambda: own)).severity == "ok"
    assert resources.check_memory(world.context(greedy, job="another", hypervisor=lambda: own)).severity == "error"


@pytest.mark.parametrize(("asked", "severity"), [(1, "ok"), (3, "ok"), (4, "warning"), (5, "error")])
def test_processors(asked: Any, severity: Any) -> None:
    outcome = resources.check_processors(world.context(world.changed(ANSWERS, {"engine.vcpus": asked})))
    assert outcome.severity == severity


@pytest.mark.parametrize(
    ("said", "severity"), [("yes", "ok"), ("no", "warning"), ("Failed to connect to bus", "unknown")]
)
def test_clock(said: Any, severity: Any) -> None:
    assert clock.check_clock(world.context(None, run=lambda *_: Finished(0, said))).severity == severity


def test_clock_that_cannot_be_asked_is_unknown() -> None:
    slow = world.raising(subprocess.TimeoutExpired("timedatectl", 5))
    assert clock.check_clock(world.context(None, run=blind())).severity == "unknown"
    (result,) = run_checks(["clock.synchronized"], world.context(None, run=slow)).results
    assert result.severity == "unknown"
    # Not as a fault of ours, with a traceback on the terminal.
    assert result.summary.id == "checks.timeout"
    assert result.evidence[0].source == "timedatectl"


# -- agent's port -----------------------------------------------------------------------------------------------------


def port(owner: Any = None, vdsm: Any = "absent", agent: Any = "inactive", given: Any = None) -> Any:
    states = {agent_port.VDSM_UNIT: world.unit(vdsm, 77), agent_port.AGENT_UNIT: world.unit(agent, 88)}
    return agent_port.check_agent_port(
        world.context(given, port_owner=lambda _port: owner, unit_states=lambda _names: states)
    )


def test_port_free() -> None:
    assert port().severity == "ok"


def test_port_taken_names_process_and_pid() -> None:
    outcome = port({"pid": 4711, "process": "nc"})
    assert (outcome.severity, str(outcome.summary)) == ("error", "Port 54321 is taken by nc (pid 4711).")


def test_port_taken_by_somebody_unseen() -> None:
    assert port({"pid": None, "process": None}).summary.id == "checks.agent_port.taken_unseen"


def test_vdsm_is_named_even_before_it_listens() -> None:
    outcome = port(vdsm="activating", given=ANSWERS)
    assert (outcome.severity, outcome.summary.params["pid"]) == ("error", 77)
    healthy = port({"pid": 77, "process": "vdsmd"}, vdsm="active")
    assert (healthy.severity, healthy.summary.id) == ("ok", "checks.agent_port.vdsm_owns"), "an oVirt host is healthy"


def test_our_own_agent_is_not_in_the_way() -> None:
    assert port({"pid": 88, "process": "python3"}, agent="active").severity == "ok"
    assert port({"pid": 89, "process": "python3"}, agent="active").severity == "error"


# -- an engine that exists --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domains", "job", "severity", "message"),
    [
        ([], None, "ok", "checks.name.free"),
        ([world.domain("other", None)], None, "ok", "checks.name.free"),
        ([world.domain("HostedEngine", None)], None, "error", "checks.name.foreign"),
        ([world.domain("HostedEngine", "20250101-000000-0000")], world.JOB, "error", "checks.name.unfinished"),
        ([world.domain("HostedEngine", world.JOB)], world.JOB, "ok", "checks.name.ours"),
    ],
)
def test_engine_name(domains: Any, job: Any, severity: Any, message: Any) -> None:
    outcome = engine_vm.check_name(world.context(ANSWERS, job=job, hypervisor=lambda: world.hypervisor(domains)))
    assert (outcome.severity, outcome.summary.id) == (severity, message)


@pytest.mark.parametrize(
    ("job", "severity", "message"),
    [(None, "error", "checks.deployed.other"), (world.JOB, "ok", "checks.deployed.this")],
)
def test_engine_deployed(tmp_path: Path, job: Any, severity: Any, message: Any) -> None:
    config = tmp_path / engine_vm.ENGINE_CONFIG
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"fqdn": "engine.example.com", "job": world.JOB}))
    outcome = engine_vm.check_deployed(world.context(ANSWERS, job=job, root=tmp_path))
    assert (outcome.severity, outcome.summary.id) == (severity, message)


def test_engine_config_absent_or_damaged(tmp_path: Path) -> None:
    assert engine_vm.check_deployed(world.context(ANSWERS, root=tmp_path)).severity == "ok"
    config = tmp_path / engine_vm.ENGINE_CONFIG
    config.parent.mkdir(parents=True)
    config.write_text("{")
    (result,) = run_checks(["engine.deployed"], world.context(ANSWERS, root=tmp_path)).results
    assert result.severity == "unknown"
