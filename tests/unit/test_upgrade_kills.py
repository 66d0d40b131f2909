# SPDX-License-Identifier: Apache-2.0
"""An upgrade and the way back, killed before each of their steps: what is then on the disk, and that they go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.deploy.config import PreviousDisk, write_engine_config
from cockpit_rhv.deploy.rollback import WayBack, finish_rollback, put_back, way_back
from cockpit_rhv.deploy.state import read_record
from cockpit_rhv.deploy.upgrade_disk import prepare_next
from cockpit_rhv.deploy.upgrade_finish import finish_upgrade
from cockpit_rhv.deploy.upgrade_record import inode, read_upgrade
from cockpit_rhv.deploy.upgrade_switch import switch_disks
from cockpit_rhv.storage.qcow2 import read_header

from .upgrade_support import NEW, OLD, SILENT, UPGRADE, Killed, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path, monkeypatch)


def run_upgrade(here: World) -> None:
    """The job: its phases in order, as after a resume the finished ones are recognised again."""
    prepare_next(UPGRADE, here.image, NEW, SILENT)
    switch_disks(UPGRADE, SILENT)
    finish_upgrade(UPGRADE, NEW)


def run_rollback(target: WayBack) -> None:
    put_back(target)
    finish_rollback(target)


def assert_one_whole_disk(here: World) -> None:
    """Whatever starts the VM now starts it on the old disk or on the new one, and the old one is there."""
    now = inode(here.files.disk)
    assert now != 0
    assert here.old_inode in (now, inode(here.files.previous))


def assert_upgraded(here: World) -> None:
    previous = here.config.previous
    assert (here.config.engine_version, previous and previous.version) == (NEW, OLD)
    assert previous is not None
    assert previous.disk == str(here.files.previous)
    assert inode(here.files.previous) == here.old_inode != inode(here.files.disk)
    assert here.domain.on
    assert here.domain.ran_on[-1] == inode(here.files.disk)
    assert here.domain.serials() == here.domain.serials(live=False) == [""]
    left = read_record()
    assert left is not None
    assert (left.engine_version, left.disk_inode) == (NEW, inode(here.files.disk))
    assert_only(here, "HostedEngine.qcow2", "HostedEngine.previous.qcow2")
    assert left.leftovers == [str(here.files.previous)]
    assert read_upgrade() is None


def assert_as_before(here: World) -> None:
    assert here.config == here.before
    assert inode(here.files.disk) == here.old_inode
    assert here.domain.on
    assert here.domain.ran_on[-1] == here.old_inode
    assert here.domain.serials() == here.domain.serials(live=False) == [""]
    assert_only(here, "HostedEngine.qcow2")
    left = read_record()
    assert left is not None
    assert (left.engine_version, left.leftovers) == (OLD, [])
    assert read_upgrade() is None


def assert_only(here: World, *names: str) -> None:
    assert {path.name for path in here.files.disk.parent.iterdir()} == set(names)


def killed_at(here: World, step: int, run: Callable[[], None]) -> bool:
    """Run, killed before this step; whether it came to that."""
    here.kill.steps, here.kill.at = 0, step
    try:
        run()
    except Killed:
        return True
    finally:
        here.kill.at = None
    return False


def test_the_old_disk_is_not_written_and_the_new_one_is_as_large(here: World) -> None:
    content = here.files.disk.read_bytes()
    run_upgrade(here)
    assert_upgraded(here)
    assert here.files.previous.read_bytes() == content
    assert read_header(here.files.disk).virtual_size == 10 * 2**30


def each_step(folder: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[[World], None]) -> Iterator[World]:
    """A host for each step of ``run``, on which that was killed before the step."""
    for step in range(100):
        place = folder / str(step)
        place.mkdir()
        with monkeypatch.context() as patch:
            here = World(place, patch)
            if not killed_at(here, step, lambda here=here: run(here)):  # type: ignore[misc]
                assert step > 5
                return
            yield here
    raise AssertionError("there is no end to its steps")


def test_a_killed_upgrade_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for here in each_step(tmp_path, monkeypatch, run_upgrade):
        assert_one_whole_disk(here)
        run_upgrade(here)
        assert_upgraded(here)


def test_a_killed_upgrade_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for here in each_step(tmp_path, monkeypatch, run_upgrade):
        if read_upgrade() is None and here.config == here.before:
            # Nothing was changed yet.
            assert here.domain.ran_on == [here.old_inode]
            continue
        run_rollback(way_back(here.config, read_upgrade()))
        assert_as_before(here)


def test_a_killed_way_back_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    targets: list[WayBack] = []

    def there_and_back(here: World) -> None:
        kill, here.kill.at = here.kill.at, None
        run_upgrade(here)
        here.kill.steps, here.kill.at = 0, kill
        targets.append(way_back(here.config, read_upgrade()))
        run_rollback(targets[-1])

    for here in each_step(tmp_path, monkeypatch, there_and_back):
        assert_one_whole_disk(here)
        run_rollback(targets[-1])
        assert_as_before(here)


def test_an_older_previous_disk_is_replaced(here: World) -> None:
    here.files.previous.write_text("of an upgrade before")
    here.deployment.update(leftovers=[str(here.files.previous)])
    write_engine_config(
        type(here.before)(**{**vars(here.before), "previous": PreviousDisk(str(here.files.previous), "0.0.9", 1.0)})
    )
    run_upgrade(here)
    assert_upgraded(here)


def test_an_upgrade_that_failed_before_the_switch_keeps_the_older_way_back(here: World) -> None:
    here.files.previous.write_text("of an upgrade before")
    here.deployment.update(leftovers=[str(here.files.previous)])
    older = PreviousDisk(str(here.files.previous), "0.0.9", 1.0)
    write_engine_config(type(here.before)(**{**vars(here.before), "previous": older}))
    prepare_next(UPGRADE, here.image, NEW, SILENT)
    run_rollback(way_back(here.config, read_upgrade()))
    assert here.config.previous == older
    assert here.files.previous.read_text() == "of an upgrade before"
    assert here.domain.ran_on == [here.old_inode]
    assert read_upgrade() is None
