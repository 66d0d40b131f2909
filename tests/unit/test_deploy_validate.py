# SPDX-License-Identifier: Apache-2.0
"""Validation of answers: one sentence a field, none of them jsonschema's."""

from __future__ import annotations

from typing import Any

import pytest
from cockpit_rhv.deploy import answers as document
from cockpit_rhv.deploy.profile import Profile, load_profile
from cockpit_rhv.deploy.validate import refuse_invalid, validate_answers
from cockpit_rhv.errors import RhvError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit import deploy_support as world

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile("embedded")


def faults(profile: Profile, changes: dict[str, Any]) -> dict[str, str]:
    """Path to code of everything wrong after these changes."""
    found = validate_answers(profile, world.changed(world.answers(), changes))
    assert len({item.path for item in found}) == len(found), "one error a field"
    return {item.path: item.error.code for item in found}


def test_good_answers(profile: Profile) -> None:
    assert faults(profile, {}) == {}


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("engine.fqdn", "engine", "answers.format"),
        ("engine.fqdn", "", "answers.required"),
        ("engine.fqdn", ..., "answers.required"),
        ("engine.fqdn", 5, "answers.type"),
        ("engine.name", "a/b", "answers.form"),
        ("engine.name", "../etc/passwd", "answers.form"),
        ("engine.vcpus", 0, "answers.minimum"),
        ("engine.vcpus", 1.5, "answers.type"),
        ("engine.vcpus", True, "answers.type"),
        ("engine.vcpus", "2", "answers.type"),
        ("engine.memory_mib", 767, "answers.minimum"),
        ("engine.disk_gib", 99999, "answers.maximum"),
        ("engine.root_ssh_key", "ssh-ed25519 AAAA\nssh-rsa BBBB", "answers.form"),
        ("engine.root_ssh_key", "not a key", "answers.form"),
        ("network.kind", "vlan", "answers.choice"),
        ("network.address", "192.0.2.0/24", "answers.format"),
        ("network.gateway", "router", "answers.format"),
        ("network.gateway", "192.0.2.20", "answers.gateway"),
        ("network.gateway", "198.51.100.1", "answers.gateway"),
        ("network.gateway", ..., "answers.required"),
        ("network.address", ..., "answers.required"),
        ("network.dns", ["192.0.2.1"] * 4, "answers.too_many"),
        ("network.mac", "52:54:00", "answers.form"),
        ("network.mac", "01:00:5e:00:00:01", "answers.format"),
        ("storage.path", "relative/path", "answers.form"),
        ("storage.path", "/with\nnewline", "answers.form"),
        ("storage.path", "/" + "x" * 2000, "answers.too_long"),
        ("image.path", "", "answers.form"),
        ("version", 2, "answers.choice"),
        ("profile", "other", "answers.choice"),
        ("surprise", 1, "answers.unknown"),
        ("engine.surprise", 1, "answers.unknown"),
        ("engine", [], "answers.type"),
        ("engine", ..., "answers.required"),
    ],
)
def test_bad_answers(profile: Profile, path: str, value: Any, code: str) -> None:
    assert faults(profile, {path: value}) == {path: code}


def test_an_entry_of_a_list_is_named(profile: Profile) -> None:
    assert faults(profile, {"network.dns": ["192.0.2.1", "nonsense"]}) == {"network.dns.1": "answers.format"}


def test_with_dhcp_address_and_gateway_may_be_missing(profile: Profile) -> None:
    assert faults(profile, {"network.mode": "dhcp", "network.address": ..., "network.gateway": ...}) == {}


def test_all_faults_are_told_at_once_in_the_order_of_the_form(profile: Profile) -> None:
    found = faults(profile, {"storage.path": "x", "engine.fqdn": "x", "network.gateway": "x"})
    assert list(found) == ["engine.fqdn", "network.gateway", "storage.path"]


def test_every_pattern_has_a_sentence_of_its_own(profile: Profile) -> None:
    for path, field in document.fields(profile.schema):
        if "pattern" in field:
            assert field.get("x-invalid"), path


def test_sentences_are_ours(profile: Profile) -> None:
    found = validate_answers(profile, world.changed(world.answers(), {"engine.name": "a b", "engine.vcpus": "two"}))
    assert [str(item.error.message) for item in found] == [
        "Use letters, digits, dots, hyphens and underscores; begin with a letter or digit.",
        "A whole number is expected here.",
    ]


@given(JSON)
def test_any_document_is_judged_without_a_crash(value: Any) -> None:
    profile = load_profile("embedded")
    assert validate_answers(profile, value)


@given(st.sampled_from([path for path, _ in document.fields(load_profile("embedded").schema)]), JSON)
def test_any_value_of_any_field_is_judged_without_a_crash(path: str, value: Any) -> None:
    whole = world.answers()
    document.put(whole, path, value)
    for item in validate_answers(load_profile("embedded"), whole):
        assert item.path.startswith(path.partition(".")[0])
        assert str(item.error.message)


