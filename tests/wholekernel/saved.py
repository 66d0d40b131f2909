# SPDX-License-Identifier: Apache-2.0
"""Guests booted and set up once, saved with their memory: a test's guest goes on from there instead of booting.

``python3 -m tests.wholekernel.saved`` makes what is not there yet; a recipe that changed in any part makes it anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import inspect
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.wholekernel import hardware
from tests.wholekernel import image as images
from tests.wholekernel.guest import Guest
from tests.wholekernel.lab import Lab
from tests.wholekernel.machine import HOST1, HOST2, SERVER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.wholekernel.image import Image
    from tests.wholekernel.machine import Machine

MACHINES = (SERVER, HOST1, HOST2)
SNAPSHOT = "ready"


def _key(image: Image) -> str:
    """Of all that is in a saved guest; QEMU's version, because another's memory may not be understood."""
    version = subprocess.run(["qemu-system-x86_64", "--version"], capture_output=True, text=True, check=True).stdout
    setups = [f"{machine!r}{machine.setup_script()}" for machine in MACHINES]
    parts = [image.key, version, inspect.getsource(hardware), *setups]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def build() -> tuple[Image, Path]:
    """Return the image and the folder of its saved guests, made unless they are there."""
    image = images.build()
    folder = images.FOLDER / f"saved-{_key(image)}"
    with (images.FOLDER / "saved.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            for old in images.FOLDER.glob("saved-*"):
                shutil.rmtree(old)
            # Beside the finished one, so that a disk's way to its backing file stays the same.
            unfinished = images.FOLDER / "unfinished-saved"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            _make(image, unfinished)
            unfinished.rename(folder)
    return image, folder


def _make(image: Image, folder: Path) -> None:
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "tests", "-f", str(key)], check=True)
    lab = Lab("build")
    lab.up()
    try:
        with ThreadPoolExecutor(len(MACHINES)) as pool:
            # The server's set-up ends before a host's could need it: nothing of a host asks it yet.
            for done in [pool.submit(_save, machine, lab, image, folder) for machine in MACHINES]:
                done.result()
    finally:
        lab.down()


def _save(machine: Machine, lab: Lab, image: Image, folder: Path) -> None:
    disk = folder / f"{machine.name}.qcow2"
    backing = f"../{image.disk.parent.name}/{image.disk.name}"
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", backing, disk.name], cwd=folder, check=True
    )
    guest = Guest(machine, lab, image, disk, folder / "key")
    try:
        guest.start()
        guest.run("sh -s", input=machine.setup_script(), limit_s=600)
        guest.save(SNAPSHOT)
    finally:
        guest.stop()


def restore(machine: Machine, lab: Lab, image: Image, saved: Path, folder: Path) -> Guest:
    """A guest that goes on from its saved state on a disk of its own in ``folder``, which must be beside ``saved``."""
    disk = folder / f"{machine.name}.qcow2"
    subprocess.run(
        ["cp", "--reflink=auto", "--sparse=always", str(saved / f"{machine.name}.qcow2"), str(disk)], check=True
    )
    guest = Guest(machine, lab, image, disk, saved / "key")
    try:
        guest.start(SNAPSHOT)
    except BaseException:
        guest.stop()
        raise
    return guest


if __name__ == "__main__":
    print(build()[1])
