# SPDX-License-Identifier: Apache-2.0
"""Who gets in: only a certificate of our CA over TLS 1.2 or newer; and new certificates without a restart."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.agent import server
from cockpit_rhv.errors import RhvError
from cockpit_rhv.rpc.stomp_client import StompRpcClient
from cockpit_rhv.rpc.tls import certificate_matches, certificate_names, client_context, server_context

from tests.unit.agent_support import AgentHouse, running_agent
from tests.unit.tls_support import Authority

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[AgentHouse]:
    async with running_agent(tmp_path) as running:
        yield running


async def connect(house: AgentHouse, context: ssl.SSLContext, *names: str) -> StompRpcClient:
    return await StompRpcClient.connect("127.0.0.1", house.port, context, server_names=names)


@pytest.fixture
def foreign(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "foreign", "another CA")


async def refusal(house: AgentHouse, context: ssl.SSLContext, *names: str) -> RhvError:
    with pytest.raises(RhvError) as caught:
        await (await connect(house, context, *names)).close()
    assert house.agent.server.clients == []
    return caught.value


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_accepted(house: AgentHouse, version: ssl.TLSVersion) -> None:
    context = house.context()
    context.minimum_version = context.maximum_version = version
    client = await connect(house, context, "127.0.0.1")
    assert await client.call("Host.ping2") is True
    assert [(found.name, found.address) for found in house.agent.server.clients] == [("engine", "127.0.0.1")]
    await client.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_no_certificate(house: AgentHouse, version: ssl.TLSVersion) -> None:
    context = house.authority.bare_context()
    context.minimum_version = context.maximum_version = version
    assert (await refusal(house, context)).code == "rpc.refused"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_certificate_of_a_foreign_ca(house: AgentHouse, foreign: Authority, version: ssl.TLSVersion) -> None:
    context = house.authority.bare_context()
    context.load_cert_chain(*foreign.issue("engine"))
    context.minimum_version = context.maximum_version = version
    assert (await refusal(house, context)).code == "rpc.refused"


async def test_a_foreign_ca_of_the_same_name(house: AgentHouse, tmp_path: Path) -> None:
    impostor = Authority(tmp_path / "impostor", "test CA")
    context = house.authority.bare_context()
    context.load_cert_chain(*impostor.issue("engine"))
    await refusal(house, context)


async def test_self_signed_authority_as_client(house: AgentHouse, foreign: Authority) -> None:
    error = await refusal(house, client_context(foreign.ca, *foreign.issue("engine")))
    assert error.code == "rpc.untrusted"


@pytest.mark.parametrize("option", ["-tls1_1", "-tls1"])
async def test_old_tls_is_refused(house: AgentHouse, option: str) -> None:
    """With OpenSSL's own client: Python's would not even try."""
    certificate, key = house.authority.issue("engine")
    command = [
        "openssl", "s_client", "-connect", f"127.0.0.1:{house.port}", "-CAfile", str(house.authority.ca),
        "-cert", str(certificate), "-key", str(key), "-cipher", "ALL:@SECLEVEL=0",
    ]  # fmt: skip

    def run(*more: str) -> str:
        done = subprocess.run([*command, *more], input="", capture_output=True, text=True, timeout=90, check=False)
        return done.stdout + done.stderr

    old = await asyncio.to_thread(run, option)
    assert "Cipher is (NONE)" in old, old
    assert "no peer certificate available" in old, old
    good = await asyncio.to_thread(run, "-tls1_2")
    assert "Cipher is ECDHE" in good, good


def test_old_tls_is_refused_even_where_the_system_allows_it(foreign: Authority) -> None:
    context = server_context(foreign.ca, *foreign.issue("host"))
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context.verify_mode == ssl.CERT_REQUIRED


async def test_handshake_that_never_ends(tmp_path: Path) -> None:
    house = AgentHouse(tmp_path)
    house.agent.server._handshake_s = 0.5
    await house.agent.start()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
        # The beginning of a ClientHello, then silence.
        writer.write(b"\x16\x03\x01\x02\x00\x01")
        loop = asyncio.get_running_loop()
        start = loop.time()
        assert await asyncio.wait_for(reader.read(), 60) == b""
        assert 0.3 < loop.time() - start < server.HANDSHAKE_S
        writer.close()
    finally:
        await house.agent.stop()


async def test_plain_text_is_no_handshake(house: AgentHouse) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
    writer.write(b"CONNECT\naccept-version:1.2\n\n\0")
    answer = await asyncio.wait_for(reader.read(), 60)
    assert b"CONNECTED" not in answer
    writer.close()


async def test_slow_handshakes_hold_up_nobody(house: AgentHouse) -> None:
    sockets = [await asyncio.open_connection("127.0.0.1", house.port) for _ in range(50)]
    client = await asyncio.wait_for(house.client(), 60)
    assert await client.call("Host.ping2", timeout_s=60) is True
    await client.close()
    for _, writer in sockets:
        writer.close()


async def test_server_of_another_name(house: AgentHouse) -> None:
    error = await refusal(house, house.context(), "192.0.2.7", "other.example")
    assert error.code == "rpc.wrong_name"
    assert "host.example" in (error.detail or "")
    client = await connect(house, house.context(), "192.0.2.7", "HOST.example.")
    await client.close()


def test_names_of_certificates() -> None:
    modern = {
        "subject": ((("commonName", "cn.example"),),),
        "subjectAltName": (("DNS", "Host.Example"), ("IP Address", "2001:DB8:0:0:0:0:0:1"), ("email", "a@b")),
    }
    assert certificate_names(modern) == {"host.example", "2001:db8::1"}
    assert certificate_matches(modern, ["2001:db8:0::1"])
    assert not certificate_matches(modern, ["cn.example"]), "the common name counts only without alternative names"
    assert certificate_matches({"subject": ((("commonName", "cn.example"),),)}, ["CN.example"])
    assert not certificate_matches({}, ["cn.example"])
    assert not certificate_matches(modern, [])


async def test_new_certificate_for_new_connections(house: AgentHouse) -> None:
    old = await house.client()
    house.authority.issue("host", "new.example", stem="agent")
    assert await house.agent.server.reload() is True
    new = await connect(house, house.context(), "new.example")
    assert await old.call("Host.ping2") is True, "the same CA: connections stay"
    await old.close()
    await new.close()


async def test_new_authority_cuts_off_the_old_ones_clients(house: AgentHouse, foreign: Authority) -> None:
    old_context = house.context()
    old = await connect(house, old_context, "127.0.0.1")
    foreign.issue("host", "127.0.0.1", stem="agent")
    for name in ("ca.pem", "agent.pem", "agent.key"):
        shutil.copy(foreign.ca.parent / name, house.config / "pki" / name)
    assert await house.agent.server.reload() is True
    assert (await asyncio.wait_for(old.closed, 60)) is not None
    await old.close()
    with pytest.raises(RhvError):
        await connect(house, old_context)
    new = await connect(house, client_context(foreign.ca, *foreign.issue("engine")), "127.0.0.1")
    await new.close()


async def test_half_written_files_change_nothing(house: AgentHouse) -> None:
    (house.config / "pki/agent.key").write_text("half a key")
    assert await house.agent.server.reload() is False
    client = await house.client()
    await client.close()


async def test_files_are_watched(house: AgentHouse) -> None:
    watcher = asyncio.create_task(house.agent.server.watch_certificates(0.05))
    house.authority.issue("host", "watched.example", stem="agent")
    try:
        for _ in range(1000):
            await asyncio.sleep(0.05)
            try:
                client = await connect(house, house.context(), "watched.example")
            except RhvError as error:
                assert error.code == "rpc.wrong_name"  # noqa: PT017
            else:
                await client.close()
                return
        raise AssertionError("the new certificate was never taken")
    finally:
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)


async def test_start_without_certificates(tmp_path: Path) -> None:
    house = AgentHouse(tmp_path)
    os.remove(house.config / "pki/agent.pem")
    with pytest.raises(RhvError) as caught:
        await house.agent.start()
    assert caught.value.code == "tls.files_missing"
    await house.agent.stop()


async def test_start_on_a_taken_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        house = AgentHouse(tmp_path)
        house.agent._settings = house.settings._replace(port=taken.getsockname()[1])
        with pytest.raises(RhvError) as caught:
            await house.agent.start()
        assert caught.value.code == "agent.port_taken"
        await house.agent.stop()
