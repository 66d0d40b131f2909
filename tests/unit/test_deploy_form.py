# SPDX-License-Identifier: Apache-2.0
"""The form: sound answers for this host, and nothing the schema would refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cockpit_rhv.deploy import answers as document
from cockpit_rhv.deploy.detect import Host, find_images, suggest_fqdn
from cockpit_rhv.deploy.form import build_form
from cockpit_rhv.deploy.profile import Profile, load_profile, profile_ids
from cockpit_rhv.deploy.validate import validate_answers
from cockpit_rhv.errors import RhvError
from cockpit_rhv.storage.logical import Group

from tests.unit import deploy_support as world

COMMON = json.loads((Path(__file__).parents[2] / "schemas" / "common.json").read_text())


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile()


def form(profile: Profile, facts: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
    options.setdefault("hypervisor", world.hypervisor())
    built = build_form(profile, Host(facts or world.facts(), **options))
    schema = {"$ref": "#/definitions/DeployForm", "definitions": COMMON["definitions"]}
    jsonschema.Draft7Validator(schema).validate(built)
    return built


def test_on_a_host_with_dhcp_only_the_password_is_missing(profile: Profile) -> None:
    built = form(profile)
    assert validate_answers(profile, built["values"]) == []
    assert built["values"]["network"] == {"kind": "bridge", "name": "ovirtmgmt", "mode": "dhcp"}
    assert built["values"]["engine"]["fqdn"] == "engine.example.com"
    assert built["values"]["host"]["name"] == "host1.example.com"
    assert built["origins"]["engine.fqdn"] == "detected"
    assert built["origins"]["engine.vcpus"] == "default"
    assert set(built["origins"]) == {
        path for path, _ in document.fields(profile.schema) if document.get(built["values"], path) is not None
    }


def test_volume_groups_are_offered_the_roomiest_first_chosen(profile: Profile) -> None:
    built = form(profile, groups=[Group("system", 2 * world.GIB), Group("data", 90 * world.GIB)])
    shown = [(choice["value"], choice["description"]["params"]) for choice in built["choices"]["storage.volume_group"]]
    assert shown == [("system", {"gib": 2.0}), ("data", {"gib": 90.0})]
    assert built["values"]["storage"]["volume_group"] == "data"
    assert built["values"]["storage"]["kind"] == "directory"
    assert "storage.volume_group" not in form(profile)["choices"]


def test_on_a_host_with_a_fixed_address_only_the_address_is_missing(profile: Profile) -> None:
    facts = world.facts()
    facts["nics"][0]["addresses"][0]["dynamic"] = False
    facts["dns"]["servers"] = ["127.0.0.53", "192.0.2.2"]
    built = form(profile, facts)
    assert built["values"]["network"] == {
        "kind": "bridge",
        "name": "ovirtmgmt",
        "mode": "static",
        "gateway": "192.0.2.1",
        "dns": ["192.0.2.2"],
    }
    assert [error.path for error in validate_answers(profile, built["values"])] == ["network.address"]


def test_without_a_bridge_it_is_libvirts_network(profile: Profile) -> None:
    facts = world.facts()
    facts["nics"] = [
        world.nic("eth0", "ethernet", "192.0.2.10", gateway="192.0.2.1"),
        world.nic("virbr0", "bridge", "192.168.122.1"),
    ]
    built = form(profile, facts, hypervisor=world.hypervisor(networks=[world.network("lab"), world.network()]))
    assert built["values"]["network"] == {"kind": "nat", "name": "default", "mode": "dhcp"}
    assert [choice["value"] for choice in built["choices"]["network.name"]] == ["lab", "default"], "virbr0 is libvirt's"


def test_choices_depend_on_the_kind_of_connection(profile: Profile) -> None:
    choices = form(profile)["choices"]["network.name"]
    assert [(choice["value"], choice["when"]["equals"]) for choice in choices] == [
        ("ovirtmgmt", "bridge"),
        ("default", "nat"),
    ]


def test_without_libvirt_the_form_still_comes(profile: Profile) -> None:
    assert form(profile, hypervisor=None)["values"]["network"]["name"] == "ovirtmgmt"


def test_a_small_host_gets_small_answers(profile: Profile) -> None:
    facts = world.facts()
    facts["memory"]["available_mib"] = 1200
    facts["cpu"]["threads"] = 1
    built = form(profile, facts)["values"]["engine"]
    assert (built["memory_mib"], built["vcpus"]) == (896, 1)
    facts["memory"]["available_mib"] = 100
    assert form(profile, facts)["values"]["engine"]["memory_mib"] == 768


def test_where_guests_are_emulated_one_processor_is_proposed(profile: Profile) -> None:
    assert form(profile)["values"]["engine"]["vcpus"] == 2
    assert form(profile, world.no_kvm(world.facts()))["values"]["engine"]["vcpus"] == 1


def test_a_large_image_gets_a_large_disk(profile: Profile, tmp_path: Path) -> None:
    image = world.qcow2(tmp_path / "big.qcow2", gib=20.5)
    values = form(profile, images=[image])["values"]
    assert (values["engine"]["disk_gib"], values["image"]["path"]) == (21, str(image))
    damaged = tmp_path / "damaged.qcow2"
    damaged.write_text("")
    assert form(profile, images=[damaged])["values"]["engine"]["disk_gib"] == 10


def test_notices(profile: Profile) -> None:
    with_kvm = form(profile)["notices"]
    assert [(notice["id"], notice["when"]) for notice in with_kvm] == [
        ("nat", {"path": "network.kind", "equals": "nat"})
    ]
    emulation, _ = form(profile, world.no_kvm(world.facts()))["notices"]
    assert (emulation["severity"], emulation["confirm"]) == ("danger", "accept.emulation")


@pytest.mark.parametrize(
    ("hostname", "fqdn", "search", "expected"),
    [
        ("host1", "host1.example.com", [], "engine.example.com"),
        ("host1", None, ["corp.example."], "engine.corp.example"),
        ("host1", None, [], "engine.host1.internal"),
        ("HOST_1", None, [], "engine.host-1.internal"),
        ("engine", "engine.example.com", [], "manager.example.com"),
        ("localhost", None, ["."], "engine.localhost.internal"),
        ("---", None, [], "engine.host.internal"),
    ],
)
def test_suggested_name(hostname: str, fqdn: str | None, search: list[str], expected: str) -> None:
    assert suggest_fqdn({"hostname": hostname, "fqdn": fqdn, "dns": {"search": search}}) == expected


def test_images_are_found_the_default_first_then_the_newest(tmp_path: Path) -> None:
    import os

    for age, name in enumerate(["new.qcow2", "old.qcow2", "default.qcow2"]):
        path = world.qcow2(tmp_path / name)
        os.utime(path, (1000 - age, 1000 - age))
    default = tmp_path / "default.qcow2"
    assert [path.name for path in find_images(str(default), tmp_path)] == ["default.qcow2", "new.qcow2", "old.qcow2"]
    default.unlink()
    assert [path.name for path in find_images(str(default), tmp_path)] == ["new.qcow2", "old.qcow2"]
    assert find_images("/nowhere", tmp_path / "nothing") == []


# -- profiles ---------------------------------------------------------------------------------------------------------


def test_every_phase_of_a_profile_has_its_playbook_named_after_it() -> None:
    import yaml

    for name in profile_ids():
        profile = load_profile(name)
        for phase in profile.phases:
            (play,) = yaml.safe_load((profile.folder / f"{phase.id}.yml").read_text())
            assert play["name"] == phase.id
            for task in play["tasks"]:
                assert "{{" not in task["name"]
                (action,) = set(task) - {"name"}
                assert (profile.plugins / "action" / f"{action}.py").is_file()


def test_unknown_and_damaged_profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RhvError) as caught:
        load_profile("../../etc")
    assert caught.value.code == "profile.unknown"
    monkeypatch.setenv("COCKPIT_RHV_DATA", str(tmp_path))
    with pytest.raises(RhvError) as caught:
        load_profile()
    assert caught.value.code == "profile.none"
    (tmp_path / "ansible" / "x").mkdir(parents=True)
    (tmp_path / "ansible" / "x" / "profile.json").write_text("{}")
    with pytest.raises(RhvError) as caught:
        load_profile()
    assert caught.value.code == "profile.damaged"


def test_a_new_profile_is_a_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "ansible" / "other"
    folder.mkdir(parents=True)
    title = {"id": "t", "text": "Other"}
    (folder / "profile.json").write_text(
        json.dumps({"id": "other", "title": title, "phases": [{"id": "one", "title": title, "expected_s": 1}]})
    )
    (folder / "answers.schema.json").write_text(
        json.dumps({"properties": {"colour": {"type": "string", "default": "red"}}})
    )
    monkeypatch.setenv("COCKPIT_RHV_DATA", str(tmp_path))
    built = form(load_profile("other"))
    assert (built["values"], built["notices"], built["choices"]) == ({"colour": "red"}, [], {})
