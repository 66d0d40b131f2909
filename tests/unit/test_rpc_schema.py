# SPDX-License-Identifier: Apache-2.0
"""Validation of requests: our own few words of JSON Schema say what jsonschema says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from cockpit_rhv.paths import data_dir
from cockpit_rhv.rpc import flat_schema, schema
from cockpit_rhv.rpc.faults import RequestError
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pathlib import Path

RPC = data_dir() / "schemas" / "rpc.json"

kinds = st.sampled_from(["object", "array", "string", "boolean", "integer", "number", "null"])
names = st.sampled_from(["a", "b", "c"])
schemas = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.one_of(kinds, st.lists(kinds, min_size=1, max_size=3, unique=True)),
            "minimum": st.integers(-2, 2),
            "maximum": st.integers(-2, 2),
            "minLength": st.integers(0, 2),
            "maxLength": st.integers(0, 2),
            "enum": st.lists(st.sampled_from(["", "x", "ab"]), min_size=1, unique=True),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": kinds,
            "properties": st.dictionaries(names, inner),
            "required": st.lists(names, unique=True),
            "additionalProperties": st.one_of(st.booleans(), inner),
            "items": inner,
            "minItems": st.integers(0, 2),
            "maxItems": st.integers(0, 2),
        },
    ),
    max_leaves=6,
)
instances = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 3),
        st.sampled_from([0.5, 1.0, -2.0, 1e300]),
        st.sampled_from(["", "x", "ab", "\U0001f600"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner)),
    max_leaves=8,
)


@given(schemas, instances)
def test_our_verdict_is_that_of_jsonschema(document: dict[str, Any], value: Any) -> None:
    assert flat_schema.is_flat(document)
    assert (not list(flat_schema.faults(document, value))) == jsonschema.Draft7Validator(document).is_valid(value)


@pytest.mark.parametrize(
    "document",
    [
        {"pattern": "x"},
        {"type": ["string", "text"]},
        {"properties": {"a": {"enum": [1]}}},
        {"items": [{"type": "string"}]},
        {"additionalProperties": {"pattern": "x"}},
        {"items": {"anyOf": []}},
        True,
    ],
)
def test_what_we_do_not_know_is_left_to_jsonschema(document: Any) -> None:
    assert not flat_schema.is_flat(document)


def test_the_parameters_of_every_method_are_flat() -> None:
    """Else a first request would wait for the import of jsonschema."""
    for name, method in schema.read(RPC)["methods"].items():
        assert flat_schema.is_flat(schema.resolve(method["params"], RPC)), name


def test_every_reference_of_the_contract_leads_somewhere() -> None:
    whole = schema.resolve(schema.read(RPC), RPC)
    assert "$ref" not in json.dumps(whole)
    for method in whole["methods"].values():
        jsonschema.Draft7Validator.check_schema(method["params"])
        jsonschema.Draft7Validator.check_schema(method["result"])


@pytest.mark.parametrize(
    ("method", "params", "path"),
    [
        ("subscribe", {}, "topic"),
        ("subscribe", {"topic": 7}, "topic"),
        ("subscribe", {"topic": "host", "more": 1}, "more"),
        ("visible", {"visible": 1}, "visible"),
        ("checks.run", {"ids": ["a", 2]}, "ids.1"),
        ("machines.serial_log", {"uuid": "x", "offset": -1}, "offset"),
        ("machines.serial_log", {"uuid": "x", "offset": True}, "offset"),
        ("deploy.start", {"profile": "x", "answers": {}, "secrets": {}}, "secrets.admin_password"),
    ],
)
def test_a_refusal_names_the_path(method: str, params: dict[str, Any], path: str) -> None:
    with pytest.raises(RequestError) as caught:
        schema.RpcSchema().validate(method, params)
    assert caught.value.code == "request.invalid"
    assert caught.value.rpc_code == -32602
    assert caught.value.message.params == {"path": path}


def test_valid_parameters_pass() -> None:
    rpc = schema.RpcSchema()
    rpc.validate("hello", {"client_version": "1", "language": "es"})
    rpc.validate("machines.serial_log", {"uuid": "x", "offset": 0})


def test_a_schema_that_is_not_flat_is_checked_too_and_its_fault_repeats_no_value() -> None:
    document = {"type": "object", "properties": {"list": {"items": {"pattern": "^a+$"}}}}
    assert not list(schema.find_faults(document, {"list": ["a", "aa"]}))
    (fault,) = schema.find_faults(document, {"list": ["a", "secret"]})
    assert fault.path == "list.1"
    assert "secret" not in fault.detail


def test_the_data_folder_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_RHV_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=str(tmp_path)):
        schema.RpcSchema()
