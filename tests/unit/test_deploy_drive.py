# SPDX-License-Identifier: Apache-2.0
"""The config drive, read back with another program, and understood by the appliance's own reader."""

from __future__ import annotations

import hashlib
import importlib
import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cockpit_rhv.deploy import drive
from cockpit_rhv.deploy.secrets import hash_admin_password
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.errors import RhvError

from tests.unit import deploy_support as world

ADMIN = hash_admin_password("a good password")


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return Deployment.open(world.JOB, tmp_path / "state")


def files(deployment: Deployment, changes: dict[str, Any] | None = None, root: str | None = None) -> dict[str, str]:
    return drive.drive_files(deployment, world.changed(world.answers(), changes or {}), ADMIN, root)


def read_back(iso: Path, target: Path) -> dict[str, str]:
    """The files of the volume, by xorriso's own (not mkisofs) commands."""
    subprocess.run(
        ["xorriso", "-osirrox", "on", "-indev", str(iso), "-extract", "/", str(target)], check=True, capture_output=True
    )
    return {path.name: path.read_text("utf-8") for path in target.iterdir()}


@pytest.mark.skipif(shutil.which("xorriso") is None, reason="xorriso is not installed")
def test_what_is_on_the_drive_is_what_was_put_there(deployment: Deployment, tmp_path: Path) -> None:
    iso = tmp_path / "engine-cidata.iso"
    wanted = files(deployment, {"engine.root_ssh_key": "ssh-ed25519 AAAA {{ x }} ñ"}, "$6$salt$hash")
    drive.build_drive(iso, wanted)
    assert read_back(iso, tmp_path / "out") == wanted
    assert stat.S_IMODE(iso.stat().st_mode) == 0o600
    descriptor = iso.read_bytes()[16 * 2048 : 17 * 2048]
    assert descriptor[40:72].decode("ascii").strip() == "cidata"
    assert {path.name for path in tmp_path.iterdir()} == {"engine-cidata.iso", "out", "state"}, "no copy is left behind"


def test_the_token_itself_is_not_on_the_drive(deployment: Deployment) -> None:
    content = files(deployment)
    assert not any(deployment.token() in text for text in content.values())
    assert not any("PRIVATE" in text for text in content.values())
    engine = json.loads(content["rhv-engine.json"])
    assert engine["enrollment"]["token_sha256"] == hashlib.sha256(deployment.token().encode()).hexdigest()
    assert engine["admin"] == {"user": "admin@internal", "password_hash": ADMIN}
    assert engine["job_public_key"] == deployment.job_public_key()


def test_network_of_both_modes(deployment: Deployment) -> None:
    fixed = json.loads(files(deployment)["network-config"])
    assert fixed == {
        "version": 2,
        "ethernets": {
            "engine": {
                "match": {"macaddress": deployment.record.mac},
                "dhcp4": False,
                "addresses": ["192.0.2.20/24"],
                "routes": [{"to": "default", "via": "192.0.2.1"}],
                "nameservers": {"addresses": ["192.0.2.1"]},
            }
        },
    }
    leased = json.loads(files(deployment, {"network.mode": "dhcp", "network.dns": ...})["network-config"])
    assert leased["ethernets"]["engine"] == {"match": {"macaddress": deployment.record.mac}, "dhcp4": True}


@pytest.mark.parametrize("changes", [{}, {"network.mode": "dhcp"}, {"engine.root_ssh_key": "ssh-ed25519 AAAA me@host"}])
@pytest.mark.parametrize("root", [None, "$6$saltsalt$hashhashhash"])
def test_the_appliance_understands_it(
    deployment: Deployment, changes: dict[str, Any], root: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "appliance"))
    try:
        settings = importlib.import_module("firstboot.settings")
        read = settings.parse(files(deployment, changes, root))
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "firstboot"]:
            del sys.modules[name]
    assert (read.fqdn, read.hostname) == ("engine.example.com", "engine")
    assert read.root_password_hash == root
    assert read.instance_id == deployment.record.instance_id
    assert read.interfaces[0].mac == deployment.record.mac


def test_without_a_program_for_it(deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drive, "find_program", lambda _names: None)
    with pytest.raises(RhvError) as caught:
        drive.build_drive(tmp_path / "x.iso", files(deployment))
    assert caught.value.code == "drive.no_tool"


def test_a_program_that_fails_leaves_nothing_and_its_words(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "genisoimage"
    tool.write_text("#!/bin/sh\necho no room >&2\nexit 3\n")
    tool.chmod(0o755)
    monkeypatch.setattr(drive, "find_program", lambda _names: str(tool))
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(RhvError) as caught:
        drive.build_drive(target / "x.iso", files(deployment))
    assert (caught.value.code, caught.value.detail) == ("drive.failed", "no room")
    assert list(target.iterdir()) == []


def test_no_secret_is_an_argument(deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "argv"
    tool = tmp_path / "genisoimage"
    tool.write_text(f'#!/bin/sh\necho "$@" > {log}\nenv >> {log}\n')
    tool.chmod(0o755)
    monkeypatch.setattr(drive, "find_program", lambda _names: str(tool))
    drive.build_drive(tmp_path / "x.iso", files(deployment, root="$6$marker$marker"))
    seen = log.read_text()
    assert "cidata" in seen
    assert "scrypt" not in seen
    assert "marker" not in seen
