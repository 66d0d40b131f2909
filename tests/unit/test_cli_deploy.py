# SPDX-License-Identifier: Apache-2.0
"""``cockpit-rhv deploy`` with a tiny profile of its own: everything real but systemd and the host's checks."""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv import cli
from cockpit_rhv.checks.model import CheckReport, CheckResult, Evidence
from cockpit_rhv.deploy.validate import validate_answers
from cockpit_rhv.jobs import JobStore
from cockpit_rhv.messages import msg

from .jobs_support import PlainLauncher, playbooks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "correct horse {{ 1 + 1 }}"
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["engine"],
    "properties": {
        "engine": {
            "type": "object",
            "additionalProperties": False,
            "required": ["fqdn", "memory_mib"],
            "properties": {
                "fqdn": {"type": "string", "format": "fqdn", "default": "engine.example.com"},
                "memory_mib": {"type": "integer", "minimum": 768, "default": 1024},
            },
        },
    },
}
NO_ENGINE: dict[str, Any] = {
    "state": "none",
    "config": None,
    "job": None,
    "vm_state": None,
    "uuid": None,
    "health": {"state": "unknown", "checked_s": None, "message": {"id": "x", "text": "x"}},
    "version": None,
    "components": [],
    "reachable_only_here": False,
}


def finding(severity: str) -> CheckResult:
    return CheckResult(
        "memory",
        msg("t", "Memory"),
        severity,
        msg("s", "There is {n} MiB.", n=5),
        (Evidence("/proc/meminfo", "MemAvailable: 5120 kB"),),
        msg("w", "The engine VM needs memory."),
        msg("r", "Stop a guest."),
        None,
        None,
    )


@pytest.fixture
def results() -> list[CheckResult]:
    """What the host's checks will say."""
    return [finding("ok")]


@pytest.fixture(autouse=True)
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, results: list[CheckResult]) -> PlainLauncher:
    profile = {
        "id": "tiny",
        "title": {"id": "tiny", "text": "Tiny"},
        "phases": [{"id": "one", "title": {"id": "phase.one", "text": "Do it"}, "expected_s": 2}],
    }
    task = {"name": "Say the address", "ansible.builtin.debug": {"msg": "{{ rhv_answers.engine.fqdn }}"}}
    folder = playbooks(tmp_path / "data" / "ansible" / "tiny", {"one": [task]})
    (folder / "profile.json").write_text(json.dumps(profile))
    (folder / "answers.schema.json").write_text(json.dumps(SCHEMA))
    (folder.parent / "plugins").mkdir()
    launcher = PlainLauncher()
    monkeypatch.setenv("COCKPIT_RHV_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COCKPIT_RHV_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setattr("cockpit_rhv.jobs.control.SystemdLauncher", lambda: launcher)
    monkeypatch.setattr("cockpit_rhv.deploy.engine_state.read_engine_state", lambda: NO_ENGINE)

    def judge(profile: Any, answers: Any) -> dict[str, Any]:
        errors = [error.to_json() for error in validate_answers(profile, answers)]
        return {"errors": errors, "report": CheckReport(() if errors else tuple(results), 0.1).to_json()}

    monkeypatch.setattr("cockpit_rhv.deploy.preflight.run_preflight", judge)
    return launcher


@pytest.fixture
def typed() -> Iterator[None]:
    """The password comes from stdin: descriptor 0 is the end of a pipe for a while."""
    read_end, write_end = os.pipe()
    os.write(write_end, PASSWORD.encode() + b"\n")
    os.close(write_end)
    stdin = os.dup(0)
    os.dup2(read_end, 0)
    yield
    os.dup2(stdin, 0)
    os.close(stdin)
    os.close(read_end)


@pytest.mark.usefixtures("typed")
def test_only_a_password_is_needed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["deploy", "--admin-password-stdin"]) == 0
    shown = capsys.readouterr()
    assert "Phase 1 of 1: Do it" in shown.out
    assert "Say the address: ok" in shown.out
    assert "No engine is deployed" in shown.out
    (job,) = JobStore().list().jobs
    assert (job.state, job.kind, job.profile) == ("succeeded", "deploy", "tiny")
    private = JobStore().folder(job.id) / "private"
    assert json.loads((private / "spec.json").read_text())["answers"]["engine"]["memory_mib"] == 1024
    for path in JobStore().folder(job.id).rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes(), path
    assert PASSWORD not in shown.out + shown.err


