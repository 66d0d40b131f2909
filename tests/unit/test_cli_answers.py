# SPDX-License-Identifier: Apache-2.0
"""Answers and passwords as a shell gives them: nothing is guessed, cut or let in by the back door."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.cli_answers import apply_settings, leaves, merge, password_from, read_answers
from cockpit_rhv.deploy.document import parse_answers
from cockpit_rhv.errors import RhvError
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = {
    "type": "object",
    "properties": {
        "engine": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "memory_mib": {"type": "integer"}},
        },
        "accept": {"type": "object", "properties": {"emulation": {"type": "boolean"}}},
    },
}
BOMB = b"a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"


def test_yaml_and_json_are_read(tmp_path: Path) -> None:
    document = tmp_path / "answers"
    document.write_text("engine:\n  name: HostedEngine\n  memory_mib: 2048\n")
    assert read_answers(str(document)) == {"engine": {"name": "HostedEngine", "memory_mib": 2048}}
    assert parse_answers(b'{"engine": {"name": "\\u00e9"}}') == {"engine": {"name": "\u00e9"}}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "answers.not_mapping"),
        (b"- a\n- b\n", "answers.not_mapping"),
        (b"just text", "answers.not_mapping"),
        (b"a: [", "answers.syntax"),
        (b"a: b: c", "answers.syntax"),
        (b"\xff\xfe\x00", "answers.syntax"),
        (b"a: \x00", "answers.syntax"),
        (BOMB, "answers.syntax"),
        (b"a: !!python/object/apply:os.system ['id']", "answers.syntax"),
        (b"{a: " * 30 + b"}" * 30, "answers.syntax"),
        (b"[" * 100_000, "answers.syntax"),
        (b"a: 2026-13-45", "answers.syntax"),
        (b"a: 2026-01-01", "answers.syntax"),
        (b"a: [.nan]", "answers.syntax"),
        (b"a: !!binary eA==", "answers.syntax"),
        (b"a: {1: x}", "answers.syntax"),
        (b"? [a, b]\n: c\n", "answers.syntax"),
        (b"a: " + b"x" * 1024 * 1024, "answers.too_large"),
    ],
)
def test_what_is_no_answers_document_is_refused_at_once(data: bytes, code: str) -> None:
    began = time.monotonic()
    with pytest.raises(RhvError) as caught:
        parse_answers(data)
    assert caught.value.code == code
    assert time.monotonic() - began < 20


@given(st.binary(max_size=200))
def test_any_bytes_are_answers_or_an_error(data: bytes) -> None:
    try:
        json.dumps(parse_answers(data), allow_nan=False)
    except RhvError as error:
        if not error.code.startswith("answers."):
            raise


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(RhvError, match="/nowhere/answers") as caught:
        read_answers("/nowhere/answers")
    assert caught.value.code == "answers.unreadable"


def test_settings_have_the_schemas_types() -> None:
    answers: dict[str, Any] = {"engine": {"name": "old"}}
    settings = ["engine.name=007=x", "engine.memory_mib=2048", "accept.emulation=true", "colour=blue", "new.n=1"]
    apply_settings(answers, settings, SCHEMA)
    assert answers == {
        "engine": {"name": "007=x", "memory_mib": 2048},
        "accept": {"emulation": True},
        "colour": "blue",
        "new": {"n": 1},
    }
    apply_settings(answers, ["engine.memory_mib=much"], SCHEMA)
    assert answers["engine"]["memory_mib"] == "much", "validation says what is wrong with it"


@pytest.mark.parametrize("setting", ["engine", "=x", ".a=1", "engine.=1", "engine.name.first=x", ""])
def test_what_is_no_setting_is_refused(setting: str) -> None:
    with pytest.raises(RhvError, match=r"answers\.setting"):
        apply_settings({"engine": {"name": "x"}}, [setting], SCHEMA)


def test_given_answers_lie_over_the_detected() -> None:
    detected: dict[str, Any] = {"engine": {"name": "HostedEngine", "memory_mib": 1024}, "network": {"kind": "nat"}}
    merged = merge(detected, {"engine": {"name": "mine"}, "network": "none", "more": 1})
    assert merged == {"engine": {"name": "mine", "memory_mib": 1024}, "network": "none", "more": 1}
    assert detected["engine"]["name"] == "HostedEngine"
    assert dict(leaves(merged))["engine.memory_mib"] == 1024


def through_pipe(data: bytes) -> str:
    read_end, write_end = os.pipe()
    try:
        os.write(write_end, data)
        os.close(write_end)
        return password_from(read_end)
    finally:
        os.close(read_end)


@pytest.mark.parametrize(
    ("data", "password"),
    [
        (b"secret", "secret"),
        (b"secret\n", "secret"),
        (b"secret\n\n", "secret\n"),
        (b"  two words \n", "  two words "),
        (b"{{ x }}$(id)'\"\\\n", "{{ x }}$(id)'\"\\"),
        ("p\u00e4ss".encode(), "p\u00e4ss"),
        (b"", ""),
    ],
)
def test_a_password_arrives_as_typed(data: bytes, password: str) -> None:
    assert through_pipe(data) == password


def test_a_password_that_is_no_text_is_refused_without_quoting_it() -> None:
    with pytest.raises(RhvError) as caught:
        through_pipe(b"geheim\xff")
    assert caught.value.code == "secrets.unreadable"
    assert "geheim" not in f"{caught.value.to_json()} {caught.value.__cause__}"
    with pytest.raises(RhvError, match=r"secrets\.unreadable"):
        password_from(987)
