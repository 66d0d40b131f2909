# SPDX-License-Identifier: Apache-2.0
"""RFC 7396 patches: the appendix of the RFC, and that a diff always leads to the new state."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cockpit_rhv.rpc import merge
from hypothesis import given
from hypothesis import strategies as st

# no floats: without them two values are the same exactly when their JSON texts are
scalars = st.one_of(st.booleans(), st.integers(-3, 3), st.sampled_from(["", "x", "null", "ä", "\x00"]))
# few keys, so that two states often share some
keys = st.sampled_from(["a", "b", "c", "ä", ""])


def values(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner)), max_leaves=12
    )


states = st.dictionaries(keys, values(scalars))
states_with_nulls = st.dictionaries(keys, values(st.one_of(st.none(), scalars)))


@given(states, states)
def test_a_diff_leads_to_the_new_state(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert text(merge.apply(old, merge.diff(old, new))) == text(new)


def text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


@given(states)
def test_equal_states_need_no_patch(state: dict[str, Any]) -> None:
    assert merge.diff(state, json.loads(json.dumps(state))) == {}


@given(states_with_nulls, states_with_nulls)
def test_states_with_nulls_travel_once_stripped(old: dict[str, Any], new: dict[str, Any]) -> None:
    before, after = merge.strip_nulls(old), merge.strip_nulls(new)
    assert text(merge.apply(before, merge.diff(before, after))) == text(after)


@given(states_with_nulls)
def test_stripping_removes_the_null_members_and_nothing_else(state: dict[str, Any]) -> None:
    assert merge.strip_nulls(state) == _without_nulls(state)
    assert merge.strip_nulls(merge.strip_nulls(state)) == merge.strip_nulls(state)


def _without_nulls(value: Any) -> Any:
    return json.loads(
        text(value), object_pairs_hook=lambda pairs: {key: member for key, member in pairs if member is not None}
    )


@given(states, st.integers(min_value=20, max_value=200))
def test_parts_do_together_what_the_whole_does(state: dict[str, Any], limit: int) -> None:
    parts = list(merge.split(state, limit))
    result: Any = {}
    for part in parts:
        result = merge.apply(result, part)
    assert text(result) == text(state)


def test_a_long_map_is_parted_into_pieces_that_fit() -> None:
    state = {"libvirt": {"state": "connected"}, "machines": {str(i): {"name": "x" * 100} for i in range(1000)}}
    parts = list(merge.split(state, 10_000))
    assert len(parts) > 10
    assert all(len(json.dumps(part)) <= 10_000 for part in parts)
    assert parts[0]["libvirt"] == {"state": "connected"}


def test_what_cannot_be_parted_is_left_whole() -> None:
    assert list(merge.split({"text": "x" * 100}, 50)) == [{"text": "x" * 100}]


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [  # RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_applying_is_the_rfcs(target: Any, patch: Any, result: Any) -> None:
    assert merge.apply(target, patch) == result


def test_a_number_is_the_same_however_it_is_written() -> None:
    assert merge.diff({"a": 1}, {"a": 1.0}) == {}


def test_true_is_not_one() -> None:
    assert merge.diff({"a": 1, "b": [1]}, {"a": True, "b": [True]}) == {"a": True, "b": [True]}


def test_arrays_are_replaced_whole_and_removals_are_null() -> None:
    old = {"macs": ["a", "b"], "load": {"cpu": 1, "memory": 2}, "gone": {"x": 1}}
    new = {"macs": ["a"], "load": {"cpu": 1, "memory": 3}}
    assert merge.diff(old, new) == {"macs": ["a"], "load": {"memory": 3}, "gone": None}
