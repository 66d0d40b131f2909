# SPDX-License-Identifier: Apache-2.0
"""What an upgrade would do, when it is refused and why, and the front doors' view of it."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from cockpit_rhv.deploy import appliance_image, upgrade_plan, upgrade_preflight
from cockpit_rhv.deploy.appliance_image import is_newer
from cockpit_rhv.deploy.config import PreviousDisk, read_engine_config, write_engine_config
from cockpit_rhv.deploy.drive import scratch_folders
from cockpit_rhv.deploy.engine_state import Health
from cockpit_rhv.deploy.rollback import explain_loss
from cockpit_rhv.deploy.upgrade_disk import prepare_next
from cockpit_rhv.deploy.upgrade_plan import plan_upgrade
from cockpit_rhv.deploy.upgrade_preflight import check_upgrade
from cockpit_rhv.deploy.upgrade_record import read_upgrade
from cockpit_rhv.deploy.upgrade_start import drop_previous, start_rollback, start_upgrade
from cockpit_rhv.deploy.upgrade_switch import switch_disks
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs import JobStore
from cockpit_rhv.messages import msg
from cockpit_rhv.paths import data_dir

from .upgrade_support import NEW, OLD, SILENT, UPGRADE, World, make_image

if TYPE_CHECKING:
    from pathlib import Path


class Recorder:
    """Starts nothing; remembers what it was to start."""

    def __init__(self) -> None:
        self.started: list[str] = []

    def launch(self, unit: str, _folder: Path) -> None:
        self.started.append(unit)

    def is_active(self, _unit: str) -> bool:
        return False

    def stop(self, _unit: str) -> None: ...


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(tmp_path, monkeypatch)
    monkeypatch.setattr(upgrade_plan, "read_health", lambda _config: world.health)
    monkeypatch.setattr(upgrade_plan, "DEFAULT_IMAGE", world.image)
    return world


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(tmp_path / "jobs")


def refusal(image: Path | None = None) -> str | None:
    found = plan_upgrade(image).refusal
    return found.code if found else None


def check_wire(plan: Any) -> None:
    common = json.loads((data_dir() / "schemas/common.json").read_text())
    jsonschema.validate(plan.to_json(), {**common, "$ref": "#/definitions/UpgradePlan"})


def test_a_newer_image_can_be_upgraded_to(here: World) -> None:
    plan = plan_upgrade()
    assert (plan.running, plan.image and plan.image.version, plan.newer, plan.refusal) == (OLD, NEW, True, None)
    assert plan.phases[0].id == "upgrade_preflight"
    assert (plan.previous, plan.unfinished, plan.back) == (None, None, None)
    check_wire(plan)


def test_without_an_image_there_is_no_update_and_no_fault(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade_plan, "DEFAULT_IMAGE", here.image.with_name("none.qcow2"))
    plan = plan_upgrade()
    assert (plan.image, plan.newer, plan.refusal) == (None, False, None)
    assert refusal(here.image.with_name("none.qcow2")) == "image.missing"
    check_wire(plan)


@pytest.mark.parametrize("version", [OLD, "0.0.9", "0.1.0~rc1"])
def test_the_same_or_an_older_version_is_refused(here: World, tmp_path: Path, version: str) -> None:
    image = make_image(tmp_path / "other", version)
    assert refusal(image) == "upgrade.not_newer"
    assert not plan_upgrade(image).newer
    with pytest.raises(RhvError) as caught:
        check_upgrade(UPGRADE, image, version)
    assert caught.value.code == "upgrade.not_newer"
    assert read_upgrade() is None


def test_what_the_manager_says_counts_not_what_was_written(here: World) -> None:
    """A package may have been upgraded inside the engine VM."""
    here.health = Health("good", msg("t", "good"), version="0.3.0")
    assert refusal() == "upgrade.not_newer"


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"rhv-engine.json": "{}"}, "image.no_description"),
        ({"rhv-engine.json": '{"version": "../0.2.0"}'}, "image.no_description"),
        ({"rhv-engine.json": '{"version": "0.2.0", "sha256": "00"}'}, "image.description"),
        ({"rhv-engine.qcow2.sha256": "nothing"}, "image.no_checksum"),
        ({"rhv-engine.qcow2": "no disk"}, "image.not_qcow2"),
    ],
)
def test_an_image_that_is_not_whole_is_refused(here: World, files: dict[str, str], code: str) -> None:
    for name, text in files.items():
        here.image.with_name(name).write_text(text)
    assert refusal() == code


def test_an_altered_image_never_becomes_the_disk(here: World) -> None:
    with here.image.open("r+b") as stream:
        stream.seek(200)
        stream.write(b"altered")
    with pytest.raises(RhvError) as caught:
        prepare_next(UPGRADE, here.image, NEW, SILENT)
    assert caught.value.code == "image.checksum"
    assert {path.name for path in here.files.disk.parent.iterdir()} == {"HostedEngine.qcow2"}
    assert here.domain.ran_on == [here.old_inode]


def test_the_image_was_replaced_since_it_was_shown(here: World) -> None:
    with pytest.raises(RhvError) as caught:
        check_upgrade(UPGRADE, here.image, "0.1.5")
    assert caught.value.code == "upgrade.other_image"


def test_an_engine_that_is_not_well_is_not_upgraded(here: World) -> None:
    here.domain.on = False
    with pytest.raises(RhvError, match="not_running"):
        check_upgrade(UPGRADE, here.image, NEW)
    here.domain.on = True
    here.health = Health("bad", msg("t", "The database is down."))
    with pytest.raises(RhvError, match="unhealthy") as caught:
        check_upgrade(UPGRADE, here.image, NEW)
    assert "database" in str(caught.value.detail)
    assert refusal() == "upgrade.unhealthy"


def test_too_little_room_is_refused(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade_preflight, "SPARE", 2**62)
    assert refusal() == "upgrade.no_room"


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_hard_links_is_refused_before_anything_is_copied(
    here: World, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def link(*_paths: Path) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(RhvError) as caught:
        prepare_next(UPGRADE, here.image, NEW, SILENT)
    assert caught.value.code == "upgrade.no_links"
    assert {path.name for path in here.files.disk.parent.iterdir()} == {"HostedEngine.qcow2"}
    assert read_upgrade() is None


def test_what_a_killed_look_for_hard_links_leaves_is_found_by_a_cleanup(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    link = os.link

    def watching(first: Path, second: Path) -> None:
        seen.extend(scratch_folders(here.files.disk))
        link(first, second)

    monkeypatch.setattr(os, "link", watching)
    check_upgrade(UPGRADE, here.image, NEW)
    assert [path.parent for path in seen] == [here.files.disk.parent]
    assert scratch_folders(here.files.disk) == []


def test_an_unfinished_upgrade_is_shown_and_leads_back(here: World) -> None:
    prepare_next(UPGRADE, here.image, NEW, SILENT)
    switch_disks(UPGRADE, SILENT)
    plan = plan_upgrade()
    assert (plan.unfinished and plan.unfinished.job, plan.back and plan.back.version) == (UPGRADE, OLD)
    assert plan.back is not None
    assert explain_loss(plan.back).id == "upgrade.rollback.loss"
    assert plan.refusal is not None
    assert plan.refusal.code == "upgrade.unfinished"
    check_wire(plan)
    with pytest.raises(RhvError, match="unfinished"):
        check_upgrade("20260404-040404-abcd", here.image, NEW)


def test_an_upgrade_that_changed_no_disk_yet_costs_nothing_to_undo(here: World) -> None:
    prepare_next(UPGRADE, here.image, NEW, SILENT)
    plan = plan_upgrade()
    assert plan.refusal is None
    assert plan.back is not None
    assert explain_loss(plan.back).id == "upgrade.rollback.none"


def kept(here: World) -> None:
    here.files.previous.write_bytes(b"previous")
    here.deployment.update(leftovers=[str(here.files.previous)])
    previous = PreviousDisk(str(here.files.previous), "0.0.9", 1.0)
    write_engine_config(dataclasses.replace(here.before, previous=previous))


def test_a_kept_disk_is_shown_with_its_size_and_can_be_dropped(here: World, store: JobStore) -> None:
    kept(here)
    plan = plan_upgrade()
    assert plan.previous is not None
    assert (plan.previous["version"], plan.previous["size_bytes"]) == ("0.0.9", 4096)
    assert plan.back is not None
    assert "0.0.9" in str(plan.notes[-1])
    check_wire(plan)
    drop_previous(store)
    assert not here.files.previous.exists()
    assert here.config == here.before
    with pytest.raises(RhvError, match="no_previous"):
        drop_previous(store)


def test_the_way_back_is_not_dropped_under_an_upgrade(here: World, store: JobStore) -> None:
    kept(here)
    prepare_next(UPGRADE, here.image, NEW, SILENT)
    with pytest.raises(RhvError, match="in_use"):
        drop_previous(store)
    assert here.files.previous.exists()


def test_a_job_is_started_with_what_was_shown(here: World, store: JobStore) -> None:
    launcher = Recorder()
    job = start_upgrade(None, NEW, "admin", limit_s=7.0, store=store, launcher=launcher)
    assert launcher.started == [f"cockpit-rhv-job-{job}.service"]
    status = store.load(job)
    assert (status.kind, status.profile, str(status.title)) == (
        "upgrade", "embedded", "Upgrade the engine engine.example.com to version 0.2.0",
    )  # fmt: skip
    phases = [phase.id for phase in status.phases]
    assert phases == [f"upgrade_{name}" for name in ("preflight", "image", "switch", "engine", "finish")]
    project = store.folder(job) / "private"
    assert all((project / "project" / f"{phase}.yml").exists() for phase in phases)
    told = json.loads((project / "vars.json").read_text())["rhv_upgrade"]
    assert told == {"image": str(here.image), "version": NEW, "limit_s": 7.0}


def test_the_way_back_is_a_job_and_the_upgrade_cannot_be_resumed_then(here: World, store: JobStore) -> None:
    launcher = Recorder()
    upgrade = start_upgrade(None, NEW, "admin", store=store, launcher=launcher)
    prepare_next(upgrade, here.image, NEW, SILENT)
    switch_disks(upgrade, SILENT)
    status = store.load(upgrade)
    status.state, status.resumable = "failed", True
    store.write_status(status)
    job = start_rollback("admin", store=store, launcher=launcher)
    told = json.loads((store.folder(job) / "private/vars.json").read_text())["rhv_rollback"]
    assert (told["version"], told["inode"], told["stale"]) == (OLD, here.old_inode, [*here.clients, *here.clients])
    assert [phase.id for phase in store.load(job).phases] == ["rollback_switch", "rollback_engine", "rollback_finish"]
    assert not store.load(upgrade).resumable


def test_there_is_nothing_to_undo(here: World, store: JobStore) -> None:
    with pytest.raises(RhvError, match="no_previous"):
        start_rollback("admin", store=store, launcher=Recorder())


@pytest.mark.parametrize(
    ("version", "than", "newer"),
    [
        ("0.2.0", "0.1.0", True), ("0.1.0", "0.1.0", False), ("0.1.0", "0.2.0", False), ("0.10.0", "0.9.9", True),
        ("1.0", "1.0.0", False), ("1.0.0.1", "1.0", True), ("0.2.0", "0.2.0~rc1", True),
        ("0.2.0~rc10", "0.2.0~rc9", True),
        ("0.2.0+1", "0.2.0", True), ("0.2.0~rc1", "0.1.9", True), ("odd", "0.1.0", False), ("0.1.0", "odd", False),
    ],
)  # fmt: skip
def test_versions(version: str, than: str, newer: bool) -> None:
    assert is_newer(version, than) is newer


def test_an_engine_json_of_version_0_1_0_is_read(here: World) -> None:
    """It knows of no previous disk, and what has none is written as it was then."""
    written = here.before.to_json()
    assert "previous" not in written
    assert read_engine_config() == here.before
    kept(here)
    config = read_engine_config()
    assert config is not None
    assert config.previous == PreviousDisk(str(here.files.previous), "0.0.9", 1.0)


def test_the_appliance_of_the_package_is_the_default() -> None:
    schema = json.loads((data_dir() / "ansible/embedded/answers.schema.json").read_text())
    assert str(appliance_image.DEFAULT_IMAGE) == schema["properties"]["image"]["properties"]["path"]["default"]
