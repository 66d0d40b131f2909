# SPDX-License-Identifier: Apache-2.0
"""The engine's disk as a logical volume: made, filled, recognised, grown, woken and removed; a stranger's never."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.checks.context import Finished
from cockpit_rhv.deploy import cleanup, engine_volume, finish, places
from cockpit_rhv.deploy.cleanup_plan import plan_cleanup
from cockpit_rhv.deploy.config import read_engine_config
from cockpit_rhv.deploy.discard import discard_unfinished
from cockpit_rhv.deploy.disk import make_disk
from cockpit_rhv.deploy.engine_volume import ensure_volume
from cockpit_rhv.deploy.progress import ProgressFile
from cockpit_rhv.deploy.state import RECORD, Deployment
from cockpit_rhv.deploy.storage import mount_storage, prepare_storage
from cockpit_rhv.deploy.upgrade_preflight import refuse_volume
from cockpit_rhv.errors import RhvError
from cockpit_rhv.host.services import UnitState
from cockpit_rhv.storage import logical

from tests.unit import deploy_support as world
from tests.unit.cleanup_support import Host, carry_out, made_host
from tests.unit.stand_in_lvm import StandInLvm
from tests.unit.test_deploy_disk import Recorder, needs_qemu_img, seal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

pytestmark = needs_qemu_img

SILENT = ProgressFile(None)
PLACE = "vg0/rhv-HostedEngine"
GIB = world.GIB


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    yield from made_host(tmp_path, monkeypatch)


@pytest.fixture
def lvm(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandInLvm:
    return StandInLvm(tmp_path / "lvm", monkeypatch, {"vg0": 20 * GIB, "other": 20 * GIB})


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A disk of 1 MiB with something at its beginning."""
    path, raw = tmp_path / "rhv-engine.qcow2", tmp_path / "raw"
    raw.write_bytes(b"a boot sector".ljust(2**20, b"\0"))
    convert(raw, path)
    return path


