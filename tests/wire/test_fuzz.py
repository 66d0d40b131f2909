# SPDX-License-Identifier: Apache-2.0
"""Whatever is sent, a helper answers it in JSON-RPC, stays alive, and has no defect to report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cockpit_rhv.rpc.schema import RpcSchema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.wire.helper_process import HelperProcess

# These look at or change the machine that runs the tests, perhaps as root, or end the helper; test_fuzz_methods.py has
# them asked by an ordinary user.
NOT_FUZZED = {"checks.run", "deploy.form", "deploy.preflight", "exit"}
RPC = RpcSchema()
CHANGES = {name for name in RPC.methods if RPC.is_privileged(name) and not name.startswith(("jobs.", "machines."))}
METHODS = sorted(set(RPC.methods) - NOT_FUZZED - CHANGES)

texts = st.text(alphabet='ab/.\x00\n"ä\u2028\ud800', max_size=6)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), texts)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)
names = st.sampled_from(["uuid", "topic", "offset", "job", "visible", "profile", "answers", "host", "x"])
guest = "6695eb01-f6a4-8304-79aa-97f2502e193f"
likely = st.sampled_from(["host", "machines", "jobs", guest, "embedded", 0, 2**63, True])
params = st.one_of(st.dictionaries(names, st.one_of(likely, values), max_size=4), st.lists(values, max_size=2))
methods = st.one_of(st.sampled_from(METHODS), texts)
lines = st.one_of(
    st.binary(max_size=60).filter(lambda data: b"\n" not in data),
    values.map(lambda value: json.dumps(value).encode()),
)

relaxed = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@relaxed
@given(method=methods, arguments=params)
def test_any_parameters(helper: HelperProcess, method: str, arguments: Any) -> None:
    request = {"jsonrpc": "2.0", "id": helper.new_id(), "method": method, "params": arguments}
    helper.write(json.dumps(request).encode() + b"\n")
    answer: dict[str, Any] = {"method": "topic.patch"}
    while "method" in answer:  # an earlier example may have subscribed
        answer = helper.next_message()
    assert is_answer(answer)
    assert answer["id"] == request["id"]
    assert "error" not in answer or answer["error"]["data"]["code"] != "internal", answer


@relaxed
@given(line=lines)
def test_any_line(helper: HelperProcess, line: bytes) -> None:
    helper.write(line + b"\n")
    identity = helper.new_id()
    known = {"jsonrpc": "2.0", "id": identity, "method": "visible", "params": {"visible": True}}
    helper.write(json.dumps(known).encode() + b"\n")
    while True:
        message: Any = helper.next_message()
        for one in message if isinstance(message, list) else [message]:
            assert is_answer(one)
            if one["id"] == identity:
                return
            assert one["error"]["code"] in (-32700, -32600), one


def is_answer(message: dict[str, Any]) -> bool:
    return message["jsonrpc"] == "2.0" and ("result" in message) != ("error" in message)
