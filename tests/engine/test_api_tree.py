# SPDX-License-Identifier: Apache-2.0
"""The tree's two writers and the reader of bodies."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rhv_engine.api.body import Body, read_body
from rhv_engine.api.faults import Fault
from rhv_engine.api.json_codec import write_json
from rhv_engine.api.tree import Document, Items, Link, Obj
from rhv_engine.api.xml_codec import write_xml

BASE = "/ovirt-engine/api"
WHEN = datetime(2026, 11, 22, 19, 29, 25, 1500, timezone(timedelta(hours=1)))
SAMPLE = Obj(
    {
        "name": 'a<b>&"c"', "comment": "", "memory": 1073741824, "absent": None, "stateless": False, "load": 12.5,
        "time": WHEN, "cpu": Obj({"topology": Obj({"cores": 4})}), "vlan": Obj(id="10"),
        "nics": Items("nic", [Obj({"name": "eth0"}, "n1", "/vms/1/nics/n1")]), "tags": Items("tag"),
        "cluster": Obj(id="c", href="/clusters/c"),
    },
    "1", "/vms/1", [Link("disks", "/vms/1/disks")], [Link("start", "/vms/1/start")],
)  # fmt: skip


def test_xml() -> None:
    assert write_xml(Document("vm", SAMPLE), BASE).decode() == (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        '<vm href="/ovirt-engine/api/vms/1" id="1">'
        '<actions><link href="/ovirt-engine/api/vms/1/start" rel="start"/></actions>'
        "<name>a&lt;b&gt;&amp;&quot;c&quot;</name><comment></comment><memory>1073741824</memory>"
        "<stateless>false</stateless><load>12.5</load><time>2026-11-22T18:29:25.001+00:00</time>"
        '<cpu><topology><cores>4</cores></topology></cpu><vlan id="10"></vlan>'
        '<nics><nic href="/ovirt-engine/api/vms/1/nics/n1" id="n1"><name>eth0</name></nic></nics><tags></tags>'
        '<cluster href="/ovirt-engine/api/clusters/c" id="c"></cluster>'
        '<link href="/ovirt-engine/api/vms/1/disks" rel="disks"/></vm>'
    )


def test_json() -> None:
    assert json.loads(write_json(Document("vm", SAMPLE), BASE)) == {
        "actions": {"link": [{"href": "/ovirt-engine/api/vms/1/start", "rel": "start"}]},
        "name": 'a<b>&"c"', "comment": "", "memory": "1073741824", "stateless": "false", "load": 12.5,
        "time": 1795372165001, "cpu": {"topology": {"cores": "4"}}, "vlan": {"id": "10"},
        "nics": {"nic": [{"name": "eth0", "href": "/ovirt-engine/api/vms/1/nics/n1", "id": "n1"}]}, "tags": {},
        "cluster": {"href": "/ovirt-engine/api/clusters/c", "id": "c"},
        "link": [{"href": "/ovirt-engine/api/vms/1/disks", "rel": "disks"}],
        "href": "/ovirt-engine/api/vms/1", "id": "1",
    }  # fmt: skip


@given(st.text(), st.text())
def test_any_text_survives_or_is_replaced(text: str, id_: str) -> None:
    """A guest may be called anything; the answer stays well-formed, and what XML can carry arrives unchanged."""
    root = ET.fromstring(write_xml(Document("x", Obj({"name": text}, id_)), BASE))
    found = root.findtext("name") or ""
    assert len(found) == len(text)
    assert all(a in (b, "\ufffd") for a, b in zip(found, text))
    if text.isprintable():
        assert found == text
    assert json.loads(write_json(Document("x", Obj({"name": text})), BASE))["name"] == text


_NAMES = st.sampled_from(["name", "address", "cluster", "comment"])
_BODIES = st.recursive(
    st.text(st.characters(categories=["L", "N"]), min_size=1),
    lambda inner: st.dictionaries(_NAMES, inner, min_size=1, max_size=3),
    max_leaves=8,
)


def to_xml(tag: str, value: object) -> str:
    inner = "".join(to_xml(key, item) for key, item in value.items()) if isinstance(value, dict) else str(value)
    return f"<{tag}>{inner}</{tag}>"


@given(st.dictionaries(_NAMES, _BODIES, min_size=1))
def test_xml_and_json_bodies_are_read_alike(value: dict[str, object]) -> None:
    from_json = read_body(json.dumps(value).encode(), "application/json")
    assert from_json == read_body(to_xml("host", value).encode(), "application/xml")


@given(st.binary(max_size=60), st.sampled_from(["application/xml", "application/json", ""]))
def test_any_bytes_are_read_or_refused(data: bytes, kind: str) -> None:
    try:
        body: Body | None = read_body(data, kind)
    except Fault:
        body = None
    assert body is None or set(body.attributes) <= {"id", "href"} or kind != "application/json"


def test_entities_are_refused_before_they_grow() -> None:
    lol = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    with pytest.raises(Fault, match="document type"):
        read_body(f'<!DOCTYPE x [<!ENTITY l0 "lol">{lol}]><host>&l9;</host>'.encode(), "application/xml")
