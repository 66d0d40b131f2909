# SPDX-License-Identifier: Apache-2.0
"""``cockpit-rhv collect-logs``: where the archive ends up, and what a failed collection leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv import cli_logs
from cockpit_rhv.cli import main
from cockpit_rhv.cli_exit import FAILED, REFUSED
from cockpit_rhv.logs.archives import archive_path

if TYPE_CHECKING:
    from pathlib import Path

JOB = "20260301-101500-a1b2"


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was started; the job is done at once and has made its archive."""
    started: list[Any] = []

    def start(task: str, params: dict[str, str], _user: str, **_more: Any) -> str:
        started.append((task, params))
        archive_path(JOB).parent.mkdir(parents=True)
        archive_path(JOB).write_bytes(b"archive")
        return JOB

    monkeypatch.setenv("COCKPIT_RHV_STATE", str(tmp_path))
    monkeypatch.setenv("COCKPIT_RHV_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setattr(cli_logs, "start_task", start)
    monkeypatch.setattr(cli_logs, "follow", lambda *_: 0)
    return started


def test_the_archive_is_kept_and_its_path_printed(asked: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["collect-logs", "--since", "1w"]) == 0
    assert asked == [("collect-logs", {"since": "1w", "guests": "yes"})]
    assert capsys.readouterr().out == f"{archive_path(JOB)}\n"


def test_the_archive_goes_where_it_was_asked_for(asked: list[Any], tmp_path: Path) -> None:
    target = tmp_path / "mine.tar.xz"
    assert main(["collect-logs", "--no-guests", "--output", str(target)]) == 0
    assert asked == [("collect-logs", {"since": "1d", "guests": "no"})]
    assert (target.read_bytes(), target.stat().st_mode & 0o777) == (b"archive", 0o600)
    assert not archive_path(JOB).exists()


def test_nothing_is_overwritten_and_then_nothing_begun(
    asked: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "mine.tar.xz"
    target.write_text("precious")
    assert main(["collect-logs", "--output", str(target)]) == REFUSED
    assert (asked, target.read_text()) == ([], "precious")
    assert "exists already" in capsys.readouterr().err


def test_a_collection_that_fails_writes_nothing(
    asked: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_logs, "follow", lambda *_: FAILED)
    assert main(["collect-logs", "--output", str(tmp_path / "mine.tar.xz")]) == FAILED
    assert not (tmp_path / "mine.tar.xz").exists()
    assert len(asked) == 1


def test_half_a_copy_is_removed_and_the_archive_stays(
    asked: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_job: str, output: Any) -> None:
        output.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli_logs, "copy_archive", full)
    assert main(["collect-logs", "--output", str(tmp_path / "mine.tar.xz")]) == FAILED
    assert not (tmp_path / "mine.tar.xz").exists()
    assert archive_path(JOB).exists()
    assert len(asked) == 1
