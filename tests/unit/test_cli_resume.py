# SPDX-License-Identifier: Apache-2.0
"""``cockpit-rhv resume`` with other answers: what is said before it starts, and what is refused."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv import cli
from cockpit_rhv.errors import RhvError
from cockpit_rhv.messages import msg

from .jobs_support import ended
from .resume_support import PHASES, Unfinished

if TYPE_CHECKING:
    from pathlib import Path

VM: dict[str, Any] = {"name": "HostedEngine", "disk": "/x.qcow2", "drive": "/x.iso", "started": True}
SECRET = "marker 4711 password"


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unfinished:
    monkeypatch.setenv("LANG", "C.UTF-8")
    job = Unfinished(tmp_path, monkeypatch)
    monkeypatch.setattr("cockpit_rhv.jobs.control.SystemdLauncher", lambda: job.launcher)
    job.stop("host", **VM)
    return job


def test_settings_are_shown_with_what_they_cost(job: Unfinished, capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--set", "engine.memory_mib=2048", "--set", "host.name=host2"]
    assert cli.main(["resume", "--detach", *settings]) == 0
    shown = capsys.readouterr()
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]
    assert lines == ["engine.memory_mib 1024 -> 2048", 'host.name - -> "host2"', job.id]
    assert "Done again: Check the host, Prepare the storage, Copy the engine's disk" in shown.err
    assert "thrown away and made anew" in shown.err
    assert job.variables()["rhv_answers"]["engine"]["memory_mib"] == 2048
    assert job.pending() == PHASES


def test_a_document_leaves_the_rest_as_it_was(
    job: Unfinished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "answers.yml"
    document.write_text("host:\n  name: host2\n")
    assert cli.main(["resume", job.id, "--detach", "--answers", str(document)]) == 0
    assert job.variables()["rhv_answers"] == {**job.given, "host": {"name": "host2"}}
    assert job.pending() == ["preflight", "host", "finish"]
    assert "thrown away" not in capsys.readouterr().err


def test_a_setting_goes_over_the_document(job: Unfinished, tmp_path: Path) -> None:
    document = tmp_path / "answers.json"
    document.write_text('{"host": {"name": "host2"}}')
    assert cli.main(["resume", "--detach", "--answers", str(document), "--set", "host.name=host3"]) == 0
    assert job.variables()["rhv_answers"]["host"] == {"name": "host3"}


def test_without_anything_new_it_just_goes_on(job: Unfinished, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["resume", "--detach"]) == 0
    assert capsys.readouterr().out == f"{job.id}\n"
    assert job.pending() == ["host", "finish"]


def test_a_new_password_comes_by_a_descriptor(job: Unfinished, capsys: pytest.CaptureFixture[str]) -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, SECRET.encode() + b"\n")
    os.close(write_end)
    try:
        assert cli.main(["resume", "--detach", "--admin-password-fd", str(read_end)]) == 0
    finally:
        os.close(read_end)
    shown = capsys.readouterr()
    assert "thrown away" in shown.err
    assert SECRET not in shown.out + shown.err
    assert job.variables()["rhv_admin_password_hash"].startswith("scrypt$")
    assert job.pending() == PHASES


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--set", "engine.fqdn=x"], 3, "[answers.invalid]"),
        (["--set", "engine.fqdn"], 3, "[answers.setting]"),
        (["--set", "nothing.there=1"], 3, "[answers.invalid]"),
        (["--answers", "/nowhere"], 3, "[answers.unreadable]"),
        (["20260101-000000-abcd", "--set", "host.name=x"], 3, "[job.not_found]"),
    ],
)
def test_what_is_wrong_starts_nothing(
    job: Unfinished, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    assert cli.main(["resume", *arguments]) == code
    assert said in capsys.readouterr().err
    assert (job.status().state, job.marked()) == ("failed", False)
    assert job.variables()["rhv_answers"] == job.given


def test_a_finished_deployment_is_not_changed(job: Unfinished, capsys: pytest.CaptureFixture[str]) -> None:
    ended(job.store, job.launcher, job.id, "succeeded")
    assert cli.main(["resume", job.id, "--set", "host.name=x"]) == 3
    assert "[deploy.not_resumable]" in capsys.readouterr().err


def test_answers_and_password_cannot_both_come_from_stdin(
    job: Unfinished, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(SystemExit) as caught:
        cli.main(["resume", "--answers", "-", "--admin-password-stdin"])
    assert caught.value.code == 2
    assert job.status().state == "failed"


def test_an_error_is_told_with_its_cause(job: Unfinished, capsys: pytest.CaptureFixture[str]) -> None:
    error = RhvError("a.b", msg("a", "It broke."), msg("h", "Mend it."), "raw", cause=msg("c", "It was old."))
    ended(job.store, job.launcher, job.id, "failed", error=error)
    assert cli.main(["attach", job.id]) == 1
    assert capsys.readouterr().err.startswith("Error: It broke.\n  It was old.\n  Mend it.\n  [a.b]\n  | raw\n")
