# SPDX-License-Identifier: Apache-2.0
"""The Manager's doors that are open before anybody has logged in: whatever comes, it answers and has no defect."""

from __future__ import annotations

import json
import random
import socket
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.manager_support import make_csr
from tests.wire.soundness import holdings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.engine.manager_support import ManagerProcess

PATH = "/services/host-enrollment"
relaxed = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=120
)
texts = st.one_of(
    st.text(max_size=20), st.sampled_from(["", "\0", "x" * 10_000, "../../etc", "{{ x }}", "*", "192.0.2.1"])
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3))
documents = st.one_of(
    values,
    st.fixed_dictionaries({}, optional=dict.fromkeys(("token", "csr", "name", "address", "more"), values)),
    st.fixed_dictionaries(dict.fromkeys(("token", "csr", "name", "address"), texts)),
)


@pytest.fixture(scope="module")
def client(manager: ManagerProcess) -> Iterator[httpx.Client]:
    """One connection for all questions."""
    with manager.client() as shared:
        yield shared


@relaxed
@given(documents)
def test_any_document(manager: ManagerProcess, client: httpx.Client, document: Any) -> None:
    answer = client.post(manager.url + PATH, content=json.dumps(document), headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 403, 413), answer.text
    assert set(answer.json()) >= {"reason", "detail"}


@relaxed
@given(st.binary(max_size=300))
def test_any_body(manager: ManagerProcess, client: httpx.Client, body: bytes) -> None:
    assert client.post(manager.url + PATH, content=body).status_code in (400, 403, 415)


@relaxed
@given(st.dictionaries(st.sampled_from(["grant_type", "scope", "username", "password", "assertion", "x"]), texts))
def test_any_login(manager: ManagerProcess, client: httpx.Client, form: dict[str, str]) -> None:
    answer = client.post(manager.url + "/sso/oauth/token", data=form)
    assert answer.status_code in (400, 401, 403, 429), answer.text


def test_a_request_for_a_certificate_with_turned_bits(manager: ManagerProcess, client: httpx.Client) -> None:
    """By somebody who may enrol, so that the parser is reached: the signature is over what was turned."""
    chance = random.Random(443)
    headers = manager.deployer()
    _, csr = make_csr(common_name="node1.example.test")
    lines = csr.splitlines()
    for _ in range(80):
        turned = [*lines]
        number = chance.randrange(1, len(lines) - 1)
        place = chance.randrange(len(lines[number]))
        turned[number] = f"{lines[number][:place]}{chance.choice('ABCz019+/=')}{lines[number][place + 1 :]}"
        document = {"csr": "\n".join(turned), "name": "node1.example.test", "address": "192.0.2.11"}
        status = client.post(manager.url + PATH, json=document, headers=headers).status_code
        assert status == 403 or turned == lines


RAW = [
    b"\0" * 1000,
    b"\xff" * 1000,
    b"\n" * 10_000,
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"POST /ovirt-engine/services/host-enrollment HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /ovirt-engine/services/host-enrollment HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\nx",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET /x",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 20_000 + b"\r\n",
    b"GET /ovirt-engine/%00%ff%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"CONNECT\naccept-version:1.2\n\n\0",
]


def throw(manager: ManagerProcess, data: bytes, secure: bool) -> None:
    """Send it, read a little, hang up."""
    context = ssl.create_default_context(cafile=str(manager.ca_file))
    with socket.create_connection(("127.0.0.1", manager.port), timeout=60) as plain:
        plain.settimeout(0.1 if secure else 0.02)
        try:
            wire = context.wrap_socket(plain, server_hostname="127.0.0.1") if secure else plain
            wire.sendall(data)
            wire.recv(1000)
        except OSError:
            pass


def test_any_bytes_on_port_443(manager: ManagerProcess) -> None:
    chance = random.Random(444)
    assert manager.process is not None
    pid = manager.process.pid
    throw(manager, RAW[0], secure=True)
    before = holdings(pid)
    noise = [chance.randbytes(chance.randint(1, 500)) for _ in range(20)]
    for data in [*RAW, *noise]:
        throw(manager, data, secure=True)
        throw(manager, data, secure=False)
    assert manager.get("/services/health").status_code == 200
    after = holdings(pid)
    assert after.descriptors <= before.descriptors + 10, (before, after)
    assert after.resident_kib <= before.resident_kib + 64 * 1024, (before, after)
    assert "Traceback" not in manager.log()
