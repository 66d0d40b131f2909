# SPDX-License-Identifier: Apache-2.0
"""A disk of the host that is full, on a real libvirtd: what is said of its guests, and that they go on afterwards."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.waiting import until
from tests.wholekernel.bootguest import SECTOR
from tests.wire.libvirt_daemon import MISSING, NOBODY
from tests.wire.test_machines_live import act, guest_is

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.wire.helper_process import HelperProcess
    from tests.wire.libvirt_daemon import LibvirtDaemon

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))

#: The boot sector that writes to its disk, with the place of that on the second head: 32 KiB behind the beginning,
#: where a sparse file has nothing yet.
WRITES = SECTOR.replace(bytes.fromhex("b600"), bytes.fromhex("b601"), 1)


@contextmanager
def small(folder: Path) -> Iterator[None]:
    """A file system of 256 KiB in place of the folder."""
    options = f"size=256k,uid={NOBODY},gid={NOBODY}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(file: Path) -> None:
    """Leave no room beside it."""
    with file.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"x" * 4096)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def test_a_state_for_which_there_is_no_room(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = daemon.define("one")
    act(live, "start", uuid)
    guest_is(live, uuid, "running")
    (saved,) = daemon.folder.rglob("qemu/save")
    with small(saved):
        (result,) = live.call("machines.act", action="save", uuids=[uuid])["results"]
        assert result["error"]["code"] == "machine.not_saved"
        assert result["error"]["hint"]["params"]["memory"] == 32
        as_before = ("running", "save_canceled")
        live.until("machines", lambda seen: tuple(map(seen["machines"][uuid].get, ("state", "reason"))) == as_before)
    assert act(live, "save", uuid) == [(uuid, "done", None)]
    guest_is(live, uuid, "shut_off")


def test_a_guest_that_finds_no_room_stands_still_and_goes_on(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = daemon.define("one", echo=True)
    folder, disk = daemon.folder / "small", daemon.folder / "one.raw"
    folder.mkdir()
    with small(folder):
        disk.unlink()
        disk.symlink_to(folder / "one.raw")
        disk.write_bytes(WRITES)
        os.truncate(disk, 1024 * 1024)
        shutil.chown(disk, NOBODY, NOBODY)
        fill(folder / "others")
        act(live, "start", uuid)
        standing = ("paused", "io_error")
        live.until("machines", lambda seen: tuple(map(seen["machines"][uuid].get, ("state", "reason"))) == standing)
        assert not daemon.serial_log("one").read_bytes()
        (folder / "others").unlink()
        assert act(live, "resume", uuid) == [(uuid, "done", None)]
        guest_is(live, uuid, "running")
        until("its write has succeeded", daemon.serial_log("one").read_bytes, lambda said: b"!" in said)
        act(live, "power_off", uuid)
        guest_is(live, uuid, "shut_off")
