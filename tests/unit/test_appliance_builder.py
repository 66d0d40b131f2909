# SPDX-License-Identifier: Apache-2.0
"""The parts of the image's build that need neither root nor a network."""

from __future__ import annotations

import re
import struct
import subprocess
from typing import TYPE_CHECKING

import pytest

from appliance.builder import base, disk, units

if TYPE_CHECKING:
    from pathlib import Path


def test_boot_code_and_partition_table_fit_together(tmp_path: Path) -> None:
    """partx reads the table as one active Linux partition to the disk's end; boot code and core image are whole."""
    image = tmp_path / "disk"
    with image.open("wb") as stream:
        stream.truncate(disk.VIRTUAL_SIZE)
    core = bytes(range(256)) * 200
    boot = bytes([0xEB]) * 512
    disk.write_boot_code(image, boot, core)
    command = ["partx", "--raw", "--noheadings", "--output", "START,END,TYPE,FLAGS", str(image)]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert listed.split() == ["2048", str(disk.VIRTUAL_SIZE // 512 - 1), "0x83", "0x80"]
    with image.open("rb") as stream:
        assert stream.read(440) == boot[:440]
        stream.seek(512)
        assert stream.read(len(core)) == core
        assert stream.read(512) == bytes(512)


def test_a_core_image_that_would_reach_into_the_partition_is_refused(tmp_path: Path) -> None:
    image = tmp_path / "disk"
    image.write_bytes(b"")
    with pytest.raises(disk.ImageError, match="does not fit"):
        disk.write_boot_code(image, bytes(512), bytes(2**20 - 511))
    assert image.read_bytes() == b""


def test_every_disk_gets_a_signature_of_its_own() -> None:
    """The table's disk signature becomes PARTUUID: two appliances in one machine must differ."""
    tables = {disk.partition_table() for _ in range(8)}
    assert len(tables) == 8
    assert {struct.unpack("<H", table[-2:])[0] for table in tables} == {0xAA55}


def test_boot_menu_finds_the_root_it_was_made_for_and_shows_the_serial_console() -> None:
    text = disk.grub_config("11111111-2222-3333-4444-555555555555")
    lines = [line for line in text.splitlines() if line.strip().startswith("linux ")]
    assert len(lines) == 2
    for line in lines:
        assert "root=UUID=11111111-2222-3333-4444-555555555555 " in line
        assert "console=ttyS0" in line
        # Emulation gains nothing measurable by this, and the engine VM is reachable by many.
        assert "mitigations=off" not in line


def test_the_base_holds_what_the_engine_depends_on() -> None:
    names = base.packages()
    assert {"python3", "python3-sqlalchemy", "linux-image-cloud-amd64", "openssh-server"} <= set(names)
    assert "cloud-init" not in names
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9+.-]+", name) for name in names)


def test_no_unit_is_both_wanted_and_unwanted() -> None:
    chosen = [*units.ENABLED, *units.DISABLED, *units.MASKED]
    assert len(chosen) == len(set(chosen))


def test_our_own_files_are_where_the_lists_say() -> None:
    overlay = base.APPLIANCE / "overlay/usr/lib"
    ours = {path.name for path in (overlay / "systemd/system").glob("rhv-engine-*.service")}
    assert ours <= set(units.ENABLED)
    assert {path.name for path in (overlay / "udev/rules.d").iterdir()} <= units.UDEV_RULES
