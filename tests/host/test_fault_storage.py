# SPDX-License-Identifier: Apache-2.0
"""The image is cut short while it is copied, and then the file system runs full under the copy."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.host.deployment import DEPLOY_S, Deployment, cleanup, leave_nothing
from tests.host.hoststate import changes, host_state
from tests.testhost.build import appliance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.testhost.host import TestHost

pytestmark = [pytest.mark.host, pytest.mark.timeout(600)]

SMALL = "/srv/small"
IMAGE = "/srv/image/engine.qcow2"
PARTIAL = ".HostedEngine.qcow2.partial"


@pytest.fixture
def small_disk(faulty: TestHost) -> Iterator[Path]:
    """A file system of its own, mounted inside the host at SMALL; seen from this machine."""
    box = faulty.container
    backing = box.folder / "small.img"
    with backing.open("wb") as stream:
        stream.truncate(16 * 2**30)
    lazy = "lazy_itable_init=1,lazy_journal_init=1"
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", "-E", lazy, str(backing)], check=True)
    losetup = ["losetup", "--find", "--show", str(backing)]
    loop = subprocess.run(losetup, check=True, capture_output=True, text=True).stdout.strip()
    try:
        box.run("mknod", loop, "b", "7", loop.removeprefix("/dev/loop"))
        box.run("mkdir", "-p", SMALL)
        box.run("mount", loop, SMALL)
        yield Path(f"/proc/{box.leader()}/root{SMALL}")
        leave_nothing(faulty)  # a VM of a test that failed would hold it
        box.run("umount", SMALL)
        box.run("rm", "-r", SMALL, loop)
    finally:
        subprocess.run(["losetup", "--detach", loop], check=True)
        backing.unlink()


@pytest.fixture
def image(faulty: TestHost) -> Iterator[Path]:
    """A copy of the appliance that may be damaged."""
    folder = faulty.container.root / Path(IMAGE).parent.relative_to("/")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(appliance(), folder / "engine.qcow2")
    checksum = Path(f"{appliance()}.sha256").read_text().replace(appliance().name, "engine.qcow2")
    (folder / "engine.qcow2.sha256").write_text(checksum)
    yield folder / "engine.qcow2"
    shutil.rmtree(folder)


class WhenTheCopyBegins(threading.Thread):
    """Does something at the moment the copy has its file: the whole copy takes a third of a second."""

    def __init__(self, folder: Path, act: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._partial = folder / PARTIAL
        self._act = act
        self._error: BaseException | None = TimeoutError("no copy has begun")
        self.start()

    def run(self) -> None:
        deadline = time.monotonic() + DEPLOY_S
        while not os.path.lexists(self._partial):
            if time.monotonic() > deadline:
                return
            time.sleep(0.0005)
        try:
            self._act()
            self._error = None
        except OSError as error:
            self._error = error

    def done(self) -> None:
        """Raises what went wrong, if anything did."""
        self.join()
        if self._error is not None:
            raise self._error


def fill(folder: Path) -> None:
    """Leave no room. A copy that goes on meanwhile takes of it, too: what then finds the disk full is this."""
    free = os.statvfs(folder)
    with (folder / "filler").open("wb") as stream:
        try:
            os.posix_fallocate(stream.fileno(), 0, free.f_bavail * free.f_frsize)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def test_a_cut_image_and_a_full_disk(faulty: TestHost, small_disk: Path, image: Path) -> None:
    before = host_state(faulty)
    whole = image.read_bytes()
    deployment = Deployment(faulty, {"storage.path": SMALL, "image.path": IMAGE})

    cutting = WhenTheCopyBegins(small_disk, lambda: os.truncate(image, len(whole) // 2))
    deployment.start()
    deployment.until_ended("failed")
    cutting.done()
    error = deployment.explained()
    assert (error["code"], error["cause"]["id"]) == ("image.checksum", "cause.image")
    assert deployment.status["phase"] == "image"

    image.write_bytes(whole)
    filling = WhenTheCopyBegins(small_disk, lambda: fill(small_disk))
    deployment.resume()
    deployment.until_ended("failed")
    filling.done()
    error = deployment.explained()
    assert (error["code"], error["cause"]["id"]) == ("disk.full", "cause.disk_full")
    assert error["cause"]["params"]["folder"] == SMALL
    assert not os.path.lexists(small_disk / PARTIAL), "what was copied in vain takes no room"

    (small_disk / "filler").unlink()
    deployment.resume()
    deployment.until_ended("succeeded")
    cleanup(faulty, "engine.rhv.test")
    assert changes(before, host_state(faulty)) == []


def test_the_engines_disk_is_stopped_by_a_full_file_system(faulty: TestHost, small_disk: Path) -> None:
    before = host_state(faulty)
    deployment = Deployment(faulty, {"storage.path": SMALL}).start()
    deployment.until_phase("engine")
    fill(small_disk)
    status = deployment.until_ended("failed")
    error = deployment.explained()
    assert (error["code"], error["cause"]["id"]) == ("engine.stopped", "cause.vm.io_error"), status["error"]
    (small_disk / "filler").unlink()
    deployment.resume()
    deployment.until_ended("succeeded")
    cleanup(faulty, "engine.rhv.test")
    assert changes(before, host_state(faulty)) == []
