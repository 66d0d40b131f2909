# SPDX-License-Identifier: Apache-2.0
"""What a cleanup would do: each thing a deployment made, in order, and nothing of anybody else's."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from cockpit_rhv.checks.agent_port import AGENT_UNIT
from cockpit_rhv.deploy import places
from cockpit_rhv.deploy.cleanup_plan import Plan, plan_cleanup, refuse_changed
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.errors import RhvError

from tests.unit import deploy_support as world

from .cleanup_support import FQDN, Host, made_host

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMON = json.loads((Path(__file__).parents[2] / "schemas" / "common.json").read_text())
OTHER = "20260102-030405-ffff"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    yield from made_host(tmp_path, monkeypatch)


def ids(host: Host) -> list[str]:
    """With paths below the test's folder."""
    return [item.id.replace(f"{host.folder}/", "") for item in plan_cleanup().items]


EVERYTHING = [
    f"unit:{AGENT_UNIT}",
    "domain:HostedEngine",
    "registration:host1",
    "file:storage/images/HostedEngine-cidata.iso",
    "file:storage/images/HostedEngine.qcow2",
    "file:etc/pki/agent.key",
    "file:etc/pki/ca.pem",
    "file:etc/pki/agent.pem",
    "file:log/HostedEngine.first-contact",
    "file:log/HostedEngine-serial0.log",
    "file:log/HostedEngine.log",
    "network_autostart:default",
    "network_started:default",
    "folder:storage/images",
    "folder:storage",
    "folder:etc/pki",
    "folder:etc",
    "state:var/engine",
]


def test_a_host_without_a_deployment(host: Host) -> None:
    plan = plan_cleanup()
    assert (plan.items, plan.engine) == ([], None)
    jsonschema.Draft7Validator({**COMMON, "$ref": "#/definitions/CleanupPlan"}).validate(plan.to_json())


def test_an_unfinished_deployment_in_order(host: Host) -> None:
    host.deploy()
    before = host.files()
    assert ids(host) == EVERYTHING
    plan = plan_cleanup().to_json()
    jsonschema.Draft7Validator({**COMMON, "$ref": "#/definitions/CleanupPlan"}).validate(plan)
    assert (plan["loses_engine"], plan["engine"]) == (False, None)
    sizes = {item["id"]: item["size_bytes"] for item in plan["items"]}
    assert sizes[f"file:{host.images}/HostedEngine.qcow2"] >= 5000
    assert sizes["domain:HostedEngine"] is None
    kinds = {Path(item["name"]).name: item["kind"] for item in plan["items"]}
    assert (kinds["HostedEngine.qcow2"], kinds["HostedEngine-cidata.iso"]) == ("disk", "drive")
    assert host.files() == before, "looking changes nothing"
    assert host.domains() == {"HostedEngine"}


def test_a_deployed_engine_is_named(host: Host) -> None:
    host.finish(host.deploy())
    plan = plan_cleanup()
    assert plan.engine == FQDN
    assert plan.to_json()["loses_engine"] is True
    assert set(ids(host)) == {*EVERYTHING, "file:etc/engine.json"}


def test_an_engine_whose_deployment_died_in_its_last_moment_is_named(host: Host) -> None:
    deployment = host.deploy()
    host.finish(deployment)
    deployment.update(finished=False)
    assert plan_cleanup().engine == FQDN, "it works, so nobody removes it without its name"


def test_a_file_known_twice_is_listed_once(host: Host) -> None:
    deployment = host.deploy()
    deployment.note("file", deployment.record.disk)
    assert ids(host) == EVERYTHING


def test_what_is_gone_is_not_listed(host: Host) -> None:
    host.deploy()
    (host.images / "HostedEngine.qcow2").unlink()
    (places.pki_dir() / "agent.pem").unlink()
    domain = host.real.lookupByName("HostedEngine")
    domain.destroy()
    domain.undefine()
    host.network().setAutostart(0)
    host.units[AGENT_UNIT] = ["inactive", "disabled"]
    assert [name for name in EVERYTHING if name not in ids(host)] == [
        f"unit:{AGENT_UNIT}",
        "domain:HostedEngine",
        "file:storage/images/HostedEngine.qcow2",
        "file:etc/pki/agent.pem",
        "network_autostart:default",
    ]


