# SPDX-License-Identifier: Apache-2.0
"""What a deployment remembers, and for how long."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.deploy import places
from cockpit_rhv.deploy.state import Deployment, read_record
from cockpit_rhv.errors import RhvError
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.unit import deploy_support as world

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(tmp_path / "var"))
    monkeypatch.setenv("COCKPIT_RHV_ETC", str(tmp_path / "etc"))
    return places.state_dir()


def test_a_resume_finds_the_same_identities(folder: Path) -> None:
    first = Deployment.open(world.JOB)
    key, token, record = first.job_public_key(), first.token(), first.record
    again = Deployment.open(world.JOB)
    assert (again.job_public_key(), again.token(), again.record) == (key, token, record)
    assert record.mac.startswith("52:54:00:")
    assert int(record.mac[:2], 16) & 1 == 0
    assert len(token) >= 43


def test_nobody_but_root_reads_it(folder: Path) -> None:
    old = os.umask(0)
    try:
        deployment = Deployment.open(world.JOB)
        deployment.token()
        deployment.job_key()
    finally:
        os.umask(old)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert {path.name for path in folder.iterdir()} == {"deployment.json", "job.key", "token"}


def test_another_deployment_has_other_secrets_and_knows_what_the_first_left(folder: Path) -> None:
    first = Deployment.open(world.JOB)
    key, token = first.job_public_key(), first.token()
    first.update(disk="/images/e.qcow2", drive="/images/e-cidata.iso")
    second = Deployment.open("20260102-030405-ffff")
    assert second.job_public_key() != key
    assert second.token() != token
    assert second.record.uuid != first.record.uuid
    assert second.record.files() == {"/images/e.qcow2", "/images/e-cidata.iso"}


def test_a_deployed_engine_is_not_taken_over(folder: Path) -> None:
    first = Deployment.open(world.JOB)
    first.update(finished=True)
    places.config_dir().mkdir()
    places.engine_json().write_text("{}")
    with pytest.raises(RhvError) as caught:
        Deployment.open("20260102-030405-ffff")
    assert caught.value.code == "engine.deployed"
    assert Deployment.open(world.JOB).record.finished
    places.engine_json().unlink()
    assert not Deployment.open("20260102-030405-ffff").record.finished


def test_forgetting_leaves_no_secret(folder: Path) -> None:
    deployment = Deployment.open(world.JOB)
    token = deployment.token()
    deployment.job_key()
    deployment.forget_secrets()
    deployment.forget_secrets()
    assert not deployment.has_secrets()
    assert not any(token in path.read_text() or "PRIVATE" in path.read_text() for path in folder.iterdir())


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"job": "x"}', "null", '"x"'])
def test_a_damaged_record_is_said_so(folder: Path, text: str) -> None:
    Deployment.open(world.JOB)
    (folder / "deployment.json").write_text(text)
    with pytest.raises(RhvError) as caught:
        read_record()
    assert caught.value.code == "state.damaged"


def test_a_record_of_a_later_version_is_read(folder: Path) -> None:
    Deployment.open(world.JOB)
    path = folder / "deployment.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "added_later": 1}))
    record = read_record()
    assert record is not None
    assert record.job == world.JOB


def test_no_record_at_all(folder: Path) -> None:
    assert read_record() is None


def test_the_public_key_is_what_the_drive_carries(folder: Path) -> None:
    pem = Deployment.open(world.JOB).job_public_key()
    assert pem.startswith("-----BEGIN PUBLIC KEY-----")
    load_pem_public_key(pem.encode())
