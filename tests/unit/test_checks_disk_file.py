# SPDX-License-Identifier: Apache-2.0
"""Names of the engine's files that are taken: by a stranger's file, an engine of before, a link."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.checks import disk_file
from cockpit_rhv.deploy.places import disk_file as disk_place
from cockpit_rhv.deploy.places import drive_file

from tests.unit import deploy_support as world

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["HostedEngine.qcow2", ".HostedEngine.qcow2.partial", "HostedEngine-cidata.iso"]


def judge(folder: Path, **options: Any) -> Any:
    return disk_file.check_disk_free(world.context(world.answers("/x", folder), **options))


def test_the_names_are_those_the_deployment_uses(tmp_path: Path) -> None:
    looked_at = disk_file.engine_files(world.context(world.answers("/x", tmp_path)))
    assert [path.name for path in looked_at] == NAMES
    assert looked_at[0] == disk_place(str(tmp_path), "HostedEngine")
    assert looked_at[2] == drive_file(str(tmp_path), "HostedEngine")


def test_other_files_in_the_directory_are_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "other.qcow2").write_text("of another guest")
    assert judge(tmp_path).severity == "ok"


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_not_ours_is_never_overwritten(tmp_path: Path, name: str) -> None:
    taken = tmp_path / name
    taken.write_text("somebody's")
    outcome = judge(tmp_path)
    assert (outcome.severity, outcome.summary.params["path"]) == ("error", str(taken))
    assert outcome.remedy
    assert judge(tmp_path, own_files=frozenset({str(taken)})).severity == "ok"


@pytest.mark.parametrize("name", NAMES)
def test_a_link_is_refused_whoever_made_it(tmp_path: Path, name: str) -> None:
    link = tmp_path / name
    link.symlink_to(tmp_path / "nowhere")
    for own in (frozenset(), frozenset({str(link)})):
        outcome = judge(tmp_path, own_files=own)
        assert (outcome.severity, outcome.summary.id) == ("error", "checks.disk.link")
        assert outcome.summary.params["target"] == str(tmp_path / "nowhere")


def test_an_engine_of_before_is_recognised_and_explained(tmp_path: Path) -> None:
    disk = world.qcow2(tmp_path / "HostedEngine.qcow2", gib=10)
    left = judge(tmp_path)
    assert (left.severity, left.summary.id, left.summary.params["gib"]) == ("error", "checks.disk.earlier", 10.0)
    assert "nothing is taken over" in str(left.remedy)
    for job, sentence in (("20250101-000000-0000", "checks.disk.engine"), (None, "checks.disk.guest")):
        holder = dataclasses.replace(world.domain("old", job), disks=[str(disk)])
        outcome = judge(tmp_path, hypervisor=lambda holder=holder: world.hypervisor([holder]))
        assert (outcome.severity, outcome.summary.id, outcome.summary.params["name"]) == ("error", sentence, "old")


def test_without_libvirt_a_file_is_foreign_all_the_same(tmp_path: Path) -> None:
    from cockpit_rhv.errors import RhvError
    from cockpit_rhv.messages import msg

    (tmp_path / "HostedEngine.qcow2").write_text("x")
    down = world.raising(RhvError("libvirt.unreachable", msg("m", "libvirt does not answer.")))
    assert judge(tmp_path, hypervisor=down).severity == "error"