def test_refusal_names_the_first_field_and_lists_all(profile: Profile) -> None:
    with pytest.raises(RhvError) as caught:
        refuse_invalid(profile, world.changed(world.answers(), {"engine.fqdn": "x", "storage.path": "x"}))
    assert caught.value.code == "answers.invalid"
    first, second = (caught.value.detail or "").splitlines()
    assert first == f"engine.fqdn: {caught.value.message}"
    assert second.startswith("storage.path: ")


def test_completing_fills_defaults_and_keeps_what_was_given(profile: Profile) -> None:
    given_answers = {"engine": {"fqdn": "e.example.com", "vcpus": 4.0}}
    whole = document.complete(profile.schema, given_answers)
    assert whole["engine"]["vcpus"] == 4
    assert isinstance(whole["engine"]["vcpus"], int)
    assert whole["engine"]["name"] == "HostedEngine"
    assert whole["accept"] == {"emulation": False}
    assert given_answers == {"engine": {"fqdn": "e.example.com", "vcpus": 4.0}}, "the original is not touched"


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"server": "nas.example.com", "export": "/srv/rhv", "mount_options": "hard,nconnect=4"}, set()),
        ({"server": "nas.example.com"}, {"storage.export"}),
        ({}, {"storage.server", "storage.export"}),
        # It would be mounted in the background, after the disk was written below it.
        ({"server": "nas", "export": "/srv", "mount_options": "bg"}, {"storage.mount_options"}),
        ({"server": "nas", "export": "/srv", "mount_options": "vers=3"}, {"storage.mount_options"}),
        ({"server": "nas%1", "export": "/srv"}, {"storage.server"}),
        ({"server": "nas", "export": "/srv/../etc"}, {"storage.export"}),
    ],
)
def test_a_shared_storage_is_one_that_can_be_tried(profile: Profile, changes: dict[str, str], wrong: set[str]) -> None:
    given = {f"storage.{name}": value for name, value in {"kind": "nfs", **changes}.items()}
    assert set(faults(profile, given)) == wrong


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"kind": "lvm", "volume_group": "vg0"}, {}),
        ({"kind": "lvm"}, {"storage.volume_group": "answers.required"}),
        ({"kind": "lvm", "volume_group": "vg0/lv"}, {"storage.volume_group": "answers.form"}),
        ({"kind": "lvm", "volume_group": "-vg"}, {"storage.volume_group": "answers.form"}),
        ({"kind": "lvm", "volume_group": "vg0\n"}, {"storage.volume_group": "answers.form"}),
        ({"kind": "lvm", "volume_group": ".."}, {"storage.volume_group": "answers.form"}),
    ],
)
def test_a_volume_group_is_one_that_can_be_tried(
    profile: Profile, changes: dict[str, Any], wrong: dict[str, str]
) -> None:
    assert faults(profile, {f"storage.{name}": value for name, value in changes.items()}) == wrong


_LUN = {"kind": "iscsi", "portals": ["192.0.2.5"], "target": "iqn.2024-01.com.example:d1", "lun": 0, "wwid": "6001405a"}


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({}, {}),
        ({"portals": ["[2001:db8::1]:3260", "san.example.com"]}, {}),
        ({"portals": ["192.0.2.5:65536"]}, {"storage.portals": "answers.form"}),
        ({"portals": ["192.0.2.5", "192.0.2.5:3260"]}, {"storage.portals": "answers.form"}),
        ({"portals": ["a;b"]}, {"storage.portals": "answers.form"}),
        ({"portals": []}, {"storage.portals": "answers.required"}),
        ({"target": "disk1"}, {"storage.target": "answers.form"}),
        ({"target": "iqn.2024-01.com.example:a\n"}, {"storage.target": "answers.form"}),
        ({"lun": -1}, {"storage.lun": "answers.minimum"}),
        ({"lun": ...}, {"storage.lun": "answers.required"}),
        ({"wwid": "x y"}, {"storage.wwid": "answers.form"}),
        ({"wwid": "6001405a\n"}, {"storage.wwid": "answers.form"}),
        ({"chap_user": "a\nnode.startup = automatic"}, {"storage.chap_user": "answers.form"}),
        ({"chap_user": "host1\n"}, {"storage.chap_user": "answers.form"}),
        ({"chap_user": " host1"}, {"storage.chap_user": "answers.form"}),
        ({"chap_reverse_user": "san"}, {"storage.chap_user": "answers.required"}),
    ],
)
def test_a_lun_is_judged_field_by_field_and_refused_while_no_lease_holds_it(
    profile: Profile, changes: dict[str, Any], wrong: dict[str, str]
) -> None:
    given = {f"storage.{name}": value for name, value in {**_LUN, **changes}.items() if value is not ...}
    assert faults(profile, given) == {"storage.kind": "answers.unavailable", **wrong}


def test_the_reason_of_a_refused_choice_is_the_schemas(profile: Profile) -> None:
    given = world.changed(world.answers(), {f"storage.{name}": value for name, value in _LUN.items()})
    (fault,) = validate_answers(profile, given)
    assert "sanlock" in str(fault.error.message)