@pytest.mark.parametrize(
    ("made", "state", "listed"),
    [
        (["unit_enabled", "unit_started"], ["active", "enabled"], True),
        (["unit_enabled", "unit_started"], ["failed", "enabled"], True),
        (["unit_enabled", "unit_started"], ["activating", "disabled"], True),
        (["unit_enabled", "unit_started"], ["inactive", "disabled"], False),
        (["unit_enabled"], ["active", "enabled"], True),
        (["unit_enabled"], ["active", "disabled"], False),
        (["unit_started"], ["active", "enabled"], True),
        (["unit_started"], ["failed", "enabled"], False),
        ([], ["active", "enabled"], False),
    ],
)
def test_the_agent_is_undone_as_far_as_it_was_done(host: Host, made: list[str], state: list[str], listed: bool) -> None:
    deployment = Deployment.open(world.JOB)
    for kind in made:
        deployment.note(kind, AGENT_UNIT)
    host.units[AGENT_UNIT] = state
    action = {1: "unit_disable" if "unit_enabled" in made else "unit_stop", 2: "unit"}.get(len(made))
    assert [name for name in ids(host) if name.startswith("unit")] == ([f"{action}:{AGENT_UNIT}"] if listed else [])


@pytest.mark.parametrize(
    ("made", "active", "autostart", "listed"),
    [
        ([], True, True, []),
        (["network_started"], True, True, ["network_started:default"]),
        (["network_started"], False, False, []),
        (["network_autostart"], True, True, ["network_autostart:default"]),
        (["network_autostart"], True, False, []),
    ],
)
def test_a_network_is_undone_as_far_as_it_was_done(
    host: Host, made: list[str], active: bool, autostart: bool, listed: list[str]
) -> None:
    deployment = Deployment.open(world.JOB)
    for kind in made:
        deployment.note(kind, "default")
    host.network().setAutostart(int(autostart))
    if not active:
        host.network().destroy()
    assert [name for name in ids(host) if name.startswith("network")] == listed


def test_a_network_that_was_removed(host: Host) -> None:
    Deployment.open(world.JOB).note("network_started", "gone")
    assert ids(host) == ["state:var/engine"]


# -- whose ------------------------------------------------------------------------------------------------------------


def test_a_guest_is_ours_by_its_mark_and_not_by_its_name(host: Host) -> None:
    host.deploy(name="HostedEngine")
    domain = host.real.lookupByName("HostedEngine")
    domain.destroy()
    domain.undefine()
    host.define("HostedEngine", None)
    host.define("Another", OTHER)
    assert not [name for name in ids(host) if name.startswith("domain")]
    host.define("Renamed", world.JOB, running=False)
    assert "domain:Renamed" in ids(host)


def test_what_was_there_before_is_not_listed(host: Host) -> None:
    host.images.mkdir(parents=True)
    (host.images / "mine.iso").write_text("x")
    places.pki_dir().mkdir(parents=True)
    (places.pki_dir() / "ca.pem").write_text("of another engine")
    host.deploy()
    listed = ids(host)
    assert not {"folder:storage/images", "folder:storage", "folder:etc/pki", "file:etc/pki/ca.pem"} & set(listed)
    assert not [name for name in listed if "mine.iso" in name]


def test_what_an_earlier_unfinished_deployment_left_goes_too(host: Host) -> None:
    host.deploy(OTHER, "First")
    (host.images / ".First.qcow2.partial").write_text("x")
    Deployment.open(OTHER).update(leftovers=[str(host.images / ".First.qcow2.partial")])
    host.deploy(world.JOB, "Second")
    assert [name for name in ids(host) if name.startswith(("domain", "file:storage"))] == [
        "domain:First",
        "domain:Second",
        "file:storage/images/.First.qcow2.partial",
        "file:storage/images/First-cidata.iso",
        "file:storage/images/First.qcow2",
        "file:storage/images/Second-cidata.iso",
        "file:storage/images/Second.qcow2",
    ], "a disk is not taken from under a guest that goes on running"


