# SPDX-License-Identifier: Apache-2.0
"""Storage documents: what is refused, with which sentence, and where secrets do not go."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.storage.document import Iscsi, Nfs, Portal, document_json, parse_portal, read_document
from hypothesis import given
from hypothesis import strategies as st

NFS = {"type": "nfs", "server": "nas.example.com", "path": "/srv/vms"}
CHAP = {"user": "host1", "secret": "s3cret-out", "reverse": {"user": "array", "secret": "s3cret-back"}}
ISCSI = {
    "type": "iscsi",
    "portals": ["10.0.0.1", "10.0.1.1:3261"],
    "target": "iqn.2024-01.lab.wk:t1",
    "lun": 0,
    "chap": CHAP,
}


def refusal(document: Any) -> str:
    with pytest.raises(RhvError) as caught:
        read_document(document)
    assert caught.value.code == "storage.document"
    assert caught.value.hint is not None
    return caught.value.message.id


def test_what_is_left_out_is_filled_in() -> None:
    assert read_document(NFS) == Nfs("nas.example.com", "/srv/vms")
    assert document_json(read_document(NFS)) == {**NFS, "version": "auto", "options": ""}
    assert read_document({**NFS, "server": "FD00::0001"}) == Nfs("fd00::1", "/srv/vms")
    assert read_document({**NFS, "path": "/srv/vms/"}) == Nfs("nas.example.com", "/srv/vms")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"server": "a b"}, "host"),
        ({"server": "nas;reboot"}, "host"),
        ({"server": "nas\nx"}, "host"),
        ({"server": "'nas'"}, "host"),
        ({"server": "-o"}, "host"),
        ({"server": "10.0.0.256"}, "host"),
        ({"server": "fe80::1%eth0"}, "host"),
        ({"server": "nas..example"}, "host"),
        ({"path": "srv"}, "absolute"),
        ({"path": "/srv/../etc"}, "dots"),
        ({"path": "/srv/.."}, "dots"),
        ({"path": "/srv/a b"}, "character"),
        ({"path": '/srv/"x"'}, "character"),
        ({"path": "/srv/a;b"}, "character"),
        ({"path": "/srv/a\nb"}, "character"),
        ({"path": "/srv/$(x)"}, "character"),
        ({"version": "4.3"}, "shape"),
        ({"version": "4"}, "shape"),
        ({"options": "rw,vers=3"}, "option_version"),
        ({"options": "bg"}, "bg"),
        ({"options": "rw;x"}, "option"),
        ({"options": "rw, ro"}, "option"),
        ({"extra": 1}, "shape"),
        ({"type": "gluster"}, "type"),
        ({"server": 5}, "shape"),
    ],
)
def test_a_bad_nfs_document_is_refused_for_what_is_wrong(change: dict[str, Any], reason: str) -> None:
    assert refusal({**NFS, **change}) == f"storage.document.{reason}"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"portals": []}, "shape"),
        ({"portals": ["10.0.0.1:65536"]}, "port"),
        ({"portals": ["10.0.0.1:0"]}, "port"),
        ({"portals": ["10.0.0.1:"]}, "port"),
        ({"portals": ["10.0.0.1:x"]}, "port"),
        ({"portals": ["[fd00::1"]}, "ipv6"),
        ({"portals": ["[fd00::1]3260"]}, "ipv6"),
        ({"portals": ["10.0.0.1", "10.0.0.1:3260"]}, "twice"),
        ({"portals": ["10.0.0.1 -o new"]}, "host"),
        ({"target": "iqn.2024-01.wk t1"}, "target"),
        ({"target": "iqn.2024-01.lab.wk:t1;x"}, "target"),
        ({"target": "disk1"}, "target"),
        ({"target": "../../etc"}, "target"),
        ({"lun": -1}, "shape"),
        ({"lun": True}, "shape"),
        ({"chap": {"user": "u"}}, "shape"),
        ({"chap": {"user": "u", "secret": "a\nnode.startup = automatic"}}, "chap"),
        ({"chap": {"user": "u", "secret": " a"}}, "chap"),
        ({"chap": {"user": "u", "secret": "same", "reverse": {"user": "t", "secret": "same"}}}, "same_secret"),
    ],
)
def test_a_bad_iscsi_document_is_refused_for_what_is_wrong(change: dict[str, Any], reason: str) -> None:
    assert refusal({**ISCSI, **change}) == f"storage.document.{reason}"


@pytest.mark.parametrize("group", ["a b", "-x", "..", "vg/lv", "vg;x"])
def test_a_bad_volume_group_is_refused(group: str) -> None:
    assert refusal({"type": "lvm", "volume_group": group}) == "storage.document.characters"


@pytest.mark.parametrize(
    ("text", "portal", "shown"),
    [
        ("10.0.0.1", Portal("10.0.0.1", 3260), "10.0.0.1:3260"),
        ("nas:860", Portal("nas", 860), "nas:860"),
        ("fd00::1", Portal("fd00::1", 3260), "[fd00::1]:3260"),
        ("[fd00::1]", Portal("fd00::1", 3260), "[fd00::1]:3260"),
        ("[FD00::1]:65535", Portal("fd00::1", 65535), "[fd00::1]:65535"),
    ],
)
def test_portals(text: str, portal: Portal, shown: str) -> None:
    assert parse_portal(text) == portal
    assert str(portal) == shown


def test_secrets_are_neither_stored_nor_shown() -> None:
    document = read_document(ISCSI)
    assert isinstance(document, Iscsi)
    assert document.chap is not None
    assert document.chap.out.secret == "s3cret-out"
    for text in (repr(document), json.dumps(document_json(document))):
        assert "host1" in text
        assert "s3cret" not in text
    assert json.loads(json.dumps(document_json(document)))["portals"] == ["10.0.0.1:3260", "10.0.1.1:3261"]


@pytest.mark.parametrize("bad", ["s3cret-x\n", ["s3cret-x"], "s3cret-x" * 40])
def test_an_error_does_not_quote_a_secret(bad: Any) -> None:
    with pytest.raises(RhvError) as caught:
        read_document({**ISCSI, "chap": {"user": "u", "secret": bad}})
    assert "s3cret" not in json.dumps(caught.value.to_json())


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries({"type": st.sampled_from(["nfs", "iscsi", "directory", "lvm", "fc"])}), values, values, values
)
def test_whatever_is_sent_is_a_document_or_refused(start: dict[str, Any], one: Any, two: Any, three: Any) -> None:
    whole = {
        "nfs": {"server": one, "path": two, "options": three},
        "iscsi": {"portals": one, "target": two, "lun": three},
        "directory": {"path": one},
        "lvm": {"volume_group": one},
        "fc": {"wwid": one},
    }[start["type"]]
    try:
        document = read_document({**start, **whole})
    except RhvError:
        return
    # What is stored is a document again, and the same.
    assert read_document(document_json(document)) == document


@given(st.text(max_size=30))
def test_whatever_text_is_a_portal_or_refused(text: str) -> None:
    try:
        portal = parse_portal(text)
    except RhvError:
        return
    assert parse_portal(str(portal)) == portal
    assert not set(str(portal)) & set(" ;'\"\n/")
