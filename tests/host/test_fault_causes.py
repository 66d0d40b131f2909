# SPDX-License-Identifier: Apache-2.0
"""Further rows of the table of known causes (deploy/causes.py), each provoked for real."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.host.deployment import Deployment, cleanup
from tests.host.hoststate import changes, host_state
from tests.testhost.newer import build_dead
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.testhost.host import TestHost

pytestmark = [pytest.mark.host, pytest.mark.timeout(600)]

DEAD = "/srv/dead-image"


def failed(deployment: Deployment) -> tuple[str, str]:
    """Code and cause of a job that is about to fail."""
    deployment.until_ended("failed")
    error = deployment.explained()
    return error["code"], error["cause"]["id"]


def test_paused_destroyed_and_a_taken_port(faulty: TestHost) -> None:
    before = host_state(faulty)
    box = faulty.container
    deployment = Deployment(faulty).start()
    deployment.until_phase("engine")

    box.run("virsh", "suspend", "HostedEngine")
    assert failed(deployment) == ("engine.stopped", "cause.vm.paused")
    box.run("virsh", "resume", "HostedEngine")
    deployment.resume()
    until("the wait goes on", lambda: deployment.status["progress"], bool, limit_s=30)

    box.run("virsh", "destroy", "HostedEngine")
    assert failed(deployment) == ("engine.stopped", "cause.vm.destroyed")
    server = box.popen("python3", "-m", "http.server", "54321", "--bind", "127.0.0.1")
    try:
        deployment.resume()
        code, cause = failed(deployment)
        assert (code, cause) == ("agent.failed", "cause.agent.port")
        assert deployment.status["error"]["cause"]["params"]["process"].startswith("python3")
    finally:
        box.run("pkill", "-f", "http.server 54321")
        server.wait()
    deployment.resume()
    deployment.until_ended("succeeded")
    cleanup(faulty, "engine.rhv.test")
    assert changes(before, host_state(faulty)) == []


@pytest.fixture
def dead_image(faulty: TestHost) -> Iterator[str]:
    """An image whose system never comes up."""
    build_dead(faulty.container.root / DEAD.lstrip("/"))
    yield f"{DEAD}/rhv-engine.qcow2"
    faulty.container.run("rm", "-r", DEAD)


def test_a_system_that_never_comes_up(faulty: TestHost, dead_image: str) -> None:
    before = host_state(faulty)
    deployment = Deployment(faulty, {"image.path": dead_image, "engine.patience_s": 30}).start()
    assert failed(deployment) == ("engine.silent", "cause.silent.boot")
    # Another image is another answer: the VM is made anew.
    deployment.resume(
        "--set", "image.path=/usr/share/cockpit-rhv/appliance/rhv-engine.qcow2", "--set", "engine.patience_s=600"
    )
    deployment.until_ended("succeeded")
    cleanup(faulty, "engine.rhv.test")
    assert changes(before, host_state(faulty)) == []
