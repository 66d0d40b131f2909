# SPDX-License-Identifier: Apache-2.0
"""An engine VM that nobody hears, answers that are changed for it, and ways in which two do not reach each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.host.deployment import Deployment, cleanup
from tests.host.hoststate import changes, host_state
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
def rules(faulty: TestHost) -> Iterator[Callable[..., None]]:
    """Puts these chains of packet filter rules in the place of those before."""
    box = faulty.container

    def put(*chains: str) -> None:
        table = f"table inet rhvtest {{ {' '.join(chains)} }}" if chains else ""
        box.run("nft", f"add table inet rhvtest; delete table inet rhvtest; {table}")

    yield put
    put()


BLOCKED = "chain input { type filter hook input priority 0; tcp dport 54321 drop; };"
AWAY = "chain output { type filter hook output priority 0; tcp dport 443 drop; };"
#: Addresses of this host and of nobody on the bridge.
OURS, NOBODYS = "10.99.0.1", "10.99.0.77"


def addressless(deployment: Deployment) -> dict[str, Any]:
    """Wait for the word of a Manager without an address, then for the error. It runs, so there is no need to wait."""
    with deployment.seen_when_late():
        until("the Manager's first word", lambda: deployment.contacts, bool, limit_s=180)
    assert deployment.address == ""
    return impatient(deployment)


def impatient(deployment: Deployment, **settings: str) -> dict[str, Any]:
    """Resume with the least patience, and wait for the error."""
    resume_impatiently(deployment, **settings)
    return error_of(deployment)


def resume_impatiently(deployment: Deployment, **settings: str) -> None:
    """With the least patience; ``host_address`` for ``host.address``."""
    deployment.host.container.run("cockpit-rhv", "cancel", deployment.job, check=False)
    given = {"engine.patience_s": "30", **{name.replace("_", ".", 1): value for name, value in settings.items()}}
    deployment.resume(*(part for path, value in given.items() for part in ("--set", f"{path}={value}")))


def error_of(deployment: Deployment) -> dict[str, Any]:
    """Wait for it: the least patience is 30 s, and a try to connect takes 10."""
    deployment.until_ended("failed", limit_s=120)
    return deployment.explained()


def waits_for_the_host(progress: dict[str, Any] | None) -> bool:
    return progress is not None and progress["message"]["id"] == "deploy.host.waiting"


def test_no_address_then_nobody_reached_and_what_helps(
    faulty: TestHost, lonely_bridge: str, rules: Callable[..., None]
) -> None:
    before = host_state(faulty)
    box = faulty.container
    settings = {"network.kind": "bridge", "network.name": lonely_bridge, "network.mode": "dhcp"}
    # A name of its own: the usual one leads to where earlier engines were.
    deployment = Deployment(faulty, {**settings, "engine.fqdn": FQDN}).start()
    error = addressless(deployment)
    assert (error["code"], error["cause"]["id"]) == ("engine.silent", "cause.silent.no_dhcp")
    assert error["cause"]["params"]["network"] == lonely_bridge

    # A fixed address, and a card without a cable.
    fixed = {"network.mode": "static", "network.address": "10.99.0.20/24", "network.gateway": OURS}
    options = [part for path, value in fixed.items() for part in ("--set", f"{path}={value}")]
    deployment.resume(*options, "--set", "engine.patience_s=600")
    deployment.until_phase("engine")
    card = box.run("virsh", "domiflist", "HostedEngine").stdout.split()[-1]
    box.run("virsh", "domif-setlink", "HostedEngine", card, "down")
    error = addressless(deployment)
    assert (error["code"], error["cause"]["id"]) == ("engine.silent", "cause.silent.no_address")
    box.run("virsh", "domif-setlink", "HostedEngine", card, "up")
    until("the Manager's address", lambda: deployment.address, bool, limit_s=60)

    # The Manager is told a wrong address of this host.
    error = impatient(deployment, host_address=NOBODYS)
    assert (error["code"], error["cause"]["id"]) == ("host.not_up", "cause.not_up.unreached")
    rules(BLOCKED)
    error = impatient(deployment, host_address=OURS)
    assert (error["code"], error["cause"]["id"]) == ("host.not_up", "cause.not_up.firewall")
    assert deployment.status["phase"] == "host"
    # The Manager goes away while it is asked; before that the job sees that it answers.
    resume_impatiently(deployment)
    until("the wait for the host", lambda: deployment.status["progress"], waits_for_the_host, limit_s=60)
    rules(BLOCKED, AWAY)
    error = error_of(deployment)
    assert (error["code"], error["cause"]["id"]) == ("manager.unreachable", "cause.manager.away")

    rules()
    deployment.resume()
    deployment.until_ended("succeeded")
    assert (faulty.container.root / "etc/cockpit-rhv/engine.json").read_text().count("10.99.0.20")
    cleanup(faulty, FQDN)
    assert changes(before, host_state(faulty)) == []
