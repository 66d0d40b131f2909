# SPDX-License-Identifier: Apache-2.0
"""``cockpit-rhv upgrade``: what it says, what it asks, and its exit codes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from cockpit_rhv import cli
from cockpit_rhv.deploy import upgrade_plan
from cockpit_rhv.deploy.upgrade_disk import prepare_next
from cockpit_rhv.deploy.upgrade_finish import finish_upgrade
from cockpit_rhv.deploy.upgrade_switch import switch_disks
from cockpit_rhv.jobs import JobStore

from .jobs_support import PlainLauncher
from .upgrade_support import NEW, OLD, SILENT, UPGRADE, World, make_image

if TYPE_CHECKING:
    from pathlib import Path


class Launcher(PlainLauncher):
    """Starts nothing."""

    def launch(self, unit: str, folder: Path) -> None: ...


class Typing(io.StringIO):
    """A terminal at which somebody types."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(tmp_path, monkeypatch)
    monkeypatch.setattr(upgrade_plan, "read_health", lambda _config: world.health)
    monkeypatch.setattr(upgrade_plan, "DEFAULT_IMAGE", world.image)
    monkeypatch.setattr("cockpit_rhv.cli._quiet_libvirt", lambda: None)
    monkeypatch.setattr("cockpit_rhv.jobs.control.SystemdLauncher", Launcher)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    monkeypatch.setenv("COCKPIT_RHV_JOBS", str(tmp_path / "jobs"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    return world


def upgraded(here: World) -> None:
    prepare_next(UPGRADE, here.image, NEW, SILENT)
    switch_disks(UPGRADE, SILENT)
    finish_upgrade(UPGRADE, NEW)


def test_a_dry_run_says_what_would_happen(here: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["upgrade", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert f"The engine has version {OLD}." in said
    assert f"has version {NEW} " in said
    assert "Phase 5: Finish" in said
    assert JobStore().list().jobs == []


def test_what_is_not_newer_is_refused_with_exit_code_3(
    here: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = str(make_image(tmp_path / "same", OLD))
    assert cli.main(["upgrade", "--dry-run", "--image", image]) == 3
    assert cli.main(["upgrade", "--image", image]) == 3
    assert capsys.readouterr().err.count("[upgrade.not_newer]") == 2
    assert JobStore().list().jobs == []


def test_an_upgrade_is_a_job(here: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["upgrade", "--detach"]) == 0
    (job,) = JobStore().list().jobs
    assert capsys.readouterr().out.strip() == job.id
    assert job.kind == "upgrade"


def test_the_way_back_is_asked_for(
    here: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    upgraded(here)
    assert cli.main(["upgrade", "--rollback", "--detach"]) == 3
    assert "is lost" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", Typing("no\n"))
    assert cli.main(["upgrade", "--rollback", "--detach"]) == 3
    assert JobStore().list().jobs == []
    monkeypatch.setattr("sys.stdin", Typing("yes\n"))
    assert cli.main(["upgrade", "--rollback", "--detach"]) == 0
    assert len(JobStore().list().jobs) == 1


def test_the_previous_disk_is_removed_when_that_is_confirmed(here: World) -> None:
    upgraded(here)
    assert cli.main(["upgrade", "--drop-previous"]) == 3
    assert here.files.previous.exists()
    assert cli.main(["upgrade", "--drop-previous", "--yes"]) == 0
    assert not here.files.previous.exists()
    assert cli.main(["upgrade", "--drop-previous", "--yes"]) == 3
    assert cli.main(["upgrade", "--rollback", "--yes"]) == 3
