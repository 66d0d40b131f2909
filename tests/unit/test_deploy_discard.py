# SPDX-License-Identifier: Apache-2.0
"""An unfinished engine VM is thrown away where the answers have changed, and only there; a kill delays it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.deploy import discard, places
from cockpit_rhv.deploy.discard import discard_unfinished
from cockpit_rhv.deploy.state import Deployment, read_record

from tests.unit import deploy_support as world

from .cleanup_support import Host, made_host
from .jobs_support import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

OTHER = "20260102-030405-ffff"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    yield from made_host(tmp_path, monkeypatch)


class Killed(BaseException):
    """As a kill: nothing catches it."""


def marked(host: Host) -> Deployment:
    deployment = host.deploy()
    deployment.update(discard=True)
    return deployment


@pytest.mark.parametrize("changes", [{"discard": False}, {"finished": True}])
def test_without_the_mark_or_finished_nothing_goes(host: Host, changes: dict[str, Any]) -> None:
    deployment = marked(host)
    deployment.update(**changes)
    before = host.files()
    assert not discard_unfinished(deployment)
    assert (host.files(), host.domains()) == (before, {"HostedEngine"})


def test_vm_disk_drive_and_channel_go_and_the_rest_stays(host: Host) -> None:
    deployment = marked(host)
    (host.images / "mine").write_text("x")
    host.define("Mine", None)
    before = host.files()
    assert discard_unfinished(deployment)
    gone = {path.rpartition("/")[2] for path in before - host.files()}
    assert gone == {
        "HostedEngine.qcow2", "HostedEngine-cidata.iso", "HostedEngine.first-contact", "job.key", "token", "ca.pem"
    }  # fmt: skip
    assert host.domains() == {"Mine"}
    assert (places.pki_dir() / "ca.pem").exists()
    assert not discard_unfinished(Deployment.open(world.JOB)), "once"


def test_a_guest_of_the_same_name_stays(host: Host) -> None:
    deployment = marked(host)
    domain = host.real.lookupByName("HostedEngine")
    domain.destroy()
    domain.undefine()
    host.define("HostedEngine", OTHER)
    discard_unfinished(deployment)
    assert host.domains() == {"HostedEngine"}


def test_the_vm_of_a_deployment_taken_over_goes_with_its_disk(host: Host) -> None:
    host.deploy(OTHER, "First")
    deployment = host.deploy(world.JOB, "Second")
    deployment.update(discard=True)
    discard_unfinished(deployment)
    assert host.domains() == set(), "it would go on running on a disk without a name"
    assert not list(host.images.iterdir())


def test_where_nothing_was_made_yet(host: Host) -> None:
    deployment = Deployment.open(world.JOB)
    uuid = deployment.record.uuid
    deployment.update(discard=True)
    assert discard_unfinished(deployment)
    assert deployment.record.uuid != uuid


@pytest.mark.parametrize(
    "step",
    [
        "cockpit_rhv.deploy.discard.remove_domain",
        "pathlib.Path.unlink",
        "cockpit_rhv.deploy.state.Deployment.begin_anew",
        "cockpit_rhv.deploy.state.Deployment.forget_secrets",
        "cockpit_rhv.deploy.state.Deployment.save",
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_killed_at_any_step_it_is_done_by_the_next_attempt(
    host: Host, monkeypatch: pytest.MonkeyPatch, step: str, before: bool
) -> None:
    deployment = marked(host)
    uuid, made = deployment.record.uuid, deployment.record.made
    with monkeypatch.context() as patch:
        place, _, name = step.rpartition(".")
        owner = {"discard": discard, "Path": Path, "Deployment": Deployment}[place.rpartition(".")[2]]
        real = getattr(owner, name)

        def dying(*arguments: Any, **options: Any) -> Any:
            if not before:
                real(*arguments, **options)
            raise Killed

        patch.setattr(owner, name, dying)
        with pytest.raises(Killed):
            discard_unfinished(deployment)
    record = read_record()
    assert record is not None
    assert record.discard == (record.uuid == uuid), "the mark goes with the old identities"
    discard_unfinished(Deployment.open(world.JOB))
    again = read_record()
    assert again is not None
    assert (again.discard, again.uuid == uuid, again.made) == (False, False, made)
    assert host.domains() == set()
    assert not list(host.images.iterdir())
    assert not (places.state_dir() / "token").exists()


def test_the_phase_storage_does_it(host: Host) -> None:
    marked(host)
    found = importlib.util.spec_from_file_location("rhv_storage", ROOT / "ansible/plugins/action/rhv_storage.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    params = {"job": {"id": world.JOB}, "answers": world.answers(storage=host.images)}
    assert module.ActionModule.work(params, None) == {"changed": True}
    assert host.domains() == set()
    assert module.ActionModule.work(params, None) == {"changed": False}
