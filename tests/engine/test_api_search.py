# SPDX-License-Identifier: Apache-2.0
"""oVirt's search language: the forms that modules and roles really send, and that nothing else breaks it."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rhv_engine.api.faults import Fault
from rhv_engine.api.negotiation import read_target
from rhv_engine.api.search.match import Fields, select
from rhv_engine.api.search.parser import Condition, Search, SearchError, parse


@dataclass(frozen=True)
class Thing:
    name: str
    status: str = "up"
    memory: int = 1024
    severity: str = "normal"
    tags: tuple[str, ...] = ()


FIELDS: Fields[Thing] = Fields(
    {
        "name": lambda item: item.name,
        "status": lambda item: item.status,
        "memory": lambda item: item.memory,
        "severity": lambda item: item.severity,
        "tag": lambda item: item.tags,
        "host.name": lambda _item: None,
    },
    free_text=("name",),
    ranks={"severity": ("normal", "warning", "error", "alert")},
    always=("datacenter",),
)
THINGS = [
    Thing("web01", memory=512),
    Thing("web02", "down", 2048, "warning", ("red", "blue")),
    Thing("db one", "up", 4096, "error", ("red",)),
    Thing("WEB03", "paused", 8192, "alert"),
]


def names(query: str, **parameters: str) -> list[str]:
    target = read_target("/ovirt-engine/api/things", "")
    target = type(target)(target.base, target.segments, {"search": query, **parameters})
    return [item.name for item in select(THINGS, FIELDS, target)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=web01", ["web01"]),
        ('name="db one"', ["db one"]),
        ("name = web01", ["web01"]),
        ("name=web*", ["web01", "web02", "WEB03"]),
        ("name=*0*", ["web01", "web02", "WEB03"]),
        ("name=w*b*3", ["WEB03"]),
        ("name=we", []),
        ('name="*"', ["web01", "web02", "db one", "WEB03"]),
        ("name=web01 status=up", ["web01"]),
        ("name=web01 and status=down", []),
        ("name=web01 or name=web02", ["web01", "web02"]),
        ("name=web01 or status=down and memory=1", ["web01"]),
        ("NAME=web01 OR Status=DOWN", ["web01", "web02"]),
        ("status!=up", ["web02", "WEB03"]),
        ("memory > 1024", ["web02", "db one", "WEB03"]),
        ("memory<=2048", ["web01", "web02"]),
        ("memory =512", ["web01"]),
        ("severity > normal", ["web02", "db one", "WEB03"]),
        ("severity=alert", ["WEB03"]),
        ("severity < error", ["web01", "web02"]),
        ("tag=blue", ["web02"]),
        ("tag!=red", ["web01", "WEB03"]),
        ("host.name=any", []),
        ("host.name!=any", ["web01", "web02", "db one", "WEB03"]),
        ("datacenter=Whatever and name=web01", ["web01"]),
        ("web", ["web01", "web02", "WEB03"]),
        ('"b o"', ["db one"]),
        ("web and status=paused", ["WEB03"]),
        ("sortby name", ["db one", "web01", "web02", "WEB03"]),
        ("sortby memory desc", ["WEB03", "db one", "web02", "web01"]),
        ("status=* SORTBY NAME ASC page 1", ["db one", "web01", "web02", "WEB03"]),
        ("", ["web01", "web02", "db one", "WEB03"]),
    ],
)
def test_forms(query: str, found: list[str]) -> None:
    assert names(query) == found


def test_paging_and_limits() -> None:
    assert names("sortby memory page 2", max="3") == ["WEB03"]
    assert names("sortby memory page 3", max="3") == []
    assert names("name=*", max="2") == ["web01", "web02"]
    assert names("name=web*", case_sensitive="true") == ["web01", "web02"]


@pytest.mark.parametrize(
    "query",
    [
        "name=", "=x", "name=x and", "or name=x", "name=x and or name=y", 'name="x', "nofield=1", "sortby nofield",
        "name=x page 0", "severity > huge", '"name"=x', "name==x",
    ],
)  # fmt: skip
def test_what_cannot_be_understood_says_so(query: str) -> None:
    with pytest.raises(Fault) as caught:
        names(query)
    assert caught.value.status == 400


def test_keywords_are_words_in_quotes_or_as_fields() -> None:
    assert parse('"and"') == Search(((Condition(None, "=", "and", quoted=True),),))
    assert parse("and=1").alternatives[0][0].field == "and"
    assert parse("page=3").alternatives[0][0] == Condition("page", "=", "3")
    assert parse("name=page").page is None


_WORD = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8).filter(
    lambda text: text.lower() not in ("and", "or", "sortby", "page", "asc", "desc")
)
_CONDITION = st.builds(
    Condition, _WORD.map(str.lower), st.sampled_from(["=", "!=", "<", ">", "<=", ">="]),
    st.text(st.characters(exclude_characters='"', categories=["L", "N", "P", "Zs"]), min_size=1), st.just(True),
)  # fmt: skip


@given(st.lists(st.lists(_CONDITION, min_size=1, max_size=3), max_size=3))
def test_what_is_written_is_read(groups: list[list[Condition]]) -> None:
    text = " or ".join(" and ".join(f'{item.field}{item.operator}"{item.value}"' for item in group) for group in groups)
    assert parse(text).alternatives == tuple(tuple(group) for group in groups)


@given(st.text(st.sampled_from('name=!<>"* andorsortbypage12\n'), max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    try:
        parsed: Search | None = parse(text)
    except SearchError:
        parsed = None
    if parsed is None:
        with pytest.raises(Fault, match="400 Invalid search"):
            names(text)
    else:
        assert parse(text) == parsed


@given(st.text("ab*", max_size=12), st.text("abA", max_size=12))
def test_wildcards_match_as_the_shells_do(pattern: str, value: str) -> None:
    fields: Fields[str] = Fields({"name": lambda item: item}, free_text=("name",))
    search = Search(((Condition("name", "=", pattern, quoted=True),),))
    assert fields.predicate(search, case_sensitive=True)(value) == fnmatch.fnmatchcase(value, pattern)


def test_many_wildcards_are_no_burden() -> None:
    fields: Fields[str] = Fields({"name": lambda item: item}, free_text=("name",))
    search = Search(((Condition("name", "=", "*a" * 200 + "b"),),))
    assert not fields.predicate(search, case_sensitive=False)("a" * 20_000)
