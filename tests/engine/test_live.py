# SPDX-License-Identifier: Apache-2.0
"""The road between host and Manager is live: seen through the real SDK, over nothing but port 54321."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import ovirtsdk4
import pytest

from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Engine

pytestmark = pytest.mark.host

_GUEST = """
<domain type="qemu">
  <name>{name}</name>
  <memory unit="MiB">32</memory>
  <vcpu>1</vcpu>
  <os><type arch="x86_64">hvm</type></os>
  <devices><graphics type="vnc" listen="127.0.0.1" autoport="yes"/></devices>
</domain>
"""


_HOG = """
import os, time
held = bytearray({taken_mib} << 20)
held[::4096] = b"x" * len(held[::4096])
os.fork()
end = time.monotonic() + 40
while time.monotonic() < end:
    pass
"""


@pytest.fixture(scope="module")
def connection(engine: Engine) -> Iterator[ovirtsdk4.Connection]:
    """The unmodified SDK, with the engine's CA."""
    opened = ovirtsdk4.Connection(
        url=f"{engine.url}/api", username="admin@internal", password=engine.password, ca_file=str(engine.ca_file)
    )
    yield opened
    opened.close()


def the_host(connection: ovirtsdk4.Connection) -> Any:
    (host,) = connection.system_service().hosts_service().list()
    return host


def statistic(connection: ovirtsdk4.Connection, name: str) -> float:
    """The host's statistic ``name``; fails when the Manager has none of that name."""
    service = connection.system_service().hosts_service().host_service(the_host(connection).id).statistics_service()
    for item in service.list():
        if item.name == name:
            return float(item.values[0].datum)
    raise AssertionError(f"the host has no statistic {name}")


def vm_status(connection: ovirtsdk4.Connection, name: str) -> str | None:
    for vm in connection.system_service().vms_service().list(search=f"name={name}"):
        return str(vm.status)
    return None


def test_the_sdk_connects_and_lists_hosts_and_vms(engine: Engine, connection: ovirtsdk4.Connection) -> None:
    assert connection.test(raise_exception=True)
    host = until("the host is up", lambda: the_host(connection), lambda found: str(found.status) == "up", limit_s=30)
    assert host.name == engine.config["host_name"]
    assert host.memory > 0
    assert vm_status(connection, engine.config["name"]) == "up"


def test_a_wrong_password_is_refused(engine: Engine) -> None:
    with pytest.raises(ovirtsdk4.AuthError):
        ovirtsdk4.Connection(
            url=f"{engine.url}/api", username="admin@internal", password="wrong", ca_file=str(engine.ca_file)
        ).test(raise_exception=True)


def test_tls_is_checked(engine: Engine) -> None:
    with pytest.raises(ovirtsdk4.Error, match=r"(?i)certificate"):
        ovirtsdk4.Connection(url=f"{engine.url}/api", username="admin@internal", password=engine.password).test(
            raise_exception=True
        )


def test_a_guest_shows_within_five_seconds_and_goes_within_five(
    engine: Engine, connection: ovirtsdk4.Connection
) -> None:
    box = engine.host.container
    box.write("/root/live.xml", _GUEST.format(name="live-guest"))
    box.run("virsh", "define", "/root/live.xml")
    try:
        box.run("virsh", "start", "live-guest")
        until(
            "the guest is up in /vms", lambda: vm_status(connection, "live-guest"), lambda seen: seen == "up", limit_s=5
        )
        box.run("virsh", "destroy", "live-guest")
        until(
            "the guest is up no more", lambda: vm_status(connection, "live-guest"), lambda seen: seen != "up", limit_s=5
        )
    finally:
        box.run("virsh", "destroy", "live-guest", check=False)
        box.run("virsh", "undefine", "live-guest")


def test_statistics_follow_a_load(engine: Engine, connection: ovirtsdk4.Connection) -> None:
    """Memory taken and processors kept busy on the host show in the Manager's figures, and go again."""
    box = engine.host.container
    time.sleep(10)  # two samples without our load
    idle = statistic(connection, "cpu.current.idle")
    used = statistic(connection, "memory.used")
    taken_mib = 1024
    hog = _HOG.format(taken_mib=taken_mib)
    load = box.popen("python3", "-c", hog)
    try:
        until(
            "the memory shows",
            lambda: statistic(connection, "memory.used"),
            lambda now: now > used + taken_mib * 0.7 * 2**20,
            limit_s=30,
        )
        until(
            "the load shows",
            lambda: statistic(connection, "cpu.current.idle"),
            lambda now: now < 20 or now < idle / 2,
            limit_s=30,
        )
    finally:
        load.kill()
        box.run("pkill", "-f", "bytearray", check=False)
        load.wait()
    until(
        "the memory is given back",
        lambda: statistic(connection, "memory.used"),
        lambda now: now < used + taken_mib * 0.3 * 2**20,
        limit_s=30,
    )


def host_status(connection: ovirtsdk4.Connection) -> str:
    return str(the_host(connection).status)


def test_without_the_agent_the_host_is_non_responsive_and_comes_back_by_itself(
    engine: Engine, connection: ovirtsdk4.Connection
) -> None:
    box = engine.host.container
    box.run("systemctl", "stop", "cockpit-rhv-agent")
    try:
        until("non_responsive", lambda: host_status(connection), lambda seen: seen == "non_responsive", limit_s=30)
    finally:
        box.run("systemctl", "start", "cockpit-rhv-agent")
    until("up again", lambda: host_status(connection), lambda seen: seen == "up", limit_s=30)


def test_only_port_54321_carries_the_hosts_state(engine: Engine, connection: ovirtsdk4.Connection) -> None:
    """With every other packet from the engine VM to the host dropped the host is up; without 54321 it is not."""
    box = engine.host.container
    address = engine.config["address"]
    table = "inet rhvtest"
    rules = f"""
table {table} {{
  chain input {{
    type filter hook input priority -10; policy accept;
    ip saddr {address} tcp dport 54321 counter accept
    ip saddr {address} tcp sport 443 accept
    ip saddr {address} counter drop
  }}
}}
"""
    box.run("nft", "-f", "-", input=rules)
    try:
        time.sleep(35)  # longer than the Manager takes to call a silent host non_responsive
        assert host_status(connection) == "up"
        box.run(
            "nft", "insert", "rule", *table.split(), "input", "ip", "saddr", address, "tcp", "dport", "54321", "drop"
        )
        until("non_responsive", lambda: host_status(connection), lambda seen: seen == "non_responsive", limit_s=40)
    finally:
        box.run("nft", "delete", "table", *table.split())
    until("up again", lambda: host_status(connection), lambda seen: seen == "up", limit_s=40)
