# SPDX-License-Identifier: Apache-2.0
"""Finding the config drive among block devices, and reading its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from appliance.firstboot import drive

if TYPE_CHECKING:
    from pathlib import Path


def iso(name: str) -> bytes:
    """As much of an ISO 9660 volume as names it: 16 empty sectors, then the primary volume descriptor."""
    descriptor = b"\x01CD001\x01\x00" + b" " * 32 + name.encode().ljust(32)
    return bytes(16 * 2048) + descriptor.ljust(2048, b"\0")


def devices(tmp_path: Path, contents: dict[str, bytes | None]) -> tuple[Path, Path]:
    """A folder like /sys/block and one like /dev; None: the node cannot be opened, as a CD drive without medium."""
    sys_block, dev = tmp_path / "block", tmp_path / "dev"
    sys_block.mkdir()
    dev.mkdir()
    for name, content in contents.items():
        (sys_block / name).mkdir()
        if content is not None:
            (dev / name).write_bytes(content)
    return sys_block, dev


@pytest.mark.parametrize("label", ["cidata", "CIDATA"])
def test_found_by_its_label(tmp_path: Path, label: str) -> None:
    sys_block, dev = devices(tmp_path, {"vda": bytes(65536), "vdb": iso("debian"), "vdc": iso(label), "sr0": None})
    assert drive.find(sys_block, dev) == dev / "vdc"


@pytest.mark.parametrize(
    "contents",
    [
        {},
        {"sr0": None},
        {"vda": b"short"},
        {"vda": iso("cidata2")},
        {"vda": iso("cidata")[:-2048]},
        {"loop0": iso("cidata")},
        {"vda": b"\0" + iso("cidata")},
    ],
)
def test_not_found(tmp_path: Path, contents: dict[str, bytes | None]) -> None:
    assert drive.find(*devices(tmp_path, contents)) is None


def four_files(folder: Path) -> Path:
    for name in drive.FILES:
        (folder / name).write_text(f"content of {name}\n")
    return folder


def test_reads_the_four_files(tmp_path: Path) -> None:
    assert drive.read(four_files(tmp_path)) == {name: f"content of {name}\n" for name in drive.FILES}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (four_files(tmp_path) / "network-config").unlink()
    with pytest.raises(drive.DriveError, match="cannot read network-config: No such file"):
        drive.read(tmp_path)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (four_files(tmp_path) / "user-data").write_bytes(b"#cloud-config\n\xff")
    with pytest.raises(drive.DriveError, match="user-data is not UTF-8 at byte 14"):
        drive.read(tmp_path)


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    (four_files(tmp_path) / "rhv-engine.json").write_bytes(b" " * (1024 * 1024 + 1))
    with pytest.raises(drive.DriveError, match="larger than 1048576 bytes"):
        drive.read(tmp_path)
