# SPDX-License-Identifier: Apache-2.0
"""Every method of the schema with parameters that are valid, nearly valid or far from it; no test names the methods."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.wire import helper_process
from tests.wire.soundness import Watched
from tests.wire.test_life import NOBODY, nobodys_tree  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.wire.conftest import Start

GUEST = "6695eb01-f6a4-8304-79aa-97f2502e193f"
METHODS: dict[str, dict[str, Any]] = json.loads(helper_process.RPC.read_text())["methods"]
# The helper ends with `exit`; these examine the whole host and take a second each: they are asked a few times only.
SLOW = ["checks.run", "deploy.form", "deploy.preflight"]
FAST = sorted(set(METHODS) - {"exit", *SLOW})
TEXTS = ["", "host", "machines", "engine", "embedded", "../../../etc/passwd", GUEST, "job/20260101-000000-abcd", "\0"]
TEXTS += ["20260101-000000-abcd", "ä\u2028\ud800", "x" * 5000, "{{ x }}", "$(id)", "-1", "%s%n", "A" * 100_000]
NUMBERS = [0, -1, 1, 2**31, 2**63, 2**64, 10**400, 0.5, -0.0, 1e308, 5e-324]


def deep(levels: int) -> Any:
    value: Any = "bottom"
    for level in range(levels):
        value = {"a": value} if level % 2 else [value]
    return value


odd = st.one_of(
    st.none(), st.booleans(), st.sampled_from(NUMBERS), st.sampled_from(TEXTS), st.text(max_size=10),
    st.just([]), st.just({}), st.integers(1, 300).map(deep), st.just(["x"] * 1000),
    st.just({str(number): number for number in range(500)}),
)  # fmt: skip


def fitting(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values a parameter's schema allows, as far as its types say."""
    kinds = schema.get("type", "object")
    if isinstance(kinds, list):
        return st.one_of([fitting({**schema, "type": kind}) for kind in kinds])
    if kinds == "object":
        known = {name: fitting(part) for name, part in schema.get("properties", {}).items()}
        required = set(schema.get("required", known))
        return st.fixed_dictionaries(
            {name: value for name, value in known.items() if name in required},
            optional={name: value for name, value in known.items() if name not in required},
        )
    if kinds == "array":
        return st.lists(fitting(schema.get("items", {"type": "string"})), max_size=4)
    choices: dict[str, st.SearchStrategy[Any]] = {
        "string": st.sampled_from(TEXTS),
        "integer": st.sampled_from([number for number in NUMBERS if isinstance(number, int)]),
        "number": st.sampled_from(NUMBERS),
        "boolean": st.booleans(),
        "null": st.none(),
    }
    return choices[kinds]


@st.composite
def requests(draw: st.DrawFn, methods: list[str]) -> tuple[str, Any]:
    """A method and its parameters: as they should be, with one of them wrong, or anything."""
    method = draw(st.sampled_from(methods))
    params = draw(fitting(METHODS[method]["params"]))
    turn = draw(st.integers(0, 5))
    if turn == 0:
        return method, draw(odd)
    if turn == 1 and params:
        params.pop(draw(st.sampled_from(sorted(params))))
    elif turn == 2:
        params[draw(st.sampled_from([*params, "more", ""]))] = draw(odd)
    return method, params


@pytest.fixture
def nobody(start_helper: Start, nobodys_tree: Path) -> Iterator[Watched]:  # noqa: F811
    """A helper of an ordinary user: whatever is asked of it, it cannot change the machine that runs the tests."""
    if os.geteuid() != 0:
        pytest.skip("only root can start a process as somebody else")
    tree = nobodys_tree
    shutil.copytree(helper_process.TREE / "ansible", tree / "ansible")
    environ = {name: str(tree / name) for name in ("COCKPIT_RHV_JOBS", "COCKPIT_RHV_STATE", "COCKPIT_RHV_ETC")}
    helper = start_helper(environ, ["/usr/bin/python3", "-m", "cockpit_rhv.helper"], NOBODY, tree)
    watching = Watched(helper)
    yield watching
    watching.check()


def ask(watching: Watched, method: str, params: Any, identity: Any) -> dict[str, Any]:
    """The answer with this id; notifications of earlier subscriptions come between."""
    request = {"jsonrpc": "2.0", "id": identity, "method": method, "params": params}
    watching.helper.write(json.dumps(request).encode() + b"\n")
    while True:
        answer = watching.helper.next_message()
        if "method" not in answer:
            return answer


def well_answered(answer: dict[str, Any], identity: Any) -> None:
    assert ("result" in answer) != ("error" in answer)
    if "error" in answer and answer["error"]["code"] == -32600:
        return  # parameters that are neither object nor array
    assert answer["id"] == identity
    if "error" in answer:
        error = answer["error"]["data"]
        assert error["code"] != "internal", answer
        assert error["message"]["text"]


relaxed = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=400
)


@relaxed
@given(requests(FAST), st.one_of(st.integers(), st.text(max_size=5), st.sampled_from([2**70, -1, 0.5, "", "\ud800"])))
def test_every_method(nobody: Watched, request_: tuple[str, Any], identity: Any) -> None:
    well_answered(ask(nobody, *request_, identity), identity)


@settings(relaxed, max_examples=8)
@given(requests(SLOW))
def test_methods_that_examine_the_host(nobody: Watched, request_: tuple[str, Any]) -> None:
    well_answered(ask(nobody, *request_, 1), 1)


def test_wrong_parameters_are_refused(nobody: Watched) -> None:
    """Whatever the method: by position, unknown ones, none at all."""
    for method in sorted(METHODS):
        for wrong in ([1], {"surprise": 1}, "text", 7):
            answer = ask(nobody, method, wrong, 1)
            assert answer["error"]["code"] in (-32600, -32602), (method, wrong, answer)
