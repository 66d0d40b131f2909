# SPDX-License-Identifier: Apache-2.0
"""``cockpit-rhv cleanup``: what is shown, who is asked what, and when a job is started."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv import cli
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs import JobStore
from cockpit_rhv.jobs.control import start_job
from cockpit_rhv.jobs.files import read_json
from cockpit_rhv.messages import msg

from tests.unit import deploy_support as world

from .cleanup_support import FQDN, Host, made_host
from .jobs_support import PaperLauncher, playbooks, spec

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setenv("LANG", "C.UTF-8")
    launcher = PaperLauncher()
    monkeypatch.setattr("cockpit_rhv.jobs.control.SystemdLauncher", lambda: launcher)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    yield from made_host(tmp_path, monkeypatch)


def typed(monkeypatch: pytest.MonkeyPatch, answer: str | type[BaseException]) -> list[str]:
    """On a terminal, what is typed; returns the questions."""
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        if isinstance(answer, str):
            return answer
        raise answer

    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Keyboard())
    monkeypatch.setattr("builtins.input", ask)
    return asked


def jobs() -> list[str]:
    return list(JobStore().ids())


def test_nothing_to_remove(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cleanup", "--detach"]) == 0
    assert cli.main(["cleanup", "--detach", "--yes"]) == 0
    assert "nothing to remove" in capsys.readouterr().out
    assert jobs() == []


def test_a_dry_run_shows_each_thing_and_asks_nothing(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.finish(host.deploy())
    before = host.files()
    assert cli.main(["cleanup", "--detach", "--dry-run", "--yes", "--engine", FQDN]) == 0
    shown = capsys.readouterr()
    assert f"{host.images}/HostedEngine.qcow2" in shown.out
    assert "The engine's disk, with everything on it." in shown.out
    assert "0.0 MiB" in shown.out
    assert "HostedEngine" in shown.out
    assert "logs of earlier jobs stay" in shown.err
    assert host.files() == before
    assert jobs() == []


@pytest.mark.parametrize("finished", [False, True])
def test_without_a_terminal_it_wants_to_be_told(host: Host, capsys: pytest.CaptureFixture[str], finished: bool) -> None:
    deployment = host.deploy()
    if finished:
        host.finish(deployment)
    assert cli.main(["cleanup", "--detach"]) == 3
    assert "--yes" in capsys.readouterr().err
    assert jobs() == []
    if finished:
        assert cli.main(["cleanup", "--detach", "--yes"]) == 3
        assert "[cleanup.unconfirmed]" in capsys.readouterr().err
        assert jobs() == []


@pytest.mark.parametrize(
    ("finished", "arguments"),
    [
        (False, ["--yes"]),
        (False, ["--yes", "--engine", FQDN]),
        (True, ["--engine", FQDN]),
        (True, ["--yes", "--engine", FQDN]),
    ],
)
def test_told_so_it_starts_the_job(
    host: Host, capsys: pytest.CaptureFixture[str], finished: bool, arguments: list[str]
) -> None:
    deployment = host.deploy()
    if finished:
        host.finish(deployment)
    assert cli.main(["cleanup", "--detach", *arguments]) == 0
    (job_id,) = jobs()
    assert capsys.readouterr().out.splitlines()[-1] == job_id
    variables: Any = read_json(JobStore().folder(job_id) / "private" / "vars.json")
    assert variables["rhv_cleanup_engine"] == (FQDN if finished else "")
    assert cli.main(["cleanup", "--detach", *arguments]) == 3
    assert f"The job {job_id}" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--engine", "other.example.com"], ["--yes", "--engine", "other.example.com"]])
def test_another_engines_name_removes_nothing(
    host: Host, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    host.finish(host.deploy())
    assert cli.main(["cleanup", "--detach", *arguments]) == 3
    assert "[cleanup.unconfirmed]" in capsys.readouterr().err
    assert jobs() == []


def test_a_name_is_no_answer_where_no_engine_works(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.deploy()
    assert cli.main(["cleanup", "--detach", "--engine", FQDN]) == 3
    assert "--yes" in capsys.readouterr().err
    assert jobs() == []


@pytest.mark.parametrize(
    ("finished", "answer", "code"),
    [
        (False, "yes", 0),
        (False, " YES ", 0),
        (False, "y", 3),
        (False, "", 3),
        (False, FQDN, 3),
        (True, FQDN, 0),
        (True, "yes", 3),
        (True, "", 3),
        (True, "other", 3),
        (False, EOFError, 130),
        (True, KeyboardInterrupt, 130),
    ],
)
def test_on_a_terminal_it_asks(
    host: Host,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    finished: bool,
    answer: Any,
    code: int,
) -> None:
    deployment = host.deploy()
    if finished:
        host.finish(deployment)
    asked = typed(monkeypatch, answer)
    assert cli.main(["cleanup", "--detach"]) == code
    assert len(asked) == 1
    assert (FQDN in asked[0]) == finished
    assert len(jobs()) == (code == 0)
    said = capsys.readouterr().err
    assert ("Nothing was removed." in said) == (code == 3)
    assert "Traceback" not in said


def test_only_root(host: Host, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    host.deploy()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert cli.main(["cleanup", "--detach", "--dry-run"]) == 4
    assert "[access.denied]" in capsys.readouterr().err


# -- after a cancelled deployment -------------------------------------------------------------------------------------


def cancelled(host: Host) -> int:
    job_id = start_job(spec("one"), playbooks(host.folder / "playbooks", {"one": []}))
    return cli.main(["cancel", job_id])


def test_cancel_says_what_was_made_and_how_to_go_on(host: Host, capsys: pytest.CaptureFixture[str]) -> None:
    host.deploy()
    host.real.lookupByName("HostedEngine").destroy()
    assert cancelled(host) == 0
    shown = capsys.readouterr()
    assert f"{host.images}/HostedEngine.qcow2" in shown.out
    assert "cockpit-rhv cleanup" in shown.err
    assert host.domains() == {"HostedEngine"}


def test_a_job_is_cancelled_though_nobody_can_say_what_it_made(
    host: Host, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    host.deploy()
    error = RhvError("libvirt.unreachable", msg("x", "libvirt does not answer."))
    monkeypatch.setattr("cockpit_rhv.deploy.cleanup_plan.connected", world.raising(error))
    assert cancelled(host) == 0
    shown = capsys.readouterr()
    assert "nothing of it runs any more" in shown.out
    assert "libvirt does not answer." in shown.err
