# SPDX-License-Identifier: Apache-2.0
"""Finds the config drive and reads the files on it."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LABEL = "cidata"
FILES = ("meta-data", "user-data", "network-config", "rhv-engine.json")

# ISO 9660: the primary volume descriptor is the 2048-byte sector 16; its volume name is padded with blanks.
_DESCRIPTOR_OFFSET = 16 * 2048
_DESCRIPTOR_ID = b"\x01CD001"
_NAME = slice(40, 72)
_LARGEST_FILE = 1024 * 1024


class DriveError(Exception):
    """The config drive, or the previous disk, cannot be used; the text is for the serial console."""


def volume_name(device: Path) -> str | None:
    """The name of the ISO 9660 volume on ``device``, None where there is no such volume or no medium."""
    try:
        with device.open("rb", buffering=0) as stream:
            stream.seek(_DESCRIPTOR_OFFSET)
            descriptor = stream.read(2048)
    except OSError:
        # An empty CD drive, a disk shorter than the offset, a device just going away: all of them are not the drive.
        return None
    if not descriptor.startswith(_DESCRIPTOR_ID):
        return None
    return descriptor[_NAME].decode("ascii", "replace").rstrip(" \0")


def find(sys_block: Path = Path("/sys/block"), dev: Path = Path("/dev")) -> Path | None:
    """The device holding the config drive. Read from the devices themselves: udev may not have got to them yet."""
    for name in sorted(os.listdir(sys_block)):
        if name.startswith(("loop", "ram", "zram", "dm-")):
            continue
        found = volume_name(dev / name)
        if found is not None and found.lower() == LABEL:
            return dev / name
    return None


@contextmanager
def mounted(device: Path, mount_point: Path) -> Iterator[Path]:
    """The drive's files, for the time of the block."""
    mount_point.mkdir(parents=True, exist_ok=True)
    options = "ro,nosuid,nodev,noexec"
    result = subprocess.run(
        ["mount", "-t", "iso9660", "-o", options, str(device), str(mount_point)],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if result.returncode:
        raise DriveError(f"cannot mount the config drive {device}: {result.stderr.strip()}")
    try:
        yield mount_point
    finally:
        subprocess.run(["umount", str(mount_point)], check=True)


def read(folder: Path) -> dict[str, str]:
    """The texts of the four files, by name."""
    texts = {}
    for name in FILES:
        try:
            with (folder / name).open("rb") as stream:
                content = stream.read(_LARGEST_FILE + 1)
        except OSError as error:
            raise DriveError(f"config drive: cannot read {name}: {error.strerror}") from error
        if len(content) > _LARGEST_FILE:
            raise DriveError(f"config drive: {name} is larger than {_LARGEST_FILE} bytes")
        try:
            texts[name] = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DriveError(f"config drive: {name} is not UTF-8 at byte {error.start}") from error
    return texts