def test_a_drive_broken_off_while_it_was_built(host: Host) -> None:
    host.deploy()
    scratch = host.images / ".HostedEngine-cidata.iso.ab3_xyz9" / "content"
    scratch.mkdir(parents=True)
    (scratch / "user-data").write_text("a hash")
    (host.images / ".HostedEngine-cidata.iso.mine").mkdir()
    (host.images / ".HostedEngine-cidata.iso.abcdefgh").write_text("no folder")
    (host.images / ".HostedEngine-cidata.iso.12345678").symlink_to("/")
    assert [name for name in ids(host) if name.startswith("scratch")] == [
        "scratch:storage/images/.HostedEngine-cidata.iso.ab3_xyz9"
    ]


# -- what is given back -----------------------------------------------------------------------------------------------


def test_the_fingerprint_is_of_the_list_and_not_of_sizes(host: Host) -> None:
    host.deploy()
    first = plan_cleanup().fingerprint
    with (host.images / "HostedEngine.qcow2").open("a") as disk:
        disk.write("x" * 100_000)
    assert plan_cleanup().fingerprint == first
    (places.pki_dir() / "agent.pem").unlink()
    assert plan_cleanup().fingerprint != first


def test_strange_names_have_a_fingerprint(host: Host) -> None:
    strange = os.fsdecode(os.fsencode(str(host.folder)) + b"/\xff\n\xc3\xb1")
    Path(strange).write_text("x")
    Deployment.open(world.JOB).note("file", strange)
    plan = plan_cleanup()
    assert plan.items[0].name == strange
    assert len(plan.fingerprint) == 64
    assert json.dumps(plan.to_json())


@pytest.mark.parametrize(
    ("fingerprint", "engine", "code"),
    [
        (None, None, "cleanup.unconfirmed"),
        (None, "", "cleanup.unconfirmed"),
        (None, "other.example.com", "cleanup.unconfirmed"),
        (None, FQDN.upper(), "cleanup.unconfirmed"),
        ("", FQDN, "cleanup.changed"),
        ("0" * 64, FQDN, "cleanup.changed"),
        (None, FQDN, None),
    ],
)
def test_only_what_was_meant(host: Host, fingerprint: str | None, engine: str | None, code: str | None) -> None:
    host.finish(host.deploy())
    plan = plan_cleanup()
    given: Any = plan.fingerprint if fingerprint is None else fingerprint
    if code is None:
        refuse_changed(plan, given, engine)
        return
    with pytest.raises(RhvError) as caught:
        refuse_changed(plan, given, engine)
    assert caught.value.code == code


def test_nothing_is_refused_as_nothing(host: Host) -> None:
    with pytest.raises(RhvError) as caught:
        refuse_changed(Plan([], [], None), Plan([], [], None).fingerprint, None)
    assert caught.value.code == "cleanup.nothing"
    host.deploy()
    refuse_changed(plan_cleanup(), plan_cleanup().fingerprint, None)


def test_a_shared_storage_is_unmounted_after_the_files_on_it_went(host: Host) -> None:
    host.mount(host.deploy())
    found = ids(host)
    assert found.index("file:storage/images/HostedEngine.qcow2") < found.index("pool:rhv-HostedEngine")
    assert found.index("pool:rhv-HostedEngine") < found.index("folder:storage/images")
    assert {item.kind for item in plan_cleanup().items if item.action == "pool"} == {"pool"}
    jsonschema.validate(plan_cleanup().to_json(), {**COMMON, "$ref": "#/definitions/CleanupPlan"})


def test_a_shared_storage_that_is_not_mounted_keeps_what_lies_on_it_and_that_is_said(host: Host) -> None:
    pool = host.mount(host.deploy())
    host.real.storagePoolLookupByName(pool).destroy()
    assert any("rhv-HostedEngine is not active" in str(text) for text in plan_cleanup().kept)
    host.real.storagePoolLookupByName(pool).create()
    assert not any("is not active" in str(text) for text in plan_cleanup().kept)


def test_a_file_that_a_kill_left_half_written_goes_too(host: Host) -> None:
    """Seen on a host: killed while the agent's key was written."""
    host.deploy()
    left = [places.pki_dir() / ".agent.key.new", places.config_dir() / ".engine.json.4711.3"]
    Deployment.open(world.JOB).note("file", str(places.engine_json()))
    for path in [*left, places.pki_dir() / ".agent.key.old"]:
        path.write_text("half")
    assert {f"file:{path}" for path in left} <= {item.id for item in plan_cleanup().items}
    assert not any(item.name.endswith(".old") for item in plan_cleanup().items), "nobody's business"