@pytest.mark.usefixtures("typed")
def test_document_and_settings_go_over_what_is_detected(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = tmp_path / "answers.yml"
    document.write_text("engine: {fqdn: mine.example.com, memory_mib: 2048}\n")
    arguments = ["deploy", "--answers", str(document), "--set", "engine.memory_mib=4096", "--admin-password-stdin"]
    assert cli.main([*arguments, "--detach"]) == 0
    job_id = capsys.readouterr().out.strip()
    answers = JobStore().spec(job_id).answers
    assert answers["engine"] == {"fqdn": "mine.example.com", "memory_mib": 4096}
    assert cli.main(["attach", job_id]) == 0


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("engine.memory_mib=1", "engine.memory_mib: "),
        ("engine.fqdn=not a name", "engine.fqdn: "),
        ("colour=blue", "colour: "),
    ],
)
def test_unusable_answers_name_the_field(setting: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["deploy", "--set", setting]) == 3
    assert f"Error: {told}" in capsys.readouterr().err
    assert JobStore().list().jobs == []


def test_a_failed_preflight_refuses_with_evidence_and_remedy(
    results: list[CheckResult], capsys: pytest.CaptureFixture[str]
) -> None:
    results.append(finding("error"))
    assert cli.main(["deploy"]) == 3
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [
        "error     Memory: There is 5 MiB.",
        "          The engine VM needs memory.",
        "          /proc/meminfo: MemAvailable: 5120 kB",
        "          What to do: Stop a guest.",
    ]
    assert "[preflight.refused]" in shown.err
    assert JobStore().list().jobs == []


def test_a_dry_run_shows_the_plan_and_changes_nothing(capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert cli.main(["deploy", "--dry-run", "--set", "engine.memory_mib=2048"]) == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "engine.memory_mib 2048 given" in lines
    assert any(line.startswith("engine.fqdn ") for line in lines)
    assert "Phase 1: Do it (about 2 s)" in lines
    assert "ok Memory: There is 5 MiB." in lines
    assert JobStore().list().jobs == []
    assert cli.main(["deploy"]) == 4
    assert "[access.denied]" in capsys.readouterr().err


def test_without_a_terminal_the_password_must_come_from_somewhere(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read_end, write_end = os.pipe()
    os.close(write_end)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.FileIO(read_end)))
    assert cli.main(["deploy"]) == 3
    assert "[secrets.unreadable]" in capsys.readouterr().err
    assert JobStore().list().jobs == []


def test_two_passwords_that_differ_start_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = os.openpty()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.FileIO(theirs)))
    typed = iter(["correct horse", "correct house"])
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(typed))
    assert cli.main(["deploy"]) == 3
    assert "[secrets.mismatch]" in capsys.readouterr().err
    os.close(ours)


def test_check_and_status_are_reports_and_json(
    results: list[CheckResult], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cockpit_rhv.checks.registry.run_checks", lambda ids, context: CheckReport(tuple(results), 0.1))
    assert cli.main(["check"]) == 0
    assert capsys.readouterr().out == "ok        Memory: There is 5 MiB.\n"
    for severity in ("warning", "unknown"):
        monkeypatch.setattr(
            "cockpit_rhv.checks.registry.run_checks",
            lambda ids, context, severity=severity: CheckReport((finding(severity),), 0.1),
        )
        assert cli.main(["check"]) == 1
        assert capsys.readouterr().out.startswith(severity)
    monkeypatch.setattr("cockpit_rhv.checks.registry.run_checks", lambda ids, context: CheckReport(tuple(results), 0.1))
    results.append(finding("error"))
    assert cli.main(["check", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["verdict"] == "error"
    assert cli.main(["status"]) == 0
    assert capsys.readouterr().out == "No engine is deployed on this host.\n"
    assert cli.main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == NO_ENGINE
