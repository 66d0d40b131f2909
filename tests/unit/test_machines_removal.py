# SPDX-License-Identifier: Apache-2.0
"""What an image says it is based on."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import libvirt
import pytest
from cockpit_rhv.machines.removal import base_of, delete_image, used_by_others
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.libvirt_error import libvirt_error

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


class FakeVolume:
    """As of libvirt; ``code``: of the error when it is looked at."""

    def __init__(self, name: str, code: int | None = None) -> None:
        self._name, self._code = name, code

    def name(self) -> str:
        return self._name

    def XMLDesc(self) -> str:
        if self._code is None:
            return "<volume><backingStore><path>/images/base</path></backingStore></volume>"
        raise libvirt_error("what libvirt says", self._code)


class FakeConnection:
    """One pool of these volumes, no guest."""

    def __init__(self, *volumes: FakeVolume) -> None:
        self._volumes = list(volumes)

    def listAllStoragePools(self, _flags: int) -> list[FakeConnection]:
        return [self]

    def listAllVolumes(self) -> list[FakeVolume]:
        return self._volumes

    def listAllDomains(self) -> list[Any]:
        return []


def test_a_volume_that_is_gone_holds_nothing_up_and_one_that_is_silent_makes_it_unclear() -> None:
    gone, top = FakeVolume("gone", libvirt.VIR_ERR_NO_STORAGE_VOL), FakeVolume("top")
    conn: Any = FakeConnection(gone, top)
    used, unclear = used_by_others(conn, None)
    assert (used["/images/base"].params, unclear) == ({"name": "top"}, None)
    conn = FakeConnection(gone, FakeVolume("silent", libvirt.VIR_ERR_SYSTEM_ERROR), top)
    used, unclear = used_by_others(conn, None)
    assert used["/images/base"].params == {"name": "top"}
    assert unclear is not None
    assert unclear.params["name"] == "silent"


def test_a_device_whose_pool_is_away_is_not_told_as_deleted(tmp_path: Path) -> None:
    class Away:
        def storageVolLookupByPath(self, _path: str) -> None:
            raise libvirt_error("no volume", libvirt.VIR_ERR_NO_STORAGE_VOL)

    conn: Any = Away()
    (tmp_path / "dm-0").write_bytes(b"precious")
    (tmp_path / "link").symlink_to("dm-0")
    told = delete_image(conn, str(tmp_path / "link"))
    assert told is not None
    assert (tmp_path / "link").is_symlink()
    assert delete_image(conn, str(tmp_path / "dm-0")) is None
    assert not (tmp_path / "dm-0").exists()