def convert(raw: Path, path: Path) -> None:
    # Not by subprocess.run, in whose place the host of a cleanup stands.
    subprocess.check_call(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", str(raw), str(path)])
    seal(path)


def wanted(image: Path | str = "/x.qcow2", **changes: Any) -> dict[str, Any]:
    plain = {"storage.kind": "lvm", "storage.volume_group": "vg0", "engine.disk_gib": 4}
    return world.changed(world.answers(image), {**plain, **changes})


def content(lvm: StandInLvm, size: int = 13) -> bytes:
    with lvm.device(PLACE).open("rb") as stream:
        return stream.read(size)


def spoil(lvm: StandInLvm) -> None:
    """As a copy leaves it that was broken off."""
    with lvm.device(PLACE).open("r+b") as stream:
        stream.write(b"half")


def test_made_filled_and_then_recognised(lvm: StandInLvm, image: Path) -> None:
    deployment, progress = Deployment.open(world.JOB), Recorder()
    assert prepare_storage(deployment, wanted())
    assert lvm.volumes == {PLACE: {"size": 4 * GIB, "active": True, "tags": "cockpit-rhv"}}
    assert places.storage_folder(wanted()).is_dir(), "for the config drive"
    assert make_disk(deployment, wanted(image), image, progress)
    assert content(lvm) == b"a boot sector"
    assert progress.seen[-1] == (image.stat().st_size, image.stat().st_size)
    assert lvm.device(PLACE).stat().st_size == 4 * GIB, "the copy ends where the image does, the volume does not"
    again = Deployment.open(world.JOB)
    assert not prepare_storage(again, wanted())
    assert not make_disk(again, wanted(image), image, SILENT)
    assert len(lvm.calls("lvcreate")) == 1


def test_a_kill_at_any_moment_is_made_good(lvm: StandInLvm, image: Path) -> None:
    """Each program that changes anything, and the copy, may be the last thing an attempt does."""
    deployment = Deployment.open(world.JOB)
    deployment.note("volume", PLACE)  # killed before lvcreate
    assert ensure_volume(deployment, wanted())
    # killed in the middle of the copy: what was written is no disk
    spoil(lvm)
    again = Deployment.open(world.JOB)
    assert make_disk(again, wanted(image), image, SILENT)
    assert content(lvm) == b"a boot sector"


def test_once_a_vm_has_run_on_it_it_is_left_alone(lvm: StandInLvm, image: Path) -> None:
    deployment = Deployment.open(world.JOB)
    make_disk(deployment, wanted(image), image, SILENT)
    deployment.update(started=True)
    with lvm.device(PLACE).open("r+b") as stream:
        stream.write(b"the engine's data")
    image.write_bytes(image.read_bytes() + b"newer")
    seal(image)
    assert not make_disk(deployment, wanted(image), image, SILENT)
    assert content(lvm, 17) == b"the engine's data"


def test_another_image_is_copied_over_one_that_nobody_has_used(lvm: StandInLvm, image: Path, tmp_path: Path) -> None:
    deployment = Deployment.open(world.JOB)
    make_disk(deployment, wanted(image), image, SILENT)
    raw = tmp_path / "raw"
    raw.write_bytes(b"a newer image".ljust(2**20, b"\0"))
    convert(raw, image)
    assert make_disk(deployment, wanted(image), image, SILENT)
    assert content(lvm) == b"a newer image"


def test_a_copy_that_failed_has_spoilt_the_one_before(lvm: StandInLvm, image: Path, tmp_path: Path) -> None:
    """The image of before is put back: its copy is not on the volume any more."""
    first = {path: path.read_bytes() for path in (image, image.with_name(image.name + ".sha256"))}
    deployment, raw = Deployment.open(world.JOB), tmp_path / "raw"
    make_disk(deployment, wanted(image), image, SILENT)
    raw.write_bytes(b"a newer image".ljust(2**20, b"\0"))
    convert(raw, image)
    with pytest.raises(RhvError):
        make_disk(deployment, wanted(image), image, Recorder(lambda: os.utime(image)))
    for path, data in first.items():
        path.write_bytes(data)
    assert make_disk(deployment, wanted(image), image, SILENT)
    assert content(lvm) == b"a boot sector"


def test_a_volume_that_somebody_removed_is_made_and_filled_anew(lvm: StandInLvm, image: Path) -> None:
    deployment = Deployment.open(world.JOB)
    make_disk(deployment, wanted(image), image, SILENT)
    lvm.forget(PLACE)
    assert make_disk(deployment, wanted(image), image, SILENT)
    assert content(lvm) == b"a boot sector"


def test_an_image_that_is_not_what_its_checksum_says_is_no_disk(lvm: StandInLvm, image: Path) -> None:
    image.with_name(image.name + ".sha256").write_text("0" * 64 + "\n")
    deployment = Deployment.open(world.JOB)
    for _ in range(2):
        with pytest.raises(RhvError) as caught:
            make_disk(deployment, wanted(image), image, SILENT)
        assert caught.value.code == "image.checksum"
    assert deployment.record.disk_sha256 == ""


def test_an_image_that_is_changed_while_it_is_copied_is_no_disk(lvm: StandInLvm, image: Path) -> None:
    """As it was in time for the look at it afterwards, but not unseen."""
    meddle = Recorder(lambda: os.utime(image))
    with pytest.raises(RhvError) as caught:
        make_disk(Deployment.open(world.JOB), wanted(image), image, meddle)
    assert caught.value.code == "image.checksum"


def test_growing_and_waking(lvm: StandInLvm, image: Path) -> None:
    deployment = Deployment.open(world.JOB)
    assert not mount_storage(wanted()), "nothing is there yet"
    make_disk(deployment, wanted(image), image, SILENT)
    assert make_disk(deployment, wanted(image, **{"engine.disk_gib": 6}), image, SILENT)
    assert lvm.volumes[PLACE]["size"] == 6 * GIB
    assert content(lvm) == b"a boot sector"
    assert not make_disk(deployment, wanted(image), image, SILENT), "it never shrinks"
    lvm.put_to_sleep(PLACE)
    assert mount_storage(wanted())
    assert content(lvm) == b"a boot sector"
    assert not mount_storage(wanted())


@pytest.mark.parametrize("tags", ["", "cockpit-rhv"])
def test_a_strangers_volume_is_left_alone(lvm: StandInLvm, image: Path, tags: str) -> None:
    """Even one that another deployment has made: it is not in this one's record."""
    lvm.change(PLACE, tags=tags)
    lvm.device(PLACE).parent.mkdir(parents=True)
    lvm.device(PLACE).write_bytes(b"theirs")
    before = lvm.volumes
    with pytest.raises(RhvError, match="is not from an unfinished deployment"):
        prepare_storage(Deployment.open(world.JOB), wanted())
    with pytest.raises(RhvError, match="is not from an unfinished deployment"):
        make_disk(Deployment.open(world.JOB), wanted(image), image, SILENT)
    assert (lvm.volumes, content(lvm, 6)) == (before, b"theirs")


def test_a_volume_under_our_noted_name_without_our_tag_is_a_strangers(lvm: StandInLvm) -> None:
    Deployment.open(world.JOB).note("volume", PLACE)
    lvm.change(PLACE, tags="")
    with pytest.raises(RhvError) as caught:
        prepare_storage(Deployment.open(world.JOB), wanted())
    assert caught.value.code == "disk.foreign"
    Deployment.open(world.JOB).update(discard=True)
    discard_unfinished(Deployment.open(world.JOB), "")
    assert PLACE in lvm.volumes


def test_no_room_and_no_group_are_said(lvm: StandInLvm) -> None:
    for changes, said in (
        ({"engine.disk_gib": 40}, "insufficient free space"),
        ({"storage.volume_group": "gone"}, "not found"),
    ):
        with pytest.raises(RhvError) as caught:
            prepare_storage(Deployment.open(world.JOB), wanted(**changes))
        assert caught.value.code == "storage.lvm.not_made"
        assert said in (caught.value.detail or "")
    lvm.silence()
    with pytest.raises(RhvError) as caught:
        prepare_storage(Deployment.open(world.JOB), wanted())
    assert caught.value.code == "storage.lvm.unread"


def test_changed_answers_throw_it_away(lvm: StandInLvm, image: Path) -> None:
    deployment = Deployment.open(world.JOB)
    make_disk(deployment, wanted(image), image, SILENT)
    deployment.update(discard=True)
    assert discard_unfinished(deployment, "")
    assert lvm.volumes == {}
    elsewhere = wanted(image, **{"storage.volume_group": "other"})
    assert make_disk(deployment, elsewhere, image, SILENT)
    assert list(lvm.volumes) == ["other/rhv-HostedEngine"]


def test_a_new_deployment_takes_over_what_an_unfinished_one_left(lvm: StandInLvm, image: Path) -> None:
    make_disk(Deployment.open(world.JOB), wanted(image), image, SILENT)
    spoil(lvm)
    second = Deployment.open("20260102-030405-beef")
    assert make_disk(second, wanted(image), image, SILENT), "it may have been used: it is copied again"
    assert content(lvm) == b"a boot sector"


# -- taking it away ---------------------------------------------------------------------------------------------------


def deployed(lvm: StandInLvm, host: Host, image: Path) -> Deployment:
    deployment = Deployment.open(world.JOB)
    prepare_storage(deployment, wanted())
    make_disk(deployment, wanted(image), image, SILENT)
    lvm.change("vg0/theirs", tags="cockpit-rhv")
    return deployment


def test_cleanup_removes_the_volume_and_nothing_else_of_the_group(lvm: StandInLvm, host: Host, image: Path) -> None:
    deployed(lvm, host, image)
    (item,) = (item for item in plan_cleanup().items if item.action == "volume")
    assert (item.kind, item.name, item.size_bytes) == ("disk", PLACE, 4 * GIB)
    changed, _told = carry_out()
    assert changed
    assert list(lvm.volumes) == ["vg0/theirs"]
    assert plan_cleanup().items == []


def test_a_cleanup_that_is_killed_goes_on(lvm: StandInLvm, host: Host, image: Path) -> None:
    deployed(lvm, host, image)
    (item,) = (item for item in plan_cleanup().items if item.action == "volume")
    assert cleanup._ACTIONS["volume"](item, "") == cleanup._ACTIONS["volume"](item, "")
    assert PLACE not in lvm.volumes


def test_a_volume_in_use_stops_the_cleanup_with_a_reason(lvm: StandInLvm, host: Host, image: Path) -> None:
    deployed(lvm, host, image)
    lvm.change(PLACE, open=True)
    with pytest.raises(RhvError) as caught:
        carry_out()
    assert caught.value.code == "storage.lvm.not_removed"
    assert PLACE in lvm.volumes


@pytest.mark.parametrize("by", ["cleanup", "other answers"])
def test_somebodys_snapshot_does_not_go_with_it(lvm: StandInLvm, host: Host, image: Path, by: str) -> None:
    deployment = deployed(lvm, host, image)
    lvm.change("vg0/before", origin="rhv-HostedEngine")
    lvm.change("other/rhv-HostedEngine-copy", origin="")
    deployment.update(discard=True)
    with pytest.raises(RhvError) as caught:
        carry_out() if by == "cleanup" else discard_unfinished(deployment, "")
    assert (caught.value.code, caught.value.message.params["names"]) == ("storage.lvm.snapshots", "before")
    assert {PLACE, "vg0/before"} <= set(lvm.volumes)
    lvm.change("vg0/before", origin="theirs")
    assert carry_out()[0] if by == "cleanup" else discard_unfinished(deployment, "")
    assert PLACE not in lvm.volumes
    assert "vg0/before" in lvm.volumes


def test_a_group_that_is_away_is_told(lvm: StandInLvm, host: Host, image: Path) -> None:
    deployed(lvm, host, image)
    lvm.forget(PLACE)
    plan = plan_cleanup()
    assert "volume" not in {item.action for item in plan.items}
    assert PLACE in " ".join(map(str, plan.kept))


def test_the_device_is_never_removed_as_a_file(lvm: StandInLvm, host: Host) -> None:
    deployment = Deployment.open(world.JOB)
    deployment.update(disk=f"/dev/{PLACE}", leftovers=[f"/dev/{PLACE}", "/images/x.qcow2"])
    assert deployment.record.files() == {"/images/x.qcow2"}


def test_with_a_damaged_record_the_volume_is_found_by_vm_and_tag(lvm: StandInLvm, host: Host, image: Path) -> None:
    deployment = deployed(lvm, host, image)
    host.define("HostedEngine", world.JOB)
    domain = host.real.lookupByName("HostedEngine")
    domain.destroy()
    device = f"<disk type='block'><source dev='{lvm.device(PLACE)}'/><target dev='vda'/></disk>"
    host.real.defineXML(domain.XMLDesc().replace("<devices>", f"<devices>{device}"))
    deployment.update(name="HostedEngine")
    (places.state_dir() / RECORD).write_text("")
    unit = engine_volume.boot_unit(PLACE)
    host.units[unit] = ["inactive", "enabled"]
    assert PLACE in {item.name for item in plan_cleanup().items if item.action == "volume"}
    carry_out(engine="HostedEngine")
    assert list(lvm.volumes) == ["vg0/theirs"]
    assert host.units[unit] == ["inactive", "disabled"], "it would hold libvirt up for a minute at each boot"


def test_an_upgrade_is_refused_before_anything(lvm: StandInLvm, host: Host, image: Path) -> None:
    deployment = deployed(lvm, host, image)
    deployment.update(disk=f"/dev/{PLACE}")
    host.finish(deployment)
    config = read_engine_config()
    assert config is not None
    with pytest.raises(RhvError) as caught:
        refuse_volume(config)
    assert caught.value.code == "upgrade.volume"


# -- after a reboot ---------------------------------------------------------------------------------------------------

UNIT = "cockpit-rhv-volume@dev-vg0-rhv\\x2dHostedEngine.service"


class Systemd:
    """Enabled units."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.enabled: set[str] = set()
        self.refuses = False
        patch.setattr(engine_volume, "unit_states", self.states)
        patch.setattr(engine_volume, "run_command", self.run)

    def states(self, names: Sequence[str]) -> dict[str, UnitState]:
        return {
            name: UnitState("loaded", "inactive", "", "enabled" if name in self.enabled else "disabled", "", None)
            for name in names
        }

    def run(self, argv: Sequence[str], _limit_s: float) -> Finished:
        assert argv[:2] == ["systemctl", "enable"]
        if not self.refuses:
            self.enabled.add(argv[-1])
        return Finished(1 if self.refuses else 0, "Unit not found.")


def test_the_volume_is_there_before_libvirt_starts_its_guests(
    lvm: StandInLvm, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd = Systemd(monkeypatch)
    monkeypatch.setattr(logical, "device_of", lambda place: Path("/dev") / place)
    deployment = Deployment.open(world.JOB)
    assert engine_volume.activate_at_boot(deployment, wanted())
    assert systemd.enabled == {UNIT}
    assert not engine_volume.activate_at_boot(deployment, wanted())
    host.units[UNIT] = ["inactive", "enabled"]
    (item,) = (item for item in plan_cleanup().items if item.kind == "unit")
    assert (item.name, item.about.id) == (UNIT, "cleanup.volume_unit")
    carry_out()
    assert host.units[UNIT] == ["inactive", "disabled"]


def test_finish_sees_to_it(lvm: StandInLvm, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    systemd = Systemd(monkeypatch)
    host.define("HostedEngine", world.JOB)
    domain = host.real.lookupByName("HostedEngine")
    assert finish._start_with_host(host.real, domain, wanted(), Deployment.open(world.JOB))
    assert domain.autostart()
    assert len(systemd.enabled) == 1
    systemd.enabled.clear()
    finish._start_with_host(host.real, domain, world.answers(), Deployment.open(world.JOB))
    assert systemd.enabled == set(), "a disk in a directory needs none"


def test_a_unit_that_cannot_be_enabled_is_told(lvm: StandInLvm, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    Systemd(monkeypatch).refuses = True
    with pytest.raises(RhvError) as caught:
        engine_volume.activate_at_boot(Deployment.open(world.JOB), wanted())
    assert (caught.value.code, caught.value.detail) == ("storage.volume_unit", "Unit not found.")


@pytest.mark.parametrize("place", ["vg0/rhv-HostedEngine", "a+b_c/rhv-x.y", ".hidden-/rhv-A.b-C_d"])
@pytest.mark.skipif(shutil.which("systemd-escape") is None, reason="systemd is not installed")
def test_the_units_name_is_escaped_as_systemd_does_it(place: str) -> None:
    argv = ["systemd-escape", "--path", "--template=cockpit-rhv-volume@.service", f"/dev/{place}"]
    assert engine_volume.boot_unit(place) == subprocess.check_output(argv, text=True).strip()


def test_groups_are_those_that_lvm_tells(lvm: StandInLvm, monkeypatch: pytest.MonkeyPatch) -> None:
    lvm.change(PLACE, size=15 * GIB)
    assert logical.list_groups() == [("vg0", 5 * GIB), ("other", 20 * GIB)]
    lvm.silence()
    with pytest.raises(RhvError) as caught:
        logical.list_groups()
    assert caught.value.code == "storage.lvm.unread"
    monkeypatch.setenv("PATH", "/nowhere")
    assert logical.list_groups() == []
