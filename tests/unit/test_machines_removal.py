# SPDX-License-Identifier: Apache-2.0
"""What an image says it is based on."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.machines.removal import base_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", ["base.qcow2", "{folder}/base.qcow2", "file:base.qcow2", "file:{folder}/base.qcow2"])
def test_the_base_is_found_however_it_is_written(tmp_path: Path, name: str) -> None:
    base, image = tmp_path / "base.qcow2", tmp_path / "image.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", base, "1M"], check=True)
    subprocess.run(
        [
            "qemu-img",
            "create",
            "-q",
            "-f",
            "qcow2",
            "-u",
            "-F",
            "qcow2",
            "-b",
            name.format(folder=tmp_path),
            image,
            "1M",
        ],
        check=True,
    )
    assert base_of(str(image)) == str(base)
    assert base_of(str(base)) is None
    assert base_of(str(tmp_path / "nothing")) is None


def test_what_cannot_be_told_is_not_none(tmp_path: Path) -> None:
    image = tmp_path / "image"
    head = b"QFI\xfb\0\0\0\3" + (64).to_bytes(8, "big")
    image.write_bytes(head + (9).to_bytes(4, "big") + bytes(44) + b"json:{}  ")
    with pytest.raises(ValueError, match="is based on"):
        base_of(str(image))
    image.write_bytes(head + (9).to_bytes(4, "big"))  # cut short
    with pytest.raises(ValueError, match="is based on"):
        base_of(str(image))
    with pytest.raises(IsADirectoryError):
        base_of(str(tmp_path))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rest=st.binary(max_size=64))
def test_any_header_is_read_or_refused(tmp_path: Path, rest: bytes) -> None:
    image = tmp_path / "image"
    image.write_bytes(b"QFI\xfb\0\0\0\3" + rest)
    try:
        base = base_of(str(image))
    except (OSError, ValueError):
        return
    assert base is None or base.startswith("/")
