# SPDX-License-Identifier: Apache-2.0
"""Checks of the appliance image and of the directory for the engine's disk."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cockpit_rhv.checks import image, storage
from cockpit_rhv.storage import qcow2

from tests.unit import deploy_support as world


@pytest.fixture
def appliance(tmp_path: Path) -> Any:
    path = world.qcow2(tmp_path / "rhv-engine.qcow2", gib=3, size=5000)
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(path.name + ".sha256").write_text(f"{checksum}  {path.name}\n")
    return path


def judge(check: Any, path: Any, folder: Any = "/var/lib/libvirt/images", **options: Any) -> Any:
    given = world.changed(world.answers(path, folder), options.pop("changes", {}))
    return check(world.context(given, **options))


# -- image ------------------------------------------------------------------------------------------------------------


def test_a_good_image(appliance: Any) -> None:
    assert judge(image.check_image, appliance).severity == "ok"
    assert judge(image.check_checksum, appliance).severity == "ok"
    assert judge(image.check_disk_size, appliance).severity == "ok"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.unlink(), "checks.image.missing"),
        (lambda path: (path.unlink(), path.mkdir()), "checks.image.not_file"),
        (lambda path: path.write_bytes(b""), "image.not_qcow2"),
        (lambda path: path.write_bytes(path.read_bytes()[:60]), "image.not_qcow2"),
        (lambda path: path.write_bytes(b"\x7fELF" + bytes(200)), "image.not_qcow2"),
        (lambda path: world.qcow2(path, backing=512), "checks.image.not_alone"),
        (lambda path: world.qcow2(path, features=2), "checks.image.not_alone"),
        (lambda path: world.qcow2(path, features=4), "checks.image.not_alone"),
    ],
)
def test_a_bad_image(appliance: Any, make: Any, message: Any) -> None:
    make(appliance)
    outcome = judge(image.check_image, appliance)
    assert (outcome.severity, outcome.summary.id) == ("error", message)
    assert outcome.remedy


def test_feature_bits_of_version_2_are_not_there(tmp_path: Path) -> None:
    header = qcow2.read_header(world.qcow2(tmp_path / "old.qcow2", version=2, features=6))
    assert (header.external_data, header.corrupt) == (False, False)


@pytest.mark.parametrize(
    "text", [None, "", "0123  rhv-engine.qcow2\n", "f" * 64 + "  other.qcow2\n", "z" * 64 + "  rhv-engine.qcow2\n"]
)
def test_a_checksum_file_without_this_images_sum(appliance: Any, text: Any) -> None:
    sidecar = appliance.with_name(appliance.name + ".sha256")
    sidecar.unlink() if text is None else sidecar.write_text(text)
    assert judge(image.check_checksum, appliance).severity == "error"


@pytest.mark.parametrize("form", ["{sum}\n", "{sum} *rhv-engine.qcow2\n", "{SUM}  build/rhv-engine.qcow2\r\n"])
def test_forms_of_a_checksum_file(appliance: Any, form: Any) -> None:
    wanted = hashlib.sha256(appliance.read_bytes()).hexdigest()
    appliance.with_name(appliance.name + ".sha256").write_text(form.format(sum=wanted, SUM=wanted.upper()))
    assert judge(image.check_checksum, appliance).evidence[0].value == wanted


@pytest.mark.parametrize(("gib", "asked", "severity"), [(4, 4, "ok"), (4.001, 4, "error"), (12, 10, "error")])
def test_disk_smaller_than_its_image(appliance: Any, gib: Any, asked: Any, severity: Any) -> None:
    world.qcow2(appliance, gib=gib)
    assert judge(image.check_disk_size, appliance, changes={"engine.disk_gib": asked}).severity == severity


@pytest.mark.parametrize("field", [36, 48])
def test_an_image_that_ends_before_its_own_tables(appliance: Any, field: int) -> None:
    """Entries of the L1 table at byte 36, offset of the refcount table at 48."""
    data = bytearray(appliance.read_bytes())
    data[field : field + 4] = (0x0001_0000).to_bytes(4, "big")
    appliance.write_bytes(data)
    outcome = judge(image.check_image, appliance)
    assert (outcome.severity, outcome.summary.id) == ("error", "checks.image.truncated")


def test_a_damaged_header_is_no_number_of_a_million_digits(appliance: Any) -> None:
    data = bytearray(appliance.read_bytes())
    data[20:24] = data[56:60] = b"\xff" * 4
    appliance.write_bytes(data)
    assert judge(image.check_image, appliance).severity == "error"


def test_an_image_that_is_not_what_its_checksum_says(appliance: Any) -> None:
    """Each change is seen, also one that keeps the length; what did not change is not read again."""
    good = appliance.read_bytes()
    for bad in (good[:-1], good[:-1] + b"x", good + b"x"):
        assert judge(image.check_checksum, appliance).severity == "ok"
        appliance.write_bytes(bad)
        outcome = judge(image.check_checksum, appliance)
        assert (outcome.severity, outcome.summary.id) == ("error", "image.checksum")
        assert outcome.remedy
        appliance.write_bytes(good)


def test_an_unchanged_image_is_read_once(appliance: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert judge(image.check_checksum, appliance).severity == "ok"
    monkeypatch.setattr(hashlib, "sha256", world.raising(AssertionError("read again")))
    assert judge(image.check_checksum, appliance).severity == "ok"


def test_an_image_too_large_to_verify_in_time_is_unknown(appliance: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "SUM_LIMIT_S", -1.0)
    assert judge(image.check_checksum, appliance).severity == "unknown"


# -- directory --------------------------------------------------------------------------------------------------------


def mounts(root: Any, text: Any) -> Any:
    path = root / "proc/self/mounts"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return root


def test_a_directory_that_exists_or_can_be_made(tmp_path: Path) -> None:
    root = mounts(tmp_path, "/dev/vda / ext4 rw 0 0\n")
    assert judge(storage.check_path, "/x", tmp_path, root=root).summary.id == "checks.path.ok"
    assert judge(storage.check_path, "/x", tmp_path / "a" / "b", root=root).summary.id == "checks.path.created"


@pytest.mark.parametrize("kind", ["tmpfs", "ramfs"])
def test_memory_is_no_place_for_a_disk(tmp_path: Path, kind: Any) -> None:
    root = mounts(tmp_path, f"/dev/vda / ext4 rw 0 0\nnone {tmp_path} {kind} rw 0 0\n")
    outcome = judge(storage.check_path, "/x", tmp_path / "new", root=root)
    assert (outcome.severity, outcome.summary.id) == ("error", "checks.path.volatile")


def test_bad_directories(tmp_path: Path) -> None:
    root = mounts(tmp_path, "/dev/vda / ext4 rw 0 0\n")
    plain_file = tmp_path / "file"
    plain_file.write_text("")
    assert judge(storage.check_path, "/x", plain_file, root=root).summary.id == "checks.path.not_directory"
    assert judge(storage.check_path, "/x", f"{tmp_path}/../x", root=root).summary.id == "checks.path.not_plain"
    root = mounts(tmp_path, "/dev/vda / squashfs ro 0 0\n")
    assert judge(storage.check_path, "/x", tmp_path, root=root).summary.id == "checks.path.not_writable"


def test_a_link_is_followed_to_the_file_system_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "memory")
    root = mounts(tmp_path, f"/dev/vda / ext4 rw 0 0\nnone {tmp_path}/memory tmpfs rw 0 0\n")
    assert judge(storage.check_path, "/x", tmp_path / "link", root=root).summary.id == "checks.path.volatile"


def test_links_on_the_way(tmp_path: Path) -> None:
    """Root's are followed and shown, a stranger's and those that lead nowhere are refused."""
    root = mounts(tmp_path, "/dev/vda / ext4 rw 0 0\n")
    (tmp_path / "real").mkdir()
    link = tmp_path / "link"
    link.symlink_to("real")
    shown = judge(storage.check_path, "/x", link / "images", root=root)
    assert (shown.severity, shown.evidence[0].source) == ("ok", f"readlink {link}")
    assert shown.evidence[0].value.startswith("real, ")
    leads = judge(storage.check_path, "/x", link, root=root).summary
    assert (leads.id, leads.params["real"]) == ("checks.path.leads", str(tmp_path / "real"))
    (tmp_path / "over").symlink_to(link)
    os.chown(link, 4711, 4711, follow_symlinks=False)
    for path in (link, link / "images", tmp_path / "over" / "deep" / "er"):
        outcome = judge(storage.check_path, "/x", path, root=root)
        assert (outcome.severity, outcome.summary.id) == ("error", "storage.link"), path
        assert outcome.summary.params == {"path": str(link), "user": 4711, "target": "real"}
        assert outcome.remedy
    (tmp_path / "nowhere").symlink_to("/nonexistent/place")
    assert judge(storage.check_path, "/x", tmp_path / "nowhere", root=root).summary.id == "checks.path.dangling"
    (tmp_path / "circle").symlink_to("circle")
    assert judge(storage.check_path, "/x", tmp_path / "circle", root=root).summary.id == "checks.path.no_way"


def test_qemus_user_must_get_in(tmp_path: Path) -> None:
    root = mounts(tmp_path, "/dev/vda / ext4 rw 0 0\n")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    stranger = world.hypervisor(qemu_ids=(64055, 64055))
    outcome = judge(storage.check_path, "/x", closed / "images", root=root, hypervisor=lambda: stranger)
    assert (outcome.severity, outcome.summary.id) == ("error", "checks.path.closed")
    owner = world.hypervisor(qemu_ids=(os.getuid(), os.getgid()))
    for folder in (closed, *closed.parents):
        if os.stat(folder).st_uid != os.getuid() and not os.stat(folder).st_mode & 1:
            pytest.skip(f"{folder} is closed to this user")
    assert judge(storage.check_path, "/x", closed, root=root, hypervisor=lambda: owner).severity == "ok"


def test_file_system_of() -> None:
    table = "/dev/a / ext4 rw 0 0\n/dev/b /srv/my\\040disk xfs rw 0 0\n/dev/c /srv btrfs rw 0 0\nx /srv tmpfs rw 0 0\n"
    assert storage.file_system_of(Path("/srv/my disk/images"), table) == ("/srv/my disk", "xfs")
    assert storage.file_system_of(Path("/srv/other"), table) == ("/srv", "tmpfs"), "the last mount is on top"
    assert storage.file_system_of(Path("/srvx"), table) == ("/", "ext4")


@pytest.mark.parametrize(
    ("free_gib", "severity", "message"),
    [
        (50, "ok", "checks.space.ok"),
        (10.5, "warning", "checks.space.tight"),
        (9, "error", "checks.space.short"),
        (0.5, "error", "checks.space.none"),
    ],
)
def test_space(
    appliance: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_gib: Any, severity: Any, message: Any
) -> None:
    blocks = int(free_gib * world.GIB / 4096)
    monkeypatch.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_bavail=blocks, f_frsize=4096))
    outcome = judge(storage.check_space, appliance, tmp_path / "new" / "folder")
    assert (outcome.severity, outcome.summary.id) == (severity, message)


def test_a_disk_of_this_deployment_already_has_its_space(
    appliance: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_bavail=0, f_frsize=4096))
    own = world.hypervisor([world.domain("HostedEngine", world.JOB)])
    outcome = judge(storage.check_space, appliance, tmp_path, job=world.JOB, hypervisor=lambda: own)
    assert outcome.severity == "ok"
