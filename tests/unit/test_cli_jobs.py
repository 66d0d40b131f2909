# SPDX-License-Identifier: Apache-2.0
"""The commands about jobs, on real jobs; systemd alone is replaced."""

from __future__ import annotations

import errno
import os
import pty
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv import cli
from cockpit_rhv.jobs import JobStore, start_job

from .jobs_support import ROOT, PlainLauncher, playbooks, plugins, spec, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOG = {"rhv_log": [{"id": "l", "text": "Look at {x}", "params": {"x": "y"}}]}
SLEEPY: dict[str, list[dict[str, Any]]] = {
    "one": [{"name": "Work", "count": {"given": LOG}}],
    "two": [{"name": "Sleep", "count": {"given": {"sleep": True}}}],
}
BODY = """
import os, time
while given.get("sleep") and not os.path.exists(FLAG):
    time.sleep(0.1)
result = {key: value for key, value in given.items() if key != "sleep"}
"""


@pytest.fixture
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlainLauncher]:
    launcher = PlainLauncher()
    monkeypatch.setenv("COCKPIT_RHV_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setattr("cockpit_rhv.jobs.control.SystemdLauncher", lambda: launcher)
    yield launcher
    for unit, process in launcher.started.items():
        if process.poll() is None:
            launcher.kill(unit)


@pytest.fixture
def job(launcher: PlainLauncher, tmp_path: Path) -> str:
    """A deployment that sleeps in its second phase until ``flag`` exists."""
    body = BODY.replace("FLAG", repr(str(tmp_path / "flag")))
    folder = playbooks(tmp_path / "playbooks", SLEEPY)
    job_id = start_job(spec("one", "two"), folder, plugins(tmp_path / "plugins", {"count": body}))
    wait_for(lambda: JobStore().load(job_id).phase == "two")
    return job_id


def finish(launcher: PlainLauncher, tmp_path: Path, job_id: str) -> None:
    (tmp_path / "flag").touch()
    launcher.wait(JobStore().load(job_id).unit)


def test_nothing_yet(launcher: PlainLauncher, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["jobs"]) == 0
    assert "no job" in capsys.readouterr().err
    for command in ("attach", "resume", "cancel", "logs"):
        assert cli.main([command]) == 3
        assert "[job.not_found]" in capsys.readouterr().err
    assert cli.main(["logs", "../../etc"]) == 3


def test_attach_shows_a_job_from_its_beginning(
    launcher: PlainLauncher, job: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["jobs"]) == 0
    assert re.search(rf"^{job}  running .* A job of the tests$", capsys.readouterr().out, re.MULTILINE)
    finish(launcher, tmp_path, job)
    assert cli.main(["attach"]) == 0
    shown = re.sub(r"\(\d+\.\d s\)", "(t)", re.sub(r"^ +\d+:\d\d", "", capsys.readouterr().out, flags=re.MULTILINE))
    assert shown.splitlines() == [
        "  The job started.",
        "  Phase 1 of 2: One",
        "      Look at y",
        "    Work: ok (t)",
        "  Phase 2 of 2: Two",
        "    Sleep: ok (t)",
        "  The job is done.",
    ]
    assert cli.main(["logs", "--raw"]) == 0
    assert "PLAY RECAP" in capsys.readouterr().out
    assert cli.main(["logs", job]) == 0
    assert "Phase 2 of 2: Two" in capsys.readouterr().out


def test_cancel_then_resume(
    launcher: PlainLauncher, job: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["resume", job]) == 3, "it runs"
    assert "[job.already_running]" in capsys.readouterr().err
    assert cli.main(["cancel"]) == 0
    assert job in capsys.readouterr().out
    assert launcher.processes(JobStore().load(job).unit) == set()
    assert cli.main(["attach", job]) == 5
    assert f"cockpit-rhv resume {job}" in capsys.readouterr().err
    (tmp_path / "flag").touch()
    assert cli.main(["resume", "--detach"]) == 0
    assert capsys.readouterr().out == f"{job}\n"
    assert cli.main(["attach", job]) == 0
    assert "attempt 2" in capsys.readouterr().out


def test_a_failure_is_told_with_hint_code_and_detail(
    launcher: PlainLauncher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = playbooks(tmp_path / "p", {"one": [{"name": "Break", "ansible.builtin.fail": {"msg": "it broke"}}]})
    job_id = start_job(spec("one"), folder)
    assert cli.main(["attach", job_id]) == 1
    shown = capsys.readouterr()
    assert "Break: failed" in shown.out
    assert shown.err.startswith('Error: The step "Break" failed.\n')
    assert "[job.task_failed]" in shown.err
    assert "| it broke" in shown.err


def test_a_killed_runner_is_noticed_while_attached(
    launcher: PlainLauncher, job: str, capsys: pytest.CaptureFixture[str]
) -> None:
    launcher.kill(JobStore().load(job).unit)
    assert cli.main(["attach", job]) == 1
    assert "[job.interrupted]" in capsys.readouterr().err


def attached(store: JobStore, job_id: str, **streams: Any) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "bridge"), "COCKPIT_RHV_JOBS": str(store.root)}
    # It must not ask systemd, which a test's machine may lack; the job is alive anyway.
    code = (
        "import sys, cockpit_rhv.cli_follow as f; f._RECONCILE_S = 1e9\n"
        "import cockpit_rhv.cli_jobs as j; j.reconcile = lambda store: []\n"
        "import cockpit_rhv.cli as c; sys.exit(c.main(sys.argv[1:]))"
    )
    argv = [sys.executable, "-c", code, "attach", job_id]
    # A shell's background job, as a CI run may be, has Ctrl-C switched off, and its children inherit that.
    return subprocess.Popen(
        argv, env=environment, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler), **streams
    )


def test_ctrl_c_leaves_the_job_running(launcher: PlainLauncher, job: str, tmp_path: Path) -> None:
    process = attached(JobStore(), job, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    while b"Phase 2" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 6
    assert f"cockpit-rhv cancel {job}".encode() in told
    assert b"Traceback" not in told
    assert launcher.is_active(JobStore().load(job).unit)
    finish(launcher, tmp_path, job)
    assert JobStore().load(job).state == "succeeded"


def test_a_terminal_has_a_live_line(launcher: PlainLauncher, job: str, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = attached(JobStore(), job, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while not re.search(rb"\r\x1b\[K2/2 \[#+-+\] \d+:\d\d, about \d+:\d\d( \(\xc2\xb1 \d+:\d\d\))? left  Sleep", shown):
        shown += os.read(ours, 4096)
    finish(launcher, tmp_path, job)
    while chunk := read_pty(ours):
        shown += chunk
    os.close(ours)
    assert process.wait(60) == 0
    assert shown.rstrip().endswith(b"The job is done.")


def read_pty(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError as error:
        # Linux says so when the other side is closed.
        if error.errno != errno.EIO:
            raise
        return b""
