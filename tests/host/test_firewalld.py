# SPDX-License-Identifier: Apache-2.0
"""The real firewalld, which closes the agent's port, and the buttons that open it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.host.deployment import Deployment, cleanup
from tests.host.hoststate import changes, host_state
from tests.host.test_fault_engine import mend
from tests.host.test_health import report
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Engine
    from tests.testhost.host import TestHost

pytestmark = [pytest.mark.host, pytest.mark.timeout(600)]

BRIDGE_ZONE, NAT_ZONE = "public", "libvirt"
_SETTINGS = "/etc/firewalld"


@contextmanager
def firewalld(host: TestHost) -> Iterator[None]:
    """It runs as it is installed; afterwards it is as if it had never been there."""
    box = host.container
    box.run("cp", "-a", _SETTINGS, "/srv/firewalld")
    box.run("systemctl", "unmask", "--quiet", "firewalld.service")
    try:
        box.run("systemctl", "start", "firewalld.service")
        yield
    finally:
        box.run("systemctl", "stop", "firewalld.service")
        box.run("systemctl", "mask", "--quiet", "firewalld.service")
        box.run("sh", "-ec", f"rm -rf {_SETTINGS} /var/log/firewalld; mv /srv/firewalld {_SETTINGS}")


def zone(host: TestHost, device: str) -> str:
    return host.container.run("firewall-cmd", f"--get-zone-of-interface={device}").stdout.strip()


def opened(host: TestHost, zone: str, *, kept: bool) -> str:
    """Ports of a zone, now or from the next start on."""
    options = ["--permanent"] if kept else []
    return host.container.run("firewall-cmd", *options, f"--zone={zone}", "--list-ports").stdout.strip()


def cause(host: TestHost, address: str) -> dict[str, Any]:
    """What a deployment says whose Manager at this address never reached the agent."""
    code = (
        "import json, sys; from cockpit_rhv.deploy.causes import not_up_cause; "
        "cause, remedy = not_up_cause(sys.argv[1], []); "
        "print(json.dumps({'id': cause.id, 'remedy': remedy and remedy.to_json()}))"
    )
    found: dict[str, Any] = json.loads(host.container.run("python3", "-c", code, address).stdout)
    return found


def clients(host: TestHost) -> list[Any]:
    """Whom the agent serves."""
    text = host.container.run("cat", "/run/cockpit-rhv/agent.json", check=False).stdout
    return list(json.loads(text)["clients"]) if text else []


def test_a_manager_is_kept_out_and_the_buttons_let_it_in(engine: Engine) -> None:
    host = engine.host
    before = host_state(host)
    address = engine.config["address"]
    with firewalld(host):
        assert zone(host, "ovirtmgmt") == BRIDGE_ZONE
        host.container.run("systemctl", "restart", "cockpit-rhv-agent.service")
        found = cause(host, address)
        assert found["id"] == "cause.not_up.firewalld"
        assert found["remedy"]["params"] == {"port": 54321, "zone": BRIDGE_ZONE}
        closed = report(host)["by_id"]["network.firewall"]
        assert (closed["severity"], closed["summary"]["params"]["ports"].split(",")[0]) == ("error", "54321")
        assert clients(host) == []

        mend(host, closed["remedy_job"])
        until("the Manager is back", lambda: clients(host), bool, limit_s=90)
        assert opened(host, BRIDGE_ZONE, kept=False) == opened(host, BRIDGE_ZONE, kept=True) == "54321/tcp"
        assert cause(host, address)["id"] != "cause.not_up.firewalld"
        # What else a Manager needs, a range among it.
        closed = report(host)["by_id"]["network.firewall"]
        assert (closed["severity"], closed["remedy_job"]["params"]["port"]) == ("warning", "5900-6923")
        mend(host, closed["remedy_job"])
        host.container.run("firewall-cmd", "--add-port=16514/tcp", "--add-port=49152-49215/tcp")
        assert report(host)["by_id"]["network.firewall"]["severity"] == "ok"
    until("the Manager is connected", lambda: clients(host), bool, limit_s=90)
    assert changes(before, host_state(host)) == []


@pytest.mark.slow
@pytest.mark.parametrize("network", ["bridge", "nat"])
def test_a_deployment_that_is_kept_out_goes_on_after_the_button(faulty: TestHost, network: str) -> None:
    before = host_state(faulty)
    nat = {"network.kind": "nat", "network.name": "default", "network.mode": "dhcp"}
    with firewalld(faulty):
        deployment = Deployment(faulty, nat if network == "nat" else {}).start()
        deployment.until_phase("host", limit_s=300)
        # With the least patience; the Manager answers by now.
        faulty.container.run("cockpit-rhv", "cancel", deployment.job, check=False)
        deployment.resume("--set", "engine.patience_s=30")
        deployment.until_ended("failed", limit_s=120)
        error = deployment.explained()
        assert (error["code"], error["cause"]["id"]) == ("host.not_up", "cause.not_up.firewalld")
        # An engine in a network of libvirt's comes in by another zone.
        wanted = NAT_ZONE if network == "nat" else BRIDGE_ZONE
        assert error["remedy"]["params"] == {"port": 54321, "zone": wanted}
        mend(faulty, error["remedy"])
        deployment.resume()
        deployment.until_ended("succeeded")
        cleanup(faulty, "engine.rhv.test")
    assert changes(before, host_state(faulty)) == []
