# SPDX-License-Identifier: Apache-2.0
"""The disk: copied and proved in one go, recognised when done, never half there, nobody else's overwritten."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.deploy import disk
from cockpit_rhv.deploy.disk import copy_proved, make_disk
from cockpit_rhv.deploy.progress import ProgressFile
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.errors import RhvError
from cockpit_rhv.storage.qcow2 import read_header

from tests.unit import deploy_support as world

if TYPE_CHECKING:
    from pathlib import Path

SILENT = ProgressFile(None)
needs_qemu_img = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is not installed")


def seal(path: Path) -> str:
    """Write the checksum file."""
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(path.name + ".sha256").write_text(f"{checksum}  {path.name}\n")
    return checksum


@pytest.fixture
def image(tmp_path: Path) -> Path:
    import subprocess

    path = tmp_path / "rhv-engine.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(path), "3G"], check=True)
    seal(path)
    return path


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    (tmp_path / "images").mkdir()
    return Deployment.open(world.JOB, tmp_path / "state")


def wanted(tmp_path: Path, image: Path, gib: int = 4) -> dict[str, Any]:
    return world.changed(world.answers(image, tmp_path / "images"), {"engine.disk_gib": gib})


class Recorder(ProgressFile):
    """Remembers what was reported; ``on_report`` may do mischief meanwhile."""

    def __init__(self, on_report: Any = None) -> None:
        super().__init__(None)
        self.seen: list[tuple[float, float | None]] = []
        self.on_report = on_report

    def report(self, done: float, total: float | None, unit: str, message: Any = None) -> None:
        self.seen.append((done, total))
        if self.on_report:
            self.on_report()


# -- copying ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 1, disk.BLOCK - 1, disk.BLOCK, disk.BLOCK * 6 + 12345])
def test_a_copy_is_equal_and_reports_its_progress(tmp_path: Path, size: int) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes(os.urandom(size))
    progress = Recorder()
    copy_proved(source, target, hashlib.sha256(source.read_bytes()).hexdigest(), progress)
    assert target.read_bytes() == source.read_bytes()
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert [done for done, _ in progress.seen] == sorted({done for done, _ in progress.seen})
    assert not progress.seen or progress.seen[-1] == (size, size)


def test_zeros_become_holes(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes(os.urandom(100) + bytes(disk.BLOCK * 3) + os.urandom(100) + bytes(disk.BLOCK * 2))
    copy_proved(source, target, hashlib.sha256(source.read_bytes()).hexdigest(), SILENT)
    assert target.read_bytes() == source.read_bytes()
    assert target.stat().st_blocks * 512 < disk.BLOCK * 3


def test_an_altered_image_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "a"
    source.write_bytes(b"x" * 10000)
    expected = hashlib.sha256(source.read_bytes()).hexdigest()
    source.write_bytes(b"x" * 9999 + b"y")
    with pytest.raises(RhvError) as caught:
        copy_proved(source, tmp_path / "b", expected, SILENT)
    assert caught.value.code == "image.checksum"
    assert expected in (caught.value.detail or "")


@needs_qemu_img
def test_an_image_truncated_while_it_is_copied_leaves_nothing(
    tmp_path: Path, deployment: Deployment, image: Path
) -> None:
    with image.open("ab") as stream:
        stream.write(os.urandom(disk.BLOCK * 8))
    seal(image)
    cut = Recorder(lambda: os.truncate(image, disk.BLOCK * 2))
    with pytest.raises(RhvError) as caught:
        make_disk(deployment, wanted(tmp_path, image), image, cut)
    assert caught.value.code == "image.checksum"
    assert list((tmp_path / "images").iterdir()) == []


# -- the whole step ---------------------------------------------------------------------------------------------------


@needs_qemu_img
def test_a_disk_is_made_grown_and_then_recognised(tmp_path: Path, deployment: Deployment, image: Path) -> None:
    answers = wanted(tmp_path, image)
    target = tmp_path / "images" / "HostedEngine.qcow2"
    assert make_disk(deployment, answers, image, SILENT)
    assert read_header(target).virtual_size == 4 * world.GIB
    assert list((tmp_path / "images").iterdir()) == [target]
    before = target.stat()
    again = Deployment.open(world.JOB, tmp_path / "state")
    assert not make_disk(again, answers, image, SILENT)
    assert (target.stat().st_ino, target.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@needs_qemu_img
def test_a_larger_disk_asked_for_later_only_grows_it(tmp_path: Path, deployment: Deployment, image: Path) -> None:
    make_disk(deployment, wanted(tmp_path, image), image, SILENT)
    target = tmp_path / "images" / "HostedEngine.qcow2"
    inode = target.stat().st_ino
    assert make_disk(deployment, wanted(tmp_path, image, gib=6), image, SILENT)
    assert (target.stat().st_ino, read_header(target).virtual_size) == (inode, 6 * world.GIB)


@needs_qemu_img
def test_a_newer_image_is_copied_again(tmp_path: Path, deployment: Deployment, image: Path) -> None:
    make_disk(deployment, wanted(tmp_path, image), image, SILENT)
    inode = (tmp_path / "images" / "HostedEngine.qcow2").stat().st_ino
    with image.open("ab") as stream:
        stream.write(b"newer")
    seal(image)
    assert make_disk(deployment, wanted(tmp_path, image), image, SILENT)
    assert (tmp_path / "images" / "HostedEngine.qcow2").stat().st_ino != inode


@needs_qemu_img
@pytest.mark.parametrize("fate", ["replaced", "removed"])
def test_a_disk_a_vm_was_started_on_is_never_made_anew(
    tmp_path: Path, deployment: Deployment, image: Path, fate: str
) -> None:
    make_disk(deployment, wanted(tmp_path, image), image, SILENT)
    deployment.update(started=True)
    target = tmp_path / "images" / "HostedEngine.qcow2"
    target.write_bytes(target.read_bytes() + b"what the engine wrote")
    before = target.stat()
    if fate == "removed":
        image.unlink()
        image.with_name(image.name + ".sha256").unlink()
    else:
        image.write_bytes(image.read_bytes() + b"newer")
        seal(image)
    assert not make_disk(deployment, wanted(tmp_path, image, gib=9), image, SILENT)
    assert (target.stat().st_ino, target.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@needs_qemu_img
def test_what_a_killed_attempt_left_is_replaced(tmp_path: Path, deployment: Deployment, image: Path) -> None:
    partial = tmp_path / "images" / ".HostedEngine.qcow2.partial"
    partial.write_bytes(b"half a copy, longer than the image" * 100000)
    deployment.update(leftovers=[str(partial)])
    assert make_disk(deployment, wanted(tmp_path, image), image, SILENT)
    assert not partial.exists()
    assert read_header(tmp_path / "images" / "HostedEngine.qcow2").virtual_size == 4 * world.GIB


@needs_qemu_img
def test_a_half_copy_of_somebody_else_is_left_alone(tmp_path: Path, deployment: Deployment, image: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("somebody's")
    os.link(victim, tmp_path / "images" / ".HostedEngine.qcow2.partial")
    with pytest.raises(RhvError) as caught:
        make_disk(deployment, wanted(tmp_path, image), image, SILENT)
    assert caught.value.code == "disk.foreign"
    assert victim.read_text() == "somebody's"


def test_a_copy_never_opens_what_is_there(tmp_path: Path) -> None:
    """Not even when it is recorded as our own: somebody who may write to the folder can have put a link there."""
    source, victim, target = tmp_path / "a", tmp_path / "victim", tmp_path / "b"
    source.write_bytes(b"image")
    victim.write_text("somebody's")
    os.link(victim, target)
    copy_proved(source, target, hashlib.sha256(b"image").hexdigest(), SILENT)
    assert (target.read_bytes(), victim.read_text()) == (b"image", "somebody's")


@needs_qemu_img
def test_a_link_a_stranger_turned_after_the_preflight_is_not_followed(
    tmp_path: Path, deployment: Deployment, image: Path
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "images")
    given = world.changed(wanted(tmp_path, image), {"storage.path": str(tmp_path / "link")})
    os.chown(tmp_path / "link", 4711, 4711, follow_symlinks=False)
    with pytest.raises(RhvError) as caught:
        make_disk(deployment, given, image, SILENT)
    assert caught.value.code == "storage.link"
    assert list((tmp_path / "images").iterdir()) == []
    os.chown(tmp_path / "link", 0, 0, follow_symlinks=False)
    assert make_disk(deployment, given, image, SILENT)


@needs_qemu_img
@pytest.mark.parametrize("dangling", [False, True])
def test_a_foreign_file_is_left_alone(tmp_path: Path, deployment: Deployment, image: Path, dangling: bool) -> None:
    target = tmp_path / "images" / "HostedEngine.qcow2"
    target.symlink_to("/nowhere") if dangling else target.write_text("somebody's")
    with pytest.raises(RhvError) as caught:
        make_disk(deployment, wanted(tmp_path, image), image, SILENT)
    assert caught.value.code == "disk.foreign"
    assert target.is_symlink() if dangling else target.read_text() == "somebody's"


@needs_qemu_img
def test_a_leftover_of_an_unfinished_deployment_is_taken_over(
    tmp_path: Path, deployment: Deployment, image: Path
) -> None:
    make_disk(deployment, wanted(tmp_path, image), image, SILENT)
    second = Deployment.open("20260102-030405-ffff", tmp_path / "state")
    assert make_disk(second, wanted(tmp_path, image), image, SILENT), "it may have been used: it is copied again"


@needs_qemu_img
def test_a_full_disk(tmp_path: Path, deployment: Deployment, image: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_writer: int, _view: Any, _offset: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "_write_all", full)
    with pytest.raises(RhvError) as caught:
        make_disk(deployment, wanted(tmp_path, image), image, SILENT)
    assert caught.value.code == "disk.full"
    assert list((tmp_path / "images").iterdir()) == []


@needs_qemu_img
def test_a_partial_that_is_a_link_is_not_followed(tmp_path: Path, deployment: Deployment, image: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "images" / ".HostedEngine.qcow2.partial").symlink_to(victim)
    with pytest.raises(RhvError):
        make_disk(deployment, wanted(tmp_path, image), image, SILENT)
    assert victim.read_text() == "precious"


def test_what_another_host_made_there_meanwhile_is_not_replaced(
    tmp_path: Path, image: Path, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On shared storage: an engine of the same name, published while the copy ran."""
    target = tmp_path / "images" / "HostedEngine.qcow2"
    grown = disk.grow

    def meanwhile(path: Path, size: int) -> bool:
        target.write_text("another host's engine")
        return grown(path, size)

    monkeypatch.setattr(disk, "grow", meanwhile)
    with pytest.raises(RhvError) as caught:
        make_disk(deployment, wanted(tmp_path, image), image, SILENT)
    assert caught.value.code == "disk.foreign"
    assert target.read_text() == "another host's engine"
