# SPDX-License-Identifier: Apache-2.0
"""An engine VM that nobody hears, answers that are changed for it, and a port that is blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.host.deployment import Deployment, cleanup
from tests.host.hoststate import changes, host_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.testhost.host import TestHost

pytestmark = [pytest.mark.host, pytest.mark.slow, pytest.mark.timeout(600)]

LONELY = "lonely0"
FQDN = "lonely.rhv.test"


@pytest.fixture
def lonely_bridge(faulty: TestHost) -> Iterator[str]:
    """A bridge on which nobody gives addresses."""
    box = faulty.container
    box.run("ip", "link", "add", LONELY, "type", "bridge")
    box.run("ip", "address", "add", "10.99.0.1/24", "dev", LONELY)
    box.run("ip", "link", "set", LONELY, "up")
    yield LONELY
    box.run("ip", "link", "delete", LONELY)


@pytest.fixture
def blocked_port(faulty: TestHost) -> Iterator[None]:
    """Packets to the agent are dropped."""
    rules = "table inet rhvtest { chain input { type filter hook input priority 0; tcp dport 54321 drop; }; }"
    faulty.container.run("nft", rules)
    yield
    faulty.container.run("nft", "delete table inet rhvtest", check=False)


def test_no_address_then_a_blocked_port_and_what_helps(
    faulty: TestHost, lonely_bridge: str, request: pytest.FixtureRequest
) -> None:
    before = host_state(faulty)
    settings = {"network.kind": "bridge", "network.name": lonely_bridge, "network.mode": "dhcp"}
    # A name of its own: the usual one leads to where earlier engines were.
    deployment = Deployment(faulty, {**settings, "engine.fqdn": FQDN}).start()
    deployment.until_ended("failed")
    error = deployment.explained()
    assert (error["code"], error["cause"]["id"]) == ("engine.silent", "cause.silent.no_dhcp")
    assert error["cause"]["params"]["network"] == lonely_bridge

    request.getfixturevalue("blocked_port")
    fixed = {"network.mode": "static", "network.address": "10.99.0.20/24", "network.gateway": "10.99.0.1"}
    options = [part for path, value in fixed.items() for part in ("--set", f"{path}={value}")]
    deployment.resume(*options)
    deployment.until_phase("host")
    # Now that the Manager runs there is no need to be patient.
    faulty.container.run("cockpit-rhv", "cancel", deployment.job)
    deployment.resume("--set", "engine.patience_s=30")
    deployment.until_ended("failed", limit_s=60)
    error = deployment.explained()
    assert (error["code"], error["cause"]["id"]) == ("host.not_up", "cause.not_up.firewall")
    assert deployment.status["phase"] == "host"

    faulty.container.run("nft", "delete table inet rhvtest")
    deployment.resume()
    done = deployment.until_ended("succeeded")
    assert done["attempt"] == 4
    assert (faulty.container.root / "etc/cockpit-rhv/engine.json").read_text().count("10.99.0.20")
    cleanup(faulty, FQDN)
    assert changes(before, host_state(faulty)) == []
