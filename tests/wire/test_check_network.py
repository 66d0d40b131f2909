# SPDX-License-Identifier: Apache-2.0
"""The wizard's address tried over a real wire: a helper in a network namespace with a bridge, neighbours in another."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wire.conftest import Start

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a wire")

NOBODY = 65534
HOLDER = "52:54:00:aa:bb:cc"
HOSTS = "127.0.0.1 localhost\n192.0.2.20 engine.example.com\n192.0.2.21 printer.example.com\n"


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def lab() -> Iterator[str]:
    """Name of the host's namespace: bridge ovirtmgmt (192.0.2.10/24), beyond it a router (.1) and a machine (.30).

    Its /etc/hosts and name server (silent) are its own: `ip netns exec` puts /etc/netns/<name>/ over /etc.
    """
    host, beyond = f"rhvhost{os.getpid() % 100000}", f"rhvnet{os.getpid() % 100000}"
    etc = Path("/etc/netns") / host
    made = not etc.parent.exists()
    ip("netns", "add", host)
    ip("netns", "add", beyond)
    try:
        etc.mkdir(parents=True)
        (etc / "hosts").write_text(HOSTS)
        (etc / "resolv.conf").write_text("nameserver 192.0.2.53\n")
        ip("-n", host, "link", "add", "ovirtmgmt", "type", "bridge")
        ip("-n", host, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", beyond)
        ip("-n", host, "link", "set", "eth0", "master", "ovirtmgmt", "up")
        ip("-n", host, "address", "add", "192.0.2.10/24", "dev", "ovirtmgmt")
        ip("-n", beyond, "link", "set", "eth0", "address", HOLDER)
        for address in ("192.0.2.1/24", "192.0.2.30/24"):
            ip("-n", beyond, "address", "add", address, "dev", "eth0")
        ip("-n", beyond, "link", "set", "eth0", "up")
        for device in ("lo", "ovirtmgmt"):
            ip("-n", host, "link", "set", device, "up")
        linked(host)
        yield host
    finally:
        ip("netns", "delete", host)
        ip("netns", "delete", beyond)
        shutil.rmtree(etc, ignore_errors=True)
        if made:
            etc.parent.rmdir()


def linked(host: str) -> None:
    """Wait until the bridge forwards: the kernel takes its time after a cable is in."""
    until = time.monotonic() + 30
    show = ["ip", "-n", host, "-j", "link", "show", "ovirtmgmt"]
    while b'"operstate":"UP"' not in (state := subprocess.check_output(show)):
        assert time.monotonic() < until, state
        time.sleep(0.1)


def answers(**network: Any) -> dict[str, Any]:
    fixed = {"kind": "bridge", "name": "ovirtmgmt", "mode": "static"}
    chosen = {"address": "192.0.2.20/24", "gateway": "192.0.2.1", "dns": ["192.0.2.53"], **network}
    return {
        "version": 1,
        "profile": "embedded",
        "engine": {"fqdn": "engine.example.com"},
        "network": {**fixed, **chosen},
    }


def tried(start_helper: Start, lab: str, given: dict[str, Any], *run_as: str) -> dict[str, Any]:
    """Results by check; whatever is wrong, the answer comes within seconds."""
    helper = start_helper(argv=("ip", "netns", "exec", lab, *run_as, sys.executable, "-m", "cockpit_rhv.helper"))
    began = time.monotonic()
    answer = helper.call("deploy.check_network", profile="embedded", answers=given)
    assert time.monotonic() - began < 20, "seconds, also on a machine that others use"
    assert answer["errors"] == []
    return {item["id"]: item for item in answer["report"]["results"]}


def severities(results: dict[str, Any]) -> dict[str, str]:
    """Without what libvirt says: this machine may have one, or none."""
    return {name: item["severity"] for name, item in results.items() if name != "address.leases"}


FREE = {
    "network.connection": "ok",
    "address.subnet": "ok",
    "address.unused": "ok",
    "address.gateway": "ok",
    "name.resolves": "ok",
    "name.reverse": "ok",
}


def test_a_free_address(start_helper: Start, lab: str) -> None:
    assert severities(tried(start_helper, lab, answers())) == FREE


def test_somebody_has_the_address(start_helper: Start, lab: str) -> None:
    results = tried(start_helper, lab, answers(address="192.0.2.30/24"))
    assert results["address.unused"]["severity"] == "error"
    assert HOLDER in results["address.unused"]["evidence"][0]["value"]
    assert results["address.unused"]["remedy"]
    assert results["name.resolves"]["severity"] == "error", "the name leads to .20"
    # .30 is in no file, and the name server is silent.
    assert results["name.reverse"]["severity"] == "unknown"


def test_no_router_at_the_gateways_address(start_helper: Start, lab: str) -> None:
    results = tried(start_helper, lab, answers(gateway="192.0.2.254"))
    assert severities(results) == {**FREE, "address.gateway": "warning"}


def test_an_address_of_this_host_of_another_network_and_of_another_machines_name(start_helper: Start, lab: str) -> None:
    own = tried(start_helper, lab, answers(address="192.0.2.10/24"))
    assert own["address.unused"]["severity"] == "error"
    away = tried(start_helper, lab, answers(address="198.51.100.20/24", gateway="198.51.100.1"))
    assert away["address.subnet"]["severity"] == "error"
    named = tried(start_helper, lab, answers(address="192.0.2.21/24"))
    assert named["name.reverse"]["severity"] == "warning"
    assert "printer.example.com" in str(named["name.reverse"]["summary"]["params"])


def test_a_cable_that_is_out_leaves_it_unknown(start_helper: Start, lab: str) -> None:
    ip("-n", lab, "link", "set", "eth0", "down")
    try:
        results = tried(start_helper, lab, answers(address="192.0.2.30/24"))
    finally:
        ip("-n", lab, "link", "set", "eth0", "up")
        linked(lab)
    assert (results["address.unused"]["severity"], results["address.gateway"]["severity"]) == ("unknown", "unknown")


def test_who_may_not_ask_the_wire_is_not_told_that_the_address_is_free(start_helper: Start, lab: str) -> None:
    drop = (
        "setpriv",
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
        "--inh-caps=-all",
        "--bounding-set=-all",
    )
    results = tried(start_helper, lab, answers(), *drop)
    assert results["address.unused"]["severity"] == "unknown"
